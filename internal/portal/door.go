package portal

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/account"
)

// Door says who sends a request.
type Door interface {
	// Enter returns who looks at a page that needs a permission. When ok is false
	// the door has answered itself.
	Enter(w http.ResponseWriter, r *http.Request, needs account.Permission) (viewer account.Viewer, ok bool)
	// Looked is told before things of a merchant are shown. After an error they
	// are not.
	Looked(r *http.Request, viewer account.Viewer, merchantID string) error
	// Acts is told before something is done to a thing of a merchant. After an
	// error it is not.
	Acts(r *http.Request, viewer account.Viewer, action, subject, merchantID string) error
}

// here is the door of a playground: whoever guard lets in is an operator who
// sees every merchant.
type here struct{}

func (here) Enter(http.ResponseWriter, *http.Request, account.Permission) (account.Viewer, bool) {
	return account.Viewer{Role: account.RoleOperator}, true
}

func (here) Looked(*http.Request, account.Viewer, string) error { return nil }

func (here) Acts(*http.Request, account.Viewer, string, string, string) error { return nil }

// enter is the portal as the sender of a request sees it.
func (p *portal) enter(w http.ResponseWriter, r *http.Request, needs account.Permission) (own *portal, ok bool) {
	if needs == anybody {
		return p, true
	}
	viewer, ok := p.Door.Enter(w, r, needs)
	if !ok {
		return nil, false
	}
	s := scope{all: p.Options, viewer: viewer, request: r, shown: new(string)}
	var keys Keys
	if p.Keys != nil {
		keys = s
	}
	// Said one by one: what is added to the options and forgotten here is not there,
	// rather than seen by everybody.
	return &portal{
		Options: Options{
			Log: s, Sessions: s, Orders: s, Reviews: s, Deciding: s, Assessments: s, Callbacks: s, Clock: s,
			Rules: s, Replays: s, Keys: keys, Secrets: s, Retention: s, Erasing: s, Next: p.Next, Faults: p.Faults, Door: p.Door, URL: p.URL, Now: p.Now, Logger: p.Logger,
		},
		assets: p.assets, pages: p.pages, erasures: p.erasures, viewer: viewer, open: s.open,
	}, true
}

// anybody is the permission of what even those see who have not signed in.
const anybody account.Permission = ""
