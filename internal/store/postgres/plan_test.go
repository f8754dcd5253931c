package postgres_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestStatementsLookUpByKey: a connection keeps the plan it made when the
// tables were empty while they grow, so that plan must be the right one.
func TestStatementsLookUpByKey(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"newest schema": migrated(t), "schema before": before(t)} {
		conn := observe(t, url)
		execute(t, conn, `SET plan_cache_mode = force_generic_plan`)
		for what, sql := range postgres.PaymentStatements {
			prepared := strings.ReplaceAll(what, " ", "_")
			execute(t, conn, "PREPARE "+prepared+" AS "+sql)
			plan := explain(t, conn, prepared, parametersOf(sql))
			if scans := regexp.MustCompile(`Seq Scan on \w+`).FindAllString(plan, -1); len(scans) > 0 || !strings.Contains(plan, "Index") {
				t.Errorf("%s, %s: %q\n%s", name, what, scans, plan)
			}
			// What is looked up together is looked up one by one, each at the end
			// of its range of the key.
			if regexp.MustCompile(`Sort|Hash|Merge`).MatchString(plan) && strings.HasPrefix(sql, "SELECT wanted.") {
				t.Errorf("%s, %s:\n%s", name, what, plan)
			}
		}
	}
}

// TestALookForWhatIsDueReadsNothingThatIsNot: every process looks each second, and
// pushes wait by the hundred thousand for two hours. Plans are those that a
// connection makes for any parameters, before and after statistics.
func TestALookForWhatIsDueReadsNothingThatIsNot(t *testing.T) {
	t.Parallel()
	conn := observe(t, migrated(t))
	const waiting = 5000
	look := func(when string, want int) {
		for name, due := range postgres.DueLooks {
			execute(t, conn, "PREPARE "+name+" AS "+due.SQL)
			plan := analyze(t, conn, name, due.Parameters)
			if read := rowsRead(t, plan); read > want {
				t.Errorf("%s, %s: %d rows are read, want at most %d\n%s", name, when, read, want, plan)
			}
			execute(t, conn, "DEALLOCATE "+name)
		}
	}
	execute(t, conn, `SET plan_cache_mode = force_generic_plan`)
	execute(t, conn, fmt.Sprintf(`INSERT INTO callbacks (callback_id, session_id, revision, created_at, due_at, state, kind, merchant_id, url, body)
		SELECT gen_random_uuid(), gen_random_uuid(), 1, 1, 3600000 + n, 'waiting', 'push', 'm', '', '' FROM generate_series(1, %d) n`, waiting))
	execute(t, conn, fmt.Sprintf(`INSERT INTO reviews (order_id, session_id, revision, placed_at, due_at, amount, waiting, merchant_id, currency, state, claimed_by)
		SELECT gen_random_uuid(), gen_random_uuid(), 1, 1, 3600000 + n, 1, true, 'm', 'EUR', 'open', '' FROM generate_series(1, %d) n`, waiting))
	look("without statistics", 0)
	execute(t, conn, `ANALYZE callbacks; ANALYZE reviews`)
	look("with statistics", 0)
	// A few that are due are read, each with what goes before it.
	execute(t, conn, `UPDATE callbacks SET due_at = 1 WHERE due_at <= 3600003; UPDATE reviews SET due_at = 1 WHERE due_at <= 3600003`)
	look("with three due", 40)
}

// analyze runs a statement and tells what its plan did.
func analyze(t *testing.T, conn *pgx.Conn, prepared, parameters string) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), fmt.Sprintf("EXPLAIN (ANALYZE, TIMING OFF) EXECUTE %s (%s)", prepared, parameters), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", prepared, err)
	}
	return strings.Join(lines, "\n")
}

// rowsRead counts the rows that the scans of an analyzed plan took from tables and
// indexes, those among them that were thrown away.
func rowsRead(t *testing.T, plan string) (read int) {
	t.Helper()
	scan := regexp.MustCompile(`(?s)Scan [^\n]*\b(?:callbacks|reviews|orders)\w*\b[^\n]*\(actual rows=([0-9]+) loops=([0-9]+)\)|Rows Removed by Filter: ([0-9]+)`)
	for _, found := range scan.FindAllStringSubmatch(plan, -1) {
		numbers := [3]int{}
		for i, digits := range found[1:] {
			if digits != "" {
				n, err := strconv.Atoi(digits)
				if err != nil {
					t.Fatal(err)
				}
				numbers[i] = n
			}
		}
		read += numbers[0]*numbers[1] + numbers[2]
	}
	return read
}

func explain(t *testing.T, conn *pgx.Conn, prepared string, parameters int) string {
	t.Helper()
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", parameters), ", ")
	rows, err := conn.Query(t.Context(), fmt.Sprintf("EXPLAIN EXECUTE %s (%s)", prepared, nulls), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", prepared, err)
	}
	return strings.Join(lines, "\n")
}

// parametersOf counts $1, $2 and so on.
func parametersOf(sql string) int {
	n := 0
	for strings.Contains(sql, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	return n
}
