package account

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// What a password must be. Length is what counts: rules about kinds of characters
// make people choose worse ones (NIST SP 800-63B, 3.1.1.2).
const (
	PasswordMin = 12  // characters
	passwordMax = 256 // bytes
	distinctMin = 5   // different characters
	ownMin      = 8   // characters without words that are expected
)

// expected are the beginnings of lists that guessers use, of those that are long
// enough. What somebody is called is added.
var expected = []string{"password", "qwerty", "123456789", "letmein", "welcome", "iloveyou", "administrator", "lösenord", "kvitto", "klarna", "merchant"}

// CheckPassword says what is wrong with a password that somebody chose; nil when
// it will do. own are their names.
func CheckPassword(password string, own ...string) error {
	password = norm.NFC.String(password)
	switch characters := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return problem("password", "The password has characters that cannot be typed.")
	case characters < PasswordMin:
		return problem("password", "The password has %d characters; it needs at least %d. A few words that do not belong together are easy to remember.", characters, PasswordMin)
	case len(password) > passwordMax:
		return problem("password", "The password is longer than %d bytes.", passwordMax)
	}
	distinct := []rune(password)
	slices.Sort(distinct)
	if len(slices.Compact(distinct)) < distinctMin {
		return problem("password", "The password has less than %d different characters.", distinctMin)
	}
	// What is left without the words that everybody tries must be long enough itself.
	left, words := strings.ToLower(password), slices.Clone(expected)
	for _, name := range own {
		local, _, _ := strings.Cut(name, "@")
		words = append(words, strings.FieldsFunc(local, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })...)
	}
	for _, word := range words {
		word = strings.ToLower(norm.NFC.String(word))
		if utf8.RuneCountInString(word) >= 4 {
			left = strings.ReplaceAll(left, word, "")
		}
	}
	if utf8.RuneCountInString(left) < ownMin || ascending(left) {
		return problem("password", "The password is made of words or rows of characters that are tried first. Choose another.")
	}
	return nil
}

// ascending tells whether every character follows the one before it: 12345, edcba.
func ascending(text string) bool {
	characters := []rune(text)
	for _, step := range []rune{1, -1} {
		row := true
		for i := 1; i < len(characters); i++ {
			row = row && characters[i] == characters[i-1]+step
		}
		if row {
			return true
		}
	}
	return false
}

// cost is what the hash of a password costs. A stored hash says its own, so that
// it can be raised.
type cost struct {
	memory uint32 // KiB
	passes uint32
}

// today is 19 MiB and two passes, the second of OWASP's equivalent settings, about
// 30 ms of processor time.
var today = cost{memory: 19 * 1024, passes: 2}

const (
	argonThreads = 1
	saltBytes    = 16
	hashBytes    = 32

	// What a stored hash may ask for: the store must not be able to eat the memory.
	argonMemoryMax = 256 * 1024
	argonPassesMax = 16
)

// hashing bounds how many passwords are hashed at the same time, and so their
// memory: two are 38 MiB. Those who wait are bounded too.
type hashing struct {
	cost    cost
	running chan struct{}
	waiting chan struct{}
}

const (
	hashingMax = 2
	waitingMax = 32
)

// ErrBusy: too many people sign in at the same time.
var ErrBusy = errors.New("account: too many sign-ins at the same time")

func newHashing() hashing {
	return hashing{cost: today, running: make(chan struct{}, hashingMax), waiting: make(chan struct{}, hashingMax+waitingMax)}
}

// run runs work when it has its turn.
func (h hashing) run(ctx context.Context, work func()) error {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return ErrBusy
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return ctx.Err()
	}
	work()
	return nil
}

// hashPassword is what is stored of a password, in the usual form:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
func (h hashing) hashPassword(ctx context.Context, random io.Reader, password string) (hash string, err error) {
	var salt [saltBytes]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return "", fmt.Errorf("a new salt: %w", err)
	}
	err = h.run(ctx, func() {
		key := argon2.IDKey([]byte(norm.NFC.String(password)), salt[:], h.cost.passes, h.cost.memory, argonThreads, hashBytes)
		hash = h.cost.written(salt[:], key)
	})
	return hash, err
}

func (c cost) written(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// nobodysPassword is compared with when there is no person or no password, so
// that both cost what a wrong password does. No password is known for it.
func (h hashing) nobodysPassword() string {
	return h.cost.written(make([]byte, saltBytes), make([]byte, hashBytes))
}

// matches compares a password with what is stored; "" is nobody's and takes as
// long. outdated tells that it was hashed at another cost than today's.
func (h hashing) matches(ctx context.Context, stored, password string) (same, outdated bool, err error) {
	if len(password) > passwordMax {
		password = ""
	}
	hash := stored
	if hash == "" {
		hash = h.nobodysPassword()
	}
	var version, threads int
	var c cost
	var rest string
	_, err = fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &c.memory, &c.passes, &threads, &rest)
	encodedSalt, encodedKey, _ := strings.Cut(rest, "$")
	salt, saltErr := base64.RawStdEncoding.DecodeString(encodedSalt)
	key, keyErr := base64.RawStdEncoding.DecodeString(encodedKey)
	if err = errors.Join(err, saltErr, keyErr); err != nil || version != argon2.Version || len(key) < 16 ||
		c.memory < 8 || c.memory > argonMemoryMax || c.passes < 1 || c.passes > argonPassesMax || threads != argonThreads {
		return false, false, errors.New("account: the stored hash of a password cannot be read")
	}
	err = h.run(ctx, func() {
		got := argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.passes, c.memory, argonThreads, uint32(len(key)))
		same = subtle.ConstantTimeCompare(got, key) == 1
	})
	return same && stored != "", c != h.cost, err
}
