package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
)

// us is who moves what nobody pushed.
const us = "throughline"

// effects are how duties are carried out. Each may be carried out twice.
var effects map[string]func(*Service, context.Context, Run, Duty) (outcome, error)

func init() {
	effects = map[string]func(*Service, context.Context, Run, Duty) (outcome, error){
		DutyCollect:   (*Service).collect,
		DutyDraft:     (*Service).draft,
		DutyAskReview: (*Service).askReview,
		DutyRemindAE:  (*Service).remindAE,
		DutyTellAE:    (*Service).tellAE,
		DutyRelease:   (*Service).release,
		DutyPublish:   (*Service).publish,
		DutyMark:      (*Service).mark,
		DutyTellCSM:   (*Service).tellCSM,
		DutyRemindCSM: (*Service).remindCSM,
		DutyKickoff:   (*Service).kickoff,
		DutyClose:     (*Service).close,
		DutyReopened:  (*Service).tellReopened,

		DutyAgenda:          (*Service).tellAgenda,
		DutyPublishAgenda:   (*Service).publishAgenda,
		DutyListen:          (*Service).listen,
		DutyAskHeld:         (*Service).askHeld,
		DutySurvey:          (*Service).openSurvey,
		DutyAsk:             (*Service).ask,
		DutyAskAgain:        (*Service).ask,
		DutyMilestones:      (*Service).takeMilestones,
		DutyRemindMilestone: (*Service).remindMilestones,
		DutyFollow:          (*Service).follow,
	}
}

// collect gathers the deal. While something is expected it is gathered again, but
// never so late that the AE has no time to review.
func (s *Service) collect(ctx context.Context, run Run, _ Duty) (outcome, error) {
	began, knew := s.Now(), run.Changed
	got, err := s.Collector.Collect(ctx, run.Deal.ID)
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	apply := func(run *Run) []Move {
		if got.Record.NotWon {
			return reopened(run, now)
		}
		moves := s.learn(run, got, now)
		run.Collections++
		run.Looked, run.Waiting, run.Print = began, got.Waiting, got.Print
		if run.Collected.IsZero() {
			moves = append(moves, s.settle(run, now)...)
		} else {
			run.NextCollection = s.Rules.nextLook(*run, now)
		}
		if !knew.IsZero() && !run.Changed.Equal(knew) { // while it was collected, or after
			s.Rules.lookSoon(run, now)
		}
		if !run.Stale && run.Version > 0 && run.Print != run.DraftPrint {
			run.Stale = true
			moves = append(moves, Move{At: now, Who: us, What: "more_collected", From: run.Stage, To: run.Stage, Why: "the deal has more to tell than the last version knows"})
		}
		return moves
	}
	if got.Record.NotWon {
		return outcome{apply: apply}, nil
	}
	return outcome{apply: apply, change: Change{Archive: got.Archive, Print: got.Print}}, nil
}

// settle decides whether the deal is complete, or is looked at again.
func (s *Service) settle(run *Run, now time.Time) []Move {
	last := s.Rules.PublishAt(*run).Add(-s.Rules.ReviewTime)
	if len(run.Waiting) > 0 && now.Before(last) {
		run.NextCollection = now.Add(s.Rules.CollectEvery)
		if run.NextCollection.After(last) {
			run.NextCollection = last
		}
		return enter(run, now, us, StageCollecting, "waiting for "+strings.Join(run.Waiting, "; "))
	}
	why := "everything that is expected is there"
	if len(run.Waiting) > 0 {
		why = "the time for the review has come; still expected: " + strings.Join(run.Waiting, "; ")
	}
	run.Collected = now
	run.NextCollection = s.Rules.nextLook(*run, now)
	return enter(run, now, us, StageCollecting, why)
}

