package main

import (
	"context"
	"path/filepath"
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
	t := &httpTarget{called: "sqlite", addresses: []string{s.address}, processes: []*server{s}}
	if t.ids, err = createSessions(ctx, s.address, sessions); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// startPostgres runs so many processes on one cluster.
func (p *plan) startPostgres(ctx context.Context, name string, processes int) (target, error) {
	c, err := startCluster(ctx)
	if err != nil {
		return nil, err
	}
	t := &httpTarget{called: name, more: c.pids, cleanup: c.remove}
	for range processes {
		s, err := start(ctx, p.kvitto, "dev", "--listen", "127.0.0.1:0", "--store", c.URL("postgres"), "--json", "--quiet")
		if err != nil {
			t.close()
			return nil, err
		}
		t.processes, t.addresses = append(t.processes, s), append(t.addresses, s.address)
	}
	if t.ids, err = createSessions(ctx, t.addresses[0], p.sessions); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}
