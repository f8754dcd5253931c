package app

import (
	"fmt"
	"net"
	"net/http"
)

// metricsServer serves /metrics on an address of its own, which need not be
// public, with the health paths beside it.
type metricsServer struct {
	listener net.Listener
	server   *http.Server
}

func (a *App) openMetrics(metrics *metrics) error {
	if a.config.MetricsListen == "" {
		return nil
	}
	listener, err := net.Listen("tcp", a.config.MetricsListen)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w (choose another address with metrics.listen)", err)
	}
	mux := http.NewServeMux()
	a.healthRoutes(mux)
	mux.Handle("GET /metrics", metrics.handler())
	a.metrics = &metricsServer{listener, a.httpServer(mux)}
	a.MetricsURL = "http://" + reachable(listener.Addr())
	a.closers = append(a.closers, func() error { return closedListener(listener.Close()) })
	return nil
}

func (a *App) closeMetrics() error {
	if a.metrics == nil {
		return nil
	}
	return a.metrics.server.Close()
}
