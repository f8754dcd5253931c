package app

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// errRealStore: a playground would let anybody in.
var errRealStore = errors.New("the store has merchants that were added with kvitto merchant add; a playground would open it to anybody\n" +
	"start it with kvitto serve, or give kvitto dev a store of its own with --data or --store")

// refuseRealStore keeps a playground out of the store of a server for shops.
// It looks before anything is made or migrated.
func refuseRealStore(ctx context.Context, url string) error {
	named, err := hasNamedMerchants(ctx, url)
	if err == nil && named {
		return errRealStore
	}
	return err
}

func hasNamedMerchants(ctx context.Context, url string) (bool, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		database := filesOf(rest).database
		// Opening makes what is missing, and says what is wrong with the rest.
		if info, err := os.Stat(database); err != nil || !info.Mode().IsRegular() {
			return false, nil
		}
		return sqlite.HasNamedMerchants(ctx, database)
	case "postgres", "postgresql":
		return postgres.HasNamedMerchants(ctx, url)
	default:
		return false, nil
	}
}
