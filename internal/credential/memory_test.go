package credential_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

// TestCredentialsOfStrangersTakeNoMemory: what is remembered of a user name
// holds on to nothing of the header it came in, and a password that cannot be
// one of ours is not looked up.
func TestCredentialsOfStrangersTakeNoMemory(t *testing.T) {
	finder := &countingFinder{}
	a, err := credential.NewAuthenticator(finder, nil)
	if err != nil {
		t.Fatal(err)
	}
	const strangers, header = 3000, 64 << 10
	before := heap()
	for range strangers {
		decoded := identifier.New(time.Now()) + ":" + strings.Repeat("x", header)
		if _, err := a.Authenticate(t.Context(), decoded[:36], decoded[37:37+200]); !errors.Is(err, credential.ErrRefused) {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > strangers*header/10 {
		t.Errorf("%d strangers left %d bytes behind", strangers, grown)
	}
	if asked := finder.asked.Load(); asked != strangers {
		t.Errorf("the store was asked %d times, want %d", asked, strangers)
	}
	if _, err := a.Authenticate(t.Context(), identifier.New(time.Now()), strings.Repeat("x", header)); !errors.Is(err, credential.ErrRefused) {
		t.Error(err)
	}
	if asked := finder.asked.Load(); asked != strangers {
		t.Error("a password of 64 KiB was looked up")
	}
}

// countingFinder knows nobody.
type countingFinder struct{ asked atomic.Int64 }

func (f *countingFinder) Credential(context.Context, string) (store.Key, store.Merchant, error) {
	f.asked.Add(1)
	return store.Key{}, store.Merchant{}, store.ErrNotFound
}

// heap is what is reachable, in bytes.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
