package app

import (
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/risk"
)

// withOperators asks the operator's own assessor after the rules, where there is
// one.
func (a *App) withOperators(rules risk.Assessor, metrics *metrics) (risk.Assessor, error) {
	own := a.config.Assessor
	if own.URL == "" {
		return rules, nil
	}
	policy := outbound.Playground
	if a.config.Production {
		policy = outbound.Policy{Allow: own.Networks, Setting: "assessor.allow_networks"}
	}
	made, err := assessor.New(assessor.Options{
		Rules: rules, URL: own.URL, Secret: own.Secret, Timeout: own.Timeout, Fallback: own.Fallback, Policy: policy,
		NewID: identifier.New, Now: a.config.SystemTime, Logger: a.config.Logger, Observe: metrics.question,
	})
	if err != nil {
		return nil, fmt.Errorf("assessor: %w", err)
	}
	a.closers = append(a.closers, func() error { made.Close(); return nil })
	return made, nil
}

// question counts one to the operator's assessor.
func (m *metrics) question(result assessor.Result, took time.Duration) {
	m.questions.WithLabelValues(string(result)).Inc()
	if result != assessor.ResultPaused {
		m.questionDurations.Observe(took.Seconds())
	}
}
