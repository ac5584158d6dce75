package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"throughline/lifecycle"
)

// A record is a deal's in the CRM, whose kickoff is moved, and which tells of that
// when it is asked, as a poll does.
type record struct {
	*stage
	kickoff time.Time
	looks   []time.Duration // since the play began
}

func (s *stage) record(kickoff time.Time) *record {
	r := &record{stage: s, kickoff: kickoff}
	collect := s.collection
	s.collection = func() (*lifecycle.Collection, error) {
		r.looks = append(r.looks, s.now.Sub(monday))
		c, err := collect()
		c.Kickoff = r.kickoff
		return c, err
	}
	return r
}

// poll goes on to a moment, and has the CRM asked every five minutes; it tells of a
// change three times, since polls overlap.
func (r *record) poll(until, changed time.Time) {
	r.t.Helper()
	for r.now.Before(until) {
		next := r.now.Truncate(5 * time.Minute).Add(5 * time.Minute)
		if next.After(until) {
			next = until
		}
		r.until(next)
		if since := r.now.Sub(changed); since >= 0 && since < 15*time.Minute {
			if err := r.Changed(r.t.Context(), "006A", changed); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// TestAKickoffThatMovesIsNoticed: a kickoff that is moved close in the CRM is known
// within half an hour of a poll that tells of the change, its reminders go with it, and
// it costs one look.
func TestAKickoffThatMovesIsNoticed(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		friday, wednesday := monday.Add(4*24*time.Hour), monday.Add(2*24*time.Hour+4*time.Hour)
		r := s.record(friday)
		id := s.win()
		s.until(monday.Add(24 * time.Hour)) // published; looked at then, and next at night
		if got, want := r.looks, []time.Duration{0, 12 * time.Hour, 24 * time.Hour}; !slices.Equal(got, want) {
			t.Fatalf("looked at after %v, not %v", got, want)
		}
		moved := monday.Add(24*time.Hour + 2*time.Minute)
		r.poll(moved, time.Time{})
		r.kickoff = wednesday
		r.poll(monday.Add(25*time.Hour), moved)
		if run := s.run(id); !run.Kickoff.Equal(wednesday) {
			t.Fatalf("an hour later the kickoff is still thought to be on %v", run.Kickoff)
		}
		if got, want := r.looks[3:], []time.Duration{24*time.Hour + 30*time.Minute}; !slices.Equal(got, want) {
			t.Errorf("looked at after %v, not %v", got, want)
		}
		s.until(monday.Add(6 * 24 * time.Hour))
		var reminded []time.Duration
		for _, m := range s.sent {
			if m.way == lifecycle.WayMail && strings.Contains(m.Key, ".remind_csm") {
				reminded = append(reminded, m.at.Sub(monday))
			}
		}
		// A day before, on Tuesday at two in the afternoon; a day after the publication;
		// and two hours before, on Wednesday.
		if want := []time.Duration{28 * time.Hour, 48 * time.Hour, 50 * time.Hour}; !slices.Equal(reminded, want) {
			t.Errorf("reminded after %v, not %v", reminded, want)
		}
	})
}

// TestAnEditedDealIsLookedAtSeldom: a record that is edited all day is looked at twice
// an hour at most, one that is not edited no more than before, and one that is past its
// kickoff not at all.
func TestAnEditedDealIsLookedAtSeldom(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		r := s.record(monday.Add(40 * time.Hour))
		s.win()
		if err := s.Changed(t.Context(), "006A", monday.Add(-time.Hour)); err != nil { // the win itself
			t.Fatal(err)
		}
		s.until(monday.Add(time.Hour))
		if len(r.looks) != 1 {
			t.Errorf("looked at after %v, though nothing changed", r.looks)
		}
		for s.now.Before(monday.Add(9 * time.Hour)) {
			s.until(s.now.Add(time.Minute))
			if err := s.Changed(t.Context(), "006A", s.now); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(r.looks); n < 15 || n > 18 {
			t.Errorf("in eight hours of edits it was looked at %d times", n-1)
		}
		s.until(monday.Add(41 * time.Hour))
		before := len(r.looks)
		if err := s.Changed(t.Context(), "006A", s.now); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(60 * time.Hour))
		if len(r.looks) != before {
			t.Errorf("after the kickoff it was looked at %d times more", len(r.looks)-before)
		}
	})
}

// TestAChangeWhileCollecting: what changed while the deal was being collected is looked
// for afterwards, since it may have come too late.
func TestAChangeWhileCollecting(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		r := s.record(time.Time{})
		id := s.win()
		if err := s.Changed(t.Context(), "006A", monday.Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
		collect := s.collection
		s.collection = func() (*lifecycle.Collection, error) {
			c, err := collect()
			if len(r.looks) == 1 {
				r.kickoff = monday.Add(72 * time.Hour)
				if err := s.Changed(t.Context(), "006A", monday.Add(time.Second)); err != nil {
					t.Error(err)
				}
			}
			return c, err
		}
		s.until(monday.Add(time.Hour))
		if run := s.run(id); !run.Kickoff.Equal(r.kickoff) || len(r.looks) != 2 {
			t.Errorf("the kickoff is thought to be on %v, after looks at %v", run.Kickoff, r.looks)
		}
	})
}
