package config

import (
	"net/url"
	"strings"
)

// Redacted is the URL of a store without what is secret in it. A text that is
// no URL is not shown at all: it may hold a password.
func Redacted(store string) string {
	if store == "" || strings.HasPrefix(store, "sqlite:") {
		return store
	}
	address, err := url.Parse(store)
	if err != nil || address.Host == "" {
		return "(not shown)"
	}
	query := address.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, "xxxxx")
		}
	}
	address.RawQuery = query.Encode()
	return address.Redacted()
}

// Setting is a value and where it came from.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"` // kvitto.toml:3, KVITTO_LISTEN, --listen, or default
}

// Settings are all values, without secrets.
func (l *Loaded) Settings() []Setting {
	var all []Setting
	for _, s := range settings(&l.Config) {
		value := s.text()
		if s.key == "store" {
			value = Redacted(value)
		}
		all = append(all, Setting{s.key, value, l.source(s.key)})
	}
	return all
}
