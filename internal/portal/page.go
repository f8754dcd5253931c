package portal

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

//go:embed templates
var templates embed.FS

// Page is what every page has.
type Page = page

type page struct {
	Title   string
	Current string // entry of the menu
	Query   string // of the search box
	Body    any    // of the page's own template

	Viewer     account.Viewer // who looks; nobody where nobody has signed in
	Playground bool           // it is the portal of one
	Reviews    int            // that wait for the viewer
}

// May tells whether the viewer may do something; for templates.
func (p page) May(permission string) bool { return p.Viewer.May(account.Permission(permission)) }

// SignedIn tells whether the viewer is somebody, who can sign out.
func (p page) SignedIn() bool { return p.Viewer.PersonID != "" }

// settingsPages are the entries of the settings' own menu.
var settingsPages = []string{"keys", "webhooks", "retention", "people", "audit", "account", "erase"}

// InSettings tells whether it is one of the settings' pages.
func (p page) InSettings() bool { return slices.Contains(settingsPages, p.Current) }

// pages are the templates by the name of their page, each with the layout around
// it. They are made at first use: a start does not wait for them.
type pages struct {
	made func() (map[string]*template.Template, error)
}

// Pages are the pages of a package that looks like the portal.
type Pages = pages

// NewPages reads templates/*.html of a package, each with the portal's layout
// around it, and what they share from templates/shared.
func NewPages(own fs.FS, functions template.FuncMap) (*Pages, error) {
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	return newPages(a, own, functions), nil
}

func newPages(a *assets, own fs.FS, functions template.FuncMap) *pages {
	return &pages{sync.OnceValues(func() (map[string]*template.Template, error) { return parsePages(a, own, functions) })}
}

// Show writes a page. It is made in memory first: a page is whole or an error.
func (p *pages) Show(w http.ResponseWriter, status int, name string, shown Page) error {
	return p.render(w, status, name, "layout", shown)
}

// parsePages reads every template: a page is NAME.html, and what they share is
// in the portal's folder shared.
func parsePages(a *assets, own fs.FS, more template.FuncMap) (map[string]*template.Template, error) {
	functions := template.FuncMap{
		"asset":    func(name string) string { return Path + "/assets/" + a.version + "/" + name },
		"base":     func() string { return Path },
		"moment":   moment,
		"second":   second,
		"clock":    clockTime,
		"machine":  machineTime,
		"took":     took,
		"shorten":  shortID,
		"class":    statusClass,
		"meaning":  statusMeaning,
		"readable": readable, "faultsays": faultSays,
		"count":   count,
		"count64": func(n int64, thing string) string { return count(int(n), thing) },
		"words":   func(name any) string { return strings.ReplaceAll(fmt.Sprint(name), "_", " ") },
		"plural":  plural,
		"step":    stepOf,
		"button":  reviewButton,
		"grouped": grouped,
	}
	maps.Copy(functions, more)
	shared, err := template.New("").Funcs(functions).ParseFS(templates, "templates/shared/*.html")
	if err != nil {
		return nil, fmt.Errorf("the pages of the portal: %w", err)
	}
	if also, err := fs.Glob(own, "templates/shared/*.html"); err != nil {
		return nil, err
	} else if len(also) > 0 {
		if shared, err = shared.ParseFS(own, also...); err != nil {
			return nil, fmt.Errorf("the pages of the portal: %w", err)
		}
	}
	names, err := fs.Glob(own, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := map[string]*template.Template{}
	for _, name := range names {
		with, err := shared.Clone()
		if err == nil {
			with, err = with.ParseFS(own, name)
		}
		if err != nil {
			return nil, fmt.Errorf("the pages of the portal: %w", err)
		}
		all[strings.TrimSuffix(path.Base(name), ".html")] = with
	}
	return all, nil
}

// show writes a page for the viewer.
func (p *portal) show(w http.ResponseWriter, status int, name string, shown page) error {
	shown.Viewer, shown.Playground, shown.Reviews = p.viewer, p.Next != nil, p.open()
	return p.pages.Show(w, status, name, shown)
}

// render writes a part of a page.
func (p *portal) render(w http.ResponseWriter, status int, name, part string, data any) error {
	return p.pages.render(w, status, name, part, data)
}

func (p *pages) render(w http.ResponseWriter, status int, name, part string, data any) error {
	text, err := p.text(name, part, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", htmlType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // a browser that is gone misses nothing
	return nil
}

const htmlType = "text/html; charset=utf-8"

// text is a part of a page.
func (p *pages) text(name, part string, data any) ([]byte, error) {
	all, err := p.made()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = all[name].ExecuteTemplate(&text, part, data)
	return text.Bytes(), err
}

// errWall: a store gave what the viewer must not see. Nothing is shown.
var errWall = errors.New("portal: the log gave another merchant's exchange")

// errUnknownPage is answered with the page for what is not there.
var errUnknownPage = errors.New("portal: no such page")

// missing is what somebody looked for and is not there.
type missing struct{ What, ID, Advice string }

func (m *missing) Error() string { return "portal: no " + m.What + " " + m.ID }

// answering turns what a handler could not do into a page that says what to do next.
func (p *portal) answering(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if large(r) { // a stranger's is not even read
			if _, ok := p.enter(w, r, to.needs); !ok {
				return
			}
		}
		ReadForm(r)
		p, ok := p.enter(w, r, to.needs)
		if !ok {
			return
		}
		err := to.handle(p, w, r)
		if err == nil {
			return
		}
		var absent *missing
		switch {
		case errors.As(err, &absent):
			err = p.show(w, http.StatusNotFound, "missing", page{Title: "No " + absent.What + " has this id", Query: absent.ID, Body: absent})
		case errors.Is(err, store.ErrNotFound), errors.Is(err, requestlog.ErrNotFound):
			err = p.show(w, http.StatusNotFound, "missing", page{Title: "That is not here", Body: &missing{What: "thing"}})
		case errors.Is(err, errUnknownPage):
			err = p.show(w, http.StatusNotFound, "missing", page{Title: "There is no such page", Body: &missing{What: "page"}})
		}
		if err != nil {
			Fail(w, r, p.Logger, r.URL.Path, err)
		}
	})
}

// Fail answers a request whose page could not be made, and tells the log why. path is
// what the log may have of its address. Who has gone away is no failure.
func Fail(w http.ResponseWriter, r *http.Request, logger *slog.Logger, path string, cause error) {
	if r.Context().Err() != nil {
		return
	}
	logger.Error("cannot show a page of the portal", "path", path, "cause", cause)
	http.Error(w, "The portal cannot show this page now; the server's log says why. Try again.", http.StatusInternalServerError)
}

func (p *portal) unknown(http.ResponseWriter, *http.Request) error { return errUnknownPage }
