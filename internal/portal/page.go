package portal

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates
var templates embed.FS

// page is what every page has.
type page struct {
	Title   string
	Current string // entry of the menu
	Query   string // of the search box
	Live    bool   // something on it follows what happens
	Body    any    // of the page's own template
}

// pages are the templates, each with the layout around it.
type pages struct {
	byName map[string]*template.Template
}

// parsePages reads every template: a page is NAME.html, and what they share is
// in the folder shared.
func parsePages(a *assets) (*pages, error) {
	functions := template.FuncMap{
		"asset":    func(name string) string { return Path + "/assets/" + a.version + "/" + name },
		"base":     func() string { return Path },
		"moment":   moment,
		"clock":    clockTime,
		"machine":  machineTime,
		"took":     took,
		"shorten":  shortID,
		"class":    statusClass,
		"meaning":  statusMeaning,
		"readable": readable,
		"count":    count,
		"plural":   plural,
		"step":     stepOf,
		"figure":   figureOf,
	}
	shared, err := template.New("").Funcs(functions).ParseFS(templates, "templates/shared/*.html")
	if err != nil {
		return nil, fmt.Errorf("the pages of the portal: %w", err)
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := &pages{byName: map[string]*template.Template{}}
	for _, name := range names {
		own, err := shared.Clone()
		if err == nil {
			own, err = own.ParseFS(templates, name)
		}
		if err != nil {
			return nil, fmt.Errorf("the pages of the portal: %w", err)
		}
		all.byName[strings.TrimSuffix(path.Base(name), ".html")] = own
	}
	return all, nil
}

// show writes a page. It is made in memory first: a page is whole or an error.
func (p *portal) show(w http.ResponseWriter, status int, name string, shown page) error {
	return p.render(w, status, name, "layout", shown)
}

// render writes a part of a page.
func (p *portal) render(w http.ResponseWriter, status int, name, part string, data any) error {
	var text bytes.Buffer
	if err := p.pages.byName[name].ExecuteTemplate(&text, part, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w) // a browser that is gone misses nothing
	return nil
}

// errUnknownPage is answered with the page for what is not there.
var errUnknownPage = errors.New("portal: no such page")

// missing is what somebody looked for and is not there.
type missing struct{ What, ID, Advice string }

func (m *missing) Error() string { return "portal: no " + m.What + " " + m.ID }

// answering turns what a handler could not do into a page that says what to do next.
func (p *portal) answering(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := handle(w, r)
		if err == nil {
			return
		}
		var absent *missing
		switch {
		case errors.As(err, &absent):
			err = p.show(w, http.StatusNotFound, "missing", page{Title: "No " + absent.What + " has this id", Query: absent.ID, Body: absent})
		case errors.Is(err, errUnknownPage):
			err = p.show(w, http.StatusNotFound, "missing", page{Title: "There is no such page", Body: &missing{What: "page"}})
		}
		if err != nil && r.Context().Err() == nil {
			p.Logger.Error("cannot show a page of the portal", "path", r.URL.Path, "cause", err)
			http.Error(w, "The portal cannot show this page now; the server's log says why. Try again.", http.StatusInternalServerError)
		}
	})
}

func (p *portal) unknown(http.ResponseWriter, *http.Request) error { return errUnknownPage }
