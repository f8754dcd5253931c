package service

import (
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// callback is the message that goes into the outbox with a change, nil for
// none. It is made anew for every attempt to commit: only one of them succeeds.
func (s *Service) callback(session *checkout.Session, event *checkout.Event) *store.Callback {
	if s.CallbackBody == nil {
		return nil
	}
	caused, ok := checkout.CallbackOf(session, event)
	if !ok {
		return nil
	}
	return &store.Callback{ID: s.NewID(event.At), Kind: caused.Kind, URL: caused.URL, Body: s.CallbackBody(&caused), DueAt: event.At.Add(caused.Delay)}
}
