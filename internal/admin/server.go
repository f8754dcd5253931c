package admin

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"time"
)

// request is the body of every call; each uses what it needs.
type request struct {
	Name     string `json:"name,omitzero"`
	Merchant string `json:"merchant,omitzero"`
	Username string `json:"username,omitzero"`
	Disabled bool   `json:"disabled,omitzero"`
	Email    string `json:"email,omitzero"`
	Role     string `json:"role,omitzero"`
	Operator bool   `json:"operator,omitzero"`

	Assessment string        `json:"assessment,omitzero"`
	Order      string        `json:"order,omitzero"`
	Reviews    *WhichReviews `json:"reviews,omitempty"`
	Step       *ReviewStep   `json:"step,omitempty"`
}

// answer is what comes back: a result or an error in words.
type answer struct {
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitzero"`
}

// calls is the one table of what the socket takes, as POST /NAME.
func calls(o Operations) map[string]func(context.Context, request) (any, error) {
	all := map[string]func(context.Context, request) (any, error){
		"add-merchant": func(ctx context.Context, r request) (any, error) { return o.AddMerchant(ctx, r.Name) },
		"merchants":    func(ctx context.Context, _ request) (any, error) { return o.Merchants(ctx) },
		"set-disabled": func(ctx context.Context, r request) (any, error) { return o.SetDisabled(ctx, r.Merchant, r.Disabled) },
		"create-key":   func(ctx context.Context, r request) (any, error) { return o.CreateKey(ctx, r.Merchant) },
		"keys":         func(ctx context.Context, r request) (any, error) { return o.Keys(ctx, r.Merchant) },
		"revoke-key":   func(ctx context.Context, r request) (any, error) { return nil, o.RevokeKey(ctx, r.Username) },
		"people":       func(ctx context.Context, _ request) (any, error) { return o.People(ctx) },
		"invite": func(ctx context.Context, r request) (any, error) {
			return o.Invite(ctx, Invitation{Email: r.Email, Name: r.Name, Role: r.Role, MerchantID: r.Merchant, Operator: r.Operator})
		},
		"set-person-disabled": func(ctx context.Context, r request) (any, error) {
			return o.SetPersonDisabled(ctx, r.Email, r.Disabled)
		},
	}
	all["assessment"] = func(ctx context.Context, r request) (any, error) { return o.Assessment(ctx, r.Assessment) }
	maps.Copy(all, reviewCalls(o))
	return all
}

// bodyMax bounds a request on the socket, in bytes.
const bodyMax = 64 << 10

// patience bounds one call on the socket.
const patience = 30 * time.Second

// Server answers on the socket.
type Server struct {
	http   *http.Server
	served chan error
}

// Serve opens the socket of a database that the caller owns.
func Serve(database string, operations Operations) (*Server, error) {
	listener, err := listen(SocketOf(database))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for name, call := range calls(operations) {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) { reply(w, r, call) })
	}
	mux.HandleFunc("POST /replay", func(w http.ResponseWriter, r *http.Request) {
		serveLines(w, r, replayBodyMax, operations.Replay)
	})
	mux.HandleFunc("POST /erase", func(w http.ResponseWriter, r *http.Request) { serveLines(w, r, bodyMax, operations.Erase) })
	s := &Server{served: make(chan error, 1), http: &http.Server{
		Handler: mux, ReadTimeout: patience, WriteTimeout: patience, MaxHeaderBytes: 8 << 10,
	}}
	go func(l net.Listener) { s.served <- s.http.Serve(l) }(listener)
	return s, nil
}

func reply(w http.ResponseWriter, r *http.Request, call func(context.Context, request) (any, error)) {
	var sent request
	var back answer
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyMax))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&sent)
	if err == nil {
		back.Result, err = call(r.Context(), sent)
	}
	if err != nil {
		back = answer{Error: err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(back) // a caller that has gone away is its own affair
}

// Close ends the calls under way and removes the socket.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
