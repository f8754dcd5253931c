package app

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/openapi"
	"github.com/kvitto/kvitto/internal/widget"
)

// routes puts the surfaces beside each other. Everything that is not an
// operator's path or something a browser loads is the API's, which answers in
// its own shape.
func (a *App) routes(payments, redirect, static http.Handler, metrics *metrics) http.Handler {
	operators := http.NewServeMux()
	a.healthRoutes(operators)
	operators.Handle(widget.RedirectPattern, redirect)
	operators.HandleFunc(widget.BadgePattern, widget.Badge)
	for _, pattern := range widget.StaticPatterns {
		operators.Handle(pattern, static)
	}
	metricsHere := a.config.MetricsListen == ""
	if metricsHere {
		operators.Handle("GET /metrics", metrics.handler())
	}
	documents := openapi.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.Clean(r)
		switch path := r.URL.Path; {
		case api.ForPages(r):
			payments.ServeHTTP(w, r)
		case path == "/healthz", path == "/readyz", path == "/metrics" && metricsHere, strings.HasPrefix(path, "/kp/"):
			operators.ServeHTTP(w, r)
		case openapi.Serves(path):
			documents.ServeHTTP(w, r)
		default:
			payments.ServeHTTP(w, r)
		}
	})
}

// pingMax bounds the store's answer to /readyz: a store that hangs is not ready.
const pingMax = 2 * time.Second

func (a *App) healthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { health(w, "") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		bounded, cancel := context.WithTimeout(r.Context(), pingMax)
		defer cancel()
		switch {
		case a.drain.stopping.Load():
			health(w, "the server is stopping\n")
		case a.stores.Ping(bounded) != nil:
			health(w, "the store does not answer\n")
		default:
			health(w, "")
		}
	})
}

// health answers 200, or 503 with what is the matter.
func health(w http.ResponseWriter, matter string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if matter != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, matter)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
