package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/kvitto/kvitto/internal/authority"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/tunnel"
)

// named is what serves clients that have the original's host names built in.
type named struct {
	listener net.Listener // below TLS
	secure   net.Listener

	// The proxy, nil when there is none.
	proxyListener net.Listener
	proxyServer   *http.Server
	proxy         *tunnel.Proxy
}

// proxyConnections bounds what a proxy for one machine carries.
const proxyConnections = 1024

// listeners is how many the API has.
func (a *App) listeners() int {
	if a.named == nil {
		return 1
	}
	return 2
}

// listenNamed opens the addresses of the configuration.
func (a *App) listenNamed() (err error) {
	names := a.config.Names
	if names.TLS == "" {
		return nil
	}
	a.named = &named{}
	if a.named.listener, err = net.Listen("tcp", names.TLS); err != nil {
		return fmt.Errorf("listen for TLS: %w%s", err, advice(err))
	}
	a.closers = append(a.closers, func() error { return closedListener(a.named.listener.Close()) })
	a.TLSBound = a.named.listener.Addr().String()
	if names.Proxy == "" {
		return nil
	}
	if a.named.proxyListener, err = net.Listen("tcp", names.Proxy); err != nil {
		return fmt.Errorf("listen for the proxy: %w (choose another address with --proxy=HOST:PORT)", err)
	}
	a.closers = append(a.closers, func() error { return closedListener(a.named.proxyListener.Close()) })
	a.ProxyBound = a.named.proxyListener.Addr().String()
	if at, err := netip.ParseAddrPort(a.ProxyBound); err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("the proxy would listen at %s: others must not be able to use it, so give it an address of this machine's loopback such as %s",
			a.ProxyBound, "127.0.0.1:7444")
	}
	return nil
}

// advice is what to do about an address that cannot be had.
func advice(err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return " (choose another address with --tls=HOST:PORT)"
	}
	return "\nports below 1024 need a right that this process has not; one of these helps:\n" +
		"  sudo setcap cap_net_bind_service=+ep \"$(command -v kvitto)\"   gives it to the program\n" +
		"  sudo kvitto dev --tls=127.0.0.1:443                            gives it to this run\n" +
		"  docker run -p 127.0.0.1:443:7443 ...                           lets a container's port 7443 be the machine's 443\n" +
		"  kvitto dev --tls --proxy                                       needs no such port where a tool takes a proxy"
}

// wireNamed makes the listeners speak TLS and the proxy protocol.
func (a *App) wireNamed() error {
	if a.named == nil {
		return nil
	}
	certificates, err := authority.Open(authority.Options{Directory: a.config.Names.AuthorityDir, Names: hostname.Names()})
	if err != nil {
		return err
	}
	a.AuthorityFile = certificates.File()
	a.named.secure = tls.NewListener(a.named.listener, certificates.TLS())
	if a.named.proxyListener == nil {
		return nil
	}
	a.named.proxy = tunnel.New(tunnel.Options{
		Known: func(name string) bool { _, _, ok := hostname.Find(name); return ok },
		TLS:   reachable(a.named.listener.Addr()), Plain: reachable(a.listener.Addr()),
		Passthrough: a.config.Names.Passthrough, Log: serverLog(a.config.Logger),
	})
	a.named.proxyServer = a.httpServer(a.named.proxy)
	// What a request waits for on its way through is bounded behind it.
	a.named.proxyServer.ReadTimeout, a.named.proxyServer.WriteTimeout = 0, 0
	a.named.proxyListener = overload.NewListener(a.named.proxyListener, proxyConnections)
	return nil
}

// refuse takes no more connections to the proxy.
func (n *named) refuse() {
	if n != nil && n.proxyListener != nil {
		_ = n.proxyListener.Close() // the server tells
	}
}

// close ends the proxy and its tunnels, which for some time may still pass on
// the last answers of a server that has stopped.
func (n *named) close(patience time.Duration) error {
	if n == nil || n.proxy == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = n.proxyServer.Shutdown(ctx) // what it does not finish in time is closed
	n.proxy.Close(patience)
	return closedListener(n.proxyServer.Close())
}
