package kvittotest_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
)

// run calls a test with a stand-in for the testing.TB that an example does not
// get.
func run(test func(testing.TB)) {
	t := newStandIn(context.Background())
	if err := t.run(test); err != nil {
		fmt.Println(err)
	}
}

// standIn is a testing.TB of its own, so that a failing test can be looked at.
type standIn struct {
	testing.TB // for what is not called here
	ctx        context.Context
	cleanups   []func()
	failed     bool
	log        string
}

func newStandIn(ctx context.Context) *standIn { return &standIn{ctx: ctx} }

// run returns when the test and its cleanups have ended; the error is the log
// of a test that failed.
func (s *standIn) run(test func(testing.TB)) error {
	ctx, cancel := context.WithCancel(s.ctx)
	s.ctx = ctx
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			cancel()
			for _, cleanup := range slices.Backward(s.cleanups) {
				cleanup()
			}
		}()
		test(s)
	}()
	<-ended
	if s.failed {
		return fmt.Errorf("failed: %s", s.log)
	}
	return nil
}

func (s *standIn) Helper()                  {}
func (s *standIn) Context() context.Context { return s.ctx }
func (s *standIn) Cleanup(f func())         { s.cleanups = append(s.cleanups, f) }
func (s *standIn) Failed() bool             { return s.failed }

func (s *standIn) TempDir() string {
	dir, err := os.MkdirTemp("", "kvittotest")
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			s.Errorf("%v", err)
		}
	})
	return dir
}

func (s *standIn) Logf(format string, args ...any) { s.log += fmt.Sprintf(format, args...) + "\n" }

func (s *standIn) Errorf(format string, args ...any) {
	s.failed = true
	s.Logf(format, args...)
}

func (s *standIn) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

func (s *standIn) Fatal(args ...any) { s.Fatalf("%s", fmt.Sprint(args...)) }
