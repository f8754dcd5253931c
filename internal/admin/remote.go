package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Remote works through the socket of a running server.
type Remote struct{ http *http.Client }

var _ Operations = (*Remote)(nil)

// Dial finds the server that owns a database. It fails when none listens.
func Dial(ctx context.Context, database string) (*Remote, error) {
	path := SocketOf(database)
	probe, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Remote{&http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
	}}}, probe.Close()
}

// Close frees the connection.
func (r *Remote) Close() error {
	r.http.CloseIdleConnections()
	return nil
}

// call makes one call; result may be nil.
func (r *Remote) call(ctx context.Context, name string, sent request, result any) error {
	body, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	asked, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://kvitto/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := r.http.Do(asked)
	if err != nil {
		return fmt.Errorf("the running server does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return otherVersion(name, response)
	}
	back := answer{Result: result}
	if err := json.NewDecoder(response.Body).Decode(&back); err != nil {
		return fmt.Errorf("the running server's answer: %w", err)
	}
	if back.Error != "" {
		return errors.New(back.Error)
	}
	return nil
}

func otherVersion(name string, response *http.Response) error {
	return fmt.Errorf("the running server does not know %q (%s): it is another version; stop it first, or use its own kvitto", name, response.Status)
}

// AddMerchant implements Operations.
func (r *Remote) AddMerchant(ctx context.Context, name string) (merchant Merchant, err error) {
	err = r.call(ctx, "add-merchant", request{Name: name}, &merchant)
	return merchant, err
}

// Merchants implements Operations.
func (r *Remote) Merchants(ctx context.Context) (all []Merchant, err error) {
	err = r.call(ctx, "merchants", request{}, &all)
	return all, err
}

// SetDisabled implements Operations.
func (r *Remote) SetDisabled(ctx context.Context, merchantID string, disabled bool) (merchant Merchant, err error) {
	err = r.call(ctx, "set-disabled", request{Merchant: merchantID, Disabled: disabled}, &merchant)
	return merchant, err
}

// CreateKey implements Operations.
func (r *Remote) CreateKey(ctx context.Context, merchantID string) (key Key, err error) {
	err = r.call(ctx, "create-key", request{Merchant: merchantID}, &key)
	return key, err
}

// Keys implements Operations.
func (r *Remote) Keys(ctx context.Context, merchantID string) (all []Key, err error) {
	err = r.call(ctx, "keys", request{Merchant: merchantID}, &all)
	return all, err
}

// RevokeKey implements Operations.
func (r *Remote) RevokeKey(ctx context.Context, username string) error {
	return r.call(ctx, "revoke-key", request{Username: username}, nil)
}

// People implements Operations.
func (r *Remote) People(ctx context.Context) (all []Person, err error) {
	err = r.call(ctx, "people", request{}, &all)
	return all, err
}

// Invite implements Operations.
func (r *Remote) Invite(ctx context.Context, i Invitation) (invited Invited, err error) {
	err = r.call(ctx, "invite", request{Email: i.Email, Name: i.Name, Role: i.Role, Merchant: i.MerchantID, Operator: i.Operator}, &invited)
	return invited, err
}

// SetPersonDisabled implements Operations.
func (r *Remote) SetPersonDisabled(ctx context.Context, email string, disabled bool) (person Person, err error) {
	err = r.call(ctx, "set-person-disabled", request{Email: email, Disabled: disabled}, &person)
	return person, err
}
