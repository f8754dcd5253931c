package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// RunErasing checks the rules of store.Erasing, each on an engine of its own that
// holds nothing else. The suite closes what open returns.
func RunErasing(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range erasingRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, opened(t, open))
		})
	}
}

var erasingRules = []rule{
	{"the walk leads through all sessions in portions", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		var want []string
		for _, s := range []*story{e.old, e.approved, e.ordered, e.fresh} {
			want = append(want, s.session.ID)
		}
		slices.Sort(want)
		for _, limit := range []int{1, 3, 4, 100} {
			got := walked(t, engine, limit)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("portions of %d (-want +got):\n%s", limit, diff)
			}
		}
		if _, _, err := engine.(store.Erasing).SessionsAfter(t.Context(), "", 0); err == nil {
			t.Error("no sessions at a time were listed")
		}
	}},
	{"states and reasons of a history are replaced and nothing else", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		history := historyOf(t, engine, e.ordered.session.ID)
		other := historyOf(t, engine, e.approved.session.ID)
		want := slices.Clone(history)
		for i := range want {
			want[i].Session.Content.MerchantData = checkout.TextOf(fmt.Sprint("replaced ", i))
			want[i].Event.Reason = fmt.Sprint("replaced ", i)
		}
		want[0].Event.Reason = ""
		for range 2 { // again is nothing new
			mustRewrite(t, engine, e.ordered.session.ID, want...)
			mustHaveHistory(t, engine, e.ordered.session.ID, want)
		}
		mustRead(t, engine, want[len(want)-1].Session)
		mustHaveHistory(t, engine, e.approved.session.ID, other)
		mustFind(t, "order", engine.SessionOfOrder, e.orderID, e.ordered.session.ID)
		mustFind(t, "token", engine.SessionOfAuthorization, e.orderedToken, e.ordered.session.ID)
		mustCommit(t, engine, e.ordered.take(capturing(1)))
	}},
	{"a part of a history is replaced", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		want := historyOf(t, engine, e.old.session.ID)
		want[1].Session.Content.MerchantData = checkout.TextOf("replaced")
		mustRewrite(t, engine, e.old.session.ID, want[1])
		mustHaveHistory(t, engine, e.old.session.ID, want)
	}},
	{"who read a history before it was replaced brings nothing back", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		read := historyOf(t, engine, e.ordered.session.ID)
		want, late := slices.Clone(read), slices.Clone(read)
		for i := range want {
			want[i].Session.Content.MerchantData = checkout.TextOf("without Anna")
			late[i].Session.Content.MerchantData = checkout.TextOf("without Bo")
		}
		mustRewrite(t, engine, e.ordered.session.ID, want...)
		if err := engine.(store.Erasing).RewriteRevisions(t.Context(), e.ordered.session.ID, read, late); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a history that is another by now: %v", err)
		}
		mustHaveHistory(t, engine, e.ordered.session.ID, want)
		mustCommit(t, engine, e.ordered.take(capturing(1)))
	}},
	{"what is not there is left out", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		gone := historyOf(t, engine, e.old.session.ID)
		mustDelete(t, engine, e.noon, 100, 2)
		mustRewrite(t, engine, e.old.session.ID, gone...)
		mustHaveHistory(t, engine, e.old.session.ID, nil)
		fresh := historyOf(t, engine, e.fresh.session.ID)
		later := fresh[len(fresh)-1]
		later.Session.Revision++
		mustRewrite(t, engine, e.fresh.session.ID, later)
		mustHaveHistory(t, engine, e.fresh.session.ID, fresh)
		erasing := engine.(store.Erasing)
		for what, err := range map[string]error{
			"callback":   erasing.RewriteCallbacks(t.Context(), make([]store.Callback, 1), []store.Callback{{ID: newID(), URL: "https://shop.example"}}),
			"assessment": erasing.RewriteAssessments(t.Context(), make([]store.Assessment, 1), []store.Assessment{{ID: newID()}}),
		} {
			if err != nil {
				t.Errorf("a %s that is not there: %v", what, err)
			}
		}
		if n, err := erasing.ForgetSubjects(t.Context(), []store.SubjectKey{newKey()}); n != 0 || err != nil {
			t.Errorf("a subject that nothing is known of: %d, %v", n, err)
		}
	}},
	{"a history is replaced beside changes of the session", rewrittenBesideChanges},
	{"callbacks and assessments are replaced, subjects forgotten", rewrittenBeside},
	{"a purge keeps what is there", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		before := historyOf(t, engine, e.ordered.session.ID)
		for _, whole := range []bool{false, true} {
			if err := engine.(store.Erasing).Purge(t.Context(), whole); err != nil {
				t.Fatalf("Purge(%t): %v", whole, err)
			}
			mustHaveHistory(t, engine, e.ordered.session.ID, before)
		}
		mustCommit(t, engine, e.ordered.take(capturing(1)), e.fresh.take(updating("after the purge")))
		mustRead(t, engine, e.fresh.session)
	}},
}

func walked(t *testing.T, engine store.Engine, limit int) (all []string) {
	t.Helper()
	for cursor, calls := "", 0; ; calls++ {
		page, next, err := engine.(store.Erasing).SessionsAfter(t.Context(), cursor, limit)
		if err != nil || len(page) > limit || calls > 10 {
			t.Fatalf("%d sessions, call %d: %v", len(page), calls, err)
		}
		all = append(all, page...)
		if next == "" {
			return all
		}
		cursor = next
	}
}

