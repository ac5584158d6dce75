package won

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An Event says that at a moment a deal was in a stage that counts as won, or in
// one that does not. It may stem from the deal's history, from a poll, or from a
// change event.
type Event struct {
	Deal    string
	At      time.Time // when the change was made in the CRM, not when it was heard of
	ID      string    // of the history's row; it orders changes of the same moment
	Won     bool      // whatever the stage is called
	Started bool      // a start was made for this win, see [Start.Event]
}

// A Start is one time that a deal was closed as won.
type Start struct {
	Deal      string
	WonAt     time.Time
	ID        string      // of the history's row that says so, where one does
	Before    []time.Time // earlier times it was won, each moved back in between
	MovedBack time.Time   // when it was moved back after; zero while it stands
}

// Again reports whether the deal had been won before.
func (s Start) Again() bool { return len(s.Before) > 0 }

// Event is what to remember of a start that was made, so that [Starts] does not
// tell it again.
func (s Start) Event() Event {
	return Event{Deal: s.Deal, At: s.WonAt, ID: s.ID, Won: true, Started: true}
}

// Starts are the wins among the events for which no start was made yet, oldest
// first: exactly one for each time that a deal went into a won stage.
// Events may stand in any order, and any of them repeatedly. A change within the
// won stages is no new win; one that was moved back and won again is, and says so.
//
// Given all events so far, the starts already made included, an event that comes
// late changes nothing but what it tells: whatever the order of arrival, the
// starts made in the end are as many as there were wins.
func Starts(events []Event) []Start {
	sorted := slices.Clone(events)
	slices.SortFunc(sorted, func(a, b Event) int {
		return cmp.Or(strings.Compare(a.Deal, b.Deal), a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	var out []Start
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Deal == sorted[0].Deal {
			n++
		}
		out = append(out, startsOf(sorted[:n])...)
		sorted = sorted[n:]
	}
	slices.SortStableFunc(out, func(a, b Start) int { return a.WonAt.Compare(b.WonAt) })
	return out
}

// A win is a run of events in won stages.
type win struct {
	from, until time.Time // until is zero while it stands
	id          string    // of the row that it begins with
	started     bool
}

// startsOf are those of one deal, whose events are in order.
func startsOf(events []Event) []Start {
	var out []Start
	var before []time.Time
	for _, w := range winsOf(events) {
		if !w.started {
			out = append(out, Start{Deal: events[0].Deal, WonAt: w.from, ID: w.id, Before: slices.Clone(before), MovedBack: w.until})
		}
		before = append(before, w.from)
	}
	return out
}

func winsOf(events []Event) []win {
	var wins []win
	won := false
	for _, e := range events {
		switch {
		case e.Won && !won:
			wins = append(wins, win{from: e.At, id: e.ID, started: e.Started})
		case e.Won:
			wins[len(wins)-1].started = wins[len(wins)-1].started || e.Started
		case won:
			wins[len(wins)-1].until = e.At
		}
		won = e.Won
	}
	return wins
}
