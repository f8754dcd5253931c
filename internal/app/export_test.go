package app

import "github.com/kvitto/kvitto/internal/service"

// HoldCommits puts a test between the service and the store.
func (c *Config) HoldCommits(hold func(service.Committer) service.Committer) { c.holdCommits = hold }

// Advice is what the message says about an address that cannot be had.
func Advice(err error) string { return advice(err) }
