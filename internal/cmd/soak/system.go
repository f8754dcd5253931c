package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
)

// system is a store with the processes that serve it, and what its clients saw.
type system struct {
	name      string
	processes []*server
	data      string // folder with the files of the store
	cluster   *pgtest.Cluster
	proxies   []*pgtest.Proxy

	tally *tally
	pacer *pacer
	// highest is the rate of updates that was found, per second; 0 if nobody looked.
	highest float64
	sold    *sold
}

func (p *plan) open(ctx context.Context) ([]*system, error) {
	var all []*system
	for _, open := range []func(context.Context) (*system, error){p.openSQLite, p.openPostgres} {
		s, err := open(ctx)
		if s != nil {
			all = append(all, s)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (p *plan) newSystem(name, data string) *system {
	return &system{name: name, data: data, tally: newTally(), pacer: newPacer(p.rate), sold: newSold(p.seed)}
}

func (p *plan) openSQLite(ctx context.Context) (*system, error) {
	s := p.newSystem("sqlite", filepath.Join(p.dir, "sqlite"))
	process, err := startServer(ctx, p.kvitto, "sqlite", p.dir, "--data", s.data)
	if err != nil {
		return nil, err
	}
	s.processes = append(s.processes, process)
	return s, nil
}

// processesOnPostgres share one cluster.
const processesOnPostgres = 2

func (p *plan) openPostgres(ctx context.Context) (*system, error) {
	cluster, err := pgtest.New(ctx, pgtest.Options{Name: "soak"})
	if err != nil {
		return nil, err
	}
	s := p.newSystem("postgresql", cluster.DataDir())
	s.cluster = cluster
	if err := cluster.Start(ctx); err != nil {
		return s, err
	}
	for i := range processesOnPostgres {
		proxy, err := pgtest.ListenProxy(cluster.Address())
		if err != nil {
			return s, err
		}
		s.proxies = append(s.proxies, proxy)
		process, err := startServer(ctx, p.kvitto, fmt.Sprintf("postgresql-%d", i+1), p.dir, "--store", cluster.URLThrough(proxy.Address(), "postgres"))
		if err != nil {
			return s, err
		}
		s.processes = append(s.processes, process)
	}
	return s, nil
}

// cutConnections cuts a connection of each proxy about every second, until ctx
// ends. Now and then it cuts all of them at once.
func (s *system) cutConnections(ctx context.Context, seed uint64) {
	var cutting sync.WaitGroup
	for i, proxy := range s.proxies {
		cutting.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			points := pgtest.Points()
			for pause(ctx, time.Duration(500+random.IntN(1000))*time.Millisecond) {
				if random.IntN(60) == 0 {
					proxy.CutAll()
					continue
				}
				proxy.CutAfter(random.IntN(40), points[random.IntN(len(points))], random.IntN(60))
			}
		})
	}
	cutting.Wait()
}

// cuts is how many connections were cut at a chosen point.
func (s *system) cuts() int {
	made := 0
	for _, proxy := range s.proxies {
		made += proxy.Made()
	}
	return made
}

func (s *system) close() {
	for _, process := range s.processes {
		process.stop()
	}
	for _, proxy := range s.proxies {
		proxy.Close()
	}
	if s.cluster != nil {
		if err := s.cluster.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, "soak: remove the cluster:", err)
		}
	}
}

func (s *system) printLogs() {
	for _, process := range s.processes {
		fmt.Fprintf(os.Stderr, "--- the end of what %s said\n%s\n", process.name, process.endOfLog())
	}
}
