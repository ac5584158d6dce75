package gong

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

// DefaultWait is how long after a call its transcript is expected.
const DefaultWait = 3 * 24 * time.Hour

// A Collector saves what Gong holds of deals. Its fields are set before its first
// use; then many goroutines may use it.
type Collector struct {
	Index *Index
	callindex.Window
	// Wait is how long after a call its transcript is expected. Gong has been seen
	// to be a day late. Default 3 days.
	Wait time.Duration
}

// Collect brings the index up to date where it is older than its Every, finds the
// deal's calls in it and saves them and what was said below dir. It errs where no
// call could be looked for; what is missing in part is told by the gaps.
func (c *Collector) Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	matches, gaps, err := c.Index.Find(ctx, c.Deal(r, c.Index.Clock()))
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(matches))
	for _, m := range matches {
		ids = append(ids, m.ID)
	}
	pulled, err := c.Index.Client.Pull(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := pulled.Save(dir); err != nil {
		return nil, err
	}
	return append(gaps, c.gaps(pulled, matches)...), nil
}

// gaps say what is missing of what was pulled, and what may not belong to it. Of
// private calls it tells how many there are, and no more.
func (c *Collector) gaps(p *Pulled, matches []callindex.Match) []connect.Gap {
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
	return append(out, callindex.Guesses(Vendor, matches, p.title)...)
}

// expected reports whether something of a call may still come.
func (c *Collector) expected(started time.Time) bool {
	return c.Index.Clock().Sub(started) < cmp.Or(max(c.Wait, 0), DefaultWait)
}

func (c *Collector) anyExpected(ids []string, matches []callindex.Match) bool {
	for _, m := range matches {
		for _, id := range ids {
			if m.ID == id && c.expected(m.Started) {
				return true
			}
		}
	}
	return false
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
