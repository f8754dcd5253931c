package app

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// outcome is what an exchange ended as; there are some dozens of them.
type outcome struct {
	operation string
	status    int
}

// outcomeMetrics are the metrics of an outcome. Finding them by their labels
// costs more than counting.
type outcomeMetrics struct {
	count    prometheus.Counter
	duration prometheus.Observer
}

// outcomes are those that were met.
type outcomes struct {
	mu  sync.RWMutex
	met map[outcome]outcomeMetrics
}

func (m *metrics) of(operation string, status int) outcomeMetrics {
	key := outcome{operation, status}
	m.outcomes.mu.RLock()
	found, ok := m.outcomes.met[key]
	m.outcomes.mu.RUnlock()
	if ok {
		return found
	}
	found = outcomeMetrics{
		count:    m.exchanges.WithLabelValues(operation, strconv.Itoa(status)),
		duration: m.durations.WithLabelValues(operation),
	}
	m.outcomes.mu.Lock()
	defer m.outcomes.mu.Unlock()
	if m.outcomes.met == nil {
		m.outcomes.met = map[outcome]outcomeMetrics{}
	}
	m.outcomes.met[key] = found
	return found
}
