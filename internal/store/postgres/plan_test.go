package postgres_test

import (
	"fmt"
	"regexp"
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
