package simulation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// simulation is one schedule.
type simulation struct {
	seed   uint64
	random *rand.Rand
	lie    lie
	profile
	gate
	journal
	store     *memstore.Engine
	auditor   *auditor
	clients   clients
	started   int
	processes []*process
	flying    []*call
	later     [][]store.Change // transactions that nobody waits for
	step      int
	trace     []string
	short     map[string]string // names of ids in the trace
}

// profile is what a schedule is like. Faults that are everywhere would hide
// what happens between two of them, so each schedule has its own.
type profile struct {
	shared      bool
	processMax  int
	flyingMax   int
	cacheBytes  int
	maxBatch    int
	queue       int
	faults      int // of a hundred releases
	slowness    int // of a hundred reads
	crashes     int // of a thousand steps
	haste       int // of a hundred steps: a new call rather than an old one
	impatience  int // of a thousand steps: a client hangs up
	clockOfTime int // of a thousand steps: the time moves
}

func drawProfile(random *rand.Rand) profile {
	p := profile{
		shared: random.IntN(2) == 0, processMax: 1, flyingMax: 2 + random.IntN(6), maxBatch: pick(random, 1, 2, 256),
		cacheBytes: pick(random, 1, 8<<10, 1<<20), queue: pick(random, 0, 64),
		faults: pick(random, 0, 3, 12, 30), slowness: pick(random, 0, 20), crashes: pick(random, 0, 5, 20),
		haste: pick(random, 15, 35, 60), impatience: pick(random, 0, 10), clockOfTime: pick(random, 10, 40),
	}
	if p.shared {
		p.processMax = 1 + random.IntN(3)
	}
	return p
}

// result is what became of a schedule.
type result struct {
	failure error // nil when every answer was right
	steps   int
	trace   []string
	met     map[string]int
}

// run plays the schedule of a seed, at most so many steps of it, and lets what
// was begun come to its end.
func run(t *testing.T, seed uint64, steps int) result { return runWith(t, seed, steps, "") }

// runWith is run over a store that lies.
func runWith(t *testing.T, seed uint64, steps int, told lie) (played result) {
	// Calls that hang for ever end the bubble with a panic. They were found, so
	// there is something better to tell.
	defer func() {
		if cause := recover(); cause != nil && played.failure == nil {
			panic(cause)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 0x6b7669))
		s := &simulation{seed: seed, random: random, lie: told, profile: drawProfile(random),
			store: memstore.New(), short: map[string]string{}}
		s.auditor = newAuditor(s.shared)
		s.clients = clients{random: random, auditor: s.auditor, sessions: map[string][]string{}, tokens: map[string][]string{}}
		s.note("profile %+v", s.profile)
		failure := s.play(t.Context(), steps)
		played = result{failure: failure, steps: s.step, trace: s.trace, met: s.auditor.met}
		s.end()
	})
	return played
}

func (s *simulation) play(ctx context.Context, steps int) error {
	for range s.processMax {
		p, err := s.start()
		if err != nil {
			return err
		}
		s.processes = append(s.processes, p)
	}
	for s.step < steps {
		if err := s.act(ctx); err != nil {
			return err
		}
	}
	if err := s.drain(); err != nil {
		return err
	}
	return s.readAll(ctx)
}

// act makes one step and looks at what came of it.
func (s *simulation) act(ctx context.Context) error {
	s.step++
	stops := s.settled()
	dice := s.random.IntN(1000)
	switch {
	case dice < s.crashes:
		if err := s.crash(); err != nil {
			return err
		}
	case dice < s.crashes+s.impatience && len(s.flying) > 0:
		c := pick(s.random, s.flying...)
		s.note("hang up #%d", c.number)
		c.hungUp = true
		c.cancel()
	case dice < s.crashes+s.impatience+s.clockOfTime:
		by := pick(s.random, time.Second, time.Minute, time.Minute, time.Minute,
			10*time.Minute, 10*time.Minute, 10*time.Minute, 45*time.Minute, 45*time.Minute, 50*time.Hour)
		s.note("%s pass", by)
		<-time.After(by)
	case len(s.later) > 0 && s.random.IntN(5) == 0:
		s.applyLater()
	case len(stops) == 0 || (len(s.flying) < s.flyingMax && s.random.IntN(100) < s.haste):
		merchant, r := s.clients.draw()
		s.begin(ctx, merchant, r, pick(s.random, s.processes...))
	default:
		at := pick(s.random, stops...)
		s.let(at, s.verdict(at))
	}
	return s.look()
}

// begin starts a call.
func (s *simulation) begin(ctx context.Context, merchant string, r request, p *process) *call {
	c := &call{number: len(s.clients.made) + 1, merchant: merchant, request: r, process: p, invoked: s.step}
	s.clients.made, s.flying = append(s.clients.made, c), append(s.flying, c)
	s.note("process %d: #%d %s %s%s", p.number, c.number, merchant, r.kind, said(r))
	ctx, c.cancel = context.WithCancel(ctx)
	go c.send(ctx)
	return c
}

// verdict draws what happens to a stop.
func (s *simulation) verdict(at *stop) verdict {
	dice := s.random.IntN(100)
	switch {
	case at.place == atRead && dice < s.faults/2:
		return failBefore
	case at.place == atRead && dice < s.faults/2+s.slowness:
		return slow
	case at.place != atCommit || dice >= s.faults:
		return proceed
	}
	faults := []verdict{failBefore, failAfter}
	if at.changes[0].Session.Revision > 1 {
		faults = append(faults, conflict) // two processes never draw the same id for a new session
	}
	if s.shared {
		faults = append(faults, applyLater)
	}
	return pick(s.random, faults...)
}

