package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/kvitto/kvitto/internal/rawhttp"
)

func (p *plan) startSQLite(ctx context.Context) (*httpTarget, error) {
	return p.startSQLiteIn(ctx, filepath.Join(p.dir, "sqlite"), p.sessions)
}

// startSQLiteIn runs kvitto in a data folder and makes the sessions.
func (p *plan) startSQLiteIn(ctx context.Context, data string, sessions int) (*httpTarget, error) {
	s, err := start(ctx, p.kvitto, "dev", "--listen", "127.0.0.1:0", "--data", data, "--json", "--quiet", "--cpuprofile", p.profile)
	if err != nil {
		return nil, err
	}
	t := &httpTarget{called: "sqlite", endpoints: []endpoint{{s.address, anybody}}, processes: []*server{s}}
	if t.ids, err = createSessions(ctx, t.endpoints[0], sessions); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// startPostgres runs so many processes on one cluster, as an operator does: a
// playground would read the clock of a merchant, which others may move, from
// the store for every request.
func (p *plan) startPostgres(ctx context.Context, name string, processes int) (target, error) {
	c, err := startCluster(ctx)
	if err != nil {
		return nil, err
	}
	t := &httpTarget{called: name, more: c.pids, cleanup: c.remove}
	store := c.URL("postgres")
	authorization, err := p.credentials(ctx, store)
	// The limits of a merchant would end the measurement.
	if err == nil {
		err = os.Setenv("KVITTO_RATE_LIMIT_ENABLED", "false")
	}
	for range processes {
		if err != nil {
			break
		}
		var s *server
		if s, err = start(ctx, p.kvitto, "serve", "--listen", "127.0.0.1:0", "--store", store, "--json"); err == nil {
			t.processes = append(t.processes, s)
			t.endpoints = append(t.endpoints, endpoint{s.address, authorization})
		}
	}
	if err == nil {
		t.ids, err = createSessions(ctx, t.endpoints[0], p.sessions)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// credentials makes a merchant with a key in a new database.
func (p *plan) credentials(ctx context.Context, store string) (authorization string, err error) {
	if err := p.command(ctx, nil, "migrate", "--store", store); err != nil {
		return "", err
	}
	var made struct {
		MerchantID string `json:"merchant_id"`
		Username   string `json:"username"`
		Password   string `json:"password"`
	}
	if err := p.command(ctx, &made, "merchant", "add", "bench", "--store", store, "--json"); err != nil {
		return "", err
	}
	if err := p.command(ctx, &made, "key", "create", "--merchant", made.MerchantID, "--store", store, "--json"); err != nil {
		return "", err
	}
	return rawhttp.Basic(made.Username, made.Password), nil
}

// command runs kvitto to its end and reads the object it prints.
func (p *plan) command(ctx context.Context, into any, arguments ...string) error {
	command := exec.CommandContext(ctx, p.kvitto, arguments...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, os.Stderr
	err := command.Run()
	if err == nil && into != nil {
		err = json.Unmarshal(output.Bytes(), into)
	}
	if err != nil {
		return fmt.Errorf("kvitto %s: %w", arguments[0], err)
	}
	return nil
}
