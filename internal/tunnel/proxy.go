package tunnel

import (
	"context"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options say where a proxy leads.
type Options struct {
	Known func(name string) bool // the host names that lead here
	TLS   string                 // host:port that a known name's port 443 is
	Plain string                 // host:port that a known name's port 80 is
	// Passthrough lets all other names lead where they want; otherwise they are
	// refused.
	Passthrough bool
	// Idle ends a tunnel on which nothing moves; 0 is ten minutes.
	Idle time.Duration
	Log  *stdlog.Logger // gets what net/http has to say
}

const (
	idleDefault = 10 * time.Minute
	dialMax     = 10 * time.Second
)

// Proxy is the handler of a proxy's own server.
type Proxy struct {
	Options
	forward *httputil.ReverseProxy
	dialer  net.Dialer

	mu      sync.Mutex
	closed  bool
	open    map[*tunnel]struct{}
	carried sync.WaitGroup
}

// New returns a proxy.
func New(options Options) *Proxy {
	if options.Idle == 0 {
		options.Idle = idleDefault
	}
	p := &Proxy{Options: options, dialer: net.Dialer{Timeout: dialMax}, open: map[*tunnel]struct{}{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite: p.rewrite,
		// Without a proxy of the environment: that may be this one.
		Transport: &http.Transport{DialContext: p.dialer.DialContext, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 8},
		ErrorLog:  options.Log,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, fmt.Sprintf("The proxy of Kvitto cannot reach %s: %v", r.Host, err), http.StatusBadGateway)
		},
	}
	return p
}

// ServeHTTP answers one request of a client that was given this proxy.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "":
		if _, ok := p.target(r.URL.Host, "80"); !ok {
			p.refuse(w, r.URL.Host)
			return
		}
		p.forward.ServeHTTP(w, r)
	default:
		http.Error(w, "This is a proxy for tools: https_proxy=http://"+r.Host+" leads them from the host names they have built in to Kvitto.",
			http.StatusBadRequest)
	}
}

// target is where an address leads to; usual is the port it has when it names
// none and the only one that known names have.
func (p *Proxy) target(address, usual string) (hostPort string, ok bool) {
	parsed := url.URL{Host: address}
	name, port := strings.TrimSuffix(strings.ToLower(parsed.Hostname()), "."), parsed.Port()
	if port == "" {
		port = usual
	}
	switch {
	case name == "":
		return "", false
	case p.Known(name) && port == usual && usual == "443":
		return p.TLS, true
	case p.Known(name) && port == usual:
		return p.Plain, true
	}
	return net.JoinHostPort(name, port), p.Passthrough
}

func (p *Proxy) refuse(w http.ResponseWriter, address string) {
	http.Error(w, fmt.Sprintf("The proxy of Kvitto leads only to the host names that kvitto hosts prints; %q is none of them.\n"+
		"Call it without the proxy (NO_PROXY), or start kvitto dev with --proxy-passthrough.", address), http.StatusForbidden)
}

func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	hostPort, _ := p.target(r.In.URL.Host, "80")
	r.Out.URL.Host = hostPort
	r.Out.Host = r.In.Host
}

func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	hostPort, ok := p.target(r.Host, "443")
	if !ok {
		p.refuse(w, r.Host)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), dialMax)
	defer cancel()
	server, err := p.dialer.DialContext(ctx, "tcp", hostPort)
	if err != nil {
		http.Error(w, fmt.Sprintf("The proxy of Kvitto cannot reach %s: %v", r.Host, err), http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = server.Close()
		http.Error(w, "The proxy of Kvitto speaks HTTP/1.1 only.", http.StatusHTTPVersionNotSupported)
		return
	}
	_ = client.SetDeadline(time.Time{}) // those of the request are over
	t := &tunnel{client: client, server: server, fromClient: buffered.Reader, idle: p.Idle, here: hostPort == p.TLS, said: make(chan struct{})}
	if !p.begin(t) {
		t.close()
		return
	}
	go func() {
		defer p.end(t)
		t.carry()
	}()
}

func (p *Proxy) begin(t *tunnel) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.open[t] = struct{}{}
	p.carried.Add(1)
	return true
}

func (p *Proxy) end(t *tunnel) {
	p.mu.Lock()
	delete(p.open, t)
	p.mu.Unlock()
	p.carried.Done()
}

// Close lets no more tunnels begin and ends those that are. One that leads here
// may carry the last answer of a server that has stopped: it ends when that has
// ended, or the patience has.
func (p *Proxy) Close(patience time.Duration) {
	ended := make(chan struct{})
	timer := time.AfterFunc(patience, func() { close(ended) })
	defer timer.Stop()
	p.mu.Lock()
	p.closed = true
	for t := range p.open {
		if !t.here {
			t.close()
			continue
		}
		go func() {
			select {
			case <-t.said:
			case <-ended:
			}
			t.close()
		}()
	}
	p.mu.Unlock()
	p.carried.Wait()
	p.forward.Transport.(*http.Transport).CloseIdleConnections()
}
