package cli

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kvitto/kvitto/internal/hostname"
)

type hostsFlags struct {
	tls, proxy string
	json       bool
}

func newHosts() *cobra.Command {
	var flags hostsFlags
	command := &cobra.Command{
		Use:   "hosts [file|docker|chromium|curl|proxy]",
		Short: "Print what leads the original's host names to kvitto dev --tls",
		Long: `Hosts prints, for each way to lead a host name somewhere else, what to write: lines
of a hosts file, network aliases of Docker Compose, flags of Chromium and curl,
and the variables that give tools a proxy. With the name of a way it prints that
alone, to be used in another command. It looks at nothing and changes nothing.

A client that is led here must also trust the certificates: see kvitto trust.`,
		Example: "  kvitto hosts\n  kvitto hosts file --tls 127.0.0.1:443 | sudo tee -a /etc/hosts\n" +
			"  curl $(kvitto hosts curl) --cacert \"$(kvitto trust --ca-file)\" https://api.playground.klarna.com/",
		Args: hostsArgs,
		RunE: func(c *cobra.Command, args []string) error { return printHosts(c.OutOrStdout(), flags, args) },
	}
	command.Flags().StringVar(&flags.tls, "tls", tlsDefault, "`HOST:PORT` at which the server listens for TLS")
	command.Flags().StringVar(&flags.proxy, "proxy", proxyDefault, "`HOST:PORT` of the server's proxy")
	command.Flags().BoolVar(&flags.json, "json", false, "print one JSON object with the names and every way")
	return command
}

// hostsWays are the ways to lead a name somewhere else.
var hostsWays = []struct {
	name, heading string
	lines         func(led) []string
}{
	{"file", "Hosts file: /etc/hosts, or C:\\Windows\\System32\\drivers\\etc\\hosts. There is no port in it,\n" +
		"so the server must have 443: kvitto dev --tls=127.0.0.1:443", led.file},
	{"docker", "Docker Compose: the server's container answers to the names in the network of its project", led.docker},
	{"chromium", "Chromium and Chrome: one argument of the command line", led.chromium},
	{"curl", "curl: arguments, also as lines of a file for --config", led.curl},
	{"proxy", "Tools that take a proxy: their environment, with kvitto dev --proxy", led.proxied},
}

func hostsArgs(c *cobra.Command, args []string) error {
	names := make([]string, len(hostsWays))
	for i, way := range hostsWays {
		names[i] = way.name
	}
	if len(args) > 1 {
		return usage("hosts takes one way at most: %s", strings.Join(names, ", "))
	}
	for _, name := range names {
		if len(args) == 0 || args[0] == name {
			return nil
		}
	}
	return usage("hosts knows no way %q; there are %s", args[0], strings.Join(names, ", "))
}

func printHosts(w io.Writer, flags hostsFlags, args []string) error {
	for name, address := range map[string]string{"tls": flags.tls, "proxy": flags.proxy} {
		if !hostPort(address) {
			return usage("--%s wants HOST:PORT such as %s, got %q", name, tlsDefault, address)
		}
	}
	to := ledTo(flags)
	if flags.json {
		return printObject(w, hostsObject(to))
	}
	var b strings.Builder
	for _, way := range hostsWays {
		text := strings.Join(way.lines(to), "\n") + "\n"
		switch {
		case len(args) == 0:
			if way.name == "chromium" { // to be pasted into a shell; alone it is used in another command
				text = "'" + strings.TrimSuffix(text, "\n") + "'\n"
			}
			b.WriteString("# " + strings.ReplaceAll(way.heading, "\n", "\n# ") + "\n" + text + "\n")
		case args[0] == way.name:
			b.WriteString(text)
		}
	}
	if len(args) == 0 {
		b.WriteString("# A client that is led here must also trust the certificates: kvitto trust\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// hostsObject is what hosts --json prints.
func hostsObject(to led) any {
	type host struct {
		Name       string `json:"name"`
		Kind       string `json:"kind"`
		Region     string `json:"region,omitzero"`
		Playground bool   `json:"playground"`
	}
	object := struct {
		Hosts []host              `json:"hosts"`
		TLS   string              `json:"tls"`
		Proxy string              `json:"proxy"`
		Ways  map[string][]string `json:"ways"`
	}{TLS: to.tls, Proxy: to.proxy, Ways: map[string][]string{}}
	for _, h := range hostname.All() {
		object.Hosts = append(object.Hosts, host{h.Name, strings.ToLower(h.Kind.String()), h.Region, h.Playground})
	}
	for _, way := range hostsWays {
		object.Ways[way.name] = way.lines(to)
	}
	return object
}

// led is where the names lead to.
type led struct {
	tls     string // host:port of TLS, as a client on this machine reaches it
	address string // its host
	proxy   string // URL
}

func ledTo(flags hostsFlags) led {
	host, port, _ := net.SplitHostPort(flags.tls) // checked before
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return led{tls: net.JoinHostPort(host, port), address: host, proxy: "http://" + flags.proxy}
}

func (to led) file() []string {
	lines := make([]string, 0, len(hostname.Names()))
	for _, name := range hostname.Names() {
		lines = append(lines, to.address+" "+name)
	}
	return lines
}

func (to led) docker() []string {
	lines := []string{
		"services:",
		"  kvitto:",
		"    command: [dev, --listen, \"0.0.0.0:7420\", \"--tls=0.0.0.0:443\", --data, /data]",
		"    volumes: [\"./kvitto-data:/data\"]",
		"    networks:",
		"      default:",
		"        aliases:",
	}
	for _, name := range hostname.Names() {
		lines = append(lines, "          - "+name)
	}
	return lines
}

func (to led) chromium() []string {
	rules := make([]string, 0, len(hostname.Names()))
	for _, name := range hostname.Names() {
		rules = append(rules, fmt.Sprintf("MAP %s:443 %s", name, to.tls))
	}
	return []string{"--host-resolver-rules=" + strings.Join(rules, ",")}
}

func (to led) curl() []string {
	lines := make([]string, 0, len(hostname.Names()))
	for _, name := range hostname.Names() {
		lines = append(lines, "--connect-to "+name+":443:"+to.tls)
	}
	return lines
}

func (to led) proxied() []string {
	return []string{"http_proxy=" + to.proxy, "https_proxy=" + to.proxy, "no_proxy=localhost,127.0.0.1,::1"}
}
