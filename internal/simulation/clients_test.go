package simulation_test

import (
	"math/rand/v2"
	"slices"
	"time"
)

// merchants are few and have few sessions, so that calls meet.
var merchants = []string{"alice", "bob"}

// clients are what the merchants' servers know: what they were told.
type clients struct {
	random   *rand.Rand
	auditor  *auditor
	sessions map[string][]string // by merchant
	tokens   map[string][]string // by session
	made     []*call             // all calls
}

// learn remembers the ids of an answer that arrived.
func (k *clients) learn(c *call, r reply) {
	if r.Status != 200 {
		return
	}
	if r.Session != "" {
		k.sessions[c.merchant] = append(k.sessions[c.merchant], r.Session)
	}
	known := k.tokens[c.request.session]
	if r.Token != "" && (len(known) == 0 || known[len(known)-1] != r.Token) {
		k.tokens[c.request.session] = append(known, r.Token)
	}
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// draw makes up a call.
func (k *clients) draw() (merchant string, r request) {
	dice := k.random.IntN(100)
	if dice < 14 {
		if earlier := k.again(dice < 8); earlier != nil {
			return earlier.merchant, earlier.request
		}
	}
	merchant = pick(k.random, merchants...)
	open := k.open(merchant)
	if len(open) == 0 || (len(open) < 2 && dice < 24) {
		return merchant, request{kind: create, patch: k.cart(pick(k.random, "", "", "buy_and_tokenize", "tokenize"))}
	}
	session := open[k.random.IntN(len(open))]
	if own := k.sessions[merchant]; k.random.IntN(12) == 0 {
		session = pick(k.random, append(own, k.sessions[pick(k.random, merchants...)]...)...)
	} else if k.random.IntN(60) == 0 {
		session = "00000000-0000-4000-8000-000000000000"
	}
	r = request{kind: pick(k.random, update, update, read, read, load, authorize, authorize, authorize, reauthorize, finalize,
		order, order, order, order, release, tokenize, advance), session: session}
	k.fill(&r)
	return merchant, r
}

// again is an earlier call to be made once more, word for word: the last order
// that has no answer, or any call.
func (k *clients) again(unanswered bool) *call {
	lately := k.made[max(0, len(k.made)-16):]
	for _, c := range slices.Backward(lately) {
		if unanswered && c.request.kind == order && (c.faulted || c.hungUp) && k.random.IntN(2) == 0 {
			return c
		}
	}
	for range min(4, len(lately)) {
		if c := pick(k.random, lately...); c.request.kind != advance && c.request.kind != read {
			return c
		}
	}
	return nil
}

// open are the last sessions that can still change, as far as one can know,
// and now and then others.
func (k *clients) open(merchant string) []string {
	now := time.Now().Add(k.auditor.advanced[merchant])
	var open []string
	for _, session := range k.sessions[merchant] {
		s := k.auditor.sessions[session].newest()
		if k.random.IntN(8) == 0 || (s.order.id == "" && now.Before(s.until)) {
			open = append(open, session)
		}
	}
	return open[max(0, len(open)-2):]
}

// fill completes a request for its session.
func (k *clients) fill(r *request) {
	switch r.kind {
	case update:
		r.patch = k.patch()
	case load, authorize, reauthorize, finalize:
		r.outcome = pick(k.random, "", "approve", "approve", "approve", "approve", "refer", "deny", "finalize_required",
			"invalid_fields", "cancel", "error")
		r.category = pick(k.random, "", "pay_later", "pay_now")
		r.manual = k.random.IntN(6) == 0
		if k.random.IntN(3) == 0 {
			r.patch = k.patch()
		}
	case order, release, tokenize:
		k.fillToken(r)
	case advance:
		r.by = pick(k.random, time.Second, time.Minute, 5*time.Minute, 20*time.Minute, time.Hour, 47*time.Hour)
		r.fault = pick(k.random, proceed, proceed, proceed, failBefore, failAfter)
		r.session = ""
	}
}

// fillToken chooses a token, mostly the session's newest, and what is ordered
// with it, mostly what was approved.
func (k *clients) fillToken(r *request) {
	known := k.tokens[r.session]
	switch {
	case len(known) == 0 && k.random.IntN(5) > 0:
		r.kind, r.outcome = authorize, "approve"
		return
	case len(known) == 0:
		r.token = "11111111-1111-4111-8111-111111111111"
	case k.random.IntN(5) == 0:
		r.token = pick(k.random, known...)
	default:
		r.token = known[len(known)-1]
	}
	newest := k.auditor.sessions[r.session].newest()
	r.session = ""
	if r.kind != order {
		return
	}
	r.autoCapture = k.random.IntN(4) == 0
	r.patch = k.cart("")
	if newest != nil && newest.approval.content.lines > 0 && k.random.IntN(5) > 0 {
		approved := newest.approval.content
		r.patch = patch{lines: approved.lines, unit: approved.unit, city: pick(k.random, "", approved.city),
			reference: pick(k.random, "", "A-1", "A-2")}
	}
}

// cart is a body with everything a create or an order needs, or nearly.
func (k *clients) cart(intent string) patch {
	p := patch{lines: 1 + k.random.IntN(2), unit: pick[int64](k.random, 500, 1000), intent: intent,
		city: pick(k.random, "", "Lund", "Lund", "Umea"), reference: pick(k.random, "", "A-1", "A-2")}
	switch k.random.IntN(24) {
	case 0:
		return patch{}
	case 1:
		p.flaw = pick(k.random, malformed, misadded, foreign)
	}
	return p
}

// patch is a body of an update: anything may be missing from it.
func (k *clients) patch() patch {
	p := k.cart(pick(k.random, "", "", "", "buy", "buy_and_tokenize"))
	switch k.random.IntN(4) {
	case 0:
		p.lines, p.unit = 0, 0
	case 1:
		return patch{reference: pick(k.random, "", "B-1")}
	}
	return p
}
