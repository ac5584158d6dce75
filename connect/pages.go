package connect

import (
	"context"
	"errors"
	"iter"
)

// ErrCursorLoop says that a vendor answered with a cursor it had given before.
var ErrCursorLoop = errors.New("the vendor's paging goes in a circle")

// Pages yields the records of all pages, fetching each page as it is reached.
// Fetch gets the cursor of the page it shall bring, empty for the first, and
// returns the next one's, empty after the last. An error ends the iteration, as
// its last element.
func Pages[T any](ctx context.Context, fetch func(ctx context.Context, cursor string) (page []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := map[string]bool{}
		for cursor := ""; ; {
			page, next, err := fetch(ctx, cursor)
			if err != nil {
				yield(none, err)
				return
			}
			for _, record := range page {
				if !yield(record, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			if seen[next] {
				yield(none, ErrCursorLoop)
				return
			}
			seen[next] = true
			cursor = next
		}
	}
}
