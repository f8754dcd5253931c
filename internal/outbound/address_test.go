package outbound

import (
	"net"
	"net/netip"
	"testing"
)

// TestWhichAddressesAreCalled: by a server for shops, by one whose operator has
// allowed a network, and by a playground.
func TestWhichAddressesAreCalled(t *testing.T) {
	t.Parallel()
	const (
		https = 1 << iota // over TLS
		http              // and over http
	)
	strict, allowing := Policy{}, Policy{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("169.254.0.0/16")}}
	for _, row := range []struct {
		address                      string
		strict, allowing, playground int
	}{
		{"93.184.215.14", https, https, https | http},
		{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", https, https, https | http},
		{"127.0.0.1", 0, 0, https | http},
		{"127.9.9.9", 0, 0, https | http},
		{"::1", 0, 0, https | http},
		{"::ffff:127.0.0.1", 0, 0, https | http},
		{"::ffff:169.254.169.254", 0, 0, 0},
		{"10.1.2.3", 0, https | http, https | http},
		{"10.2.2.3", 0, 0, https | http},
		{"172.16.0.1", 0, 0, https | http},
		{"172.31.255.255", 0, 0, https | http},
		{"172.32.0.1", https, https, https | http},
		{"192.168.1.1", 0, 0, https | http},
		{"fd12::1", 0, 0, https | http},
		{"100.64.0.1", 0, 0, https | http},
		{"100.100.100.200", 0, 0, 0},
		{"169.254.1.1", 0, https | http, 0},
		{"169.254.169.254", 0, 0, 0}, // a network around it does not allow it
		{"fd00:ec2::254", 0, 0, 0},
		{"fe80::1", 0, 0, 0},
		{"fe80::1%lo", 0, 0, 0},
		{"0.0.0.0", 0, 0, 0},
		{"0.1.2.3", 0, 0, 0},
		{"::", 0, 0, 0},
		{"::127.0.0.1", 0, 0, 0},
		{"64:ff9b::7f00:1", 0, 0, 0},
		{"2002:7f00:1::", 0, 0, 0},
		{"2001:0:1::1", 0, 0, 0},
		{"192.0.2.1", 0, 0, 0},
		{"198.18.0.1", 0, 0, 0},
		{"224.0.0.1", 0, 0, 0},
		{"255.255.255.255", 0, 0, 0},
		{"ff02::1", 0, 0, 0},
	} {
		for name, c := range map[string]struct {
			policy Policy
			want   int
		}{"strict": {strict, row.strict}, "allowing": {allowing, row.allowing}, "playground": {Playground, row.playground}} {
			got := 0
			if c.policy.check(net.JoinHostPort(row.address, "443"), true) == nil {
				got |= https
			}
			if c.policy.check(net.JoinHostPort(row.address, "80"), false) == nil {
				got |= http
			}
			if got != c.want {
				t.Errorf("%s, %s: %b, want %b", row.address, name, got, c.want)
			}
		}
	}
}

func TestAddressesAndPolicies(t *testing.T) {
	t.Parallel()
	single := Policy{Allow: []netip.Prefix{netip.MustParsePrefix("169.254.169.254/32")}}
	if err := single.check("169.254.169.254:80", false); err != nil {
		t.Errorf("allowed by itself: %v", err)
	}
	for _, broken := range []string{"", "localhost:80", "127.0.0.1", "[::1]"} {
		if Playground.check(broken, true) == nil {
			t.Errorf("%q was let through", broken)
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "shop.example/a", "/a", "ftp://shop.example/", "https://", "https:///a", "file:///etc/passwd", "https://a b/", "http://[::1", "gopher://x", "javascript:alert(1)"} {
		if to, err := Target(text); err == nil {
			t.Errorf("%q was taken: %v", text, to)
		}
	}
	for _, text := range []string{"https://shop.example", "HTTPS://shop.example/a?key=1", "http://127.0.0.1:8080/x"} {
		if _, err := Target(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
