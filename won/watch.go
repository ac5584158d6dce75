package won

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"throughline/connect"
)

// A Watch finds the deals that are won and has a start begun for each:
// exactly one for each time that one was closed as won and stands so when it is
// heard of. One that was moved back before it was heard of starts nothing, as there
// is nothing to hand over; the next start of the deal tells of it.
//
// Two ways lead to it. Polling finds every win, within [Watch.Every]. A notice, of
// the feed or given to [Watch.Hear] by whatever else the CRM tells of changes with,
// finds it in seconds, but only says where to look: what is true is what the CRM
// answers when it is asked. Any of them may tell a win again, late, or in any order,
// and the program may die at any point: what was begun is in the ledger, and what
// is not is found again, since a position is only saved after all before it was
// begun.
//
// CRM and Ledger must be set. One Watch runs for a CRM at a time; what two do at
// the same time is up to the ledger's [Ledger.Begin].
type Watch struct {
	CRM    CRM
	Filter Filter
	Ledger Ledger
	Feed   Feed          // nil where nothing but polls and Hear is used
	Every  time.Duration // between polls; default 5 minutes
	// Changed, where set, is told of every deal that stands as won and was changed,
	// whether or not a start was begun for it now: what a poll or a notice finds anyway.
	// The same change may be told repeatedly; [Win.Changed] tells changes apart.
	Changed func(ctx context.Context, w Win) error

	Log   *slog.Logger
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error

	begun sync.Once
	turn  chan struct{} // full while a notice or poll is dealt with; one is at a time
}

// A Ledger remembers what a [Watch] has done, beyond the life of the process.
type Ledger interface {
	// Position is the last that was saved; the zero Position before the first.
	Position(ctx context.Context) (Position, error)
	// Advance saves the position.
	Advance(ctx context.Context, p Position) error
	// Started are the events of the starts begun for the deals, by id.
	Started(ctx context.Context, deals []string) ([]Event, error)
	// Begin begins what follows a win, and remembers the event: both or neither.
	// It does nothing where the event, by deal, moment and id, is known.
	Begin(ctx context.Context, w Win, e Event) error
}

// A Position is how far a CRM was heard.
type Position struct {
	First  time.Time // when the CRM was first looked at
	Polled time.Time // what was changed before is done
	Replay []byte    // for the feed, which alone knows what it means; empty at first
}

// A Feed tells of changed deals soon after they are changed.
type Feed interface {
	// Listen hands over notices, in the order in which they come, until the context
	// ends or listening can't succeed without a person. It goes on after replay, or
	// begins with what comes next where that is empty. A notice that is answered
	// with an error is handed over again.
	Listen(ctx context.Context, replay []byte, hear func(context.Context, Notice) error) error
}

// A Notice says where to look again.
type Notice struct {
	Deals  []string // ids; each may be anything, won or not
	Missed bool     // other changes may never be told of: poll
	// Replay is what a feed goes on after, once the notice is dealt with; where it is
	// empty, the last that was saved stands.
	Replay []byte
}

// Relisten is how long a feed that gave up is left alone. What made it give up is
// a setting of the CRM's; it costs one call to find that it was changed.
const Relisten = 15 * time.Minute

// Run polls and listens until the context ends. What fails is logged and tried
// again.
func (w *Watch) Run(ctx context.Context) error {
	var listening sync.WaitGroup
	if w.Feed != nil {
		listening.Go(func() { w.listen(ctx) })
	}
	for ctx.Err() == nil {
		pause := w.every()
		if err := w.Poll(ctx); err != nil {
			pause = max(pause, w.complain(ctx, "looking for won deals failed", err))
		}
		_ = w.sleep(ctx, pause) // the context's end is seen by the loop
	}
	listening.Wait()
	return ctx.Err()
}

func (w *Watch) listen(ctx context.Context) {
	for ctx.Err() == nil {
		p, err := w.Ledger.Position(ctx)
		if err == nil {
			err = w.Feed.Listen(ctx, p.Replay, w.Hear)
		}
		if ctx.Err() == nil {
			w.complain(ctx, "change events are not heard; won deals are found by polling", err)
			_ = w.sleep(ctx, Relisten)
		}
	}
}

