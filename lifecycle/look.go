package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// nextLook is when a deal is looked at again that has been collected: for the last
// time shortly before the CSM is reminded of the kickoff, which may have moved.
func (r Rules) nextLook(run Run, now time.Time) time.Time {
	next := now.Add(r.LookEvery)
	if run.Kickoff.IsZero() || len(r.BeforeKickoff) == 0 {
		return next
	}
	const shortly = 15 * time.Minute
	last := run.Kickoff.Add(-slices.Min(r.BeforeKickoff) - shortly)
	if last.After(now) && last.Before(next) {
		return last
	}
	return next
}

// Changed has a deal looked at again whose record was changed: the kickoff may have
// moved, or somebody else have the account. at is when it was changed, by the CRM's
// clock. Whatever already asks the CRM what was won tells of it, so that it costs no
// call where nothing changed; looks lie [Rules.CollectEvery] apart, so that a record
// that is edited all day costs few. Telling the same change again does nothing.
func (s *Service) Changed(ctx context.Context, deal string, at time.Time) error {
	runs, err := s.Store.RunsOf(ctx, deal)
	if err != nil {
		return fmt.Errorf("finding the runs of %s: %w", deal, err)
	}
	now := s.Now()
	for _, run := range runs {
		if !looks(run) || !at.After(run.Changed) {
			continue
		}
		err := s.act(ctx, run.ID, func(run *Run) ([]Move, error) {
			if !looks(*run) || !at.After(run.Changed) {
				return nil, nil
			}
			run.Changed = at
			if !run.Collected.IsZero() {
				s.Rules.lookSoon(run, now)
			}
			return nil, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// looks reports whether the run's deal is still looked at.
func looks(run Run) bool {
	return !run.Quiet && run.Stage != StageKickoff && run.Stage != StageClosed && run.Stage != StageCancelled
}

// lookSoon brings the next look forward to as soon as there may be one.
func (r Rules) lookSoon(run *Run, now time.Time) {
	soon := run.Looked.Add(r.CollectEvery)
	if soon.Before(now) {
		soon = now
	}
	if soon.Before(run.NextCollection) {
		run.NextCollection = soon
	}
}
