package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	kvitto := flag.String("kvitto", "bin/kvitto", "the kvitto binary to measure")
	seconds := flag.Float64("seconds", 4, "length of each measurement")
	connections := flag.String("connections", "1,16,64,256", "numbers of connections")
	lines := flag.String("lines", "3,50", "numbers of order lines")
	sessions := flag.Int("sessions", 10000, "stored sessions that are updated at random")
	bare := flag.Bool("bare", false, "serve the bare handler (the program starts itself with this)")
	profile := flag.String("profile", "", "let kvitto write a CPU profile of its life to this file")
	flag.Parse()
	if *bare {
		return serveBare()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	plan := plan{duration: time.Duration(*seconds * float64(time.Second)), sessions: *sessions, kvitto: *kvitto, profile: *profile}
	var err error
	if plan.connections, err = numbers(*connections); err != nil {
		return err
	}
	if plan.lines, err = numbers(*lines); err != nil {
		return err
	}
	return plan.measure(ctx)
}

func numbers(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > 4096 {
			return nil, fmt.Errorf("%q is not a list of numbers from 1 to 4096", list)
		}
		all = append(all, n)
	}
	return all, nil
}

// serveBare is what Kvitto is compared with: read the body, answer 204.
func serveBare() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("{\"url\":\"http://%s\"}\n", listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
}
