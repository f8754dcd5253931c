package portal_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
)

var operators = account.Viewer{PersonID: "p", Role: account.RoleOperator}

// post is a form as a browser sends it.
func post(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://pay.example.com"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// TestTheRulesInForceAreShown: names, conditions, reasons, version and file.
func TestTheRulesInForceAreShown(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, operators)
	s.rules = usedRules(t, goodRules)
	page := s.page("/portal/risk")
	has(t, page, "<code>four</code>", `order_amount == 4`, "it is four", ">deny<", "priority 1, at authorize, reauthorize, finalize", s.rules.Set.Version, "/etc/kvitto/rules.toml",
		`href="/portal/risk/what-if"`, "used no other version")
	has(t, s.page("/portal/risk?merchant=shoes"), `<option selected>shoes</option>`, "for everybody who has no file", `what-if?merchant=shoes`)
	lacks(t, page, `data-testid="rule-problem"`)
}

// TestARefusedFileIsTold with everything that is wrong with it.
func TestARefusedFileIsTold(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, operators)
	s.rules = usedRules(t, goodRules)
	_, err := risk.Parse([]byte("name = \"x\"\n[[rule]]\nname = \"<b>\"\n"))
	s.rules.Problem = &portal.RuleProblem{At: noon, Cause: err}
	has(t, s.page("/portal/risk"), `data-testid="rule-problem"`, `rule "<b>": name: is no name`, "action: is missing", "2026-03-04 12:00:00.000")
	lacks(t, s.page("/portal/risk"), "<b>")
}

// TestVersionsAreCompared, in both directions, and what is no version is not there.
func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, operators)
	s.rules = usedRules(t, strings.ReplaceAll(goodRules, "== 4", "== 5"), goodRules)
	s.rules.Versions[0].Lists = []portal.RuleList{{Path: "bad.txt", Bytes: 12, Sum: "b"}, {Path: "new.txt", Bytes: 1}}
	s.rules.Versions[1].Lists = []portal.RuleList{{Path: "bad.txt", Bytes: 10, Sum: "a"}, {Path: "old.txt"}}
	older, newer := s.rules.Versions[1].Version, s.rules.Versions[0].Version
	has(t, s.page("/portal/risk"), `<option value="`+older+`" selected>`, "2026-03-04 11:00:00.000")
	has(t, s.page("/portal/risk/versions?older="+older+"&newer="+newer), "1 line added, 1 line removed.",
		"<del class=\"line\"><span class=\"sign\">-</span>condition = &#39;order_amount == 4&#39;", "<ins class=\"line\"><span class=\"sign\">+</span>condition = &#39;order_amount == 5&#39;",
		"bad.txt has other entries: 10 bytes before, 12 bytes now", "old.txt is not used any more", "new.txt is new: 1 byte")
	has(t, s.page("/portal/risk/versions?older="+older+"&newer="+older), "The text of the file is the same.")
	for _, query := range []string{"", "?older=" + older, "?older=" + older + "&newer=nothing"} {
		if w := s.ask(http.MethodGet, "/portal/risk/versions"+query); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

// TestOtherRulesAreTried on what is stored, and the page says so while it happens.
func TestOtherRulesAreTried(t *testing.T) {
	t.Parallel()
	s, door := walled(t, operators)
	s.remember(t, 2500, own.merchant)
	has(t, s.page("/portal/risk/what-if"), "order_amount == 4", `enctype="multipart/form-data"`)
	w := s.answer(post("/portal/risk/what-if", url.Values{"rules": {strings.ReplaceAll(goodRules, "\n", "\r\n")}, "merchant": {own.merchant}, "from": {""}, "to": {""}}))
	page := w.Body.String()
	if w.Code != http.StatusOK || !w.Flushed {
		t.Errorf("%d, flushed %v", w.Code, w.Flushed)
	}
	has(t, page, "1000 of about 2500 assessments", "Done: 2500 assessments looked at.", `<span data-testid="different">250</span> of 2500 payments would be decided differently`,
		"it is four", "none: approved", `href="/portal/sessions/`+own.session+`"`, "<code>"+parsed(t, goodRules).Version+"</code>")
	if n := strings.Count(page, `data-testid="example"`); n != risk.ReplayExamplesMax {
		t.Errorf("%d examples", n)
	}
	if strings.Count(page, "</html>") != 1 || strings.Count(page, "<div") != strings.Count(page, "</div>") {
		t.Error("the page is not whole")
	}
	if want := []string{"tried other rules on assessments  of shoes"}; !slices.Equal(door.acts, want) || !door.looked[own.merchant] {
		t.Errorf("%v, looked at %v", door.acts, door.looked)
	}
	has(t, s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}, "from": {"2026-03-04T12:00"}, "to": {"2026-03-04T12:01"}})).Body.String(),
		"Done: 60 assessments looked at.", `data-testid="different">6</span>`)
	has(t, s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}, "to": {"2026-03-04T11:00"}})).Body.String(), "Nothing to compare")
}

