package portal

import "time"

// period is a time that the overview is about.
type period struct {
	Value, Label string // in the address and in the choice
	name         string // in a sentence
	step         time.Duration
	bars         int
	barName      string // heads the column of their times
	barSpan      string
	barFormat    string
	markEvery    int // bars
	markFormat   string
	atMidnight   bool // marks stand where days begin
}

var periods = []period{
	{"hour", "Hour", "the last hour", requestStep, 12, "From", "five minutes", "15:04", 3, "15:04", false},
	{"day", "24 hours", "the last 24 hours", time.Hour, 24, "From", "an hour", "Mon 15:04", 6, "15:04", false},
	{"week", "7 days", "the last 7 days", 6 * time.Hour, 28, "From", "six hours", "Mon 2 Jan 15:04", 4, "Mon 2", true},
}

const requestStep = 5 * time.Minute

// periodOf is the period of an address; the day where it names none.
func periodOf(value string) period {
	for _, p := range periods {
		if p.Value == value {
			return p
		}
	}
	return periods[1]
}

// InWords names the period in a sentence.
func (p period) InWords() string { return p.name }

// from is where the bar begins that is the first when the last one holds now.
func (p *period) from(now time.Time) time.Time {
	return now.UTC().Truncate(p.step).Add(-time.Duration(p.bars-1) * p.step)
}

// markAt is the place of the first bar with a mark.
func (p *period) markAt(starts []time.Time) int {
	if !p.atMidnight {
		return 0
	}
	for i, start := range starts {
		if start.UTC().Hour() == 0 {
			return i % p.markEvery
		}
	}
	return 0
}
