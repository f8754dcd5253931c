package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed dist
var dist embed.FS

// assets are the files of the pages. Their version is in their address, so that
// a browser may keep them for ever.
type assets struct {
	version string
	files   map[string][]byte
}

// assetTypes does not ask the machine's tables for what browsers insist on.
var assetTypes = map[string]string{"portal.css": "text/css; charset=utf-8", "portal.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string][]byte{}}
	sum := sha256.New()
	for _, name := range []string{"portal.css", "portal.js", "icon.svg"} {
		content, err := dist.ReadFile("dist/" + name)
		if err != nil {
			return nil, err
		}
		a.files[name] = content
		_, _ = sum.Write(content) // a hash takes everything
	}
	a.version = base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9])
	return a, nil
}

func (p *portal) asset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	content, known := p.assets.files[name]
	if !known || r.PathValue("version") != p.assets.version {
		return errUnknownPage
	}
	w.Header().Set("Content-Type", assetTypes[name])
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, err := w.Write(content)
	return err
}

// Pattern is a pattern of http.ServeMux for a path below the portal's.
func Pattern(pattern string) string {
	method, path, _ := strings.Cut(pattern, " ")
	return method + " " + Path + path
}
