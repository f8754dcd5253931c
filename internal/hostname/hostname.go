package hostname

import (
	"net"
	"net/netip"
	"strings"
)

// Kind is what a host name stands for.
type Kind uint8

const (
	API     Kind = iota + 1 // the Payments API, called by shops
	Script                  // the SDK's script, loaded by pages
	Browser                 // iframes and the calls of the SDK
)

// String is for people: API, script, browser.
func (k Kind) String() string { return [...]string{"", "API", "script", "browser"}[k] }

// Host is one of the original's host names.
type Host struct {
	Name       string // in lower case, without a port
	Kind       Kind
	Region     string // eu, na or oc; empty where one name serves all of them
	Playground bool   // the original's test system; scripts have one name for both
}

// hosts is the table. Browsers find the region in the path, not in the name.
var hosts = []Host{
	{"api.klarna.com", API, europe, false},
	{"api-na.klarna.com", API, northAmerica, false},
	{"api-oc.klarna.com", API, oceania, false},
	{"api.playground.klarna.com", API, europe, true},
	{"api-na.playground.klarna.com", API, northAmerica, true},
	{"api-oc.playground.klarna.com", API, oceania, true},
	{"x.klarnacdn.net", Script, "", false},
	{"credit.klarnacdn.net", Script, "", false},
	{"js.klarna.com", Browser, "", false},
	{"js.playground.klarna.com", Browser, "", true},
}

// The regions, as the original's host names and paths spell them.
const (
	europe       = "eu"
	northAmerica = "na"
	oceania      = "oc"
)

// oldScript is the address before x.klarnacdn.net; it has no /kp.
const oldScript = "credit.klarnacdn.net"

// All returns the table.
func All() []Host { return append([]Host(nil), hosts...) }

// Names returns every name, in the order of the table.
func Names() []string {
	names := make([]string, len(hosts))
	for i, host := range hosts {
		names[i] = host.Name
	}
	return names
}

// Find returns what a Host header names, and its port, which may be empty.
// Letter case and the dot of a fully qualified name do not count.
func Find(header string) (host Host, port string, ok bool) {
	name, port := split(header)
	for _, host := range hosts {
		if strings.EqualFold(name, host.Name) {
			return host, port, true
		}
	}
	return Host{}, "", false
}

// Local tells whether a Host header names the machine itself.
func Local(header string) bool {
	name, _ := split(header)
	return strings.EqualFold(name, "localhost")
}

// Loopback tells whether a Host header names the machine itself, by its name or
// by an address that no other machine has.
func Loopback(header string) bool {
	name := header
	if alone, _, err := net.SplitHostPort(header); err == nil {
		name = alone
	}
	address, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return Local(header) || err == nil && address.IsLoopback()
}

// split takes a port of digits off; what has another stays one name.
func split(header string) (name, port string) {
	name = header
	if before, after, ok := strings.Cut(header, ":"); ok && strings.Trim(after, "0123456789") == "" {
		name, port = before, after
	}
	return strings.TrimSuffix(name, "."), port
}

// LoopbackPeer tells whether the other end of a connection, host:port as
// http.Request.RemoteAddr has it, is this machine.
func LoopbackPeer(remoteAddr string) bool {
	peer, err := netip.ParseAddrPort(remoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// OnThisMachine tells whether a client is here, and asked for this machine.
func OnThisMachine(remoteAddr, host string) bool { return LoopbackPeer(remoteAddr) && Loopback(host) }
