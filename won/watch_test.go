package won_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/won"
)

func TestWinDate(t *testing.T) {
	moves := []won.Event{{Deal: "o", At: day(1)}, {Deal: "o", At: day(2), ID: "2", Won: true}}
	back := append(slices.Clone(moves), won.Event{Deal: "o", At: day(3)})
	for name, tt := range map[string]struct {
		moves   []won.Event
		close   string
		want    won.Start
		undated bool
		events  int
	}{
		"dated":          {moves, "2026-05-09", won.Start{Deal: "o", WonAt: day(2), ID: "2"}, false, 2},
		"moved back":     {back, "2026-05-09", won.Start{Deal: "o", WonAt: day(2), ID: "2", MovedBack: day(3)}, false, 3},
		"without moves":  {nil, "2026-05-09", won.Start{Deal: "o", WonAt: time.Date(2026, 5, 9, 0, 0, 0, 0, time.UTC)}, true, 1},
		"never moved up": {moves[:1], "2026-05-09", won.Start{Deal: "o", WonAt: time.Date(2026, 5, 9, 0, 0, 0, 0, time.UTC)}, true, 2},
		"without a day":  {nil, "", won.Start{Deal: "o", WonAt: day(20)}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := won.Win{ID: "o", CloseDate: tt.close, Changed: day(20)}
			w.Date(tt.moves)
			if diff := cmp.Diff(tt.want, w.Start); diff != "" || w.Undated != tt.undated || len(w.Events) != tt.events {
				t.Errorf("undated %v, %d events, %s", w.Undated, len(w.Events), diff)
			}
			if last := w.Events[len(w.Events)-1]; tt.undated && (!last.Won || !last.At.Equal(day(20))) {
				t.Errorf("the last of the events is %+v", last)
			}
		})
	}
}

// A crm is one in which deals stand as won.
type crm struct {
	wins  []won.Win
	err   error
	polls int
}

// stands has a deal won on a day of May.
func (c *crm) stands(id string, n int) {
	w := won.Win{ID: id, Changed: day(n)}
	w.Date([]won.Event{{Deal: id, At: day(n), Won: true}})
	c.wins = append(c.wins, w)
}

func (c *crm) Won(_ context.Context, f won.Filter, since, until time.Time) ([]won.Win, []connect.Gap, error) {
	c.polls++
	return c.found(f, func(w won.Win) bool { return !w.Changed.Before(since) && w.Changed.Before(until) })
}

func (c *crm) WonByID(_ context.Context, f won.Filter, ids []string) ([]won.Win, []connect.Gap, error) {
	return c.found(f, func(w won.Win) bool { return slices.Contains(ids, w.ID) })
}

func (c *crm) found(f won.Filter, which func(won.Win) bool) ([]won.Win, []connect.Gap, error) {
	var out []won.Win
	for _, w := range c.wins {
		if which(w) && f.Counts(w) {
			out = append(out, w)
		}
	}
	return out, nil, c.err
}

func (c *crm) NotWon(context.Context, []string) ([]string, error) { return nil, c.err }

func (c *crm) About(context.Context, won.Filter, []string) (map[string]won.About, []connect.Gap, error) {
	return nil, nil, c.err
}

// A ledger remembers in memory.
type ledger struct {
	position won.Position
	events   []won.Event
}

func (l *ledger) Position(context.Context) (won.Position, error)         { return l.position, nil }
func (l *ledger) Advance(_ context.Context, p won.Position) error        { l.position = p; return nil }
func (l *ledger) Started(context.Context, []string) ([]won.Event, error) { return l.events, nil }

func (l *ledger) Begin(_ context.Context, _ won.Win, e won.Event) error {
	if !slices.Contains(l.events, e) {
		l.events = append(l.events, e)
	}
	return nil
}

// begun are the deals of which a start was begun.
func (l *ledger) begun() []string {
	var out []string
	for _, e := range l.events {
		out = append(out, e.Deal)
	}
	return out
}

// TestHear: a notice from anywhere begins starts and leaves the feed's place alone,
// which only the feed's own notices move.
func TestHear(t *testing.T) {
	c, l := &crm{}, &ledger{position: won.Position{First: day(1), Polled: day(3), Replay: []byte("7")}}
	w := &won.Watch{CRM: c, Ledger: l, Now: func() time.Time { return day(10) }}
	c.stands("a", 2)
	c.stands("b", 4)
	c.stands("c", 5)
	for _, tt := range []struct {
		name    string
		notice  won.Notice
		fails   bool
		begun   []string
		replay  string
		polls   int
		advance time.Time
	}{
		{"a hook's", won.Notice{Deals: []string{"a", "never seen"}}, false, []string{"a"}, "7", 0, day(3)},
		{"a hook's again", won.Notice{Deals: []string{"a"}}, false, []string{"a"}, "7", 0, day(3)},
		{"the CRM fails", won.Notice{Deals: []string{"b"}, Replay: []byte("8")}, true, []string{"a"}, "7", 0, day(3)},
		{"the feed's", won.Notice{Deals: []string{"b"}, Replay: []byte("8")}, false, []string{"a", "b"}, "8", 0, day(3)},
		{"nothing of note", won.Notice{}, false, []string{"a", "b"}, "8", 0, day(3)},
		{"some were missed", won.Notice{Missed: true}, false, []string{"a", "b", "c"}, "8", 1, day(10)},
	} {
		c.err = nil
		if tt.fails {
			c.err = errors.New("down")
		}
		if err := w.Hear(t.Context(), tt.notice); (err != nil) != tt.fails {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.begun, l.begun()); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if string(l.position.Replay) != tt.replay || c.polls != tt.polls || !l.position.Polled.Equal(tt.advance) {
			t.Errorf("%s: the position is %+v after %d polls", tt.name, l.position, c.polls)
		}
	}
}

// TestHearInTime: who can't wait for a poll that takes long is told so.
func TestHearInTime(t *testing.T) {
	slow := &slowCRM{asked: make(chan struct{}), answer: make(chan struct{})}
	w := &won.Watch{CRM: slow, Ledger: &ledger{}, Now: func() time.Time { return day(10) }}
	polled := make(chan error)
	go func() { polled <- w.Poll(t.Context()) }()
	<-slow.asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Hear(ctx, won.Notice{Deals: []string{"a"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("while a poll goes on: %v", err)
	}
	close(slow.answer)
	if err := <-polled; err != nil {
		t.Error(err)
	}
	if err := w.Hear(t.Context(), won.Notice{Deals: []string{"a"}}); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// A slowCRM answers a poll when it is told to.
type slowCRM struct {
	crm

	asked, answer chan struct{}
}

func (c *slowCRM) Won(context.Context, won.Filter, time.Time, time.Time) ([]won.Win, []connect.Gap, error) {
	close(c.asked)
	<-c.answer
	return nil, nil, nil
}
