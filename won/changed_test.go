package won_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"throughline/won"
)

// TestChanged: every win that a poll or a notice tells of is told on, new or not, and
// nothing counts as polled before that succeeded.
func TestChanged(t *testing.T) {
	c, l := &crm{}, &ledger{position: won.Position{First: day(1), Polled: day(3)}}
	var told []string
	var down error
	w := &won.Watch{CRM: c, Ledger: l, Now: func() time.Time { return day(10) }, Changed: func(_ context.Context, win won.Win) error {
		told = append(told, win.ID+win.Changed.Format(" Jan 2"))
		return down
	}}
	c.stands("a", 4)
	c.stands("b", 5)
	down = errors.New("the database is gone")
	if err := w.Poll(t.Context()); !errors.Is(err, down) || !l.position.Polled.Equal(day(3)) {
		t.Errorf("%v, polled until %s", err, l.position.Polled)
	}
	told, down = nil, nil
	if err := w.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.wins[0].Changed = day(11)
	if err := w.Hear(t.Context(), won.Notice{Deals: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a May 4", "b May 5", "a May 11"}; !slices.Equal(told, want) {
		t.Errorf("told %q, not %q", told, want)
	}
	if len(l.events) != 2 {
		t.Errorf("%d starts for 2 wins", len(l.events))
	}
}
