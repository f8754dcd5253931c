package main

import (
	"context"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/rawhttp"
)

// patience is how long a client waits for an answer.
const patience = 30 * time.Second

// dial connects a client that does not wait for ever.
func dial(ctx context.Context, address string) (*rawhttp.Connection, error) {
	c, err := rawhttp.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
