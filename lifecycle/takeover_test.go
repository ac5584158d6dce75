package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/lifecycle"
)

// taken is a stage whose deal another AE has from a moment on.
func (s *stage) taken(from time.Time, by string) {
	collect := s.collection
	s.collection = func() (*lifecycle.Collection, error) {
		c, err := collect()
		if !s.now.Before(from) {
			c.AE = lifecycle.Person{Email: by}
		}
		return c, err
	}
}

// TestANewAEIsAsked: who takes the deal over is asked in the former AE's place, with
// reminders that count from then; the former is left alone.
func TestANewAEIsAsked(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.Rules.LookEvery = 5 * time.Hour
		s.taken(monday.Add(5*time.Hour), "second@example.com")
		id := s.win()
		s.until(monday.Add(30 * time.Hour))
		for who, want := range map[string][]string{
			"ae@example.com":     {"Your +0s", "A +4h0m0s"},
			"second@example.com": {"Your +5h0m0s", "A +23h0m0s"}, // of two reminders that are due at nine only one
		} {
			if got := s.letters(lifecycle.WayMail, who); !slices.Equal(got, want) {
				t.Errorf("%s was written to %q, not %q", who, got, want)
			}
		}
		moves, err := s.store.Moves(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(moves, func(m lifecycle.Move) bool {
			return m.What == "ae_changed" && m.Why == "the CRM names second@example.com in place of ae@example.com" && m.At.Equal(monday.Add(5*time.Hour))
		}) {
			t.Errorf("the audit trail does not tell: %+v", moves)
		}
	})
}

// TestANewAEIsNotAskedOfWhatIsReviewed: what the former AE reviewed is reviewed.
func TestANewAEIsNotAskedOfWhatIsReviewed(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.taken(monday.Add(5*time.Hour), "second@example.com")
		id := s.win()
		s.until(monday.Add(time.Hour))
		if err := s.Review(t.Context(), id, lifecycle.Review{Version: 1, By: "ae@example.com", Role: "AE", Done: true, Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: "All of it."}}}); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(26 * time.Hour))
		if got := s.letters(lifecycle.WayMail, "second@example.com"); len(got) != 0 {
			t.Errorf("the new AE was written to: %q", got)
		}
		// A return goes to who has the deal now.
		if err := s.Return(t.Context(), id, "csm@example.com", lifecycle.ReasonUnclear, "Which plant?"); err != nil {
			t.Fatal(err)
		}
		s.until(monday.Add(27 * time.Hour))
		if got := s.letters(lifecycle.WayMail, "second@example.com"); len(got) != 1 || !strings.HasPrefix(got[0], "The ") {
			t.Errorf("of the return the new AE was written to: %q", got)
		}
	})
}

// TestAnAEWhoComesBack is not asked a second time: the first link holds again.
func TestAnAEWhoComesBack(t *testing.T) {
	onEach(t, func(t *testing.T, open func(*testing.T) *stage) {
		s := open(t)
		s.Rules.LookEvery, s.Rules.RemindAE = 2*time.Hour, nil
		s.taken(monday.Add(2*time.Hour), "second@example.com")
		s.taken(monday.Add(4*time.Hour), "ae@example.com")
		s.win()
		s.until(monday.Add(20 * time.Hour))
		for _, who := range []string{"ae@example.com", "second@example.com"} {
			if got := s.letters(lifecycle.WayMail, who); len(got) != 1 {
				t.Errorf("%s was written to %q", who, got)
			}
		}
	})
}