func mustRewrite(t *testing.T, engine store.Engine, sessionID string, revisions ...store.Revision) {
	t.Helper()
	stored := historyOf(t, engine, sessionID)
	read := make([]store.Revision, len(revisions))
	for i := range revisions {
		if at := revisions[i].Session.Revision - 1; at < int64(len(stored)) {
			read[i] = stored[at]
		}
	}
	if err := engine.(store.Erasing).RewriteRevisions(t.Context(), sessionID, read, revisions); err != nil {
		t.Fatalf("RewriteRevisions: %v", err)
	}
}

// rewrittenBesideChanges: neither loses what the other wrote.
func rewrittenBesideChanges(t *testing.T, engine store.Engine) {
	const changes = 20
	s := begin(t, newMerchant(t, engine))
	mustCommit(t, engine, s.created())
	history := []store.Revision{{Session: s.session, Event: s.event}}
	replaced := history[0]
	first := history[:1:1]
	replaced.Session.Content.MerchantData = checkout.TextOf("replaced")
	sessionID, ended := s.session.ID, make(chan error, 1)
	go func() {
		for range changes {
			if err := engine.(store.Erasing).RewriteRevisions(t.Context(), sessionID, first, []store.Revision{replaced}); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for i := range changes {
		change := s.take(updating(fmt.Sprint("change ", i)))
		mustCommit(t, engine, change)
		history = append(history, store.Revision{Session: change.Session, Event: change.Event})
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	history[0] = replaced
	mustHaveHistory(t, engine, s.session.ID, history)
}

func rewrittenBeside(t *testing.T, engine store.Engine) {
	s := begin(t, newMerchant(t, engine))
	keys := []store.SubjectKey{newKey(), newKey(), newKey()}
	change := s.created()
	callback := store.Callback{ID: newID(), Kind: checkout.CallbackPush, URL: "https://shop.example/?anna", Body: []byte(`{"of":"anna"}`)}
	change.Callback = &callback
	change.Assessment = &store.Assessment{ID: newID(), CorrelationID: newID(), At: dawn, Call: "authorize", Outcome: "approve", Subjects: keys, Document: []byte("of anna")}
	for _, key := range keys {
		change.Subjects = append(change.Subjects, store.SubjectChange{Key: key, Expected: store.AnyVersion, At: dawn, Fact: [store.FactBytes]byte{1}})
	}
	mustCommit(t, engine, change)
	erasing := engine.(store.Erasing)
	if err := erasing.RewriteCallbacks(t.Context(), []store.Callback{callback}, []store.Callback{{ID: callback.ID, URL: "https://shop.example/", Body: []byte(`{}`), Answer: []byte("an answer")}}); err != nil {
		t.Fatal(err)
	}
	listed, err := engine.(store.Outbox).Callbacks(t.Context(), store.CallbackFilter{MerchantID: s.session.MerchantID, Limit: 9})
	if err != nil || len(listed) != 1 || listed[0].URL != "https://shop.example/" || string(listed[0].Body) != `{}` || string(listed[0].Answer) != "an answer" {
		t.Errorf("the callbacks are %+v, %v", listed, err)
	}
	if claimed, err := engine.(store.Outbox).ClaimCallbacks(t.Context(), store.CallbackClaim{
		Lease: newID(), Now: dawn.Add(time.Hour), Until: dawn.Add(2 * time.Hour), Limit: 1}); err != nil || len(claimed) != 1 {
		t.Errorf("the callback waits no longer: %v, %v", claimed, err)
	}
	assessments := engine.(store.Assessments)
	if err := erasing.RewriteAssessments(t.Context(), []store.Assessment{*change.Assessment}, []store.Assessment{{ID: change.Assessment.ID, Subjects: keys[2:], Document: []byte("of nobody")}}); err != nil {
		t.Fatal(err)
	}
	kept, err := assessments.Assessment(t.Context(), s.session.MerchantID, change.Assessment.ID)
	if err != nil || !slices.Equal(kept.Subjects, keys[2:]) || !bytes.Equal(kept.Document, []byte("of nobody")) || kept.Outcome != "approve" || kept.SessionID != s.session.ID {
		t.Errorf("the assessment is %+v, %v", kept, err)
	}
	// Who read before that brings nothing back.
	for what, err := range map[string]error{
		"callback":   erasing.RewriteCallbacks(t.Context(), []store.Callback{callback}, []store.Callback{{ID: callback.ID, URL: "https://shop.example/?bo"}}),
		"assessment": erasing.RewriteAssessments(t.Context(), []store.Assessment{*change.Assessment}, []store.Assessment{{ID: change.Assessment.ID, Document: []byte("of bo")}}),
	} {
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("a %s that is another by now: %v", what, err)
		}
	}
	if listed, err = engine.(store.Outbox).Callbacks(t.Context(), store.CallbackFilter{MerchantID: s.session.MerchantID, Limit: 9}); err != nil || listed[0].URL != "https://shop.example/" {
		t.Errorf("the callbacks are %+v, %v", listed, err)
	}
	if kept, err = assessments.Assessment(t.Context(), s.session.MerchantID, change.Assessment.ID); err != nil || string(kept.Document) != "of nobody" {
		t.Errorf("the assessment is %+v, %v", kept, err)
	}
	if n, err := erasing.ForgetSubjects(t.Context(), keys[:2]); n != 2 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
	left, err := engine.(store.Subjects).Subjects(t.Context(), keys)
	if err != nil || left[0].Version != 0 || left[1].Version != 0 || left[2].Version != 1 {
		t.Errorf("the subjects are %+v, %v", left, err)
	}
}
