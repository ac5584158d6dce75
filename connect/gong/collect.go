package gong

import (
	"context"
	"fmt"
	"strings"
	"time"

	"throughline/connect"
)

// A Collector saves what Gong holds of deals. Its fields are set before its first
// use; then many goroutines may use it.
type Collector struct {
	Index *Index

	// Before is how long before the deal's record was made a call may have taken
	// place that is matched by who took part: deals begin before somebody makes
	// the record. Default 30 days.
	Before time.Duration
	// After is how long after the deal closed such a call may have taken place.
	// Records may tell the day only, so it should be a day at least. Default
	// 24 hours.
	After time.Duration
	// Wait is how long after a call its transcript is expected. Gong has been seen
	// to be a day late. Default 3 days.
	Wait time.Duration
}

// Collect brings the index up to date where it is older than [Index.Every], finds
// the deal's calls in it and saves them and what was said below dir. It errs where
// no call could be looked for; what is missing in part is told by the gaps.
func (c *Collector) Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	gaps, err := c.sync(ctx)
	if err != nil {
		return nil, err
	}
	pulled, matches, err := c.Index.Pull(ctx, c.opportunity(r))
	if err != nil {
		return nil, err
	}
	if err := pulled.Save(dir); err != nil {
		return nil, err
	}
	return append(gaps, c.gaps(pulled, matches)...), nil
}

// sync brings the index up to date. Where that fails, what an earlier sync found
// is gone on with.
func (c *Collector) sync(ctx context.Context) ([]connect.Gap, error) {
	err := c.Index.Sync(ctx)
	if err == nil {
		return nil, nil
	}
	until, known := c.Index.Store.Synced(ctx)
	if ctx.Err() != nil || known != nil || until.IsZero() {
		return nil, err
	}
	return []connect.Gap{{
		System: Vendor, Pending: true,
		What: fmt.Sprintf("the list of calls could not be brought up to date, so that calls after %s may be missing: %v", day(until), err),
	}}, nil
}

// opportunity is what the deal's calls are matched to.
func (c *Collector) opportunity(r *connect.Record) Opportunity {
	o := Opportunity{ID: r.ID, Account: r.Account, Contacts: r.Contacts, To: r.Closed.Add(or(c.After, 24*time.Hour))}
	if r.Closed.IsZero() {
		o.To = c.Index.now()
	}
	o.From = r.Opened.Add(-or(c.Before, 30*24*time.Hour))
	if r.Opened.IsZero() {
		const unknown = 400 * 24 * time.Hour // as far as the index's first sync goes back
		o.From = o.To.Add(-unknown)
	}
	return o
}

// gaps say what is missing of what was pulled, and what may not belong to it. Of
// private calls it tells how many there are, and no more.
func (c *Collector) gaps(p *Pulled, matches []Match) []connect.Gap {
	var out []connect.Gap
	add := func(pending bool, format string, args ...any) {
		out = append(out, connect.Gap{System: Vendor, Pending: pending, What: fmt.Sprintf(format, args...)})
	}
	for _, call := range p.Pending {
		if c.expected(call.Started) {
			add(true, "the call %q of %s has no transcript yet; Gong makes one within hours, sometimes a day", call.Title, day(call.Started))
		} else {
			add(false, "the call %q of %s has no transcript, and none is to be expected any more; look in Gong whether it was recorded", call.Title, day(call.Started))
		}
	}
	if n := len(p.Private); n > 0 {
		add(false, "%s left out; who owns one can open it to the company in Gong", counted(n, "private call was", "private calls were"))
	}
	if n := len(p.Unknown); n > 0 {
		add(c.anyExpected(p.Unknown, matches), "%s by Gong's list but not told of: it may follow within minutes, was deleted, or is not shown to this credential", counted(n, "call is known", "calls are known"))
	}
	if titles := byParticipants(p, matches); len(titles) > 0 {
		add(false, "%s of this deal only because its contacts took part, and tied to no opportunity in Gong; check that it belongs here: %s",
			counted(len(titles), "call counts as one", "calls count as ones"), strings.Join(titles, ", "))
	}
	return out
}

// expected reports whether something of a call may still come.
func (c *Collector) expected(started time.Time) bool {
	return c.Index.now().Sub(started) < or(c.Wait, 3*24*time.Hour)
}

func (c *Collector) anyExpected(ids []string, matches []Match) bool {
	for _, m := range matches {
		for _, id := range ids {
			if m.ID == id && c.expected(m.Started) {
				return true
			}
		}
	}
	return false
}

// byParticipants names the calls that were matched by who took part alone.
func byParticipants(p *Pulled, matches []Match) []string {
	var out []string
	for _, m := range matches {
		for _, call := range p.Calls {
			if m.How == ByParticipant && m.ID == call.ID {
				out = append(out, fmt.Sprintf("%q of %s", call.Title, day(call.Started)))
			}
		}
	}
	return out
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
