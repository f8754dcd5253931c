package app_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// names are the metrics that a running server shows after one exchange, with
// the series that a histogram or summary is made of, and their types.
func names(t *testing.T) map[string]string {
	t.Helper()
	server := serve(t, app.Config{})
	post(t, http.DefaultClient, server.URL+"/payments/v1/sessions", cart)
	_, text := get(t, server.URL+"/metrics")
	types := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		types[match[1]] = match[2]
		if match[2] == "histogram" || match[2] == "summary" {
			types[match[1]+"_sum"], types[match[1]+"_count"] = "counter", "counter"
		}
		if match[2] == "histogram" {
			types[match[1]+"_bucket"] = "counter"
		}
	}
	return types
}

var metricName = regexp.MustCompile(`\b(?:kvitto|go|process)_[a-z0-9_]+\b`)

// checkExpressions fails for a metric that does not exist, and for a rate over
// something that is no counter.
func checkExpressions(t *testing.T, file string, expressions []string, known map[string]string) (used []string) {
	t.Helper()
	overTime := regexp.MustCompile(`(?:rate|increase)\(([a-z0-9_]+)`)
	for _, expression := range expressions {
		if strings.Count(expression, "(") != strings.Count(expression, ")") || strings.Count(expression, "{") != strings.Count(expression, "}") {
			t.Errorf("%s: brackets do not match: %s", file, expression)
		}
		for _, name := range metricName.FindAllString(expression, -1) {
			if known[name] == "" {
				t.Errorf("%s asks for %s, which the server does not have: %s", file, name, expression)
			}
			used = append(used, name)
		}
		for _, match := range overTime.FindAllStringSubmatch(expression, -1) {
			if known[match[1]] != "counter" {
				t.Errorf("%s: a rate over %s, which is a %s", file, match[1], known[match[1]])
			}
		}
	}
	return used
}

// TestDashboardAndAlertsNameMetricsThatExist, and every metric of ours is on
// the dashboard.
func TestDashboardAndAlertsNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	known := names(t)

	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
		Templating struct{ List []struct{ Query string } }
	}
	text, err := os.ReadFile("../../deploy/grafana/kvitto.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			shown = append(shown, target.Expr)
		}
	}
	if len(shown) < 20 {
		t.Errorf("only %d expressions were read from the dashboard", len(shown))
	}
	for _, variable := range dashboard.Templating.List {
		shown = append(shown, variable.Query)
	}
	used := checkExpressions(t, "the dashboard", shown, known)
	for name, kind := range known {
		ours := strings.HasPrefix(name, "kvitto_") && kind != "histogram"
		part := strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count")
		if ours && !part && !slices.Contains(used, name) && name != "kvitto_session_cache_sessions" {
			t.Errorf("%s is not on the dashboard", name)
		}
	}

	rules, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var alerts []string
	for _, match := range regexp.MustCompile(`(?m)^ +expr: (.+)$`).FindAllStringSubmatch(string(rules), -1) {
		alerts = append(alerts, match[1])
	}
	checkExpressions(t, "alerts.yml", alerts, known)
	for _, key := range []string{"- alert:", "severity:", "summary:", "description:"} {
		if n := strings.Count(string(rules), key); n != len(alerts) || n < 8 {
			t.Errorf("alerts.yml has %d expressions and %d %q", len(alerts), n, key)
		}
	}
}

// TestMetricsAreNamedAsPrometheusAdvises: counters end in _total, nothing else
// does; times are in seconds and sizes in bytes; every metric has a help text.
func TestMetricsAreNamedAsPrometheusAdvises(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	_, text := get(t, server.URL+"/metrics")
	matches := regexp.MustCompile(`(?m)^# HELP (kvitto_\S+) (.*)\n# TYPE \S+ (\S+)$`).FindAllStringSubmatch(text, -1)
	if len(matches) < 20 {
		t.Errorf("only %d metrics were read", len(matches))
	}
	for _, match := range matches {
		name, help, kind := match[1], match[2], match[3]
		if total := strings.HasSuffix(name, "_total"); total != (kind == "counter") || !strings.HasSuffix(help, ".") {
			t.Errorf("%s is a %s with the help %q", name, kind, help)
		}
		if regexp.MustCompile(`_(ms|milliseconds|micros|kb|mb|time)(_|$)`).MatchString(name) {
			t.Errorf("%s is not in base units", name)
		}
	}
}
