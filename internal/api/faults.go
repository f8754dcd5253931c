package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/wire"
)

// faultKinds are the refusals that faults answer with, by status.
var faultKinds = map[int]checkout.Kind{
	http.StatusInternalServerError: checkout.KindInternal, http.StatusBadGateway: checkout.KindBadGateway,
	http.StatusServiceUnavailable: checkout.KindUnavailable, http.StatusGatewayTimeout: checkout.KindGatewayTimeout,
}

// befall is what the fault makes of the call. Its body was read: a client that goes
// away is noticed, and the record has what it sent.
func (x *exchange) befall() (answer, error) {
	switch x.fault.Kind {
	case lab.FaultLatency:
		if err := x.hold(); err != nil {
			return answer{}, err
		}
	case lab.FaultError:
		return x.failure(&checkout.Refusal{Kind: faultKinds[x.fault.Status]}), nil
	case lab.FaultDrop:
		return answer{}, nil
	}
	return x.route.handle(x)
}

// hold lets the call wait. It is handled at the time at which that ends.
func (x *exchange) hold() (err error) {
	// The server lets no answer take longer than its write timeout; a recorder in a
	// test has none.
	_ = http.NewResponseController(x.writer).SetWriteDeadline(time.Now().Add(x.fault.Wait + linePatience))
	ctx := x.request.Context()
	if err := x.api.Faults.Hold(ctx, x.fault); err != nil {
		return err
	}
	if x.caller.Now, err = x.api.Clock.Now(ctx, x.caller.MerchantID); err != nil {
		return storeFailed(err)
	}
	return nil
}

// readFaults lists the merchant's faults that wait.
func readFaults(x *exchange) (answer, error) {
	waiting := x.api.Faults.List(x.caller.MerchantID)
	list := make([]wire.Fault, len(waiting))
	for i, f := range waiting {
		list[i] = wire.Fault{Kind: string(f.Kind), Operation: f.Operation, Count: checkout.IntegerOf(int64(f.Count))}
		if f.Wait > 0 {
			list[i].Milliseconds = checkout.IntegerOf(f.Wait.Milliseconds())
		}
		if f.Status > 0 {
			list[i].Status = checkout.IntegerOf(int64(f.Status))
		}
	}
	return ok(wire.AppendFaults(nil, list))
}

// millisecondsMax keeps a number of milliseconds within a duration.
const millisecondsMax = 1 << 40

// addFault says what goes wrong with the next calls of the Payments API.
func addFault(x *exchange) (answer, error) {
	said, problems, err := wire.DecodeFault(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(problems) > 0 {
		return answer{}, badBody(problems)
	}
	fault := lab.NewFault(lab.FaultKind(said.Kind))
	fault.Operation = said.Operation
	if said.Count.Set {
		fault.Count = int(said.Count.Value)
	}
	if said.Milliseconds.Set {
		fault.Wait = time.Duration(max(-millisecondsMax, min(said.Milliseconds.Value, millisecondsMax))) * time.Millisecond
	}
	if said.Status.Set {
		fault.Status = int(said.Status.Value)
	}
	if problem := fault.Check(); problem != nil {
		return answer{}, badValue(problem.Property, problem.Sent, problem.Expected)
	}
	err = x.api.Faults.Add(x.caller.MerchantID, fault)
	if errors.Is(err, lab.ErrFaultsFull) {
		return answer{}, &checkout.Refusal{Kind: checkout.KindOperationNotAllowed, Reason: err.Error()}
	} else if err != nil {
		return answer{}, err
	}
	return readFaults(x)
}

// clearFaults takes all back that waits.
func clearFaults(x *exchange) (answer, error) {
	x.api.Faults.Clear(x.caller.MerchantID)
	return readFaults(x)
}
