package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// copies are an exchange in forms that other tools take. Credentials are
// placeholders: the log has none.
type copies struct {
	Curl    string
	Check   string // empty for what `kvitto check` does not take
	Explain string
	Test    string // empty when it cannot be played again
	Bodied  bool   // the body is in it as it was stored: secret values are masked there
}

// copies are those of an exchange.
func (p *portal) copies(ctx context.Context, e *requestlog.Exchange) (copies, error) {
	sender := *e
	if p.Next == nil {
		sender.MerchantID = "" // only in a playground is it a user name
	}
	made := copies{Curl: curlOf(p.URL, &sender), Check: checkOf(p.URL, &sender), Bodied: len(e.RequestBody) > 0}
	if e.MerchantID != "" {
		made.Explain = "kvitto explain " + e.CorrelationID + " --url " + shellWord(p.URL) + " --user " + shellWord(userOf(&sender))
	}
	replay, err := p.replay(ctx, e)
	if err != nil {
		return copies{}, err
	}
	made.Test, err = replay.source()
	return made, err
}

// userOf are the credentials of a playground, where a merchant is a user name
// and any password will do.
func userOf(e *requestlog.Exchange) string {
	if e.MerchantID == "" {
		return "USERNAME:PASSWORD"
	}
	return e.MerchantID + ":PASSWORD"
}

// curlOf is the request as a command.
func curlOf(url string, e *requestlog.Exchange) string {
	words := []string{"curl -i"}
	address := url + e.Path
	switch {
	case direction(e) == "Incoming": // a callback: its path begins with the receiver's host
		address = "http://" + e.Path
	case strings.HasPrefix(e.Path, "/kp/v1/"):
		words = append(words, "-H 'Authorization: Bearer CLIENT_TOKEN'")
	default:
		words = append(words, "-u "+shellWord(userOf(e)))
	}
	if e.Method != http.MethodGet {
		words = append(words, "-X "+shellWord(e.Method))
	}
	words = append(words, shellWord(address))
	if len(e.RequestBody) > 0 {
		words = append(words, "-H 'Content-Type: application/json'", "--data-binary "+shellWord(string(e.RequestBody)))
	}
	return strings.Join(words, " \\\n  ")
}

// checkOf is a command that says everything that is wrong with the body.
func checkOf(url string, e *requestlog.Exchange) string {
	if !patches(e.Operation) || len(e.RequestBody) == 0 {
		return ""
	}
	command := "kvitto check -"
	if e.Operation == "update_session" {
		command += " --session " + shellWord(e.SessionID) + " --url " + shellWord(url) + " --user " + shellWord(userOf(e))
	}
	return "printf %s " + shellWord(string(e.RequestBody)) + " |\n  " + command
}

// shellWord is a text as one word of a POSIX shell.
func shellWord(text string) string {
	plain := strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=", r))
	}) < 0
	if plain && text != "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
