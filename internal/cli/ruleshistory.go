package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/risk"
)

// remembered is the file of --history: what there is beside the session.
type remembered struct {
	Session *struct {
		Changes int64 `json:"changes"`
		Minutes int64 `json:"minutes"`
		Denied  bool  `json:"denied"`
	} `json:"session"`
	Email   *rememberedPast `json:"email"`
	Phone   *rememberedPast `json:"phone"`
	Address *rememberedPast `json:"address"`
	Device  *rememberedPast `json:"device"`
	IP      *rememberedPast `json:"ip"`
}

type rememberedPast struct {
	FirstAgo ago              `json:"first_ago"`
	Orders   int64            `json:"orders"`
	Facts    []rememberedFact `json:"facts"`
}

type rememberedFact struct {
	Kind     string `json:"kind"`
	Ago      ago    `json:"ago"`
	Session  string `json:"session"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	Address  string `json:"address"`
}

// ago is a time before the call, such as "90m" or "72h".
type ago time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *ago) UnmarshalText(text []byte) error {
	duration, err := time.ParseDuration(string(text))
	if err != nil || duration < 0 {
		return fmt.Errorf("%q is no time before the call, such as 90m or 72h", text)
	}
	*a = ago(duration)
	return nil
}

var factKinds = map[string]risk.FactKind{
	"approved": risk.FactApproved, "referred": risk.FactReferred, "denied": risk.FactDenied, "ordered": risk.FactOrdered,
}

// readHistory puts what a file says is remembered into the input, seen from its
// time.
func readHistory(file string, in *risk.Input) error {
	body, err := readBody(nil, file)
	if err != nil {
		return err
	}
	var read remembered
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("%s: %w", printable(file), err)
	}
	in.SessionID = "the session that is assessed"
	if session := read.Session; session != nil {
		in.Changes, in.Denied = session.Changes, session.Denied
		in.CreatedAt = in.Now.Add(-time.Duration(session.Minutes) * time.Minute)
	}
	in.History = risk.History{}
	for i, past := range []*rememberedPast{read.Email, read.Phone, read.Address, read.Device, read.IP} {
		if past == nil {
			continue
		}
		if in.History[risk.SubjectKinds[i]], err = past.seenFrom(in.Now); err != nil {
			return fmt.Errorf("%s: %s: %w", printable(file), risk.SubjectKinds[i], err)
		}
	}
	return nil
}

func (p *rememberedPast) seenFrom(now time.Time) (risk.Past, error) {
	past := risk.Past{Known: true, Orders: p.Orders}
	first := p.FirstAgo
	for _, fact := range p.Facts {
		kind, ok := factKinds[fact.Kind]
		if !ok {
			return past, fmt.Errorf("%q is no kind of fact: write approved, referred, denied or ordered", fact.Kind)
		}
		past.Facts = append(past.Facts, risk.Fact{
			Kind: kind, At: now.Add(-time.Duration(fact.Ago)), SessionID: fact.Session, Amount: fact.Amount, Currency: fact.Currency,
			Email: risk.Digest(fact.Email), Phone: risk.Digest(fact.Phone), Address: risk.Digest(fact.Address),
		})
		first = max(first, fact.Ago)
	}
	past.FirstAt = now.Add(-time.Duration(first))
	slices.SortStableFunc(past.Facts, func(a, b risk.Fact) int { return b.At.Compare(a.At) })
	return past, nil
}
