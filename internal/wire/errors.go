package wire

import (
	"maps"
	"slices"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// envelope is the status, code and message of a kind of refusal. Sources: the
// documented list of errors of this API, and the recorded texts, which win.
type envelope struct {
	status  int
	code    string
	message string // "" is an empty error_messages
}

var envelopes = map[checkout.Kind]envelope{
	checkout.KindBadRequest:                {400, "BAD_REQUEST", ""},
	checkout.KindBadValue:                  {400, "BAD_VALUE", ""}, // message from the paths
	checkout.KindUnauthorized:              {401, "UNAUTHORIZED", ""},
	checkout.KindSessionNotFound:           {404, "NOT_FOUND", "Invalid session id"},
	checkout.KindSessionCompleted:          {404, "SESSION_COMPLETED", "Session has already been completed"},
	checkout.KindAuthorizationNotFound:     {404, "NOT_FOUND", "Invalid authorization token"},
	checkout.KindAuthorizationNotDeletable: {404, "NOT_FOUND", "Authorization cannot be deleted"},
	checkout.KindNotMatching:               {409, "BAD_VALUE", ""}, // message from the paths
	checkout.KindCompletedDifferently:      {409, "BAD_VALUE", "The order has been already completed with different request body"},
	checkout.KindRejected:                  {403, "REJECTED", "Rejected"},
	checkout.KindOperationNotAllowed:       {403, "INVALID_OPERATION", ""},
	checkout.KindTokenConsumed:             {403, "INVALID_OPERATION", "Authorization token already consumed"},
	checkout.KindTokenizeNotAllowed:        {403, "INVALID_OPERATION", "Not allowed to create customer token for intent buy"},
	checkout.KindNotFound:                  {404, "NOT_FOUND", ""},
	checkout.KindMethodNotAllowed:          {405, "METHOD_NOT_ALLOWED", ""},
	checkout.KindUnsupportedMediaType:      {415, "UNSUPPORTED_MEDIA_TYPE", ""},
	checkout.KindTooLarge:                  {413, "REQUEST_TOO_LARGE", ""},
	checkout.KindUnavailable:               {503, "TEMPORARILY_UNAVAILABLE", ""},
	checkout.KindTooManyRequests:           {429, "TOO_MANY_REQUESTS", "Too many requests"},
	checkout.KindOverloaded:                {503, "TEMPORARILY_UNAVAILABLE", ""},
	checkout.KindClientGone:                {499, "CLIENT_CLOSED_REQUEST", ""},
	checkout.KindExpressNotOffered:         {403, "INVALID_OPERATION", "Sessions are created by the server of the shop: give the SDK a client_token"},
	checkout.KindBadGateway:                {502, "BAD_GATEWAY", ""},
	checkout.KindGatewayTimeout:            {504, "GATEWAY_TIMEOUT", ""},
	checkout.KindInternal:                  {500, "INTERNAL_SERVER_ERROR", "Internal error"},
}

// Failure is a refusal as clients see it.
type Failure struct {
	Status   int
	Code     string
	Messages []string
}

// FailureOf turns a refusal into its public form. The message of bad values
// names every path of the first failing stage, that of a mismatch every
// differing field.
func FailureOf(r *checkout.Refusal) Failure {
	e, ok := envelopes[r.Kind]
	if !ok {
		e = envelopes[checkout.KindInternal]
	}
	message := e.message
	switch r.Kind {
	case checkout.KindBadValue:
		message = "Bad value: " + strings.Join(paths(checkout.FirstStage(r.Violations)), ", ")
	case checkout.KindNotMatching:
		message = "Not matching fields: [" + strings.Join(paths(r.Violations), ", ") + "]"
	}
	f := Failure{Status: e.status, Code: e.code}
	if message != "" {
		f.Messages = []string{message}
	}
	return f
}

// paths lists the paths, a differing cart size as its sentence and last, as
// quoted messages show.
func paths(violations []checkout.Violation) []string {
	list := make([]string, 0, len(violations))
	var size []string
	for i := range violations {
		if violations[i].Rule == checkout.RuleCartSize {
			size = append(size, violations[i].Hint)
			continue
		}
		list = append(list, violations[i].Path)
	}
	return append(list, size...)
}

// AppendFailure writes the error body: exactly the protocol's three
// properties, in the order of the newest recordings.
func AppendFailure(dst []byte, f Failure, correlationID string) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.text("correlation_id", correlationID)
	w.text("error_code", f.Code)
	w.texts("error_messages", f.Messages)
	w.close('}')
	return w.buf
}

// Failures are what FailureOf makes of each kind of refusal, without the messages
// that name paths: all the codes there are.
func Failures() (all []Failure) {
	for _, kind := range slices.Sorted(maps.Keys(envelopes)) {
		f := Failure{Status: envelopes[kind].status, Code: envelopes[kind].code}
		if message := envelopes[kind].message; message != "" {
			f.Messages = []string{message}
		}
		all = append(all, f)
	}
	return all
}
