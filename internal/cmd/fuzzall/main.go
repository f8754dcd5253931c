// Command fuzzall runs every fuzz target of the repository for a bounded time,
// one after the other: `go test` itself takes one target at a time.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", time.Minute, "how long each target runs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *each); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

var target = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)

func run(ctx context.Context, each time.Duration) error {
	found := 0
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, match := range target.FindAllSubmatch(text, -1) {
			found++
			if err := fuzz(ctx, filepath.Dir(name), string(match[1]), each); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && found == 0 {
		err = fmt.Errorf("no fuzz target below the current directory; run it from the repository's root")
	}
	return err
}

func fuzz(ctx context.Context, dir, name string, each time.Duration) error {
	fmt.Printf("== %s in %s for %s\n", name, dir, each)
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+name+"$", "-fuzztime", each.String(), "./"+dir)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w (the failing input is in %s/testdata/fuzz/%s)", name, err, dir, name)
	}
	return nil
}
