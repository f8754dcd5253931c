package service_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// stored is how many orders, or assessments, the store of a benchmark has.
var stored = flag.Int("stored", 2000, "orders or assessments that are stored before a benchmark begins")

// hundredRules are evaluated whole: none decides. Every fourth asks for the past.
func hundredRules(b *testing.B) *risk.RuleSet {
	b.Helper()
	var text strings.Builder
	text.WriteString("name = \"hundred\"\n")
	for i := range 100 {
		condition := []string{
			fmt.Sprintf(`purchase_country == "X%d" && order_amount > %d`, i, i),
			fmt.Sprintf(`contact.email_domain in ["a%d.se", "b%d.se"] && mismatch.country`, i, i),
			fmt.Sprintf(`order_lines.exists(l, l.name.startsWith("gift %d"))`, i),
			fmt.Sprintf(`%s_history.denials_month > %d && %s_history.attempts_day > %d`, kindAt(i), i+200, kindAt(i+1), i),
		}[i%4]
		fmt.Fprintf(&text, "[[rule]]\nname = \"r%d\"\npriority = %d\ncondition = '%s'\naction = \"deny\"\nreason = \"no\"\n", i, i, condition)
	}
	set, err := risk.Parse([]byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	return set
}

func kindAt(i int) risk.SubjectKind { return risk.SubjectKinds[i/4%len(risk.SubjectKinds)] }

// ruled is a rule set that says whose past it reads, as a server's does.
type ruled struct{ *risk.RuleSet }

func (r ruled) Reads(string) []risk.SubjectKind { return r.RuleSet.Reads() }

// trivial approves and looks at nothing.
type trivial struct{}

func (trivial) Assess(context.Context, risk.Input) risk.Assessment {
	return risk.Assessment{Decision: checkout.Decision{Outcome: checkout.OutcomeApprove}}
}

// customers come again: each has some of the first orders.
const (
	customers    = 100
	ordersOfEach = 10
)

// customer is the cart of the i-th.
func customer(i int) checkout.Content {
	content := cart(100)
	content.BillingAddress = &checkout.Address{
		Email: checkout.TextOf(fmt.Sprintf("c%d@example.org", i)), Phone: checkout.TextOf(fmt.Sprintf("+4670%07d", i)),
		StreetAddress: checkout.TextOf(fmt.Sprintf("Street %d", i)), PostalCode: checkout.TextOf("11143"), City: checkout.TextOf("Åre"),
	}
	return content
}

// onDisk are a service that keeps assessments and one that neither keeps nor asks
// anything, over one SQLite file with group commit.
func onDisk(b *testing.B) (engine *sqlite.Engine, remembers, plain *service.Service) {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "kvitto.db"))
	if err != nil {
		b.Fatal(err)
	}
	batcher := store.NewBatcher(engine, store.BatcherOptions{Encode: record.Append})
	b.Cleanup(func() {
		batcher.Close()
		_ = engine.Close()
	})
	options := service.Options{Engine: engine, Committer: batcher, Minter: fixedMinter{}, Assessor: trivial{}, CacheBytes: 16 << 20}
	if plain, err = service.New(options); err != nil {
		b.Fatal(err)
	}
	options.Assessor = ruled{hundredRules(b)}
	options.Memory, options.SubjectSecret = engine, []byte("secret")
	options.AssessmentDocument = func(in *risk.Input, made *risk.Assessment) []byte { return record.AppendAssessment(nil, in, made) }
	options.ReadAssessment, options.ReadInput = record.DecodeAssessment, record.DecodeInput
	options.ReplayWorkers = 2
	if remembers, err = service.New(options); err != nil {
		b.Fatal(err)
	}
	if err := engine.EnsureMerchant(b.Context(), "m", start); err != nil {
		b.Fatal(err)
	}
	return engine, remembers, plain
}

