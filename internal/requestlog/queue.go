package requestlog

// queue holds the exchanges between the handlers and the writer. It is bounded
// by count and by bytes and counts what the writer has taken until it is
// released. It does not lock.
type queue struct {
	maxCount int
	maxBytes int64

	refusals  []Exchange
	successes []Exchange
	count     int
	bytes     int64
}

// admission is what became of a success.
type admission uint8

const (
	admitted admission = iota
	admittedShed
	dropped
)

// bareSize is about what an exchange takes without its bodies.
const bareSize = 512

func sizeOf(e *Exchange) int64 {
	return bareSize + int64(len(e.RequestBody)) + int64(len(e.ResponseBody))
}

// fits tells whether size more bytes keep the queue within eighths/8 of its
// bounds.
func (q *queue) fits(size int64, eighths int) bool {
	return (q.count+1)*8 <= q.maxCount*eighths && (q.bytes+size)*8 <= q.maxBytes*int64(eighths)
}

// halfFull tells that what waits should be written without delay.
func (q *queue) halfFull() bool { return q.count*2 > q.maxCount || q.bytes*2 > q.maxBytes }

// addSuccess takes the exchange, or its bare facts, or nothing.
func (q *queue) addSuccess(e Exchange) admission {
	result := admitted
	if !q.fits(sizeOf(&e), 6) {
		if !q.fits(bareSize, 7) {
			return dropped
		}
		if len(e.RequestBody)+len(e.ResponseBody) > 0 {
			e.RequestBody, e.ResponseBody, e.Shed = nil, nil, true
			result = admittedShed
		}
	}
	q.successes = append(q.successes, e)
	q.count++
	q.bytes += sizeOf(&e)
	return result
}

// addRefusal takes the exchange if there is room. While no other refusal waits
// it is always taken, so that successes cannot starve it and the largest body
// finds a way in; that exceeds the bounds by one exchange at most.
func (q *queue) addRefusal(e Exchange) bool {
	if len(q.refusals) > 0 && !q.fits(sizeOf(&e), 8) {
		return false
	}
	q.refusals = append(q.refusals, e)
	q.count++
	q.bytes += sizeOf(&e)
	return true
}

// release gives back the room of exchanges that were written.
func (q *queue) release(exchanges []Exchange) {
	q.count -= len(exchanges)
	for i := range exchanges {
		q.bytes -= sizeOf(&exchanges[i])
	}
}
