package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"throughline"
	"throughline/connect"
	"throughline/kickoff"
)

// A Listener reads the recording of a kickoff against its agenda.
type Listener interface {
	// Hear gives nil where there is no recording yet. h is the handoff that was out at
	// the kickoff, and archive what was collected of the deal, as a .zip.
	Hear(ctx context.Context, run Run, h *throughline.Handoff, archive []byte) (*Hearing, error)
}

// A Hearing is what the recording of a kickoff shows.
type Hearing struct {
	Began     time.Time
	Attendees []Person // those of the customer's side whose address is known
	Report    *kickoff.Report
}

// TookPlace is when the kickoff began that is known to have been: its recording says
// so, or who was there. It is zero while neither does.
func (run Run) TookPlace() time.Time {
	switch {
	case !run.Recorded.IsZero():
		return run.Recorded
	case !run.Held.IsZero():
		return run.Kickoff
	}
	return time.Time{}
}

// Kickoff is the run's kickoff as it stands: the agenda of the published version,
// and what became of each point. It errs with [ErrTooEarly] before the handoff is out.
func (s *Service) Kickoff(ctx context.Context, run Run) (*throughline.Kickoff, error) {
	k, _, err := s.agenda(ctx, run)
	return k, err
}

// Published is the version that is out, as people know it. It errs with [ErrTooEarly]
// before there is one.
func (s *Service) Published(ctx context.Context, run Run) (*throughline.Handoff, error) {
	if run.Published.IsZero() {
		return nil, ErrTooEarly
	}
	return s.version(ctx, run, run.PublishedVersion)
}

// agenda is the kickoff, and by the points' ids the keys by which ticks are kept.
func (s *Service) agenda(ctx context.Context, run Run) (*throughline.Kickoff, map[string]string, error) {
	h, err := s.Published(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	k, keys := kickoffOf(run, h)
	return k, keys, nil
}

// KickoffOf is [Service.Kickoff] for who has the published version at hand.
func KickoffOf(run Run, h *throughline.Handoff) *throughline.Kickoff {
	k, _ := kickoffOf(run, h)
	return k
}

func kickoffOf(run Run, h *throughline.Handoff) (*throughline.Kickoff, map[string]string) {
	k := &throughline.Kickoff{Agenda: *kickoff.Agenda(h, throughline.AudienceTeam)}
	keys := pointKeys(h, &k.Agenda)
	k.Ticks = ticksOf(run, keys)
	if at := run.TookPlace(); !at.IsZero() {
		k.HeldAt = &at
	}
	return k, keys
}

// pointKeys are, by the points' ids in this version, keys that are the same in every
// version: what was ticked stays ticked when items change places.
func pointKeys(h *throughline.Handoff, a *throughline.Agenda) map[string]string {
	items := map[string]string{}
	for _, it := range h.Items {
		items[it.ID] = identity(it)
	}
	keys := map[string]string{}
	for _, p := range a.Points {
		sum := sha256.Sum256([]byte(items[p.Item] + "\x00" + strings.TrimPrefix(p.ID, p.Item)))
		keys[p.ID] = hex.EncodeToString(sum[:8])
	}
	return keys
}

// ticksOf are the run's ticks, of the points that the version has.
func ticksOf(run Run, keys map[string]string) []throughline.Tick {
	ids := map[string]string{}
	for id, key := range keys {
		ids[key] = id
	}
	var out []throughline.Tick
	for _, t := range run.Ticks {
		if id, ok := ids[t.Point]; ok {
			t.Point = id
			out = append(out, t)
		}
	}
	return out
}

// ErrNoPoint says that the agenda has no such point.
var ErrNoPoint = errors.New("the agenda has no such point any more: open it again")

// ErrNoReason says that a point was left out without one.
var ErrNoReason = errors.New("a point is left out for a reason: say it in a sentence")

// longestReason bounds why a point is waived, in characters.
const longestReason = 1000

// Tick keeps what somebody says of points of the agenda. Saying the same again
// changes nothing.
func (s *Service) Tick(ctx context.Context, id, who string, ticks ...throughline.Tick) error {
	run, err := s.Store.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	k, keys, err := s.agenda(ctx, run)
	if err != nil {
		return err
	}
	now := s.Now()
	var kept []throughline.Tick
	for _, t := range ticks {
		p, ok := k.Agenda.Point(t.Point)
		t.Reason = strings.TrimSpace(t.Reason)
		switch {
		case !ok:
			return ErrNoPoint
		case t.State == throughline.TickCovered && p.Mode != throughline.PointSay, t.State == throughline.TickRead && p.Mode != throughline.PointKnow:
			return EditError{"what is to be said is covered, and what is to be known is read"}
		case !slices.Contains([]throughline.TickState{throughline.TickCovered, throughline.TickRead, throughline.TickWaived, throughline.TickOpen}, t.State):
			return EditError{fmt.Sprintf("%q is nothing that becomes of a point: name one of covered, read, waived, open", t.State)}
		case t.State == throughline.TickWaived && t.Reason == "":
			return ErrNoReason
		case utf8.RuneCountInString(t.Reason) > longestReason:
			return EditError{fmt.Sprintf("a reason may have %d characters", longestReason)}
		}
		if t.State != throughline.TickWaived {
			t.Reason = ""
		}
		t.Point, t.By, t.At = keys[t.Point], who, now
		kept = append(kept, t)
	}
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		if run.Stage == StageCancelled {
			return nil, ErrTooLate
		}
		run.Ticks = slices.Clone(run.Ticks)
		for _, t := range kept {
			i := slices.IndexFunc(run.Ticks, func(old throughline.Tick) bool { return old.Point == t.Point })
			switch {
			case i < 0:
				run.Ticks = append(run.Ticks, t)
			case run.Ticks[i].State != t.State || run.Ticks[i].Reason != t.Reason:
				run.Ticks = append(slices.Delete(run.Ticks, i, i+1), t)
			}
		}
		return nil, nil
	})
}