// BenchmarkAuthorize compares an authorization that is decided by a hundred rules
// with the past of its customer, and kept, with one that nothing is asked for and
// nothing kept of: both in turn, over a store of orders. With a million:
//
//	go test ./internal/service -run - -bench Authorize -stored 1000000 -benchtime 2000x -timeout 1h
func BenchmarkAuthorize(b *testing.B) {
	engine, remembers, plain := onDisk(b)
	err := storetest.FillAssessed(b.Context(), engine, "m", *stored, func(i int, change *store.Change) {
		who := i
		if i < customers*ordersOfEach {
			who = i % customers
		}
		content := customer(who)
		in := risk.Input{MerchantID: "m", SessionID: change.Session.ID, Content: &content, DeviceID: fmt.Sprint("d-", who), Now: start.Add(-time.Hour)}
		fact := risk.OrderFact(&in)
		for _, key := range remembers.SubjectKeys(&in) {
			added := store.SubjectChange{Key: key, Expected: store.AnyVersion, At: fact.At, Order: true}
			fact.Append(added.Fact[:0])
			change.Subjects = append(change.Subjects, added)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	sessions := make([]string, customers)
	for i := range sessions {
		session, err := plain.CreateSession(b.Context(), caller("m"), customer(i), nil)
		if err != nil {
			b.Fatal(err)
		}
		sessions[i] = session.ID
	}
	var took [2][]time.Duration
	turn := 0
	for b.Loop() {
		for i, s := range []*service.Service{plain, remembers} {
			call := service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true, DeviceID: fmt.Sprint("d-", turn%customers), IP: "8.8.8.8"}
			began := time.Now()
			answered, err := s.Browser(b.Context(), caller("m"), sessions[turn%customers], call)
			if took[i] = append(took[i], time.Since(began)); err != nil || !answered.Result.Approved {
				b.Fatal(answered.Result, err)
			}
			// Each has a cache of its own: the other's change makes it old.
			plain.Forget(sessions[turn%customers])
			remembers.Forget(sessions[turn%customers])
		}
		turn++
	}
	without, with := median(took[0]), median(took[1])
	b.ReportMetric(milliseconds(without), "plain_p50_ms")
	b.ReportMetric(milliseconds(with), "assessed_p50_ms")
	b.ReportMetric(milliseconds(with-without), "difference_ms")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// BenchmarkReplay decides all that is stored again, by a hundred rules and by the
// default, on two goroutines. Beside the time stands what the processors did: a
// busy machine takes longer. With a million:
//
//	go test ./internal/service -run - -bench Replay -stored 1000000 -benchtime 1x -timeout 1h
func BenchmarkReplay(b *testing.B) {
	engine, remembers, _ := onDisk(b)
	hundred := hundredRules(b)
	made := hundred.Evaluate(risk.Input{Call: risk.CallAuthorize}, time.Now) // the same for all: none decides
	err := storetest.FillAssessments(b.Context(), engine, *stored, func(i int) store.Assessment {
		at := start.Add(time.Duration(i) * time.Millisecond)
		content := customer(i)
		in := risk.Input{MerchantID: "m", SessionID: identifier.New(at), Call: risk.CallAuthorize, Content: &content, DeviceID: "d", Now: at,
			History: risk.History{risk.SubjectEmail: {Known: true, FirstAt: start, Orders: 3, Facts: []risk.Fact{{Kind: risk.FactOrdered, At: start, SessionID: identifier.New(start)}}}}}
		return store.Assessment{ID: identifier.New(at), MerchantID: "m", SessionID: in.SessionID, At: at, Call: "authorize", Outcome: "approve",
			Document: record.AppendAssessment(nil, &in, &made)}
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, rules := range []*risk.RuleSet{hundred, risk.DefaultRules()} {
		b.Run(rules.Name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				replaying, err := remembers.Replay(service.ReplayQuestion{MerchantID: "m", Rules: rules})
				if err != nil {
					b.Fatal(err)
				}
				found, err := replaying.Run(b.Context(), func(service.ReplayProgress) error { return nil })
				if err != nil || found.Compared != int64(*stored) || found.Unreadable > 0 {
					b.Fatal(found, err)
				}
			}
			b.ReportMetric(float64(*stored)*float64(b.N)/b.Elapsed().Seconds(), "assessments/s")
			b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu_s/op")
		})
	}
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
