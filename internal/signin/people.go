package signin

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/store"
)

// peopleShown and entriesShown bound a page of a list.
const (
	peopleShown    = 100
	entriesShown   = 100
	merchantsShown = 500
)

// everyMerchant is how a form says that somebody is the operator's. It must say so:
// a form that says nothing gives nobody every merchant's things.
const everyMerchant = "*"

// peoplePage lists people and asks for more.
type peoplePage struct {
	People    []*account.Person
	Own       string // id of who looks
	Roles     []account.Role
	Merchants []store.Merchant // that a person can belong to; none where there is no choice
	Fresh     bool
	Next      string             // address of the next page
	Given     account.Invitation // as the form has it: its merchant may be everyMerchant
	Done      string
	Problems  problems
}

func (s *SignIn) people(w http.ResponseWriter, r *http.Request) error {
	session, err := s.admitted(r, account.ManagePeople)
	if err != nil {
		return err
	}
	return s.showPeople(w, r, http.StatusOK, session, account.Invitation{Role: account.RoleViewer}, nil)
}

func (s *SignIn) showPeople(w http.ResponseWriter, r *http.Request, status int, session account.Session, given account.Invitation, wrong problems) error {
	shown := peoplePage{
		Own: session.PersonID, Roles: account.Roles, Fresh: s.Accounts.RequireFresh(session) == nil, Given: given,
		Done: doneTexts[r.URL.Query().Get("done")], Problems: wrong,
	}
	var err error
	if shown.People, err = s.Accounts.People(r.Context(), session.Viewer, r.URL.Query().Get("after"), peopleShown); err != nil {
		return err
	}
	if len(shown.People) == peopleShown {
		shown.Next = portal.Path + "/people?" + url.Values{"after": {shown.People[peopleShown-1].ID}}.Encode()
	}
	if session.OfOperator() {
		if shown.Merchants, err = s.Merchants(r.Context()); err != nil {
			return err
		}
		shown.Merchants = shown.Merchants[:min(len(shown.Merchants), merchantsShown)]
	}
	return s.show(w, r, status, "people", "People", "people", shown)
}

// invitedPage shows a link, once.
type invitedPage struct {
	Person *account.Person
	Link   string
	Hours  int
}

func (s *SignIn) invite(w http.ResponseWriter, r *http.Request) error {
	session, err := s.admitted(r, account.ManagePeople)
	if err != nil {
		return err
	}
	if err := s.Accounts.RequireFresh(session); err != nil {
		return err
	}
	given := account.Invitation{
		Email: r.PostFormValue("email"), Name: r.PostFormValue("name"), Role: account.Role(r.PostFormValue("role")), MerchantID: r.PostFormValue("merchant"),
	}
	invitation := given
	switch {
	case !session.OfOperator():
		invitation.MerchantID = session.MerchantID
	case given.MerchantID == "":
		return s.showPeople(w, r, http.StatusUnprocessableEntity, session, given, problems{"merchant": "Choose what they see: one merchant, or every one."})
	case given.MerchantID == everyMerchant:
		invitation.MerchantID = ""
	}
	person, link, err := s.Accounts.Invite(r.Context(), session.Viewer, invitation, from(r))
	if wrong, ok := problem(err); ok {
		return s.showPeople(w, r, http.StatusUnprocessableEntity, session, given, wrong)
	}
	if err != nil {
		return err
	}
	return s.showLink(w, r, person, link)
}

func (s *SignIn) showLink(w http.ResponseWriter, r *http.Request, person *account.Person, link account.Secret) error {
	return s.show(w, r, http.StatusOK, "invited", "A link for "+person.Name, "people",
		invitedPage{Person: person, Link: account.LinkURL(s.URL, link), Hours: int(account.LinkLife / time.Hour)})
}

func (s *SignIn) changePerson(w http.ResponseWriter, r *http.Request) error {
	session, err := s.admitted(r, account.ManagePeople)
	if err != nil {
		return err
	}
	if err := s.Accounts.RequireFresh(session); err != nil {
		return err
	}
	id, step := r.PathValue("person_id"), r.PathValue("step")
	switch step {
	case "role":
		_, err = s.Accounts.SetRole(r.Context(), session.Viewer, id, account.Role(r.PostFormValue("role")), from(r))
	case "disable", "enable":
		_, err = s.Accounts.SetDisabled(r.Context(), session.Viewer, id, step == "disable", from(r))
	case "link":
		person, link, err := s.Accounts.NewLink(r.Context(), session.Viewer, id, from(r))
		if wrong, ok := problem(err); ok {
			return s.showPeople(w, r, http.StatusUnprocessableEntity, session, account.Invitation{}, wrong)
		}
		if err != nil {
			return err
		}
		return s.showLink(w, r, person, link)
	default:
		return account.ErrUnknown
	}
	if wrong, ok := problem(err); ok {
		return s.showPeople(w, r, http.StatusUnprocessableEntity, session, account.Invitation{}, wrong)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/people", step)
}

// auditPage lists what people did.
type auditPage struct {
	Entries  []store.AuditEntry
	Operator bool
	Next     string
	Days     int // how long they are kept
}

func (s *SignIn) audit(w http.ResponseWriter, r *http.Request) error {
	session, err := s.admitted(r, account.ReadAudit)
	if err != nil {
		return err
	}
	var before account.AuditCursor
	if at, err := strconv.ParseInt(r.URL.Query().Get("at"), 10, 64); err == nil {
		before = account.AuditCursor{At: time.UnixMilli(at), ID: r.URL.Query().Get("before")}
	}
	entries, err := s.Accounts.AuditEntries(r.Context(), session.Viewer, before, entriesShown)
	if err != nil {
		return err
	}
	shown := auditPage{Entries: entries, Operator: session.OfOperator(), Days: int(account.AuditKept / (24 * time.Hour))}
	if len(entries) == entriesShown {
		last := entries[entriesShown-1]
		shown.Next = portal.Path + "/audit?" + url.Values{"at": {strconv.FormatInt(last.At.UnixMilli(), 10)}, "before": {last.ID}}.Encode()
	}
	return s.show(w, r, http.StatusOK, "audit", "Audit", "audit", shown)
}
