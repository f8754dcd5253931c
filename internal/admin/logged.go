package admin

import (
	"context"
	"log/slog"
)

// Logged leaves a line for every change in the log of the server: the id of the
// merchant and the user name of the key, never a password and no other name.
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
