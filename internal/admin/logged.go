package admin

import (
	"context"
	"log/slog"
)

// Logged leaves a line for every change in the log of the server: the id of the
// merchant and the user name of the key, the id of a person, never a password, a link or another name.
type Logged struct {
	Operations
	Logger *slog.Logger
}

// AddMerchant implements Operations.
func (l Logged) AddMerchant(ctx context.Context, name string) (Merchant, error) {
	merchant, err := l.Operations.AddMerchant(ctx, name)
	if err == nil {
		l.Logger.InfoContext(ctx, "merchant added", "merchant_id", merchant.ID)
	}
	return merchant, err
}

// SetDisabled implements Operations.
func (l Logged) SetDisabled(ctx context.Context, merchantID string, disabled bool) (Merchant, error) {
	merchant, err := l.Operations.SetDisabled(ctx, merchantID, disabled)
	if err == nil {
		said := "merchant enabled"
		if disabled {
			said = "merchant disabled"
		}
		l.Logger.InfoContext(ctx, said, "merchant_id", merchant.ID)
	}
	return merchant, err
}

// CreateKey implements Operations.
func (l Logged) CreateKey(ctx context.Context, merchantID string) (Key, error) {
	key, err := l.Operations.CreateKey(ctx, merchantID)
	if err == nil {
		l.Logger.InfoContext(ctx, "key created", "merchant_id", key.MerchantID, "username", key.Username)
	}
	return key, err
}

// RevokeKey implements Operations.
func (l Logged) RevokeKey(ctx context.Context, username string) error {
	err := l.Operations.RevokeKey(ctx, username)
	if err == nil {
		l.Logger.InfoContext(ctx, "key revoked", "username", username)
	}
	return err
}

// Invite implements Operations.
func (l Logged) Invite(ctx context.Context, invitation Invitation) (Invited, error) {
	invited, err := l.Operations.Invite(ctx, invitation)
	if err == nil {
		l.Logger.InfoContext(ctx, "link made", "person_id", invited.ID, "merchant_id", invited.MerchantID, "role", invited.Role)
	}
	return invited, err
}

// SetPersonDisabled implements Operations.
func (l Logged) SetPersonDisabled(ctx context.Context, email string, disabled bool) (Person, error) {
	person, err := l.Operations.SetPersonDisabled(ctx, email, disabled)
	if err == nil {
		said := "person enabled"
		if disabled {
			said = "person disabled"
		}
		l.Logger.InfoContext(ctx, said, "person_id", person.ID)
	}
	return person, err
}
