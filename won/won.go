// Package won tells which deals were won: exactly one start for each time that a
// deal was closed as won, whatever the CRM. A [Watch] asks a [CRM] and hears of
// changes by a [Feed] or by notices; [Starts] tells what is new. What is done for a
// start, and remembered, is up to a [Ledger].
package won

import (
	"context"
	"slices"
	"time"

	"throughline/connect"
)

// A CRM tells which deals stand as won: *salesforce.Org is one. Ids are those of the
// deals' records. An error is a [*connect.Error]; the gaps say what could not be
// read to date the wins, or to tell about deals.
type CRM interface {
	// Won are the deals that were changed between two moments, and stand as won and
	// count: in order of change. It looks back before the first by as much as what
	// was changed may come to light late, so a deal may be told repeatedly.
	Won(ctx context.Context, f Filter, since, until time.Time) ([]Win, []connect.Gap, error)
	// WonByID are those of the deals that stand as won and count.
	WonByID(ctx context.Context, f Filter, ids []string) ([]Win, []connect.Gap, error)
	// NotWon are those of the deals that do not stand as won: moved back, or lost
	// after all.
	NotWon(ctx context.Context, ids []string) ([]string, error)
	// About tells about deals, by id.
	About(ctx context.Context, f Filter, ids []string) (map[string]About, []connect.Gap, error)
}

// A Filter says which won deals count. What is empty lets all through.
type Filter struct {
	RecordTypes []string // by their unchanging names: Salesforce's "New_Business"
	Types       []string // "New Customer", "Renewal"
	// Pipelines are values of PipelineField, by default the CRM's own.
	PipelineField string
	Pipelines     []string
	MinAmount     float64 // in the deal's own currency
	// From is a moment before which nothing counts as won: that of installation,
	// so that editing an old deal starts nothing.
	From time.Time
}

// A Win is a deal that stands as won.
type Win struct {
	ID, Name, Account, Owner string // Account and Owner by id
	Stage, Type              string
	Amount                   float64
	CloseDate                string // "2026-09-28"
	Changed                  time.Time

	Start
	// Events are the deal's moves, for [Starts].
	Events []Event
	// Undated says that the moves do not tell when it was won; WonAt is then the
	// close date, and the last of Events that it stands as won at Changed.
	Undated bool
}

// Date finds when the deal was won, from the moves that the CRM knows of it. ID,
// CloseDate and Changed must be set.
func (w *Win) Date(moves []Event) {
	w.Events = slices.Clip(moves) // what is added is not the caller's
	if starts := Starts(moves); len(starts) > 0 {
		w.Start = starts[len(starts)-1]
		return
	}
	closed, err := time.Parse(time.DateOnly, w.CloseDate)
	if err != nil {
		closed = w.Changed
	}
	w.Start, w.Undated = Start{Deal: w.ID, WonAt: closed}, true
	// All that is known for certain is that it stood as won when it was last changed.
	w.Events = append(w.Events, Event{Deal: w.ID, At: w.Changed, Won: true})
}

// Counts reports whether the win stands, and was made when wins count.
func (f Filter) Counts(w Win) bool { return w.MovedBack.IsZero() && !w.WonAt.Before(f.From) }

// About says of a deal what a person needs to recognise it by, and what a
// [Filter] looks at.
type About struct {
	AE, CSM    string // names; empty where not known
	RecordType string // as [Filter] names it
	Pipeline   string
}
