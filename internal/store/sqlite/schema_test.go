package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
)

// seededStore is a raw connection to a store with a session, number 1, and its
// first revision.
func seededStore(t *testing.T) *connection {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kvitto.db")
	closedStore(t, path)
	conn, err := connect(path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := conn.exec(pragmas); err != nil {
		t.Fatal(err)
	}
	return conn
}

const insertOrder = `INSERT INTO orders (session, order_id, authorization_token, merchant_id, created_at,
	authorized, captured, released, refunded) VALUES `

func TestTheSchemaRefusesALedgerThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	conn := seededStore(t)
	for name, amounts := range map[string]string{
		"captured more than authorized":              `100, 101, 0, 0`,
		"released more than authorized":              `100, 0, 101, 0`,
		"captured and released more than authorized": `100, 60, 41, 0`,
		"refunded more than captured":                `100, 60, 0, 61`,
		"a negative sum":                             `-1, 0, 0, 0`,
		"a negative capture":                         `100, -1, 0, 0`,
		"a negative release":                         `100, 0, -1, 0`,
		"a negative refund":                          `100, 60, 0, -1`,
		"a sum that is not whole":                    `100.5, 0, 0, 0`,
		"a sum beyond 64 bits":                       `9223372036854775808, 0, 0, 0`,
		"no sum":                                     `NULL, 0, 0, 0`,
	} {
		err := conn.exec(insertOrder + `(1, zeroblob(16), zeroblob(16), 'M1', 0, ` + amounts + `)`)
		if !isRefused(err) {
			t.Errorf("%s: got %v, want the schema's refusal", name, err)
		}
	}
	if err := conn.exec(insertOrder + `(1, zeroblob(16), zeroblob(16), 'M1', 0, 100, 60, 40, 60)`); err != nil {
		t.Fatalf("a ledger to its limits: %v", err)
	}
	for _, broken := range []string{
		`captured = captured + 1`, `released = released + 1`, `refunded = refunded + 1`, `authorized = authorized - 1`,
	} {
		if err := conn.exec(`UPDATE orders SET ` + broken); !isRefused(err) {
			t.Errorf("%s: got %v, want the schema's refusal", broken, err)
		}
	}
}

func TestTheSchemaRefusesWhatTheStoreNeverWrites(t *testing.T) {
	t.Parallel()
	conn := seededStore(t)
	if err := conn.exec(insertOrder + `(1, zeroblob(16), zeroblob(16), 'M1', 0, 1, 0, 0, 0)`); err != nil {
		t.Fatal(err)
	}
	for name, sql := range map[string]string{
		"a session id that is no UUID": `INSERT INTO sessions VALUES (NULL, x'00', 'M1', 't', 0)`,
		"a session id that is text":    `INSERT INTO sessions VALUES (NULL, '0123456789abcdef', 'M1', 't', 0)`,
		"a session twice":              `INSERT INTO sessions SELECT NULL, session_id, 'M1', 't', 0 FROM sessions`,
		"a second order of a session":  insertOrder + `(1, randomblob(16), randomblob(16), 'M1', 0, 1, 0, 0, 0)`,
		"an order of no session":       insertOrder + `(2, randomblob(16), randomblob(16), 'M1', 0, 1, 0, 0, 0)`,
		"a head of no session":         `INSERT INTO heads VALUES (2, 1, 1)`,
		"a second head":                `INSERT INTO heads VALUES (1, 2, 1)`,
		"a second marker":              `INSERT INTO heads_flushed VALUES (2, 0)`,
		"a marker in its place":        `INSERT INTO heads_flushed VALUES (1, 0)`,
		"a revision of no session":     `INSERT INTO revisions (session, revision, at, kind, state) VALUES (2, 1, 0, 'created', x'')`,
		"a revision 0":                 `INSERT INTO revisions (session, revision, at, kind, state) VALUES (1, 0, 0, 'created', x'')`,
		"a revision 2 of nothing":      `INSERT INTO revisions (session, revision, at, kind, state) VALUES (1, 2, 0, 'updated', x'')`,
		"a revision without a state":   `INSERT INTO revisions (session, revision, at, kind) VALUES (1, 1, 0, 'created')`,
		"a token of no session":        `INSERT INTO authorizations VALUES (zeroblob(16), 2, 0)`,
		"a clock of no merchant":       `INSERT INTO clocks VALUES ('nobody', 1)`,
	} {
		if err := conn.exec(sql); !isRefused(err) {
			t.Errorf("%s: got %v, want the schema's refusal", name, err)
		}
	}
	second := `INSERT INTO sessions VALUES (2, randomblob(16), 'M1', 't', 0);`
	for name, sql := range map[string]string{
		"an order id twice":        `(2, zeroblob(16), randomblob(16), 'M1', 0, 1, 0, 0, 0)`,
		"an authorization's 2nd":   `(2, randomblob(16), zeroblob(16), 'M1', 0, 1, 0, 0, 0)`,
		"an order with a short id": `(2, x'0102', randomblob(16), 'M1', 0, 1, 0, 0, 0)`,
	} {
		err := conn.exec(`BEGIN; ` + second + insertOrder + sql)
		if !isRefused(err) {
			t.Errorf("%s: got %v, want the schema's refusal", name, err)
		}
		if err := conn.exec(`ROLLBACK`); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryTableIsStrict(t *testing.T) {
	t.Parallel()
	conn := seededStore(t)
	q, err := conn.prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	var loose []string
	for q.row() {
		loose = append(loose, q.columnText(0))
	}
	if err := q.reset(); err != nil || len(loose) > 0 {
		t.Errorf("%s not strict, %v", strings.Join(loose, ", "), err)
	}
}

func TestTheConnectionsAreSetUpToBeDurable(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	for pragma, want := range map[string]int64{
		"synchronous": 2, "foreign_keys": 0, "busy_timeout": busyTimeout.Milliseconds(), "page_size": pageSize,
		"wal_autocheckpoint": 0, "application_id": applicationID,
	} {
		if got, err := queryInteger(engine.writer.conn, `PRAGMA `+pragma); err != nil || got != want {
			t.Errorf("%s = %d, %v; want %d", pragma, got, err, want)
		}
	}
	wal, err := queryInteger(engine.writer.conn, `SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'`)
	if err != nil || wal != 1 {
		t.Errorf("the journal mode is not WAL, %v", err)
	}
}