// let lets a stopped goroutine go on.
func (s *simulation) let(at *stop, v verdict) {
	s.note("%s %s: %s", s.who(at), at.place, v)
	if v != proceed && v != slow {
		s.auditor.met[at.place+": "+string(v)]++
	}
	if len(at.changes) > 1 && at.place == atCommit {
		s.auditor.met["batch of several"]++
	}
	switch {
	case v == conflict:
		s.madeBy(&at.changes[0]).conflicts++
	case v != proceed && v != slow && at.call != nil:
		at.call.faulted = true
	case v != proceed:
		for i := range at.changes {
			s.madeBy(&at.changes[i]).faulted = true
		}
	}
	if v == applyLater {
		s.later = append(s.later, at.changes)
	}
	if at.place == atAnswer {
		s.auditor.settle(s.step, at.call)
	}
	s.release(at, v)
}

// madeBy is the call a change belongs to.
func (s *simulation) madeBy(change *store.Change) *call {
	for _, c := range slices.Backward(s.clients.made) {
		if c.correlation == change.Event.CorrelationID {
			return c
		}
	}
	return nil
}

func (s *simulation) applyLater() {
	i := s.random.IntN(len(s.later))
	changes := s.later[i]
	s.later = slices.Delete(s.later, i, i+1)
	for at, err := range s.commit(changes) {
		s.note("a transaction nobody waits for: #%d: %v", s.madeBy(&changes[at]).number, err)
		if err == nil {
			s.auditor.met["applied later"]++
		}
	}
}

// crash kills a process and starts another. What its transaction has done by
// then is known to the store alone.
func (s *simulation) crash() error {
	i := s.random.IntN(len(s.processes))
	p := s.processes[i]
	s.note("process %d dies", p.number)
	s.auditor.met["crash"]++
	p.dead.Store(true)
	for _, at := range s.settled() {
		if at.process != p {
			continue
		}
		switch fate := s.random.IntN(3); {
		case at.place != atCommit:
		case fate == 0:
			s.note("its transaction is applied")
			s.auditor.met["crash: transaction applied"]++
			s.commit(at.changes)
		case fate == 1 && s.shared:
			s.later = append(s.later, at.changes)
		default:
			s.auditor.met["crash: transaction lost"]++
		}
		s.release(at, died)
	}
	for _, c := range s.flying {
		if c.process == p {
			c.lost, c.faulted = true, true
		}
	}
	p.batcher.Close()
	replacement, err := s.start()
	s.processes[i] = replacement
	return err
}

// look waits until all have stopped again, then audits what was applied and
// what was answered.
func (s *simulation) look() error {
	stops := s.settled()
	for _, change := range s.take() {
		c := s.madeBy(&change)
		s.note("applied: session %s revision %d", s.name("S", change.Session.ID), change.Session.Revision)
		if err := s.auditor.change(s.step, c, &change); err != nil {
			return err
		}
	}
	var flying []*call
	for _, c := range s.flying {
		switch {
		case c.lost:
			s.auditor.settle(s.step, c)
		case !c.finished:
			flying = append(flying, c)
		default:
			if err := s.answered(c); err != nil {
				return err
			}
		}
	}
	s.flying = flying
	if len(stops) == 0 && len(flying) > 0 {
		return fmt.Errorf("call #%d hangs: nobody is left to go on", flying[0].number)
	}
	return nil
}

func (s *simulation) answered(c *call) error {
	c.cancel()
	told, err := c.reply()
	s.note("#%d is told%s", c.number, said(told))
	if err != nil {
		return fmt.Errorf("call #%d: %w", c.number, err)
	}
	if err := s.auditor.answer(s.step, c, told); err != nil {
		return err
	}
	if !c.hungUp {
		s.clients.learn(c, told)
	}
	return nil
}

// drain lets everything that was begun come to its end, without faults.
func (s *simulation) drain() error {
	for {
		s.step++
		stops := s.settled()
		if len(s.later) > 0 {
			s.applyLater()
		} else if len(stops) > 0 {
			s.let(pick(s.random, stops...), proceed)
		} else {
			return nil
		}
		if err := s.look(); err != nil {
			return err
		}
	}
}

// readAll asks every process for every session, and the store itself.
func (s *simulation) readAll(ctx context.Context) error {
	for _, p := range s.processes {
		for _, session := range s.auditor.names {
			s.step++
			s.begin(ctx, s.auditor.sessions[session].newest().merchant, request{kind: read, session: session}, p)
			if err := s.look(); err != nil {
				return err
			}
			if err := s.drain(); err != nil {
				return err
			}
		}
	}
	return s.auditor.books(ctx, s.store)
}

// end stops what still runs: a bubble ends with its last goroutine.
func (s *simulation) end() {
	for _, p := range s.processes {
		p.dead.Store(true)
	}
	for _, at := range s.settled() {
		s.release(at, died)
	}
	for _, p := range s.processes {
		p.batcher.Close()
	}
	for _, c := range s.clients.made {
		c.cancel()
	}
	synctest.Wait()
}
