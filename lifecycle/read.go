package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Reader is a person who read the handoff, and when last.
type Reader struct {
	Who string // an email address
	At  time.Time
}

// Read notes that a person read the handoff, once a day by UTC: however often it
// is opened, the audit trail stays readable.
func (s *Service) Read(ctx context.Context, id, who string) error {
	now := s.Now()
	run, err := s.Store.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	if readToday(run, who, now) {
		return nil
	}
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if readToday(*run, who, now) {
			return nil, nil
		}
		run.Readers = slices.DeleteFunc(slices.Clone(run.Readers), func(r Reader) bool { return r.Who == who })
		run.Readers = append(run.Readers, Reader{Who: who, At: now})
		return []Move{{At: now, Who: who, What: "read", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("version %d", run.Version)}}, nil
	})
}

func readToday(run Run, who string, now time.Time) bool {
	const day = time.DateOnly
	return slices.ContainsFunc(run.Readers, func(r Reader) bool {
		return r.Who == who && r.At.UTC().Format(day) == now.UTC().Format(day)
	})
}
