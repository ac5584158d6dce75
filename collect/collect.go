// Package collect gathers one deal from the connected systems into a folder,
// which package folder reads. The CRM comes first, since its record tells where
// the rest is; then the other systems are asked side by side, and what one of
// them can't give holds back none of the others.
//
// A folder is replaced as a whole, or stays as it was. What the systems gave
// stands in it beside files that people put there or changed themselves, which are
// left alone; [File] tells them apart, and what could not be read.
package collect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"throughline/connect"
)

// A CRM holds the deal's record.
type CRM interface {
	// Collect saves what the CRM holds of the deal with the id below dir, and
	// says what it could not read. It errs where nothing could be.
	Collect(ctx context.Context, id, dir string) (*connect.Record, []connect.Gap, error)
}

// A System holds more of a deal: calls, messages, pages.
type System interface {
	// Collect saves what the system holds of the deal below dir, and says what it
	// could not read. It errs where nothing could be.
	Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error)
}

// Named is something under the name that people call it: "Gong".
type Named[T any] struct {
	Name string
	It   T
}

// A Result is what became of gathering a deal.
type Result struct {
	Record *connect.Record
	State
}

// Pending reports whether something is expected to be there later, so that the
// deal is worth gathering again.
func (r *Result) Pending() bool {
	return slices.ContainsFunc(r.Gaps, func(g connect.Gap) bool { return g.Pending })
}

// Deal gathers the deal with the CRM's id into the folder dir, which is made
// where it is not there. Gathered again, the folder holds what the systems hold
// now, and nothing of what they no longer do. It errs, and leaves the folder as
// it was, where the CRM can't be read, or dir holds something else than this
// deal. A system that can't be read is a gap.
func Deal(ctx context.Context, crm Named[CRM], systems []Named[System], id, dir string, now time.Time) (*Result, error) {
	place, err := open(dir, 1+len(systems), now)
	if err != nil {
		return nil, fmt.Errorf("gathering the deal into %s: %w", dir, err)
	}
	defer place.close()

	record, gaps, err := crm.It.Collect(ctx, id, place.part(0))
	if err != nil {
		return nil, err
	}
	if was := place.before; was != nil && was.Opportunity != record.ID {
		return nil, fmt.Errorf("%s holds another deal, that of %s: name another directory", dir, was.Opportunity)
	}
	parts := make([][]connect.Gap, 1+len(systems))
	parts[0] = gaps
	var working sync.WaitGroup
	for i, s := range systems {
		working.Go(func() { parts[1+i] = place.collect(ctx, s, record, 1+i) })
	}
	working.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("gathering the deal: %w", err)
	}

	state := State{Schema: Schema, Opportunity: record.ID, At: now.UTC(), Sums: map[string]string{}, Gaps: append([]connect.Gap{}, slices.Concat(parts...)...)}
	names := []string{crm.Name}
	for _, s := range systems {
		names = append(names, s.Name)
	}
	if err := place.assemble(&state, names); err != nil {
		return nil, fmt.Errorf("gathering the deal into %s: %w", dir, err)
	}
	return &Result{Record: record, State: state}, nil
}

// collect asks one system. What it had saved when it failed does not count.
func (p *place) collect(ctx context.Context, s Named[System], r *connect.Record, part int) []connect.Gap {
	gaps, err := s.It.Collect(ctx, r, p.part(part))
	if err == nil {
		return gaps
	}
	gap := connect.Gap{System: s.Name, What: "nothing could be read: " + err.Error()}
	var known *connect.Error
	if errors.As(err, &known) {
		gap.Pending = known.Temporary
	}
	if err := os.RemoveAll(p.part(part)); err != nil {
		gap.What += "; what it had given before that could not be removed: " + err.Error()
	}
	return append(gaps, gap)
}

// Find is what an earlier [Deal] left in a folder; nil where none did.
func Find(dir string) (*State, error) { return readState(filepath.Join(dir, File)) }
