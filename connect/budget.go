package connect

import (
	"fmt"
	"maps"
	"net/http"
	"sync"
)

// A Budget counts the calls made, by what they were for, and ends them at a
// most. Attempts count, not only those that succeed: vendors count so too.
type Budget struct {
	Most int // no limit when 0

	mu    sync.Mutex
	total int
	byOp  map[string]int
	ended map[Ending]int
}

// An Ending is how calls for something ended.
type Ending struct {
	Op      string // [Request.Op]
	Outcome string // "ok", "refused", "limited", "failed" or "unreachable"
}

// end counts how a call ended: taken, refused for what it asked (4xx), for its rate
// (429), failed by the vendor (5xx or an answer that can't be read), or not answered.
func (b *Budget) end(op string, failed *Error) {
	outcome := "ok"
	switch {
	case failed == nil:
	case failed.Status == http.StatusTooManyRequests:
		outcome = "limited"
	case failed.Status >= 400 && failed.Status < 500:
		outcome = "refused"
	case failed.Status > 0:
		outcome = "failed"
	default:
		outcome = "unreachable"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil {
		b.ended = map[Ending]int{}
	}
	b.ended[Ending{op, outcome}]++
}

// Endings is how the calls that were made ended.
func (b *Budget) Endings() map[Ending]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.ended)
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
