package app_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// assessedFile is a database with assessments of the amounts 0 to 2999, in turn of
// two merchants. Every third outcome was said by a test, every third decided by the
// operator's assessor.
func assessedFile(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	engine, err := sqlite.Open(t.Context(), filepath.Join(folder, "kvitto.db"))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-time.Hour)
	err = errors.Join(engine.EnsureMerchant(t.Context(), "one", began), engine.EnsureMerchant(t.Context(), "two", began),
		storetest.FillAssessments(t.Context(), engine, 3000, func(i int) store.Assessment {
			at := began.Add(time.Duration(i) * time.Millisecond)
			in := risk.Input{MerchantID: []string{"one", "two"}[i%2], SessionID: identifier.New(at), Call: risk.CallAuthorize, Now: at,
				Content: &checkout.Content{OrderAmount: checkout.IntegerOf(int64(i))}}
			made := risk.Assessment{Decision: checkout.Decision{Outcome: checkout.OutcomeApprove}, RuleSet: []string{"", "shop", "shop"}[i%3],
				Rule: []string{"", risk.AssessorRule, "r"}[i%3]}
			return store.Assessment{ID: identifier.New(at), MerchantID: in.MerchantID, SessionID: in.SessionID, At: at, Call: "authorize",
				Outcome: "approve", Document: record.AppendAssessment(nil, &in, &made)}
		}), engine.Close())
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestAnOperatorReplaysAllMerchants, on the store itself and, line for line the
// same, through the server that owns it; by rules with a list of more than a call of
// the socket may otherwise have.
func TestAnOperatorReplaysAllMerchants(t *testing.T) {
	t.Parallel()
	folder := assessedFile(t)
	url := "sqlite:" + filepath.Join(folder, "kvitto.db")
	question := admin.ReplayQuestion{
		Rules: "name = \"strict\"\n[lists]\nbad = \"bad.txt\"\n[[rule]]\nname = \"few\"\npriority = 1\n" +
			"condition = 'order_amount < 30 && !(contact.email in lists.bad)'\naction = \"deny\"\nreason = \"few\"\n",
		Lists: map[string]string{"bad.txt": strings.Repeat("a@b.se\n", 20_000)},
	}
	ask := func(question admin.ReplayQuestion) (lines []string, err error) {
		t.Helper()
		opened, err := app.OpenAdmin(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		err = opened.Replay(t.Context(), question, func(line []byte) error {
			lines = append(lines, string(line))
			return nil
		})
		return lines, errors.Join(err, opened.Close())
	}
	direct, err := ask(question)
	if err != nil || len(direct) != 4 {
		t.Fatalf("%v, lines %s", err, direct)
	}
	const want = `"compared":1000,"different":10,"failed":0,"primed":1000,"assessor":1000,"unreadable":0,`
	if !strings.Contains(direct[3], want) || !strings.Contains(direct[0], `{"progress":{"done":1000,"total":3000,`) {
		t.Errorf("%s\n%s", direct[0], direct[3])
	}
	run(t, func(c *app.Config) { c.DataDir = folder })
	served, err := ask(question)
	if err != nil || fmt.Sprint(served) != fmt.Sprint(direct) {
		t.Errorf("%v: through the server\n%s\non the store\n%s", err, served, direct)
	}
	question.Merchant = "two"
	if lines, err := ask(question); err != nil || len(lines) == 0 || !strings.Contains(lines[len(lines)-1], `"compared":500,"different":5,`) {
		t.Errorf("of one merchant: %v %s", err, lines)
	}
	question.Lists = nil
	if lines, err := ask(question); err == nil || !strings.Contains(err.Error(), "lists.bad") || len(lines) > 0 {
		t.Errorf("without the list: %v %s", err, lines)
	}
}
