package cli

import (
	"net"
	"net/netip"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/app"
)

// Where kvitto dev serves the original's host names when nothing else is said,
// and where the other commands suppose it does.
const (
	tlsDefault   = "127.0.0.1:7443"
	proxyDefault = "127.0.0.1:7444"
)

// authorityDir is where the certificate authority is, below the data.
const authorityDir = "tls"

// namesFlags are what kvitto dev serves the original's host names with.
type namesFlags struct {
	tls, proxy  string
	passthrough bool
}

func (n *namesFlags) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&n.tls, "tls", "", "serve the original's host names over TLS too, at `HOST:PORT`; --tls alone is --tls="+tlsDefault)
	flags.StringVar(&n.proxy, "proxy", "", "run a proxy that leads tools from those names here, at `HOST:PORT`; --proxy alone is --proxy="+proxyDefault)
	flags.BoolVar(&n.passthrough, "proxy-passthrough", false, "let the proxy lead to all other hosts too")
	flags.Lookup("tls").NoOptDefVal = tlsDefault
	flags.Lookup("proxy").NoOptDefVal = proxyDefault
}

// devArgs refuses arguments. An address with a space before it would be one.
func devArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	for _, name := range []string{"tls", "proxy"} {
		if _, _, err := net.SplitHostPort(args[0]); err == nil && c.Flags().Changed(name) {
			return usage("an address belongs to its flag with =, for example --%s=%s", name, args[0])
		}
	}
	return noArgs(c, args)
}

// check refuses addresses that are none, and a proxy for others.
func (n *namesFlags) check() error {
	for name, address := range map[string]string{"tls": n.tls, "proxy": n.proxy} {
		if address != "" && !hostPort(address) {
			return usage("--%s wants HOST:PORT such as %s, got %q", name, tlsDefault, address)
		}
	}
	if n.passthrough && n.proxy == "" {
		return usage("--proxy-passthrough is about the proxy; give --proxy too")
	}
	if host, _, _ := net.SplitHostPort(n.proxy); n.proxy != "" && !loopback(host) {
		return usage("--proxy=%s could be used by other machines; give it an address of loopback such as %s", n.proxy, proxyDefault)
	}
	return nil
}

func hostPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// config is what the server opens. The proxy leads to the listener of TLS, so
// it brings that along.
func (n *namesFlags) config(data string) (app.Names, error) {
	names := app.Names{TLS: n.tls, Proxy: n.proxy, Passthrough: n.passthrough}
	if names.TLS == "" && names.Proxy != "" {
		names.TLS = tlsDefault
	}
	if names.TLS == "" {
		return names, nil
	}
	directory, err := filepath.Abs(filepath.Join(data, authorityDir))
	names.AuthorityDir = directory
	return names, err
}

// namedURLs are what the first line of dev --json says about the names.
func namedURLs(server *app.App) (tls, proxy, caFile string) {
	if server.TLSBound != "" {
		tls, _ = reachable("https://", server.TLSBound)
	}
	if server.ProxyBound != "" {
		proxy = "http://" + server.ProxyBound
	}
	return tls, proxy, server.AuthorityFile
}

// namedRows are what the welcome says about the names.
func namedRows(server *app.App, row func(name, text string)) {
	tls, proxy, caFile := namedURLs(server)
	if tls != "" {
		row("tls", tls+" under the original's host names; kvitto hosts leads tools there")
		row("trust", printable(caFile)+"; kvitto trust tells how")
	}
	if proxy != "" {
		row("proxy", "https_proxy="+proxy)
	}
}
