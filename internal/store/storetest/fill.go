package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// fillSession gives every property at every depth a value of its own, found by
// reflection: a property added to the domain is covered from that moment. What
// a store keys on, keeps once a session or asserts stays as it must be.
func fillSession(t *testing.T, s *checkout.Session) {
	t.Helper()
	was := *s
	fill(t, s)
	s.ID, s.MerchantID, s.ClientToken, s.CreatedAt, s.Revision = was.ID, was.MerchantID, was.ClientToken, was.CreatedAt, was.Revision
	s.Authorization.Token, s.Authorization.State = was.Authorization.Token, was.Authorization.State
	s.CustomerToken.ID, s.CustomerToken.AuthorizationToken = newID(), was.Authorization.Token
	s.Order.ID, s.Order.AuthorizationToken, s.Order.FraudStatus = was.Order.ID, was.Order.AuthorizationToken, checkout.FraudPending
	s.Order.Ledger = checkout.Ledger{Authorized: 1000, Captured: 700, Released: 300, Refunded: 200}
}

// fillEvent is fillSession for an event.
func fillEvent(t *testing.T, e *checkout.Event) {
	t.Helper()
	was := *e
	fill(t, e)
	// Who took a step is known of a review's steps only, and from the session.
	e.Kind, e.AuthorizationToken, e.OrderID, e.By = was.Kind, was.AuthorizationToken, was.OrderID, was.By
}

// fill sets every exported field that target reaches to something that is not
// its zero value and not the value of its neighbours.
func fill[T any](t *testing.T, target *T) {
	t.Helper()
	f := filling{t: t}
	f.value(reflect.ValueOf(target).Elem(), reflect.TypeFor[T]().Name())
}

type filling struct {
	t    *testing.T
	next int64
}

func (f *filling) value(v reflect.Value, path string) {
	f.t.Helper()
	f.next++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(dawn.Add(time.Duration(f.next) * 60_001 * time.Millisecond)))
		return
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		v.SetInt(f.next * int64(time.Millisecond))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(path)
	case reflect.Int, reflect.Int64:
		v.SetInt(f.next)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.value(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.value(v.Index(0), path+"[0]")
		f.value(v.Index(1), path+"[1]")
	case reflect.Struct:
		for i := range v.NumField() {
			f.value(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	default:
		f.t.Fatalf("%s is a %s: teach storetest's filling this kind", path, v.Type())
	}
}
