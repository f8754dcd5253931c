package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/migration"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// No error tells the password, however the URL is broken.
func TestErrorsKeepThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://kvitto:s3cret@127.0.0.1:1/kvitto?connect_timeout=1",
		"postgres://kvitto:s3cret@127.0.0.1:1/kvitto?sslmode=s3cret",
		"postgres://kvitto:pass%s3cret@127.0.0.1/kvitto",
		"postgres://kvitto:pa:s3cret/word@127.0.0.1/kvitto",
		"postgres://127.0.0.1:port/kvitto?password=s3cret",
		"postgres://127.0.0.1:1/kvitto?pool_max_conns=x&password=s3cret",
		"user=kvitto password=s3cret host=127.0.0.1",
		"mysql://kvitto:s3cret@127.0.0.1/kvitto",
	} {
		_, err := openWith(t.Context(), url, patience{all: 1, each: quickPatience.each})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestForeignSchemasAreRefused(t *testing.T) {
	t.Parallel()
	var newer *migration.NewerError
	var changed *migration.ChangedError
	for name, test := range map[string]struct {
		sql  string
		want any
	}{
		"newer":   {"INSERT INTO requestlog_migrations VALUES (1000, '1000_later.sql', 'x', 1000)", &newer},
		"changed": {"UPDATE requestlog_migrations SET checksum = 'x' WHERE number = 1", &changed},
	} {
		url := pgtest.URL(t)
		if _, err := open(t, url).pool.Exec(t.Context(), test.sql); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), url); !errors.As(err, test.want) {
			t.Errorf("%s: Open gave %v", name, err)
		}
	}
}

// A newer program says whether this one may go on beside it.
func TestNewerSchemaThatIsReadable(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if _, err := open(t, url).pool.Exec(t.Context(), "INSERT INTO requestlog_migrations VALUES (1000, '1000_later.sql', 'x', 1)"); err != nil {
		t.Fatal(err)
	}
	batch := batchOf(noon(1))
	h := open(t, url)
	write(t, h, batch)
	if diff := cmp.Diff(idsOf(batch), ids(t, h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
