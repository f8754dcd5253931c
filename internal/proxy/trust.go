package proxy

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Trust are the networks of the proxies that are believed.
type Trust []netip.Prefix

// The headers, as net/http writes their names.
const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
	forwardedHost  = "X-Forwarded-Host"
	forwarded      = "Forwarded"
)

// Handler puts what is true about the client into the request: RemoteAddr
// (with port 0 when a proxy told it), Host, and URL.Scheme, which Secure reads.
func (t Trust) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme = "http"
		if r.TLS != nil {
			r.URL.Scheme = "https"
		}
		if claims(r.Header) {
			if peer, ok := peerOf(r); ok && t.trusts(peer) {
				t.believe(r, peer)
			}
			for _, name := range []string{forwardedFor, forwardedProto, forwardedHost, forwarded} {
				r.Header.Del(name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Secure tells whether the client used TLS, to the server or to a trusted
// proxy. It is for requests behind Handler.
func Secure(r *http.Request) bool { return r.TLS != nil || r.URL.Scheme == "https" }

func claims(header http.Header) bool {
	return header[forwardedFor] != nil || header[forwardedProto] != nil || header[forwardedHost] != nil || header[forwarded] != nil
}

func peerOf(r *http.Request) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return peer.Addr().Unmap(), err == nil
}

func (t Trust) trusts(address netip.Addr) bool {
	for _, network := range t {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// hop is what one proxy says about who called it.
type hop struct{ client, proto, host string }

// believe follows the chain from the nearest proxy back to the first address
// that is not a trusted proxy: everything further away may be invented.
//
// A proxy sets one family of headers and may pass on the other as the client
// sent it. X-Forwarded-* wins, because most proxies set those; one that sets
// Forwarded must remove the others.
func (t Trust) believe(r *http.Request, peer netip.Addr) {
	hops := fromForwarded(r.Header)
	if r.Header[forwardedFor] != nil || r.Header[forwardedProto] != nil || r.Header[forwardedHost] != nil {
		hops = fromXForwarded(r.Header)
	}
	client, told := peer, hop{}
	for i := len(hops) - 1; i >= 0 && t.trusts(client); i-- {
		if proto := strings.ToLower(hops[i].proto); proto == "http" || proto == "https" {
			told.proto = proto
		}
		if host := hops[i].host; host != "" && plainHost(host) {
			told.host = host
		}
		address, ok := addressOf(hops[i].client)
		if !ok {
			break
		}
		client = address
	}
	if client != peer {
		r.RemoteAddr = net.JoinHostPort(client.String(), "0")
	}
	if told.proto != "" {
		r.URL.Scheme = told.proto
	}
	if told.host != "" {
		r.Host = told.host
	}
}

// fromXForwarded lines up three lists that may differ in length: proxies add
// to the first and often set the others once, so the ends belong together.
func fromXForwarded(header http.Header) []hop {
	clients, protos, hosts := list(header[forwardedFor]), list(header[forwardedProto]), list(header[forwardedHost])
	hops := make([]hop, max(len(clients), len(protos), len(hosts)))
	fromEnd := func(values []string, i int) string {
		if at := len(values) - (len(hops) - i); at >= 0 {
			return values[at]
		}
		return ""
	}
	for i := range hops {
		hops[i] = hop{fromEnd(clients, i), fromEnd(protos, i), fromEnd(hosts, i)}
	}
	return hops
}

func list(headers []string) []string {
	var values []string
	for _, header := range headers {
		for value := range strings.SplitSeq(header, ",") {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// fromForwarded reads the elements of RFC 7239. A quoted value with a comma or
// a semicolon in it is none that we use and is left alone.
func fromForwarded(header http.Header) []hop {
	var hops []hop
	for _, element := range list(header[forwarded]) {
		var own hop
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(value, `"`)
			switch strings.ToLower(name) {
			case "for":
				own.client = value
			case "proto":
				own.proto = value
			case "host":
				own.host = value
			}
		}
		hops = append(hops, own)
	}
	return hops
}

// addressOf reads 192.0.2.7, 192.0.2.7:80, 2001:db8::1, [2001:db8::1] and
// [2001:db8::1]:80. Names such as unknown or _hidden are no addresses.
func addressOf(text string) (netip.Addr, bool) {
	if full, err := netip.ParseAddrPort(text); err == nil {
		return full.Addr().Unmap(), true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return address.Unmap(), err == nil
}

// plainHost refuses what could not stand in a URL.
func plainHost(host string) bool {
	return len(host) <= 255 && !strings.ContainsFunc(host, func(c rune) bool {
		return !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]", c)
	})
}
