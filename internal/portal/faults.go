package portal

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/lab"
)

// preset is a fault behind one button.
type preset struct {
	choice
	fault lab.Fault
}

// presets are what shops most often get wrong, the worst first.
var presets = []preset{
	{choice{"lose_order", "Lose the answer of the next order"}, lab.Fault{Kind: lab.FaultLoseAnswer, Operation: "create_order", Count: 1}},
	{choice{"busy", "503 for the next call"}, lab.NewFault(lab.FaultError)},
	{choice{"slow", "The next answer takes 10 s"}, lab.Fault{Kind: lab.FaultLatency, Count: 1, Wait: 10 * time.Second}},
	{choice{"drop", "Cut the next call off"}, lab.NewFault(lab.FaultDrop)},
}

// faultChoices are the kinds of a form; an error has its status behind a colon.
var faultChoices = []choice{
	{"lose_answer", "is done, its answer is lost"}, {"drop", "is cut off, nothing is done"}, {"latency", "waits"},
	{"error:500", "is answered 500"}, {"error:502", "is answered 502"}, {"error:503", "is answered 503"}, {"error:504", "is answered 504"},
}

// faultOperations are the calls of a form.
func faultOperations() []choice {
	choices := []choice{{"", "any call"}}
	for _, operation := range lab.FaultOperations {
		choices = append(choices, choice{operation, readable(operation)})
	}
	return choices
}

// faultSays is what a fault that waits will do.
func faultSays(f lab.Fault) string {
	switch f.Kind {
	case lab.FaultLatency:
		return "waits " + f.Wait.String()
	case lab.FaultError:
		return "is answered " + strconv.Itoa(f.Status)
	case lab.FaultDrop:
		return "is cut off, nothing is done"
	default:
		return "is done, its answer is lost"
	}
}

// faultOf is what a form asks for.
func faultOf(r *http.Request) lab.Fault {
	for _, p := range presets {
		if p.Value == r.PostFormValue("preset") {
			return p.fault
		}
	}
	kind, status, _ := strings.Cut(r.PostFormValue("kind"), ":")
	fault := lab.NewFault(lab.FaultKind(kind))
	if status != "" {
		fault.Status, _ = strconv.Atoi(status) // no number is no status either
	}
	fault.Operation = r.PostFormValue("operation")
	fault.Count, _ = strconv.Atoi(r.PostFormValue("count"))
	if fault.Kind == lab.FaultLatency {
		seconds, _ := strconv.ParseFloat(r.PostFormValue("seconds"), 64)
		fault.Wait = time.Duration(math.Min(seconds, 1+lab.FaultWaitMax.Seconds()) * float64(time.Second))
	}
	return fault
}

func (p *portal) addFault(w http.ResponseWriter, r *http.Request) error {
	merchant, _, err := p.merchantOf(r)
	if err != nil {
		return err
	}
	fault := faultOf(r)
	if fault.Check() != nil {
		return back(w, r, merchant, "nofault")
	}
	err = p.Faults.Add(merchant, fault)
	if errors.Is(err, lab.ErrFaultsFull) {
		return back(w, r, merchant, "faultsfull")
	} else if err != nil {
		return err
	}
	return back(w, r, merchant, "fault")
}

func (p *portal) clearFaults(w http.ResponseWriter, r *http.Request) error {
	merchant, _, err := p.merchantOf(r)
	if err != nil {
		return err
	}
	p.Faults.Clear(merchant)
	return back(w, r, merchant, "faultscleared")
}
