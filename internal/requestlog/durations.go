package requestlog

import (
	"math"
	"time"
)

// durations count how long exchanges took: those of the first count up to
// shortest, those of each next one up to a fourth of an octave longer, the last
// whatever is beyond. The bounds stand in files and must not change.
type durations [80]uint32

const (
	shortest = 100 * time.Microsecond
	fineness = 4 // steps in which a duration doubles
)

func (d *durations) add(took time.Duration) {
	if i := placeOf(took); d[i] < math.MaxUint32 {
		d[i]++
	}
}

func placeOf(took time.Duration) int {
	if took <= shortest {
		return 0
	}
	return min(int(math.Ceil(fineness*math.Log2(float64(took)/float64(shortest)))), len(durations{})-1)
}

// Durations are those of many exchanges.
type Durations [80]uint64

func (d *Durations) all() (all uint64) {
	for _, n := range d {
		all += n
	}
	return all
}

// Quantile is the duration that a part of the exchanges did not exceed, 0.5 for
// the median; right to a tenth as a rule. 0 when there are none.
func (d *Durations) Quantile(part float64) time.Duration {
	all := d.all()
	if all == 0 {
		return 0
	}
	wanted := part * float64(all)
	below := 0.0
	for i, n := range d {
		if n == 0 || below+float64(n) < wanted {
			below += float64(n)
			continue
		}
		inside := (wanted - below) / float64(n) // as if they were spread over the step
		return time.Duration(float64(shortest) * math.Exp2((float64(i-1)+inside)/fineness))
	}
	return time.Duration(float64(shortest) * math.Exp2(float64(len(d)-1)/fineness))
}
