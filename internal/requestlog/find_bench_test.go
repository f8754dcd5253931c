package requestlog

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/identifier"
)

var stored = flag.Int("stored", 100_000, "exchanges in the log of BenchmarkFind")

// BenchmarkFind measures finding one exchange of many: a success, a refusal, an
// id that is nowhere, and the exchanges of a session. One of fifty is a refusal,
// a session has ten exchanges, and 200 come in a second.
func BenchmarkFind(b *testing.B) {
	for name, newHome := range homes {
		b.Run(name, func(b *testing.B) {
			l := placeAt(newHome(b))(b, Options{})
			ids, sessions := fill(b, l, *stored)
			ctx := context.Background()
			find := func(offset, step int) func(int) error {
				return func(n int) error {
					_, err := l.Find(ctx, "m1", ids[(n*7919*step+offset)%len(ids)])
					return err
				}
			}
			for _, test := range []struct {
				name string
				find func(n int) error
			}{
				{"success", find(1, 50)},
				{"refusal", find(0, 50)},
				{"nowhere", func(n int) error {
					_, err := l.Find(ctx, "m2", ids[n*7919%len(ids)])
					if errors.Is(err, ErrNotFound) {
						return nil
					}
					return fmt.Errorf("found another merchant's: %w", err)
				}},
				{"session", func(n int) error {
					found, err := l.OfSession(ctx, "m1", sessions[n*7919%len(sessions)], Bounds{})
					if err == nil && len(found) != 10 {
						return fmt.Errorf("%d exchanges were found", len(found))
					}
					return err
				}},
			} {
				b.Run(test.name, func(b *testing.B) {
					for n := 0; b.Loop(); n++ {
						if err := test.find(n); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

// fill records exchanges of several days and returns their ids and sessions.
func fill(b *testing.B, l *Log, count int) (ids, sessions []string) {
	b.Helper()
	at := noon(1)
	for n := range count {
		at = at.Add(5 * time.Millisecond)
		if n%1000 == 0 {
			at = noon(1).AddDate(0, 0, 7*n/count).Add(time.Duration(n) * 5 * time.Millisecond)
			for range 100 {
				sessions = append(sessions, identifier.New(at))
			}
		}
		e := Exchange{
			CorrelationID: identifier.New(at), MerchantID: "m1", At: at, Status: 204, RequestBody: shopBody(3, n),
			SessionID: sessions[len(sessions)-100+n%100],
		}
		if n%50 == 0 {
			e.Status = 400
		}
		ids = append(ids, e.CorrelationID)
		if err := l.Record(context.Background(), e); err != nil {
			b.Fatal(err)
		}
		if n%2000 == 1999 {
			if err := l.flush(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := l.flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	return ids, sessions
}
