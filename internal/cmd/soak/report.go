package main

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"
)

// markdown is the report.
func (w *watch) markdown(p *plan, findings []finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of load, %d CPUs, %d shops and %d troublemakers of each system at the same time.\n\n",
		w.lasted.Round(time.Second), runtime.NumCPU(), p.workers, troublemakers)
	w.load(&b)
	w.processes(&b)
	fmt.Fprint(&b, "| claim | held | what was seen |\n|---|---|---|\n")
	for _, f := range findings {
		held := "yes"
		if !f.holds {
			held = "**NO**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.claim, held, strings.ReplaceAll(strings.ReplaceAll(f.detail, "\n", " "), "|", "\\|"))
	}
	fmt.Fprintln(&b)
	w.answers(&b)
	return b.String()
}

func (w *watch) load(b *strings.Builder) {
	fmt.Fprint(b, "| system | highest updates/s | asked | updates/s | answers/s | sessions | orders | aborted requests | connections cut | files MB at first, at last |\n|---|---|---|---|---|---|---|---|---|---|\n")
	seconds := w.lasted.Seconds()
	for _, s := range w.systems {
		saw, before := w.after[s], w.begin[s]
		highest := "-"
		if s.highest > 0 {
			highest = fmt.Sprintf("%.0f", s.highest)
		}
		first := int64(0)
		if len(w.sizes[s]) > 0 {
			first = w.sizes[s][0]
		}
		fmt.Fprintf(b, "| %s | %s | %.0f | %.0f | %.0f | %d | %d | %d | %d | %d, %d |\n", s.name, highest, s.pacer.rate,
			float64(saw.of("update session", 204)-before.of("update session", 204))/seconds, float64(saw.total()-before.total())/seconds, saw.of("create session", 200), len(s.sold.orders), saw.aborted, s.cuts(), first>>20, last(w.sizes[s])>>20)
	}
	fmt.Fprintln(b)
}

// processes shows the medians of the four quarters.
func (w *watch) processes(b *strings.Builder) {
	fmt.Fprint(b, "| process, by quarter of the run | resident MB | Go heap MB | descriptors | goroutines |\n|---|---|---|---|---|\n")
	for _, s := range w.systems {
		for _, process := range s.processes {
			quarters := func(unit int64, value func(sample) int64) string {
				var parts []string
				for which := 1; which <= 4; which++ {
					text := "-"
					if n, ok := w.quarter(process, which, value); ok {
						text = fmt.Sprint(n / unit)
					}
					parts = append(parts, text)
				}
				return strings.Join(parts, ", ")
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", process.name, quarters(1<<20, func(s sample) int64 { return s.resident }),
				quarters(1<<20, func(s sample) int64 { return s.heap }), quarters(1, func(s sample) int64 { return s.descriptors }),
				quarters(1, func(s sample) int64 { return s.goroutines }))
		}
	}
	fmt.Fprintln(b)
}

// answers shows what the clients were answered.
func (w *watch) answers(b *strings.Builder) {
	classes := map[string]bool{}
	for _, s := range w.systems {
		for key := range w.after[s].answers {
			classes[key.class] = true
		}
	}
	fmt.Fprint(b, "| request |")
	for _, s := range w.systems {
		fmt.Fprintf(b, " answers of %s |", s.name)
	}
	fmt.Fprint(b, "\n|---|"+strings.Repeat("---|", len(w.systems))+"\n")
	for _, class := range slices.SortedFunc(maps.Keys(classes), cmp.Compare[string]) {
		fmt.Fprintf(b, "| %s |", class)
		for _, s := range w.systems {
			counts := map[int]int{}
			for key, n := range w.after[s].answers {
				if key.class == class {
					counts[key.status] += n
				}
			}
			fmt.Fprintf(b, " %s |", statuses(counts))
		}
		fmt.Fprintln(b)
	}
}
