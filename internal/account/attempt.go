package account

import (
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// guessing bounds how often something may be tried: some times at once, then
// after a wait that doubles with every further time.
type guessing struct {
	free        int64
	first, most time.Duration
}

// Each is counted whatever comes of it, before it is looked at, and for names
// that nobody has as well.
var (
	// guessingName is of passwords for one e-mail address. Whoever knows the
	// address can make its owner wait; a passkey does not.
	guessingName = guessing{free: 10, first: 30 * time.Second, most: 15 * time.Minute}
	// guessingCode is of codes after a right password. Somebody knows the password,
	// and a code is one of a million: a year of guesses is about 400.
	guessingCode = guessing{free: 5, first: 15 * time.Minute, most: 24 * time.Hour}
	// guessingAddress is of everything from one address, which many may share.
	guessingAddress = guessing{free: 50, first: 30 * time.Second, most: time.Hour}
)

// forgottenAfter is how long after the newest attempt they are as if never made,
// in guessings whose longest wait is shorter.
const forgottenAfter = 24 * time.Hour

// until is when the next attempt may be made: the zero time at once.
func (g guessing) until(made store.Attempts) time.Time {
	if made.Count < g.free {
		return time.Time{}
	}
	wait := g.most
	if doublings := made.Count - g.free; doublings < 32 {
		wait = min(g.most, g.first<<doublings)
	}
	return made.At.Add(wait)
}

// stale tells that the attempts are as if never made.
func (g guessing) stale(made store.Attempts, now time.Time) bool {
	return made.Count > 0 && now.Sub(made.At) > max(forgottenAfter, 2*g.most)
}

// tried is what attempts are counted for.
type tried struct {
	guessing
	key store.SecretHash
}

func triedName(email string) tried {
	return tried{guessingName, sha256.Sum256([]byte("name\x00" + email))}
}

func triedCode(personID string) tried {
	return tried{guessingCode, sha256.Sum256([]byte("code\x00" + personID))}
}

func triedAddress(address string) tried {
	return tried{guessingAddress, sha256.Sum256([]byte("address\x00" + Neighbourhood(address)))}
}

// Neighbourhood is what an address stands for when somebody is kept from
// guessing: an IPv4 address itself, the /64 of an IPv6 address, which one machine
// has whole.
func Neighbourhood(address string) string {
	at, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if at = at.Unmap().WithZone(""); at.Is6() {
		if prefix, err := at.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return at.String()
}
