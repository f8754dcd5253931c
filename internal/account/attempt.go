package account

import (
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// guessing bounds how often something may be tried in vain: some times at once,
// then after a wait that doubles with every further time.
type guessing struct {
	free        int64
	first, most time.Duration
	// leak is how long it takes until one attempt is forgotten; never when 0.
	leak time.Duration
}

// Each is counted before it is looked at, and for names that nobody has as well.
// What was right is taken back.
var (
	// guessingName is of passwords for one e-mail address. Whoever knows the
	// address can make its owner wait; a passkey does not.
	guessingName = guessing{free: 10, first: 30 * time.Second, most: 15 * time.Minute, leak: time.Hour}
	// guessingCode is of codes after a right password. Somebody knows the password,
	// and a code is one of a million: a year of guesses is about 400.
	guessingCode = guessing{free: 5, first: 15 * time.Minute, most: 24 * time.Hour}
	// guessingAddress is of everything from one address, which many may share.
	guessingAddress = guessing{free: 50, first: 30 * time.Second, most: time.Hour, leak: 10 * time.Minute}
)

// left are the attempts that are not forgotten at a time.
func (g guessing) left(made store.Attempts, now time.Time) store.Attempts {
	if past := now.Sub(made.At); g.leak > 0 && past > 0 {
		made.Count = max(0, made.Count-int64(past/g.leak))
	}
	return made
}

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