// learn takes over what the outside systems tell of people and dates.
func (s *Service) learn(run *Run, got *Collection, now time.Time) []Move {
	run.Deal = got.Record
	var moves []Move
	note := func(what, why string) {
		moves = append(moves, Move{At: now, Who: us, What: what, From: run.Stage, To: run.Stage, Why: why})
	}
	if got.AE.Email != "" && got.AE.Email != run.AE.Email {
		what, why := "ae_known", "the CRM names "+got.AE.Email
		if was := run.AE.Email; was != "" {
			what, why = "ae_changed", why+" in place of "+was
		}
		run.AE, run.AEKnown = got.AE, now
		note(what, why)
	}
	if got.CSM.Email != "" && got.CSM.Email != run.CSM.Email {
		run.CSM = got.CSM
		note("csm_assigned", "the CRM names "+got.CSM.Email)
		if run.Stage == StageReturned && run.ReturnReason == ReasonWrongCSM {
			run.Answered = now
			moves = append(moves, enter(run, now, us, StagePublished, "another CSM has the account")...)
		}
	}
	if run.KickoffFrom != "hand" && !got.Kickoff.IsZero() && !got.Kickoff.Equal(run.Kickoff) && run.Stage != StageKickoff {
		run.Kickoff, run.KickoffFrom = got.Kickoff, "crm"
		note("kickoff_moved", "the kickoff is on "+got.Kickoff.UTC().Format(time.RFC3339))
	}
	return moves
}

// draft has the engine make a version. One that says the same as the last is
// dropped: nobody is bothered with it.
func (s *Service) draft(ctx context.Context, run Run, d Duty) (outcome, error) {
	archive, mark, err := s.Store.Archive(ctx, run.ID)
	if err != nil {
		return outcome{}, fmt.Errorf("reading what was collected: %w", err)
	}
	now, version := s.Now(), run.Version+1
	h, err := s.Engine.Handoff(ctx, archive, now)
	if err != nil {
		return outcome{}, fmt.Errorf("drafting version %d: %w", version, err)
	}
	h.Version, h.Status = version, throughline.StatusInReview
	// While the engine drafted, the deal may have been collected anew.
	drafted := func(run *Run) {
		run.Drafts, run.DraftPrint, run.Stale = d.N, mark, run.Print != mark
	}
	if run.Version > 0 {
		before, err := s.Store.Document(ctx, run.ID, run.Version)
		if err != nil {
			return outcome{}, fmt.Errorf("reading version %d: %w", run.Version, err)
		}
		if len(Changes(before, h)) == 0 {
			return outcome{apply: func(run *Run) []Move {
				drafted(run)
				return []Move{{At: now, Who: us, What: "nothing_new", From: run.Stage, To: run.Stage, Why: "what came late changes nothing in the handoff"}}
			}}, nil
		}
	}
	apply := func(run *Run) []Move {
		drafted(run)
		run.Version, run.Drafted = version, now
		if run.FirstDrafted.IsZero() {
			run.FirstDrafted = now
			return enter(run, now, us, StageDrafted, "the draft is there")
		}
		why := fmt.Sprintf("version %d is there", version)
		if !run.Published.IsZero() {
			run.PublishedVersion = version
			why += " and goes where the last one is"
		}
		if !run.Accepted.IsZero() {
			why += fmt.Sprintf("; accepted stays version %d", run.AcceptedVersion)
		}
		return []Move{{At: now, Who: us, What: "drafted", From: run.Stage, To: run.Stage, Why: why}}
	}
	return outcome{apply: apply, change: Change{Document: h}}, nil
}

// release is the moment of publication.
func (s *Service) release(_ context.Context, _ Run, _ Duty) (outcome, error) {
	now := s.Now()
	return outcome{apply: func(run *Run) []Move {
		run.Published, run.PublishedVersion = now, run.Version
		why := "not reviewed by AE"
		if !run.Reviewed.IsZero() {
			why = "reviewed by " + run.ReviewedBy
		}
		return enter(run, now, us, StagePublished, why)
	}}, nil
}

// publish takes the published version to one destination.
func (s *Service) publish(ctx context.Context, run Run, d Duty) (outcome, error) {
	to, ok := s.Destinations[d.For]
	if !ok {
		return outcome{}, fmt.Errorf("no destination %q is configured any more", d.For)
	}
	version := d.N / mostReissues
	p, err := s.publication(ctx, run, version, to.Audience)
	if err != nil {
		return outcome{}, err
	}
	copied, err := to.Publish(ctx, p)
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	return outcome{change: Change{Copy: &copied, To: d.For}, apply: func(run *Run) []Move {
		return []Move{{At: now, Who: us, What: "published_to", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("version %d is in %s", version, d.For)}}
	}}, nil
}

// AgendaOf is the name under which a copy of the kickoff's agenda is kept, beside that
// of the handoff at the same destination.
func AgendaOf(destination string) string { return destination + " agenda" }

