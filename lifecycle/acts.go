package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"throughline/connect"
)

// Detected starts the run of a win, once, however often it is told of it.
func (s *Service) Detected(ctx context.Context, deal connect.Record, won time.Time, again, quiet bool) (Run, bool, error) {
	now := s.Now()
	run := Run{ID: RunID(deal.ID, won), Stage: StageDetected, Deal: deal, Won: won, Again: again, Quiet: quiet, Detected: now, NextCollection: now}
	why := "the CRM has it as won"
	if again {
		why = "the CRM has it as won again, after it was moved back"
	}
	made, err := s.Store.Create(ctx, run, Move{At: now, Who: us, What: string(StageDetected), To: StageDetected, Why: why}, s.Rules.Plan(run))
	if err != nil {
		return run, false, fmt.Errorf("starting the run of %s: %w", deal.ID, err)
	}
	return run, made, nil
}

// Reopened cancels what runs of a deal that is no longer won. A run whose kickoff
// has been is left: it was delivered.
func (s *Service) Reopened(ctx context.Context, opportunity string, at time.Time) error {
	runs, err := s.Store.RunsOf(ctx, opportunity)
	if err != nil {
		return fmt.Errorf("finding the runs of %s: %w", opportunity, err)
	}
	now := s.Now()
	for _, run := range runs {
		if run.Won.After(at) {
			continue
		}
		err := s.act(ctx, run.ID, func(run *Run) ([]Move, error) {
			return reopened(run, now), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErrTooLate and ErrTooEarly say that an act does not fit the run's stage.
var (
	ErrTooEarly = errors.New("the handoff is not published yet")
	ErrTooLate  = errors.New("the run has ended")
)

// Accept is the CSM's word that the handoff is understood. Accepting again
// changes nothing, but that a newer version may be accepted.
func (s *Service) Accept(ctx context.Context, id, who string) error {
	return s.AcceptVersion(ctx, id, who, 0)
}

// ErrMovedOn says that a newer version came out than the one that was looked at.
var ErrMovedOn = errors.New("a newer version has come out")

// AcceptVersion is [Service.Accept] of the version that the CSM looked at; 0 is
// whichever is published. It errs with [ErrMovedOn] where that is another by now:
// nobody accepts what they have not seen.
func (s *Service) AcceptVersion(ctx context.Context, id, who string, version int) error {
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		switch {
		case run.Stage == StageCancelled || run.Stage == StageClosed:
			return nil, ErrTooLate
		case run.Published.IsZero():
			return nil, ErrTooEarly
		case version != 0 && version != run.PublishedVersion:
			return nil, ErrMovedOn
		case !run.Accepted.IsZero() && run.AcceptedVersion == run.PublishedVersion:
			return nil, nil
		}
		if run.Stage == StageReturned {
			run.Answered = now // by the CSM's own second look
		}
		run.Accepted, run.AcceptedBy, run.AcceptedVersion, run.AcceptedFor = now, who, run.PublishedVersion, s.Rules.csm(*run).Email
		why := fmt.Sprintf("version %d", run.PublishedVersion)
		if run.Stage == StageKickoff {
			return []Move{{At: now, Who: who, What: string(StageAccepted), From: run.Stage, To: run.Stage, Why: why}}, nil
		}
		return enter(run, now, who, StageAccepted, why), nil
	})
}

// Return gives the handoff back to the AE, who is asked with a clock.
func (s *Service) Return(ctx context.Context, id, who string, reason Reason, note string) error {
	if _, ok := reasons[reason]; !ok {
		return fmt.Errorf("no such reason as %q: name one of missing_context, unclear, incorrect, wrong_csm", reason)
	}
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		switch {
		case run.Stage == StageCancelled || run.Stage == StageClosed || run.Stage == StageKickoff:
			return nil, ErrTooLate
		case run.Published.IsZero():
			return nil, ErrTooEarly
		case run.Stage == StageReturned:
			return nil, nil
		}
		run.Returns++
		run.Returned, run.ReturnReason, run.ReturnNote, run.Answered = now, reason, note, time.Time{}
		run.Accepted, run.AcceptedBy, run.AcceptedVersion, run.AcceptedFor = time.Time{}, "", 0, ""
		return enter(run, now, who, StageReturned, string(reason)), nil
	})
}

// SetKickoff sets the kickoff by hand; what the CRM says later does not move it. One
// whose time has come may still be moved, until it is known to have been.
func (s *Service) SetKickoff(ctx context.Context, id, who string, at time.Time) error {
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if !run.TookPlace().IsZero() || run.Stage == StageClosed || run.Stage == StageCancelled {
			return nil, ErrTooLate
		}
		run.Kickoff, run.KickoffFrom, run.Listened = at, "hand", 0
		moves := []Move{{At: now, Who: who, What: "kickoff_set", From: run.Stage, To: run.Stage, Why: at.UTC().Format(time.RFC3339)}}
		if run.Stage == StageKickoff && at.After(now) {
			back := StagePublished
			if !run.Accepted.IsZero() {
				back = StageAccepted
			}
			moves = append(moves, enter(run, now, who, back, "the kickoff is still to come")...)
		}
		return moves, nil
	})
}

// Retry opens a parked task again, at once.
func (s *Service) Retry(ctx context.Context, id, key, who string) error {
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		return []Move{{At: now, Who: who, What: "retried", From: run.Stage, To: run.Stage, Why: key}}, nil
	}, key)
}

// act is something that a person does, or that the CRM tells.
func (s *Service) act(ctx context.Context, id string, f func(*Run) ([]Move, error), reopen ...string) error {
	now := s.Now()
	err := s.Store.Change(ctx, id, func(run *Run) (Change, error) {
		moves, err := f(run)
		if err != nil {
			return Change{}, err
		}
		return Change{At: now, Moves: moves, Reopen: reopen, Plan: s.Rules.Plan(*run)}, nil
	})
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	return nil
}
