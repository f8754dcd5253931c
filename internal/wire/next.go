package wire

import "github.com/kvitto/kvitto/internal/checkout"

// Next is what the next call of a browser is to end as. Empty is not said.
type Next struct {
	SessionID     string
	Call          string
	Outcome       string
	InvalidFields []string
	AfterMinutes  checkout.Integer
	Interaction   string
	Standing      bool
}

// DecodeNext reads the body of prime next; problems are values of a wrong type.
func DecodeNext(body []byte) (next Next, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	var sessionID, call, outcome, interaction checkout.Text
	var standing checkout.Boolean
	err = d.document(func(name string) {
		switch name {
		case "session_id":
			d.readText(&sessionID, false)
		case "call":
			d.readText(&call, false)
		case "outcome":
			d.readText(&outcome, false)
		case "invalid_fields":
			d.readTexts(&next.InvalidFields)
		case "after_minutes":
			d.readInteger(&next.AfterMinutes)
		case "interaction":
			d.readText(&interaction, false)
		case "standing":
			d.readBoolean(&standing)
		default:
			d.value()
		}
	})
	next.SessionID, next.Call, next.Outcome = sessionID.Value, call.Value, outcome.Value
	next.Interaction, next.Standing = interaction.Value, standing.Value
	return next, d.problems, err
}

// AppendNext writes the list of what is primed.
func AppendNext(dst []byte, list []Next) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "next", list, func(next *Next) {
		w.open('{')
		for _, said := range []struct{ name, value string }{
			{"session_id", next.SessionID}, {"call", next.Call}, {"outcome", next.Outcome}, {"interaction", next.Interaction},
		} {
			w.filled(said.name, said.value)
		}
		if len(next.InvalidFields) > 0 {
			w.texts("invalid_fields", next.InvalidFields)
		}
		w.optionalInteger("after_minutes", next.AfterMinutes)
		w.boolean("standing", next.Standing)
		w.close('}')
	})
	w.close('}')
	return w.buf
}

// Event is what a page tells of itself.
type Event struct {
	Name        string
	DetailBytes int // of its detail, as sent
	Problems    []checkout.Violation
}

// DecodeEvent reads an event. Its detail is recorded as it was sent.
func DecodeEvent(body []byte) (Event, error) {
	d := newDecoder(body)
	defer d.release()
	var event Event
	var name checkout.Text
	err := d.document(func(property string) {
		switch property {
		case "event":
			d.readText(&name, false)
		case "detail":
			if d.next(kindObject, "object") {
				event.DetailBytes = len(d.value())
			}
		default:
			d.value()
		}
	})
	event.Name, event.Problems = name.Value, d.problems
	return event, err
}
