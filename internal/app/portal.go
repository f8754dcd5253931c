package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/proxy"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/signin"
)

// PortalURL is where the portal is; empty where it would answer nobody: that of a
// playground opens at this machine's own addresses only, that of a server for shops
// where it was asked for.
func (a *App) PortalURL() string {
	if a.config.Production {
		if !a.config.Portal {
			return ""
		}
		return a.publicURL() + portal.Path + "/"
	}
	at, err := url.Parse(a.URL)
	if err != nil || !hostname.Loopback(at.Host) {
		return ""
	}
	return a.URL + portal.Path + "/"
}

// publicURL is what browsers reach.
func (a *App) publicURL() string { return cmp.Or(a.config.PublicURL, a.URL) }

// withPortal puts the portal beside everything else. That of a playground stands
// before the trust in proxies: who may open it is decided by the connection. That
// of a server for shops stands behind it: who signed in may open it, over TLS. Where
// it was not asked for there is none, and people are invited all the same.
func (a *App) withPortal(ctx context.Context, next http.Handler, own *mode, checkouts *service.Service, wake func()) (http.Handler, error) {
	trusting := proxy.Trust(a.config.TrustedProxies)
	options := portal.Options{
		Log: a.stores.log, Sessions: a.stores, Orders: a.stores, Reviews: a.stores, Deciding: checkouts, Assessments: checkouts,
		Callbacks: desk{a.stores.engine, wake}, URL: a.publicURL(),
		Rules: own.rules, Replays: checkouts, Secrets: callbackSecrets{a.stores}, Retention: kept{a}, Erasing: erasures{a.eraser},
		// The request log has the time of the machine, whatever the clocks are.
		Now: time.Now, Logger: a.config.Logger,
	}
	if !a.config.Production {
		options.Clock, options.Next, options.Faults = own.playground, own.next, own.faults
		pages, err := portal.New(options)
		if err != nil {
			return nil, err
		}
		return atPortal(pages, trusting.Handler(next)), nil
	}
	var err error
	if a.people, err = newAccounts(a.stores, a.config.SystemTime, passkeyURL(a.publicURL())); err != nil {
		return nil, err
	}
	if !a.config.Portal {
		return trusting.Handler(atPortal(http.NotFoundHandler(), next)), nil
	}
	options.Keys = keyDesk{a.operations(admin.Direct{})}
	options.Clock, options.Now = unmoved{own.clock}, a.config.SystemTime
	pages, err := a.signedIn(ctx, options)
	if err != nil {
		return nil, err
	}
	return trusting.Handler(atPortal(pages, next)), nil
}

// atPortal leads to the portal what is for it.
func atPortal(pages, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == portal.Path || strings.HasPrefix(r.URL.Path, portal.Path+"/") {
			pages.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// signedIn is the portal for those who sign in.
func (a *App) signedIn(ctx context.Context, options portal.Options) (pages http.Handler, err error) {
	door, err := signin.New(signin.Options{
		Accounts: a.people, Merchants: a.stores.Merchants, URL: a.publicURL(), Now: a.config.SystemTime, Logger: a.config.Logger,
	})
	if err != nil {
		return nil, err
	}
	options.Door = door
	if pages, err = portal.New(options); err != nil {
		return nil, err
	}
	a.offerFirst(ctx)
	return door.Handler(pages), nil
}

func newAccounts(kept account.Store, now func() time.Time, publicURL string) (*account.Accounts, error) {
	return account.New(account.Options{Store: kept, Now: now, Random: rand.Reader, NewID: identifier.New, PublicURL: publicURL})
}

// passkeyURL is the address that passkeys belong to: on this machine its name,
// because browsers make none for an IP address.
func passkeyURL(public string) string {
	at, err := url.Parse(public)
	if err != nil || !hostname.Loopback(at.Host) {
		return public
	}
	if _, port, err := net.SplitHostPort(at.Host); err == nil {
		at.Host = net.JoinHostPort("localhost", port)
	}
	return at.String()
}

// offerFirst tells the log how the first person gets in, while there is nobody.
// A store that cannot tell, such as one of the schema before, is no reason not to
// serve.
func (a *App) offerFirst(ctx context.Context) {
	link, nobody, err := a.people.FirstLink(ctx)
	if err != nil {
		a.config.Logger.WarnContext(ctx, "nobody can sign in to the portal", "cause", err)
		return
	}
	if nobody {
		a.config.Logger.WarnContext(ctx, fmt.Sprintf("nobody can sign in to the portal yet: whoever opens the link within %s becomes the first admin; "+
			"kvitto people invite makes another", account.FirstLinkLife), "link", account.LinkURL(a.publicURL(), link))
	}
}

// unmoved is the clock of merchants that nobody moves.
type unmoved struct{ service.Clock }

func (unmoved) Advanced(context.Context, string) (time.Duration, error) { return 0, nil }

func (unmoved) Advance(context.Context, string, time.Duration) error {
	return errUnmoved
}

var errUnmoved = errors.New("app: the clock of a server for shops is not moved")
