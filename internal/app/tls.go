package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the server's certificate, read again when its files change:
// certificates are renewed every few weeks and nobody restarts for it.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	read    state // of the files the pair was made of
	refused state // of the files that were no pair, told once
}

// state tells whether files changed.
type state struct{ cert, key stamp }

type stamp struct {
	modified time.Time
	size     int64
}

// newCertificate reads the files; they must be a pair.
func newCertificate(certFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger}
	now, err := c.look()
	if err == nil {
		err = c.load(now)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate: %w (tls.cert and tls.key are PEM files of one certificate)", err)
	}
	return c, nil
}

// config is for a server.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	}
}

// current is what a handshake gets. Files that are gone, or are being replaced
// and do not fit, leave the last good pair in use.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.look()
	if err == nil && now == c.read {
		return c.pair
	}
	if err == nil {
		err = c.load(now)
	}
	switch {
	case err == nil:
		c.logger.Info("the certificate was replaced", "file", c.certFile)
	case now != c.refused || c.refused == (state{}):
		c.refused = now
		c.logger.Error("the changed certificate cannot be used; the one before stays", "cause", err)
	}
	return c.pair
}

func (c *certificate) look() (state, error) {
	cert, certErr := os.Stat(c.certFile)
	key, keyErr := os.Stat(c.keyFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return state{}, err
	}
	return state{stampOf(cert), stampOf(key)}, nil
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.ModTime(), info.Size()} }

// load reads the pair that was seen in the state.
func (c *certificate) load(seen state) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.read, c.refused = &pair, seen, state{}
	return nil
}
