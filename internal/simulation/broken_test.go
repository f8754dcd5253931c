package simulation_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var broken = flag.Bool("broken", false, "break rules on purpose and see that each is found")

// mutation is a rule that is broken by another text in a file.
type mutation struct{ rule, file, text, instead string }

var mutations = []mutation{
	{"an order equals what was approved", "checkout/order.go",
		"if violations := notApproved(authorization.Content, s.Collected, &request); len(violations) > 0 {",
		"if violations := notApproved(authorization.Content, s.Collected, &request); false {"},
	{"a newer authorization ends the older", "checkout/authorization.go",
		`case a == nil || a.Token != token || token == "":`, `case a == nil || token == "" || (a.Token != token && s.Complete()):`},
	{"a denial ends the authorization before it", "checkout/authorization.go",
		"authorization.Token = s.Authorization.Token\n", "*authorization = *s.Authorization\n"},
	{"a token expires", "checkout/authorization.go",
		"	case !now.Before(a.ExpiresAt):\n		return nil, refuse(KindAuthorizationNotFound,",
		"	case false:\n		return nil, refuse(KindAuthorizationNotFound,"},
	{"a session expires", "checkout/session.go", "return !s.Complete() && !now.Before(s.ExpiresAt)", "return false"},
	{"an order that is asked for again with another body is refused", "checkout/order.go", "len(differences) > 0 {", "false {"},
	{"an authorization gives one customer token", "checkout/customertoken.go",
		"if s.CustomerToken != nil && s.CustomerToken.AuthorizationToken == cmd.Token {", "if false {"},
	{"merchants are walls", "service/service.go", "case err != nil, session.MerchantID != caller.MerchantID:", "case err != nil:"},
	{"the cache forgets a session whose commit has an unknown end", "service/service.go",
		"		s.recent.drop(sessionID)\n		if !errors.Is(err, store.ErrConflict) {",
		"		if errors.Is(err, store.ErrConflict) {\n			s.recent.drop(sessionID)\n		}\n		if !errors.Is(err, store.ErrConflict) {"},
	{"no refusal is decided on the cache of a shared store", "service/service.go", "if cached && s.Shared {", "if cached && false {"},
	{"a shared store is read, not the cache", "service/service.go",
		"	if s.Shared {\n		return s.read(ctx, sessionID)\n	}\n", ""},
	{"a commit with an unknown end is not made again", "service/service.go",
		"		if !errors.Is(err, store.ErrConflict) {\n			return checkout.Session{}, unavailable(err)\n		}\n", ""},
	{"a change that met another is decided again", "service/service.go",
		"if !errors.Is(err, store.ErrConflict) {", "if err != nil {"},
	{"the next in a session's queue is woken", "service/queues.go", "	close(own.waiting[0])\n", ""},
	{"durable before answered", "store/batcher.go",
		"		answers := b.engine.Commit(context.Background(), changes)\n		took := time.Since(began)\n		b.ended()\n		b.answer(batch, answers)",
		"		b.answer(batch, make([]error, len(batch)))\n		b.engine.Commit(context.Background(), changes)\n		took := time.Since(began)\n		b.ended()"},
	{"each change of a batch has its own answer", "store/batcher.go", "c.answer <- answers[i]", "_ = i; c.answer <- answers[0]"},
	{"a change that was taken back is not written", "store/batcher.go",
		"	if !c.queued {\n		return false\n	}\n	b.queue.remove(c)\n	return true", "	return true"},
	{"a commit is conditional", "store/memstore/books.go", "if session.Revision != newest+1 {", "if session.Revision > newest+1 {"},
	{"an approval is kept apart from its session", "store/record/decode.go", "	case a.ContentOfSession:", "	case true:"},
	{"nothing was changed is said only when it is so", "api/api.go", "gone != nil && errors.Is(err, gone)", "gone != nil"},
	{"an exchange is recorded before it is answered", "api/exchange.go",
		"if err := x.api.Recorder.Record(ctx, x.record); err != nil {", "if err := error(nil); err != nil {"},
	{"a clock whose move has an unknown end is read anew", "lab/clock.go", "		c.known.Remove(merchantID)\n", ""},
}

// TestEveryRuleToBreakIsInTheCode keeps the list true where it is not played.
func TestEveryRuleToBreakIsInTheCode(t *testing.T) {
	t.Parallel()
	for _, m := range mutations {
		m.source(t)
	}
}

// TestEveryBrokenRuleIsFound plays the default schedules against the server
// with one rule broken, and again, until each has failed. It compiles the server
// once for each rule, so it runs when asked: make broken.
func TestEveryBrokenRuleIsFound(t *testing.T) {
	t.Parallel()
	if !*broken {
		return
	}
	for _, m := range mutations {
		output := m.play(t)
		found := regexp.MustCompile(`seed (\d+): `).FindStringSubmatch(output)
		steps := regexp.MustCompile(`beginning that fails has (\d+) steps`).FindStringSubmatch(output)
		if found == nil || steps == nil {
			t.Errorf("broken and not found: %s\n%s", m.rule, output)
			continue
		}
		t.Logf("found by seed %3s, in %3s steps: %s", found[1], steps[1], m.rule)
	}
}

// source is the file to break, in which the rule stands once.
func (m mutation) source(t *testing.T) (path, text string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), m.text) != 1 {
		t.Fatalf("%s does not have this text once: %s; the rule %q is kept elsewhere by now, mend the list", m.file, m.text, m.rule)
	}
	return path, string(source)
}

// play runs the schedules on the broken server. The compiler reads the broken
// file in the place of the other, which is not touched.
func (m mutation) play(t *testing.T) (output string) {
	t.Helper()
	whole, source := m.source(t)
	dir := t.TempDir()
	replacement, overlay := filepath.Join(dir, "broken.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{whole: replacement}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{replacement: strings.Replace(source, m.text, m.instead, 1), overlay: string(list)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-vet=off", "-count=1", "-run", "Schedules", ".")
	text, _ := command.CombinedOutput() // it fails, as it should; what it says is looked at
	return string(text)
}
