package requestlog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// TallySpan is the shortest time that exchanges are counted for.
const TallySpan = home.TallySpan * time.Second

// TallyQuery asks what was counted. From and To are rounded to multiples of Step, From
// down and To up, so that whole steps are counted.
type TallyQuery struct {
	MerchantID   string
	AllMerchants bool // for operators; MerchantID is not looked at
	From, To     time.Time
	Step         time.Duration // a multiple of TallySpan
	Causes       int           // how many are told apart, the most frequent; 0 for a thousand
}

// StepsMax bounds the steps of a TallyQuery.
const StepsMax = 1000

// Summary is what was counted, as far as it is kept. Exchanges count where they
// began. It has those that are in the log, and what is in the log is in it, also
// after a kill; what was dropped just before one is not counted.
type Summary struct {
	Steps      []Step // all of the time, the oldest first
	Operations []OperationCount
	Causes     []Cause // the most frequent first
	Others     Cause   // of which only the count, the times and the newest are known
	Shed       uint64  // successes whose bodies were not kept for want of room
	Dropped    uint64  // successes that were not kept at all, and are in no other count
}

// Step is a part of the time of a summary.
type Step struct {
	Start    time.Time
	Classes  Classes
	Outcomes Outcomes
}

// Outcomes count assessments by what they came to.
type Outcomes struct{ Approved, Referred, Deferred, Asked, Denied uint64 }

// Include adds other counts.
func (o *Outcomes) Include(other *Outcomes) {
	o.Approved, o.Referred, o.Deferred = o.Approved+other.Approved, o.Referred+other.Referred, o.Deferred+other.Deferred
	o.Asked, o.Denied = o.Asked+other.Asked, o.Denied+other.Denied
}

func (o *Outcomes) add(counts *[len(outcomes)]uint64) {
	for i, to := range [...]*uint64{&o.Approved, &o.Referred, &o.Deferred, &o.Asked, &o.Denied} {
		*to += counts[i]
	}
}

// OperationCount is what was counted of one operation.
type OperationCount struct {
	Operation string
	Classes   Classes
	Took      Durations
}

// causesSummed bounds how many causes a summary tells apart.
const causesSummed = 1000

// Tally sums up what was counted. It sees everything recorded before the call.
func (l *Log) Tally(ctx context.Context, query TallyQuery) (Summary, error) {
	step := query.Step
	if step < TallySpan || step%TallySpan != 0 {
		return Summary{}, fmt.Errorf("requestlog: tally: steps of %v are not whole tallies", step)
	}
	from := floor(query.From, step)
	count := int(query.To.Add(step-1).Sub(from) / step)
	if count < 0 || count > StepsMax {
		return Summary{}, fmt.Errorf("requestlog: tally: %d steps are more than %d", count, StepsMax)
	}
	if err := l.flush(ctx); err != nil {
		return Summary{}, err
	}
	s := summing{Summary: Summary{Steps: make([]Step, count)}, causes: map[causeKey]int{}}
	for i := range s.Steps {
		s.Steps[i].Start = from.Add(time.Duration(i) * step)
	}
	wanted := home.TallyRange{Everybody: query.AllMerchants, From: from.Unix(), To: from.Add(time.Duration(count) * step).Unix()}
	if !query.AllMerchants {
		wanted.MerchantID = searchable(query.MerchantID)
	}
	err := l.use(func(h home.Home) error {
		return h.Tallies(ctx, wanted, func(stored *home.Tally) (bool, error) {
			t, err := readTally(stored.Data)
			if err != nil {
				return false, fmt.Errorf("tally %s: %w", stored.ID, err)
			}
			s.add(int((stored.Start-wanted.From)/int64(step/time.Second)), &t)
			return true, nil
		})
	})
	if err != nil {
		return Summary{}, fmt.Errorf("requestlog: tally: %w", err)
	}
	slices.SortFunc(s.Operations, func(a, b OperationCount) int {
		return cmp.Or(cmp.Compare(b.Classes.All(), a.Classes.All()), cmp.Compare(a.Operation, b.Operation))
	})
	slices.SortFunc(s.Causes, func(a, b Cause) int { return cmp.Or(cmp.Compare(b.Count, a.Count), b.Last.Compare(a.Last)) })
	if query.Causes > 0 && len(s.Causes) > query.Causes {
		for i := query.Causes; i < len(s.Causes); i++ {
			s.Others.Include(&s.Causes[i])
		}
		s.Causes = s.Causes[:query.Causes]
	}
	return s.Summary, nil
}

// floor is Truncate since 1970, which is UTC's.
func floor(at time.Time, step time.Duration) time.Time {
	seconds := int64(step / time.Second)
	unix := at.Unix()
	return time.Unix(unix-((unix%seconds)+seconds)%seconds, 0).UTC()
}

// summing is a summary that is being made.
type summing struct {
	Summary
	causes map[causeKey]int
}

func (s *summing) add(at int, t *storedTally) {
	step := &s.Steps[at]
	step.Outcomes.add(&t.outcomes)
	s.Shed, s.Dropped = s.Shed+t.shed, s.Dropped+t.dropped
	for i := range t.operations {
		o := &t.operations[i]
		step.Classes.add(&o.classes)
		s.addOperation(o)
	}
	for i := range t.causes {
		s.addCause(&t.causes[i])
	}
	s.Others.Include(&t.others)
}

func (s *summing) addOperation(o *operationCount) {
	at := slices.IndexFunc(s.Operations, func(known OperationCount) bool { return known.Operation == o.name })
	if at < 0 {
		at = len(s.Operations)
		s.Operations = append(s.Operations, OperationCount{Operation: o.name})
	}
	known := &s.Operations[at]
	known.Classes.add(&o.classes)
	for i, n := range o.took {
		known.Took[i] += n
	}
}

func (s *summing) addCause(why *Cause) {
	key := why.key()
	at, known := s.causes[key]
	switch {
	case known:
		s.Causes[at].Include(why)
	case len(s.Causes) < causesSummed:
		s.causes[key] = len(s.Causes)
		s.Causes = append(s.Causes, *why)
	default:
		s.Others.Include(why)
	}
}
