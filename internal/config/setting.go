package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// setting is one field of a Config.
type setting struct {
	key   string // dotted, as in the file: timeouts.read
	unit  string
	doc   string
	value reflect.Value // settable, of a *Config
}

// settings are the fields of a configuration, in their order.
func settings(c *Config) []setting {
	return below("", reflect.ValueOf(c).Elem())
}

func below(prefix string, section reflect.Value) []setting {
	var all []setting
	for i := range section.NumField() {
		field, value := section.Type().Field(i), section.Field(i)
		key := prefix + field.Tag.Get("toml")
		if field.Tag.Get("doc") == "" {
			all = append(all, below(key+".", value)...)
			continue
		}
		all = append(all, setting{key, field.Tag.Get("unit"), field.Tag.Get("doc"), value})
	}
	return all
}

// Variable is the environment variable of a key.
func Variable(key string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

const variablePrefix = "KVITTO_"

// text is the value as an environment variable would give it.
func (s setting) text() string { return fmt.Sprint(s.value.Interface()) }

// setText takes a value from a variable or a flag.
func (s setting) setText(text string) error {
	switch s.value.Kind() {
	case reflect.Bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return errBool
		}
		s.value.SetBool(value)
		return nil
	case reflect.Int:
		value, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return errInteger
		}
		s.value.SetInt(value)
		return nil
	case reflect.Float64:
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errNumber
		}
		s.value.SetFloat(value)
		return nil
	default:
		return s.setString(text)
	}
}

func (s setting) setString(text string) error {
	if custom, ok := s.value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return custom.UnmarshalText([]byte(text))
	}
	s.value.SetString(text)
	return nil
}

var (
	errBool    = errors.New("wants true or false")
	errInteger = errors.New("wants a whole number, without quotation marks")
	errNumber  = errors.New("wants a number, without quotation marks")
	errText    = errors.New("wants a text in quotation marks")
	errLimits  = errors.New(`wants a list of texts, such as ["EUR=500000"]`)
	errList    = errors.New(`wants a list of texts, such as ["10.0.0.0/8"]`)
)

// set takes a value of the file, as the TOML package gives it.
func (s setting) set(value any) error {
	switch kind := s.value.Kind(); value := value.(type) {
	case bool:
		if kind == reflect.Bool {
			s.value.SetBool(value)
			return nil
		}
	case int64:
		return s.setInteger(value)
	case float64:
		if kind == reflect.Float64 {
			s.value.SetFloat(value)
			return nil
		}
	case string:
		if kind != reflect.Bool && kind != reflect.Int && kind != reflect.Float64 && !isList(kind) {
			return s.setString(value)
		}
	case []any:
		if isList(kind) {
			return s.setList(value)
		}
	}
	return s.wanted()
}

// isList tells the values that the file writes as a list of texts.
func isList(kind reflect.Kind) bool { return kind == reflect.Slice || kind == reflect.Map }

func (s setting) setInteger(value int64) error {
	if _, ok := s.value.Interface().(Bytes); ok && value >= 0 {
		s.value.SetInt(value)
		return nil
	}
	switch s.value.Kind() {
	case reflect.Int:
		if value != int64(int32(value)) {
			return errInteger
		}
		s.value.SetInt(value)
	case reflect.Float64:
		s.value.SetFloat(float64(value))
	default:
		return s.wanted()
	}
	return nil
}

func (s setting) setList(values []any) error {
	texts := make([]string, len(values))
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			return errList
		}
		texts[i] = text
	}
	return s.setString(strings.Join(texts, ","))
}

// wanted says which kind of value a key takes.
func (s setting) wanted() error {
	switch s.value.Interface().(type) {
	case bool:
		return errBool
	case int:
		return errInteger
	case float64:
		return errNumber
	case Networks:
		return errList
	case Limits:
		return errLimits
	case Duration:
		return errDuration
	case Bytes:
		return new(Bytes).UnmarshalText([]byte("?"))
	default:
		return errText
	}
}
