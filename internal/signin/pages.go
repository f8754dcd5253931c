package signin

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
)

// functions are what templates of this package have beyond those of the portal.
var functions = template.FuncMap{
	"qr":    drawQR,
	"scope": func(merchantID string) string { return scopeText(merchantID) },
	"field": func(wrong problems, name string) field { return field{name, wrong[name]} },
}

func scopeText(merchantID string) string {
	if merchantID == "" {
		return "the operator, all merchants"
	}
	return merchantID
}

// message is a page that says one thing.
type message struct{ Text string }

// say shows a message.
func (s *SignIn) say(w http.ResponseWriter, r *http.Request, status int, title, text string) error {
	return s.show(w, r, status, "message", title, "", message{Text: text})
}

// show shows a page to whoever asks.
func (s *SignIn) show(w http.ResponseWriter, r *http.Request, status int, name, title, current string, body any) error {
	page := portal.Page{Title: title, Current: current, Body: body}
	session, err := s.viewed(r)
	switch {
	case err == nil:
		page.Viewer = session.Viewer
	case !errors.Is(err, account.ErrNoSession):
		return err
	}
	return s.pages.Show(w, status, name, page)
}

// mustWait says how long; it is the same for an address that nobody has.
func (s *SignIn) mustWait(w http.ResponseWriter, r *http.Request, wait *account.WaitError) error {
	seconds := max(1, int(wait.Until.Sub(s.Now()).Seconds())+1)
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	span := fmt.Sprintf("%d seconds", seconds)
	if minutes := (seconds + 59) / 60; seconds > 90 {
		span = fmt.Sprintf("%d minutes", minutes)
	}
	return s.say(w, r, http.StatusTooManyRequests, "Too many attempts",
		"Wait "+span+" before the next one. If it was not you, somebody is guessing; a passkey signs you in meanwhile.")
}

// problems are what somebody can put right, by the field of the form.
type problems map[string]string

// field is a field of a form with what is wrong with it.
type field struct{ Name, Text string }

// problem is what is wrong with a form; ok is false for another error.
func problem(err error) (found problems, ok bool) {
	var p *account.Problem
	if !errors.As(err, &p) {
		return nil, false
	}
	return problems{p.Field: p.Text}, true
}

// drawQR is a text as a picture that apps read, in SVG: a path for the dark
// squares and a margin of four.
func drawQR(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("a QR code: %w", err)
	}
	const margin = 4
	bounds := code.Bounds()
	var path strings.Builder
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if dark, _, _, _ := code.At(x, y).RGBA(); dark == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x-bounds.Min.X+margin, y-bounds.Min.Y+margin)
			}
		}
	}
	side := bounds.Dx() + 2*margin
	// Numbers and letters of this function alone: nothing in it is from the text.
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="QR code for the authenticator app" shape-rendering="crispEdges">`+
		`<rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000"/></svg>`, side, side, side, side, path.String())), nil
}
