package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Run serves until ctx ends, then finishes what was accepted: /readyz turns
// 503 at once, the lame-duck time passes, and no more connections are taken.
func (a *App) Run(ctx context.Context) error {
	served := make(chan error, 4) // all may end at once
	go func() {
		if a.config.CertFile != "" {
			served <- a.server.ServeTLS(a.listener, "", "")
			return
		}
		served <- a.server.Serve(a.listener)
	}()
	if a.named != nil {
		go func() { served <- a.server.Serve(a.named.secure) }()
		if a.named.proxyListener != nil {
			go func() { served <- a.named.proxyServer.Serve(a.named.proxyListener) }()
		}
	}
	if a.metrics != nil {
		go func() { served <- a.metrics.server.Serve(a.metrics.listener) }()
	}
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve: %w", err), a.server.Close(), a.named.close(0), a.closeMetrics())
	case <-ctx.Done():
	}
	a.drain.stopping.Store(true)
	if a.config.Timeouts.LameDuck > 0 {
		lameDuck := time.NewTimer(a.config.Timeouts.LameDuck)
		defer lameDuck.Stop()
		select {
		case <-lameDuck.C:
		case err := <-served:
			return errors.Join(fmt.Errorf("serve: %w", err), a.server.Close(), a.named.close(0), a.closeMetrics())
		}
	}
	return errors.Join(a.finish(context.WithoutCancel(ctx)), a.named.close(a.config.Timeouts.DrainRead), a.closeMetrics())
}

// finish takes no more connections and waits for the accepted requests.
func (a *App) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeouts.Drain)
	defer cancel()
	patience := time.AfterFunc(a.config.Timeouts.DrainRead, a.drain.giveUp)
	defer patience.Stop()
	// The proxy takes nothing more, and its tunnels carry what is under way.
	a.named.refuse()
	if err := a.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop: requests were still running after %s: %w", a.config.Timeouts.Drain, err), a.server.Close())
	}
	return nil
}

// httpServer is a server with the bounds of the configuration.
func (a *App) httpServer(handler http.Handler) *http.Server {
	limits := a.config.Timeouts
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: limits.ReadHeader, ReadTimeout: limits.Read, WriteTimeout: limits.Write, IdleTimeout: limits.Idle,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       serverLog(a.config.Logger),
	}
}
