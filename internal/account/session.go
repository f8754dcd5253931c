package account

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// Session is a browser that somebody signed in with.
type Session struct {
	Viewer
	ID        string // names it in lists; it opens nothing
	Began     time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	Address   string // where it began
	Agent     string
	By        string // how, for people to read: by a password, a passkey or a link

	hash  store.SecretHash
	since int64 // the count of the person's credentials
}

// sessionDocument is what the store keeps of a session.
type sessionDocument struct {
	Address string `json:"address"`
	Agent   string `json:"agent"`
	By      string `json:"by"`
	Since   int64  `json:"since,omitzero"`
}

const agentMax = 200 // bytes of what a browser calls itself

// begin makes a session of a person whose credentials were right.
func (a *Accounts) begin(ctx context.Context, person *Person, by string, from From) (Secret, error) {
	agent := strings.ToValidUTF8(from.Agent[:min(len(from.Agent), agentMax)], "")
	secret, err := a.issue(ctx, ticketSession, person.ID, SessionIdle, sessionDocument{from.Address, agent, by, person.credentials.Since})
	if err != nil {
		return "", err
	}
	return secret, a.Note(ctx, person.viewer(), from, "signed in", by, person.MerchantID)
}

// Peek is Session for what nobody asked for: it does not put off the end.
func (a *Accounts) Peek(ctx context.Context, secret Secret) (Session, error) {
	return a.read(ctx, secret, false)
}

// Session is the session of a secret. It reads the store every time, so that one
// that was ended, and a person who was disabled, are out at once. ErrNoSession.
func (a *Accounts) Session(ctx context.Context, secret Secret) (Session, error) {
	return a.read(ctx, secret, true)
}

func (a *Accounts) read(ctx context.Context, secret Secret, used bool) (Session, error) {
	var document sessionDocument
	ticket, err := a.ticket(ctx, ticketSession, secret, &document)
	if errors.Is(err, errNoTicket) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, err
	}
	person, err := a.person(ctx, ticket.PersonID)
	if errors.Is(err, ErrUnknown) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, err
	}
	found := sessionOf(ticket, document, person.viewer())
	if !person.DisabledAt.IsZero() || !person.Role.Known() || person.credentials.hasEnded(found.since, found.ID) {
		return Session{}, ErrNoSession
	}
	if now := a.now(); used && now.Sub(ticket.SeenAt) >= touchEvery {
		ticket.SeenAt, ticket.ExpiresAt = now, sessionUntil(ticket.CreatedAt, now)
		err := a.Store.TouchTicket(ctx, ticket.Hash, ticket.SeenAt, ticket.ExpiresAt)
		if errors.Is(err, store.ErrNotFound) {
			return Session{}, ErrNoSession // it ended this moment
		}
		if err != nil {
			return Session{}, err
		}
	}
	found.SeenAt, found.ExpiresAt = ticket.SeenAt, ticket.ExpiresAt
	return found, nil
}

func sessionOf(ticket store.Ticket, document sessionDocument, viewer Viewer) Session {
	return Session{
		Viewer: viewer, ID: hex.EncodeToString(ticket.Hash[:]), Began: ticket.CreatedAt, SeenAt: ticket.SeenAt, ExpiresAt: ticket.ExpiresAt,
		Address: document.Address, Agent: document.Agent, By: document.By, hash: ticket.Hash, since: document.Since,
	}
}

// SignOut ends a session.
func (a *Accounts) SignOut(ctx context.Context, session Session, from From) error {
	if err := a.end(ctx, session.hash); err != nil {
		return err
	}
	return a.Note(ctx, session.Viewer, from, "signed out", "", session.MerchantID)
}

func (a *Accounts) end(ctx context.Context, hash store.SecretHash) error {
	_, err := a.Store.TakeTicket(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// sessionsListed bounds the list of a person's sessions.
const sessionsListed = 50

// Sessions are the live sessions of the session's person, the newest first.
func (a *Accounts) Sessions(ctx context.Context, own Session) ([]Session, error) {
	tickets, err := a.Store.TicketsOf(ctx, own.PersonID, ticketSession, sessionsListed)
	if err != nil {
		return nil, err
	}
	person, err := a.Own(ctx, own)
	if err != nil {
		return nil, err
	}
	var all []Session
	for _, ticket := range tickets {
		var document sessionDocument
		if _, err := a.live(ticketSession, ticket, nil, &document); err == nil {
			if found := sessionOf(ticket, document, own.Viewer); !person.credentials.hasEnded(found.since, found.ID) {
				all = append(all, found)
			}
		}
	}
	return all, nil
}

// EndSession ends another session of the session's person; ErrUnknown for one
// that is not theirs.
func (a *Accounts) EndSession(ctx context.Context, own Session, id string, from From) error {
	all, err := a.Sessions(ctx, own)
	if err != nil {
		return err
	}
	for _, session := range all {
		if session.ID != id {
			continue
		}
		if err := a.end(ctx, session.hash); err != nil {
			return err
		}
		return a.Note(ctx, own.Viewer, from, "ended a session", session.Address, own.MerchantID)
	}
	return ErrUnknown
}

// EndOtherSessions ends all sessions of the session's person but this one.
func (a *Accounts) EndOtherSessions(ctx context.Context, own Session, from From) error {
	if err := a.Store.DropTickets(ctx, own.PersonID, ticketSession, own.hash); err != nil {
		return err
	}
	return a.Note(ctx, own.Viewer, from, "ended other sessions", "", own.MerchantID)
}