// Poll begins starts for what was won since the last poll; the first time, since
// the filter's From.
func (w *Watch) Poll(ctx context.Context) error {
	done, err := w.wait(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := w.position(ctx)
	if err != nil {
		return err
	}
	return w.poll(ctx, p)
}

// wait waits for a turn, no longer than the context lasts: who asks by a hook has to
// be answered in time, and a poll may take long.
func (w *Watch) wait(ctx context.Context) (done func(), err error) {
	w.begun.Do(func() { w.turn = make(chan struct{}, 1) })
	select {
	case w.turn <- struct{}{}:
		return func() { <-w.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// position is the ledger's, begun where there is none yet.
func (w *Watch) position(ctx context.Context) (Position, error) {
	p, err := w.Ledger.Position(ctx)
	if err != nil || !p.First.IsZero() {
		return p, err
	}
	p.First = w.now()
	return p, w.Ledger.Advance(ctx, p)
}

// filter is the configured one. Where it has no From, what was won before the CRM
// was first looked at does not count: an edit of an old deal would start it.
func (w *Watch) filter(p Position) Filter {
	f := w.Filter
	if f.From.IsZero() {
		f.From = p.First
	}
	return f
}

func (w *Watch) poll(ctx context.Context, p Position) error {
	until, filter := w.now(), w.filter(p)
	since := p.Polled
	if since.IsZero() {
		since = filter.From
	}
	if since.After(until) {
		since = until
	}
	wins, gaps, err := w.CRM.Won(ctx, filter, since, until)
	if err != nil {
		return err
	}
	if err := w.begin(ctx, wins, gaps); err != nil {
		return err
	}
	p.Polled = until
	return w.Ledger.Advance(ctx, p)
}

// Hear deals with a notice: it begins starts for those of its deals that are won,
// polls where changes were missed, and saves the place that the feed goes on from.
// When it returns nil, all of that is done and will not be undone; after an error
// the notice is to be given again.
func (w *Watch) Hear(ctx context.Context, n Notice) error {
	done, err := w.wait(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := w.position(ctx)
	if err != nil {
		return err
	}
	if len(n.Deals) > 0 {
		wins, gaps, err := w.CRM.WonByID(ctx, w.filter(p), n.Deals)
		if err != nil {
			return err
		}
		if err := w.begin(ctx, wins, gaps); err != nil {
			return err
		}
	}
	if len(n.Replay) > 0 {
		p.Replay = n.Replay
	}
	switch {
	case n.Missed:
		return w.poll(ctx, p)
	case len(n.Replay) > 0:
		return w.Ledger.Advance(ctx, p)
	}
	return nil
}

// begin begins the starts that were not begun yet, and tells what was changed.
func (w *Watch) begin(ctx context.Context, wins []Win, gaps []connect.Gap) error {
	for _, g := range gaps {
		w.log().WarnContext(ctx, "when deals were won is not known for certain", "why", g.What)
	}
	if len(wins) == 0 {
		return nil
	}
	ids := make([]string, len(wins))
	byID := make(map[string]Win, len(wins))
	for i, win := range wins {
		ids[i], byID[win.ID] = win.ID, win
	}
	events, err := w.Ledger.Started(ctx, ids)
	if err != nil {
		return err
	}
	for _, win := range wins {
		events = append(events, win.Events...)
	}
	for _, start := range Starts(events) {
		win, ok := byID[start.Deal]
		if !ok || !start.MovedBack.IsZero() {
			continue
		}
		event := start.Event()
		if win.Undated {
			start.WonAt = win.WonAt
		}
		win.Start = start
		if err := w.Ledger.Begin(ctx, win, event); err != nil {
			return err
		}
	}
	if w.Changed == nil {
		return nil
	}
	for _, win := range wins {
		if err := w.Changed(ctx, win); err != nil {
			return err
		}
	}
	return nil
}

// complain logs an error, and returns how long it asks to be left alone.
func (w *Watch) complain(ctx context.Context, what string, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	w.log().WarnContext(ctx, what, "why", err)
	if e, ok := errors.AsType[*connect.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

func (w *Watch) every() time.Duration {
	if w.Every > 0 {
		return w.Every
	}
	return 5 * time.Minute
}

func (w *Watch) log() *slog.Logger {
	if w.Log != nil {
		return w.Log
	}
	return slog.New(slog.DiscardHandler)
}

func (w *Watch) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}

func (w *Watch) sleep(ctx context.Context, d time.Duration) error {
	if w.Sleep != nil {
		return w.Sleep(ctx, d)
	}
	return connect.Sleep(ctx, d)
}
