package chorus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

// A call is one of a deal's, as far as Chorus tells of it.
type call struct {
	listed engagement
	spoken conversation
}

func (c call) title() string { return cmp.Or(c.spoken.Name, c.listed.Subject) }

// What was found of a deal's calls.
type found struct {
	calls   []call // with what was said, in order of time
	matches []callindex.Match
	gaps    []connect.Gap
	hidden  []time.Time // when calls took place that Chorus does not show, any more or yet
	private int         // that Chorus showed, and says are private
	told    int         // that Chorus answered for
	failed  error       // of the first call that could not be read
}

func (f *found) gap(pending bool, format string, args ...any) {
	f.gaps = append(f.gaps, connect.Gap{System: Vendor, Pending: pending, What: fmt.Sprintf(format, args...)})
}

// Collect brings the index of calls up to date where that was not done just now, finds
// the deal's calls in it, and saves each with what was said in chorus/ below dir, in
// the place of an earlier Collect's. It errs where no call could be looked for, or none
// be read; what is missing in part is told by the gaps.
func (c *Client) Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	deal := c.window.Deal(r, c.index.Clock())
	matches, gaps, err := c.index.Find(ctx, deal)
	if err != nil {
		return nil, err
	}
	listed, err := c.engagements(ctx, matches)
	if err != nil {
		return nil, err
	}
	f := &found{}
	for _, m := range matches {
		e, ok := listed[m.ID]
		if !ok {
			f.hidden = append(f.hidden, m.Started)
			continue
		}
		if m.How = c.index.How(e.entry(), deal); m.How == "" || e.NoShow {
			continue // since the index was made it was tied to another deal, or nobody came
		}
		if err := c.read(ctx, f, m, e); err != nil {
			return nil, err
		}
	}
	if f.failed != nil && f.told == 0 {
		return nil, f.failed
	}
	if err := save(dir, f.calls); err != nil {
		return nil, err
	}
	return append(gaps, c.gaps(f)...), nil
}

// read reads what was said on one call. It errs only where the context ends.
func (c *Client) read(ctx context.Context, f *found, m callindex.Match, e engagement) error {
	conv, err := c.conversation(ctx, e.ID)
	if err == nil {
		f.told++
	}
	one := call{e, conv}
	at := day(cmp.Or(e.started(), m.Started))
	var known *connect.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &known) && known.Status == http.StatusNotFound:
		f.hidden = append(f.hidden, m.Started) // it may have become private since it was listed
	case err != nil:
		f.failed = cmp.Or(f.failed, err)
		f.gap(known != nil && known.Temporary, "the call %q of %s could not be read: %v", e.Subject, at, err)
	case conv.Private:
		f.private++
	case conv.Status == statusNoShow:
	case conv.Status == statusDone && conv.heard():
		f.calls = append(f.calls, one)
		f.matches = append(f.matches, m)
	case !c.expected(m.Started):
		f.gap(false, "the call %q of %s has no transcript, and none is to be expected any more; look in Chorus whether it was recorded", one.title(), at)
	case conv.Status == statusScheduled || conv.Status == statusLive:
		f.gap(true, "the call %q of %s is not over yet, as Chorus has it (%s)", one.title(), at, conv.Status)
	default:
		f.gap(true, "the call %q of %s has no transcript yet; Chorus is still at work on it", one.title(), at)
	}
	return nil
}

// gaps say what is missing of what was read, and what may not belong to it. Of calls
// that Chorus does not show they tell how many there are, and no more.
func (c *Client) gaps(f *found) []connect.Gap {
	if f.private > 0 {
		f.gap(false, "%s left out", counted(f.private, "private call was", "private calls were"))
	}
	if n := len(f.hidden); n > 0 {
		f.gap(false, "%s in the list of calls and not shown any more: it was made private or deleted, or the token's user may not see it", counted(n, "call is", "calls are"))
	}
	titles := map[string]string{}
	for _, one := range f.calls {
		titles[one.listed.ID] = one.title()
	}
	return append(f.gaps, callindex.Guesses(Vendor, f.matches, func(id string) (string, bool) {
		title, ok := titles[id]
		return title, ok
	})...)
}

// expected reports whether what was said on a call may still come.
func (c *Client) expected(started time.Time) bool { return c.index.Clock().Sub(started) < c.wait }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
