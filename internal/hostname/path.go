package hostname

import "strings"

// browserPath is below what everything of a browser lies.
const browserPath = "/kp"

// Path is the path that a request under the host means here:
//
//	js.klarna.com         /eu/kp/widget.html  /kp/widget.html
//	credit.klarnacdn.net  /lib/v1/api.js      /kp/lib/v1/api.js
//	x.klarnacdn.net       /payment-method/assets/badges/generic/klarna.svg  /kp/badge.svg
func (h Host) Path(sent string) string {
	switch {
	case h.Kind == Browser:
		if region := regionOf(sent); region != "" {
			return sent[len("/")+len(region):]
		}
	case h.Name == oldScript && strings.HasPrefix(sent, "/lib/"):
		return browserPath + sent
	case h.Kind == Script && strings.HasPrefix(sent, badges):
		return browserPath + "/badge.svg"
	}
	return sent
}

// badges is where the asset_urls of a session lead to.
const badges = "/payment-method/assets/badges/"

// regionOf is the region before /kp in a path; empty when there is none.
func regionOf(path string) string {
	for _, region := range []string{europe, northAmerica, oceania} {
		if rest, ok := strings.CutPrefix(path, "/"+region+browserPath); ok && (rest == "" || rest[0] == '/') {
			return region
		}
	}
	return ""
}
