package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
)

// replayDesk is where an operator replays the assessments of all merchants.
type replayDesk struct{ checkouts *service.Service }

// Replay implements admin.ReplayDesk.
func (d replayDesk) Replay(ctx context.Context, asked admin.ReplayQuestion, line func([]byte) error) error {
	rules, err := api.SentRules([]byte(asked.Rules), asked.Lists)
	var refusal *checkout.Refusal
	if errors.As(err, &refusal) && len(refusal.Violations) > 0 {
		first := refusal.Violations[0]
		return fmt.Errorf("the rules cannot be used here: %s: %s\nis the server another version? see: kvitto rules check", first.Path, first.Hint)
	} else if err != nil {
		return err
	}
	replay, err := d.checkouts.Replay(service.ReplayQuestion{
		MerchantID: asked.Merchant, After: asked.After, From: asked.From, To: asked.To, Limit: asked.Limit})
	if errors.As(err, &refusal) {
		return errors.New(refusal.Reason)
	} else if err != nil {
		return err
	}
	return api.ReplayLines(ctx, replay, rules, error.Error, line)
}
