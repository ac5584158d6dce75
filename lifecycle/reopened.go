package lifecycle

import (
	"context"
	"time"
)

// reopened cancels a run, unless it was delivered or has ended.
func reopened(run *Run, now time.Time) []Move {
	if run.Stage == StageKickoff || run.Stage == StageClosed || run.Stage == StageCancelled {
		return nil
	}
	run.Cancelled = now
	return enter(run, now, us, StageCancelled, "the deal was reopened in the CRM")
}

// Reissue takes what is published to every destination again, after what it shows
// was changed.
func (s *Service) Reissue(ctx context.Context, id, who, why string) error {
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if !run.Published.IsZero() && run.Stage != StageClosed && run.Stage != StageCancelled {
			run.Reissued++
		}
		return []Move{{At: now, Who: who, What: "changed", From: run.Stage, To: run.Stage, Why: why}}, nil
	})
}
