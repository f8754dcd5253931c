package config_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/config"
)

// TestNetworksAreComparedAsAddressesAre: a caller's IPv4 address is never one
// that IPv6 writes, so neither is a network.
func TestNetworksAreComparedAsAddressesAre(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"::ffff:192.0.2.7": "192.0.2.7/32", "::ffff:10.1.2.3/104": "10.0.0.0/8", "::ffff:0:0/96": "0.0.0.0/0",
		"192.0.2.7": "192.0.2.7/32", "2001:db8::7/32": "2001:db8::/32",
	} {
		var got config.Networks
		if err := got.UnmarshalText([]byte(text)); err != nil || got.String() != want {
			t.Errorf("%s is %v, %v; want %s", text, got, err, want)
		}
	}
	var none config.Networks
	if err := none.UnmarshalText([]byte("::ffff:10.0.0.0/64")); err == nil || !strings.Contains(err.Error(), "write the IPv4 network") {
		t.Errorf("a network of both kinds: %v, %v", none, err)
	}
}
