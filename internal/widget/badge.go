package widget

import (
	"io"
	"net/http"
)

// BadgePattern is where a page that was led here from the original's host names
// finds the picture that the asset_urls of a session name.
const BadgePattern = "GET /kp/badge.svg"

// badge is a picture of our own, with the proportions of one line of text.
const badge = `<svg xmlns="http://www.w3.org/2000/svg" width="54" height="24" viewBox="0 0 54 24" role="img" aria-label="Kvitto">` +
	`<rect width="54" height="24" rx="4" fill="#1d3a2f"/>` +
	`<text x="27" y="16.5" font-family="sans-serif" font-size="13" font-weight="700" fill="#fff" text-anchor="middle">kvitto</text></svg>`

// Badge is the picture.
func Badge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, badge)
}
