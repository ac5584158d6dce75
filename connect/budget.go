package connect

import (
	"fmt"
	"maps"
	"sync"
)

// A Budget counts the calls made, by what they were for, and ends them at a
// most. Attempts count, not only those that succeed: vendors count so too.
type Budget struct {
	Most int // no limit when 0

	mu    sync.Mutex
	total int
	byOp  map[string]int
}

// take counts one call, or says that none is left.
func (b *Budget) take(op string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Most > 0 && b.total >= b.Most {
		return fmt.Errorf("the budget of %d calls is used up", b.Most)
	}
	if b.byOp == nil {
		b.byOp = map[string]int{}
	}
	b.total++
	b.byOp[op]++
	return nil
}

// Total is how many calls were made.
func (b *Budget) Total() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total
}

// Counts is how many calls were made, by [Request.Op].
func (b *Budget) Counts() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.byOp)
}