// TestAFileIsTriedToo, and the lists of the rules in use are there for it.
func TestAFileIsTriedToo(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, operators)
	s.remember(t, 10, own.merchant)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "rules.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write([]byte(strings.Replace(goodRules, "[[rule]]", "[lists]\nbad = \"bad.txt\"\n[[rule]]", 1) + strings.Repeat("#", 100<<10)))
	if err = errors.Join(err, form.WriteField("rules", "no rules at all"), form.WriteField("merchant", ""), form.Close()); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/risk/what-if", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := s.answer(r)
	has(t, w.Body.String(), `data-testid="different">1</span> of 10 payments`)
}

// TestWhatCannotBeTriedIsSaid, and leaves the turn to others.
func TestWhatCannotBeTriedIsSaid(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, operators)
	s.remember(t, 10, own.merchant)
	for _, c := range []struct {
		form   url.Values
		status int
		want   string
	}{
		{url.Values{"rules": {"name = \"x\"\n[[rule]]\nname = \"a\"\n"}}, http.StatusUnprocessableEntity, "action: is missing"},
		{url.Values{"rules": {strings.Replace(goodRules, "[[rule]]", "[lists]\nbad = \"worse.txt\"\n[[rule]]", 1)}}, http.StatusUnprocessableEntity, "no such list"},
		{url.Values{"rules": {goodRules}, "from": {"yesterday"}}, http.StatusUnprocessableEntity, "“yesterday” is no time"},
		{url.Values{"rules": {goodRules + strings.Repeat("#", risk.SentFileMax)}}, http.StatusUnprocessableEntity, "The rule file is too large"},
		{url.Values{"rules": {strings.Repeat("%", 4*risk.SentFileMax)}}, http.StatusUnprocessableEntity, "The form did not arrive"},
		{url.Values{"rules": {goodRules}, "merchant": {nobodys.merchant}}, http.StatusNotFound, "No merchant has this id"},
	} {
		w := s.answer(post("/portal/risk/what-if", c.form))
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.want, w.Code, c.status)
		}
		has(t, w.Body.String(), c.want)
	}
	turn, err := s.turns.Replay(service.ReplayQuestion{})
	if err != nil {
		t.Fatalf("the turn was not given back: %v", err)
	}
	w := s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}}))
	if w.Code != http.StatusConflict {
		t.Errorf("while another runs: %d", w.Code)
	}
	has(t, w.Body.String(), "Another replay is running", "order_amount == 4")
	turn.GiveUp()
	has(t, s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}})).Body.String(), "Done: 10 assessments")
}

// TestNothingIsTriedThatCannotBeWrittenDown, and the turn is left to others.
func TestNothingIsTriedThatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	s, door := walled(t, operators)
	s.remember(t, 10, own.merchant)
	door.fails = errors.New("the store is away")
	if w := s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}})); w.Code != http.StatusInternalServerError {
		t.Errorf("%d", w.Code)
	}
	door.fails = nil
	has(t, s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}})).Body.String(), "Done: 10 assessments")
}

// TestAStoppingServerEndsWhatIsTried and the page says so.
func TestAStoppingServerEndsWhatIsTried(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, operators)
	s.remember(t, 10, own.merchant)
	s.turns.StopReplays()
	has(t, s.answer(post("/portal/risk/what-if", url.Values{"rules": {goodRules}})).Body.String(), "The server is stopping", "</html>")
}

// TestALargeFormOfAStrangerIsNotRead.
func TestALargeFormOfAStrangerIsNotRead(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{})
	body := strings.NewReader("rules=" + strings.Repeat("x", 100<<10))
	r := httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/risk/what-if", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := s.answer(r); w.Code != http.StatusForbidden || body.Len() < 100<<10 {
		t.Errorf("%d, and %d bytes are left", w.Code, body.Len())
	}
}
