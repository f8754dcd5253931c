package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Duration is written as 10s, 1m30s, 48h or 30d.
type Duration time.Duration

// String writes whole days as days and leaves out what is zero.
func (d Duration) String() string {
	span := time.Duration(d)
	if span >= day && span%day == 0 {
		return strconv.FormatInt(int64(span/day), 10) + "d"
	}
	text := span.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > uint64(math.MaxInt64/int64(day)) {
			return errDuration
		}
		*d = Duration(time.Duration(n) * day)
		return nil
	}
	span, err := time.ParseDuration(string(text))
	if err != nil {
		return errDuration
	}
	*d = Duration(span)
	return nil
}

var errDuration = errors.New(`wants a duration such as "10s", "1m30s", "48h" or "30d"`)

// Bytes is an amount of memory or disk, written as a number or as 64MiB.
type Bytes int64

var byteUnits = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}, {"", 1},
}

// String uses the largest binary unit that needs no fraction.
func (b Bytes) String() string {
	for _, unit := range byteUnits[:4] {
		if b != 0 && int64(b)%unit.size == 0 {
			return strconv.FormatInt(int64(b)/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) error {
	for _, unit := range byteUnits {
		digits, ok := strings.CutSuffix(string(text), unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n > math.MaxInt64/unit.size || n < 0 {
			break
		}
		*b = Bytes(n * unit.size)
		return nil
	}
	return errors.New(`wants an amount such as "64MiB", "10GiB" or a number of bytes`)
}

// Limits are amounts in minor units, by currency.
type Limits map[string]int64

// String is how an environment variable is written.
func (l Limits) String() string {
	var texts []string
	for _, currency := range slices.Sorted(maps.Keys(l)) {
		texts = append(texts, currency+"="+strconv.FormatInt(l[currency], 10))
	}
	return strings.Join(texts, ",")
}

// UnmarshalText implements encoding.TextUnmarshaler; commas separate.
func (l *Limits) UnmarshalText(text []byte) error {
	*l = nil
	for item := range strings.SplitSeq(string(text), ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		currency, amount, ok := strings.Cut(item, "=")
		limit, err := strconv.ParseInt(strings.TrimSpace(amount), 10, 64)
		currency = strings.ToUpper(strings.TrimSpace(currency))
		if !ok || err != nil || limit < 0 || len(currency) != 3 {
			return fmt.Errorf(`wants amounts in minor units such as "EUR=500000", got %q`, item)
		}
		if _, twice := (*l)[currency]; twice {
			return fmt.Errorf("wants one amount for each currency, got two for %s", currency)
		}
		if *l == nil {
			*l = Limits{}
		}
		(*l)[currency] = limit
	}
	return nil
}

// Networks are ranges of addresses. An address alone is a range of one.
type Networks []netip.Prefix

// String is how an environment variable is written.
func (n Networks) String() string {
	var texts []string
	for _, network := range n {
		texts = append(texts, network.String())
	}
	return strings.Join(texts, ",")
}

// UnmarshalText implements encoding.TextUnmarshaler; commas separate.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	for item := range strings.SplitSeq(string(text), ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		network, err := parseNetwork(item)
		if err != nil {
			return err
		}
		*n = append(*n, network)
	}
	return nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if network, err := netip.ParsePrefix(text); err == nil {
		return unmapped(network)
	}
	address, err := netip.ParseAddr(text)
	address = address.Unmap() // as callers' addresses are
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf(`wants networks such as "10.0.0.0/8" or "192.0.2.7", got %q`, text)
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}

// mappedBits is the length of ::ffff:0:0/96, in which IPv6 writes IPv4.
const mappedBits = 96

// unmapped is the network as addresses are compared with it: an IPv4 address
// is one, however it was written.
func unmapped(network netip.Prefix) (netip.Prefix, error) {
	if !network.Addr().Is4In6() {
		return network.Masked(), nil
	}
	if network.Bits() < mappedBits {
		return netip.Prefix{}, fmt.Errorf("%q holds IPv4 addresses as IPv6 writes them and more; write the IPv4 network, such as 10.0.0.0/8", network)
	}
	return netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-mappedBits).Masked(), nil
}
