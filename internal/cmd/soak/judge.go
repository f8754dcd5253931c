package main

import (
	"context"
	"fmt"
	"time"
)

// finding is a promise, and whether it held.
type finding struct {
	claim  string
	holds  bool
	detail string
}

// judge looks at a system when the load has ended.
func (s *system) judge(w *watch) []finding {
	var all []finding
	for _, process := range s.processes {
		all = append(all, w.flatMemory(process), w.flatDescriptors(process))
	}
	all = append(all, s.sessionsAreRight())
	all = append(all, s.countersAddUp())
	after := s.tally.sums()
	all = append(all, finding{s.name + ": every request that was not aborted was answered", after.lost == 0, fmt.Sprintf("%d were not%s", after.lost, quoted(after))})
	return append(all, finding{s.name + ": every answer was one that must come", after.wrong == 0, fmt.Sprintf("%d were not%s", after.wrong, quoted(after))})
}

func quoted(of sums) string {
	text := ""
	if of.lost+of.wrong > 0 {
		for _, line := range of.said {
			text += "; " + line
		}
	}
	return text
}

// growthMax is how much the memory of the last quarter may be above that of
// the second, in percent.
const growthMax = 10

func (w *watch) flatMemory(process *server) finding {
	f := finding{claim: process.name + ": memory is flat"}
	resident := func(s sample) int64 { return s.resident }
	early, ok := w.quarter(process, 2, resident)
	late, also := w.quarter(process, 4, resident)
	if !ok || !also {
		f.detail = "there are too few samples"
		return f
	}
	f.holds = late*100 <= early*(100+growthMax)
	f.detail = fmt.Sprintf("%.1f MB in the second quarter, %.1f MB in the last (%+.1f %%, %d %% allowed)",
		megabytes(early), megabytes(late), 100*float64(late-early)/float64(early), growthMax)
	return f
}

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }

// descriptorsMax is how many more descriptors may be open in the last quarter.
const descriptorsMax = 5

func (w *watch) flatDescriptors(process *server) finding {
	f := finding{claim: process.name + ": no descriptor leaks"}
	descriptors := func(s sample) int64 { return s.descriptors }
	early, ok := w.quarter(process, 2, descriptors)
	late, also := w.quarter(process, 4, descriptors)
	if !ok || !also {
		f.detail = "there are too few samples"
		return f
	}
	f.holds = late <= early+descriptorsMax
	f.detail = fmt.Sprintf("%d in the second quarter, %d in the last (%d more allowed)", early, late, descriptorsMax)
	return f
}

// sessionsAreRight reads the sample of sessions again.
func (s *system) sessionsAreRight() finding {
	f := finding{claim: s.name + ": sessions read as acknowledged, orders are unique"}
	reader := (&plan{}).newShop(s, 0)
	wrong := 0
	for _, r := range s.sold.sample {
		if !reader.readBack(r) {
			wrong++
		}
	}
	reader.leave()
	f.holds = wrong == 0 && len(s.sold.sample) > 0
	f.detail = fmt.Sprintf("%d of %d sessions, chosen at random of %d, are not as acknowledged; %d orders", wrong, len(s.sold.sample), s.sold.seen, len(s.sold.orders))
	return f
}

// settle is how long the servers have for requests whose client has gone.
const settle = 30 * time.Second

// countersAddUp compares what the processes counted with what clients saw. An
// aborted request may have been counted, under whichever status.
func (s *system) countersAddUp() finding {
	f := finding{claim: s.name + ": counters add up"}
	end := time.Now().Add(settle)
	for {
		busy := 0.0
		counted := map[int]int{}
		for _, process := range s.processes {
			metrics, err := scrape(process)
			if err != nil {
				f.detail = err.Error()
				return f
			}
			busy += metrics["kvitto_requests_in_flight"] + metrics["kvitto_requests_waiting"]
			for status, n := range metrics.exchanges() {
				counted[status] += n
			}
		}
		f.holds, f.detail = compare(counted, s.tally.sums())
		if (f.holds && busy == 0) || !pause(context.Background(), 200*time.Millisecond) || time.Now().After(end) {
			return f
		}
	}
}

// compare tells whether every answer was counted, and nothing else but what
// was aborted or lost.
func compare(counted map[int]int, saw sums) (bool, string) {
	seen := saw.byStatus()
	missing, more := map[int]int{}, map[int]int{}
	unexplained, total := 0, 0
	for status, n := range counted {
		total += n
		if n > seen[status] {
			more[status] = n - seen[status]
			unexplained += more[status]
		}
	}
	for status, n := range seen {
		if n > counted[status] {
			missing[status] = n - counted[status]
		}
	}
	detail := fmt.Sprintf("servers counted %d, clients saw %d", total, saw.total())
	if len(missing) > 0 {
		return false, detail + "; not counted: " + statuses(missing)
	}
	detail += fmt.Sprintf("; %d more (%s) of %d aborted and %d lost requests", unexplained, statuses(more), saw.aborted, saw.lost)
	return unexplained <= saw.aborted+saw.lost, detail
}
