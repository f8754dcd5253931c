package cli

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/app"
)

// listening is the first line of dev --json.
type listening struct {
	URL       string `json:"url"`
	PublicURL string `json:"public_url"`
	PortalURL string `json:"portal_url,omitzero"`
	Data      string `json:"data"`
	Version   string `json:"version"`
	PID       int    `json:"pid"`
	// What --tls and --proxy add.
	TLSURL   string `json:"tls_url,omitzero"`
	ProxyURL string `json:"proxy_url,omitzero"`
	CAFile   string `json:"ca_file,omitzero"`
}

// welcome says where the server is and what to do next.
func welcome(w io.Writer, flags devFlags, server *app.App, data string, made bool) error {
	url, open := reachable("http://", server.Bound)
	if server.TLSBound != "" {
		_, too := reachable("https://", server.TLSBound)
		open = open || too
	}
	public := strings.TrimSuffix(flags.publicURL, "/")
	if public == "" {
		public = url
	}
	if flags.json {
		first := listening{URL: url, PublicURL: public, PortalURL: server.PortalURL(), Data: data, Version: thisBuild().Version, PID: os.Getpid()}
		first.TLSURL, first.ProxyURL, first.CAFile = namedURLs(server)
		return printObject(w, first)
	}
	if made {
		data += " (new)"
	}
	colours := paint{terminal(w)}
	var b strings.Builder
	row := func(name, text string) {
		b.WriteString("  " + colours.dim(fmt.Sprintf("%-8s", name)) + "  " + text + "\n")
	}
	b.WriteString("kvitto " + thisBuild().Version + " listens at " + colours.bold(url) + "\n\n")
	row("sign in", `any user name, each a merchant of its own, and any password but "invalid"`)
	if open {
		row("beware", "other machines can reach it, and a playground lets anybody in")
	}
	row("data", printable(data))
	if public != url {
		row("public", printable(public))
	}
	row("demo", "a shop to look at: "+printable(public)+"/demo/")
	if at := server.PortalURL(); at != "" {
		row("portal", "every request, and why it was refused: "+at)
	}
	namedRows(server, row)
	row("try it", "kvitto try --url "+url)
	row("mistake", "curl -u demo:demo -d '{}' -H 'Content-Type: application/json' "+url+"/payments/v1/sessions")
	row("stop", "Ctrl-C")
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// reachable is the URL at which this machine reaches a server bound to an
// address, and whether others can reach it too. Nobody can call 0.0.0.0.
func reachable(scheme, bound string) (url string, open bool) {
	address, err := netip.ParseAddrPort(bound)
	if err != nil {
		return scheme + bound, true
	}
	if address.Addr().IsUnspecified() {
		return fmt.Sprintf("%s127.0.0.1:%d", scheme, address.Port()), true
	}
	return scheme + bound, !address.Addr().IsLoopback()
}

// farewellPatience is how long the last line waits for its reader.
const farewellPatience = time.Second

// farewell is the last line. A reader that has gone, or that has stopped
// reading, does not need it.
func farewell(w io.Writer, flags devFlags, exchanges int) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		sayFarewell(w, flags, exchanges)
	}()
	timer := time.NewTimer(farewellPatience)
	defer timer.Stop()
	select {
	case <-said:
	case <-timer.C:
	}
}

func sayFarewell(w io.Writer, flags devFlags, exchanges int) {
	switch {
	case flags.json && !flags.quiet:
		_ = printObject(w, struct {
			Stopped   bool `json:"stopped"`
			Exchanges int  `json:"exchanges"`
		}{true, exchanges})
	case flags.quiet && !flags.json:
		_, _ = fmt.Fprintln(w, "stopped")
	case !flags.json:
		_, _ = fmt.Fprintln(w, "stopped; "+count(exchanges, "exchange"))
	}
}