// Hold records that the kickoff was held, and who of the customer's was there; nil
// where nobody says. It errs with a [*throughline.OpenPointsError] while points are
// open. Where no time of the kickoff is known, at is it.
func (s *Service) Hold(ctx context.Context, id, who string, at time.Time, attendees []Person) error {
	run, err := s.Store.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	k, keys, err := s.agenda(ctx, run)
	if err != nil {
		return err
	}
	now := s.Now()
	return s.act(ctx, id, func(run *Run) ([]Move, error) {
		switch {
		case run.Stage == StageClosed || run.Stage == StageCancelled:
			return nil, ErrTooLate
		case !run.Held.IsZero():
			return nil, nil
		}
		when := run.Kickoff
		if !at.IsZero() {
			when = at
		}
		if when.After(now) {
			return nil, ErrNotYet
		}
		k.Ticks = ticksOf(*run, keys)
		if err := k.MarkHeld(when); err != nil {
			return nil, err
		}
		if !when.Equal(run.Kickoff) {
			run.Kickoff, run.KickoffFrom = when, "hand"
		}
		run.Held, run.HeldBy = now, who
		run.Points, run.Covered = covered(k)
		if attendees != nil {
			run.Attendees, run.AttendeesBy = attendees, who
		}
		if run.Stage != StageKickoff {
			run.Ready = !run.Accepted.IsZero()
			return enter(run, now, who, StageKickoff, "the kickoff was held"), nil
		}
		return []Move{{At: now, Who: who, What: "held", From: run.Stage, To: run.Stage, Why: "every talking point was covered, read or left out for a reason"}}, nil
	})
}

// covered counts the points to say, and those of them that were covered.
func covered(k *throughline.Kickoff) (points, said int) {
	for _, p := range k.Agenda.Points {
		if p.Mode != throughline.PointSay {
			continue
		}
		points++
		if slices.ContainsFunc(k.Ticks, func(t throughline.Tick) bool { return t.Point == p.ID && t.State == throughline.TickCovered }) {
			said++
		}
	}
	return points, said
}

// ErrNotYet says that the kickoff is still to come.
var ErrNotYet = errors.New("the kickoff is still to come")

// tellAgenda brings the CSM the agenda before the kickoff.
func (s *Service) tellAgenda(ctx context.Context, run Run, d Duty) (outcome, error) {
	actions, err := s.kickoffPage(ctx, run, "Open the agenda")
	if err != nil {
		return outcome{}, err
	}
	return s.send(ctx, run, d, s.Rules.csm(run), connect.Message{
		Subject: "The agenda of the kickoff with " + run.Deal.Customer,
		Paragraphs: []string{
			s.kickoffLine(run),
			"The agenda has what to say, with the customer's own words, and what to know before. It can be ticked off during the call; the customer's form of it can be sent ahead.",
		},
		Actions: actions,
	})
}

// askHeld asks the CSM whether the kickoff took place.
func (s *Service) askHeld(ctx context.Context, run Run, d Duty) (outcome, error) {
	actions, err := s.kickoffPage(ctx, run, "Say that it was held")
	if err != nil {
		return outcome{}, err
	}
	return s.send(ctx, run, d, s.Rules.csm(run), connect.Message{
		Subject:    "Was the kickoff with " + run.Deal.Customer + " held?",
		Paragraphs: []string{"No recording of it was found, and it is not marked as held. Mark it, or set the day to which it was moved: what follows the kickoff counts from it."},
		Actions:    actions,
	})
}

func (s *Service) kickoffPage(ctx context.Context, run Run, label string) ([]connect.Action, error) {
	actions, err := s.page(ctx, run, label)
	for i := range actions {
		actions[i].URL = kickoffAt(actions[i].URL)
	}
	return actions, err
}

// kickoffAt is the address of the kickoff's page, by that of the handoff's.
func kickoffAt(page string) string {
	if page == "" {
		return ""
	}
	return page + "/kickoff"
}

// listen looks for the kickoff's recording, and reads it against the agenda.
func (s *Service) listen(ctx context.Context, run Run, d Duty) (outcome, error) {
	heard, err := s.hear(ctx, run)
	if err != nil {
		return outcome{}, err
	}
	now := s.Now()
	if heard == nil {
		return outcome{apply: func(run *Run) []Move {
			run.Listened = d.N
			return nil
		}}, nil
	}
	return outcome{change: Change{Check: heard.Report}, apply: func(run *Run) []Move {
		run.Listened, run.Recorded, run.Asked = d.N, heard.Began, len(heard.Report.Asked)
		if run.AttendeesBy == "" {
			run.Attendees = heard.Attendees
		}
		if run.Held.IsZero() {
			run.Covered = len(heard.Report.Referred)
			run.Points = run.Covered + len(heard.Report.Silent)
		}
		return []Move{{At: now, Who: us, What: "kickoff_read", From: run.Stage, To: run.Stage, Why: fmt.Sprintf("its recording was read against the agenda: %d points came up", len(heard.Report.Referred))}}
	}}, nil
}

func (s *Service) hear(ctx context.Context, run Run) (*Hearing, error) {
	if s.Listener == nil {
		return nil, nil
	}
	h, err := s.version(ctx, run, run.PublishedVersion)
	if err != nil {
		return nil, err
	}
	archive, _, err := s.Store.Archive(ctx, run.ID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil // the raw text is past its time, and there is nothing to hold the call against
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was collected: %w", err)
	}
	return s.Listener.Hear(ctx, run, h, archive)
}
