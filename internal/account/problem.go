package account

import (
	"errors"
	"fmt"
	"time"
)

// What can be wrong, beside a Problem. They say no more than the person may know.
var (
	// ErrRefused: the e-mail address, the password, the code or the passkey is not
	// right, or the person was disabled. It does not tell which.
	ErrRefused = errors.New("account: refused")
	// ErrNoSession: there is no such session, or it has ended.
	ErrNoSession = errors.New("account: no session")
	// ErrNoLink: there is no such link, it was used, or it has expired.
	ErrNoLink = errors.New("account: no such link")
	// ErrUnknown: there is nobody of this id whom the viewer may know.
	ErrUnknown = errors.New("account: nobody has this id")
	// ErrForbidden: the viewer's role does not allow it.
	ErrForbidden = errors.New("account: the role does not allow it")
	// ErrChanged: somebody changed the same thing at the same time.
	ErrChanged = errors.New("account: somebody changed it at the same time")
	// ErrNoPasskeys: the server's address is one that passkeys do not work for.
	ErrNoPasskeys = errors.New("account: passkeys need a public_url with a host name")
)

// WaitError: there were too many attempts.
type WaitError struct{ Until time.Time }

func (e *WaitError) Error() string {
	return "account: too many attempts, the next at " + e.Until.UTC().Format(time.TimeOnly)
}

// Problem is something that somebody can put right.
type Problem struct {
	Field string // of the form
	Text  string // a sentence
}

func (p *Problem) Error() string { return p.Text }

func problem(field, format string, values ...any) error {
	return &Problem{Field: field, Text: fmt.Sprintf(format, values...)}
}