// publishAgenda takes the agenda of the published version to one destination.
func (s *Service) publishAgenda(ctx context.Context, run Run, d Duty) (outcome, error) {
	name, _, _ := strings.Cut(d.For, ":")
	to, ok := s.Destinations[name]
	if !ok || to.Agenda == nil {
		return outcome{}, fmt.Errorf("no destination %q that shows agendas is configured any more", name)
	}
	p, err := s.publication(ctx, run, d.N/mostReissues, to.Audience)
	if err != nil {
		return outcome{}, err
	}
	p.Link = kickoffAt(p.Link)
	copied, err := to.Agenda(ctx, p)
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	return outcome{change: Change{Copy: &copied, To: AgendaOf(name)}, apply: func(run *Run) []Move {
		return []Move{{At: now, Who: us, What: "agenda_published_to", From: run.Stage, To: run.Stage, Why: "the kickoff's agenda is in " + name}}
	}}, nil
}

// Current is the run's latest version as people know it: with what they said of
// it, and whether it is reviewed and published.
func (s *Service) Current(ctx context.Context, run Run) (*throughline.Handoff, error) {
	return s.version(ctx, run, run.Version)
}

func (s *Service) version(ctx context.Context, run Run, version int) (*throughline.Handoff, error) {
	h, err := s.Store.Document(ctx, run.ID, version)
	if err != nil {
		return nil, fmt.Errorf("reading version %d: %w", version, err)
	}
	words, err := s.Store.Words(ctx, run.ID)
	if err != nil {
		return nil, fmt.Errorf("reading what people said: %w", err)
	}
	withWords(h, words)
	if !run.Kickoff.IsZero() { // which may be known, or have moved, since the draft
		h.Deal.Kickoff = run.Kickoff.In(s.Rules.Hours.zone(s.Rules.csm(run))).Format(time.DateOnly)
	}
	if !run.Published.IsZero() {
		h.Status = throughline.StatusPublished
	}
	h.Review = throughline.Review{State: throughline.NotReviewed}
	if !run.Reviewed.IsZero() {
		at := run.Reviewed
		h.Review = throughline.Review{State: throughline.Reviewed, By: run.ReviewedBy, At: &at}
	}
	return h, nil
}

// publication is a version as it goes out.
func (s *Service) publication(ctx context.Context, run Run, version int, a throughline.Audience) (connect.Publication, error) {
	h, err := s.version(ctx, run, version)
	if err != nil {
		return connect.Publication{}, err
	}
	p := connect.Publication{Key: run.ID, Deal: run.Deal, Handoff: h, Audience: a}
	if s.Links != nil {
		if p.Link, err = s.Links.Page(ctx, run); err != nil {
			return p, fmt.Errorf("making the page's address: %w", err)
		}
	}
	return p, nil
}

// mark shows in a destination what became of the handoff.
func (s *Service) mark(ctx context.Context, run Run, d Duty) (outcome, error) {
	to, ok := s.Destinations[d.For]
	if !ok || to.Mark == nil {
		return outcome{}, nil
	}
	p, err := s.publication(ctx, run, run.PublishedVersion, to.Audience)
	if err != nil {
		return outcome{}, err
	}
	o := Outcome{By: run.AcceptedBy, At: run.Accepted, Version: run.AcceptedVersion, Accepted: true}
	if run.Accepted.IsZero() {
		o = Outcome{At: run.Returned, Version: run.PublishedVersion}
	}
	_, err = to.Mark(ctx, p, o)
	return outcome{}, err
}

func (s *Service) kickoff(context.Context, Run, Duty) (outcome, error) {
	now := s.Now()
	return outcome{apply: func(run *Run) []Move {
		run.Ready = !run.Accepted.IsZero()
		return enter(run, now, us, StageKickoff, "the kickoff's time has come")
	}}, nil
}

func (s *Service) close(context.Context, Run, Duty) (outcome, error) {
	now := s.Now()
	return outcome{apply: func(run *Run) []Move {
		run.Closed = now
		return enter(run, now, us, StageClosed, "the first 90 days are over")
	}}, nil
}

// enter moves the run into a stage; a run that is there already only says why.
func enter(run *Run, at time.Time, who string, to Stage, why string) []Move {
	m := Move{At: at, Who: who, What: string(to), From: run.Stage, To: to, Why: why}
	run.Stage = to
	return []Move{m}
}
