package wire

import "github.com/kvitto/kvitto/internal/checkout"

// Fault is what is to go wrong with calls of a merchant. Empty is not said.
type Fault struct {
	Kind         string
	Operation    string
	Count        checkout.Integer
	Milliseconds checkout.Integer
	Status       checkout.Integer
}

// DecodeFault reads the body of add fault; problems are values of a wrong type.
func DecodeFault(body []byte) (fault Fault, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	var kind, operation checkout.Text
	err = d.document(func(name string) {
		switch name {
		case "kind":
			d.readText(&kind, false)
		case "operation":
			d.readText(&operation, false)
		case "count":
			d.readInteger(&fault.Count)
		case "milliseconds":
			d.readInteger(&fault.Milliseconds)
		case "status":
			d.readInteger(&fault.Status)
		default:
			d.value()
		}
	})
	fault.Kind, fault.Operation = kind.Value, operation.Value
	return fault, d.problems, err
}

// AppendFaults writes the list of faults that wait.
func AppendFaults(dst []byte, list []Fault) []byte {
	w := writer{buf: dst}
	w.open('{')
	writeList(&w, "faults", list, func(fault *Fault) {
		w.open('{')
		w.text("kind", fault.Kind)
		w.filled("operation", fault.Operation)
		w.optionalInteger("count", fault.Count)
		w.optionalInteger("milliseconds", fault.Milliseconds)
		w.optionalInteger("status", fault.Status)
		w.close('}')
	})
	w.close('}')
	return w.buf
}
