package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Policy says which addresses may be called.
type Policy struct {
	// Plain lets http be spoken to every address that may be called. Without it
	// http is for the networks of Allow only.
	Plain bool
	// Allow are networks that may be called although they are not public.
	Allow []netip.Prefix
	// Setting is the key of the configuration that Allow comes from, for errors.
	Setting string
}

// Playground lets a developer's own machine and network be called, without TLS.
// What only a cloud's machines can reach stays closed.
var Playground = Policy{Plain: true, Allow: prefixes(
	"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "100.64.0.0/10")}

// notPublic are the networks of the registries of special addresses that no
// receiver on the internet has, and those that hide another address.
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")

// metadata is where clouds tell their machines secrets, in networks that may be
// allowed for other reasons. It is called only when it is allowed by itself.
var metadata = prefixes("169.254.169.254/32", "fd00:ec2::254/128", "100.100.100.200/32", "fd20:ce::254/128")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

func within(networks []netip.Prefix, address netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// Dialer connects to what may be called. An address is looked at after its name
// was resolved: no later answer of DNS can lead elsewhere. secure tells that TLS
// will be spoken.
func (p Policy) Dialer(timeout time.Duration, secure bool) *net.Dialer {
	return &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		if err := p.check(address, secure); err != nil {
			return &Refused{err}
		}
		return nil
	}}
}

// Refused is why an address is not called.
type Refused struct{ cause error }

func (r *Refused) Error() string { return r.cause.Error() }

// Unwrap is the cause.
func (r *Refused) Unwrap() error { return r.cause }

// check refuses an address that was resolved: host:port as a socket has it.
func (p Policy) check(address string, secure bool) error {
	resolved, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address %q is not one that can be called", address)
	}
	ip := resolved.Addr().Unmap().WithZone("")
	if within(metadata, ip) {
		for _, network := range p.Allow {
			if network.IsSingleIP() && network.Contains(ip) {
				return nil
			}
		}
		return fmt.Errorf("%s tells machines of a cloud their secrets and is not called", ip)
	}
	allowed := within(p.Allow, ip)
	switch {
	case !allowed && within(notPublic, ip):
		return fmt.Errorf("%s is no public address%s", ip, p.howToAllow())
	case !allowed && !secure && !p.Plain:
		return fmt.Errorf("http is spoken only to the networks that are allowed, and %s is in none: use https%s", ip, p.howToAllow())
	}
	return nil
}

func (p Policy) howToAllow() string {
	if p.Setting == "" {
		return ""
	}
	return "; " + p.Setting + " of the configuration can allow its network"
}

// Target reads an address as somebody stated it. The error does not repeat it:
// it may hold a secret.
func Target(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the address is no URL")
	case parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "":
		return nil, errors.New("the address is no absolute https URL")
	}
	return parsed, nil
}
