package overload

import "sync/atomic"

// Budget is an amount of memory that is shared out. The nil budget is
// boundless.
type Budget struct {
	used  atomic.Int64
	limit int64
}

// NewBudget returns a budget of so many bytes; nil when not positive.
func NewBudget(bytes int64) *Budget {
	if bytes <= 0 {
		return nil
	}
	return &Budget{limit: bytes}
}

// Reserve takes bytes of the budget, or none and is false.
func (b *Budget) Reserve(bytes int64) bool {
	if b == nil {
		return true
	}
	if b.used.Add(bytes) > b.limit {
		b.used.Add(-bytes)
		return false
	}
	return true
}

// Release gives back what was reserved.
func (b *Budget) Release(bytes int64) {
	if b != nil {
		b.used.Add(-bytes)
	}
}

// Used is what is reserved now, in bytes.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}
