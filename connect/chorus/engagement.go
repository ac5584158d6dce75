package chorus

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

// pathEngagements lists what Chorus knows of, newest first.
const pathEngagements = "/v3/engagements"

// RecordsPerPage is how many engagements others have seen on a page. Nothing rests
// on it: a page is the last one when it is followed by an empty one.
const RecordsPerPage = 100

// IDsPerRequest is how many engagements are asked for by id at once, which keeps the
// address short. The vendor states no most.
const IDsPerRequest = 20

// An engagement is a call as the list tells of it, as far as it is read.
type engagement struct {
	ID           string  `json:"engagement_id"`
	Opportunity  string  `json:"opportunity_id"`
	Account      string  `json:"account_id"`
	At           float64 `json:"date_time"` // seconds since 1970
	Subject      string  `json:"subject"`
	URL          string  `json:"url"`
	NoShow       bool    `json:"no_show"`
	Participants []struct {
		Email string `json:"email"`
		Type  string `json:"type"`
		User  int64  `json:"user_id"`
	} `json:"participants"`
}

// parseEngagement reads a record of the list; false for one that can't be asked for
// by its id. A field of another form than Chorus describes counts as absent.
func parseEngagement(raw json.RawMessage) (engagement, bool) {
	var e engagement
	var odd *json.UnmarshalTypeError
	if err := json.Unmarshal(raw, &e); err != nil && !errors.As(err, &odd) {
		return engagement{}, false
	}
	return e, usable(e.ID)
}

// usable reports whether an id can stand in an address, and in a list with commas.
func usable(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= 200 &&
		!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == ',' || r == 0x7f })
}

// started is when it began; zero where Chorus does not tell, or tells no time of a
// calendar.
func (e engagement) started() time.Time {
	const year10000 = 253402300800
	if e.At < 1 || e.At >= year10000 {
		return time.Time{}
	}
	seconds, fraction := math.Modf(e.At)
	return time.Unix(int64(seconds), int64(fraction*float64(time.Second))).UTC()
}

// entry is what the index keeps of it. Ids that Chorus leaves empty tie it to nothing.
func (e engagement) entry() callindex.Entry {
	out := callindex.Entry{ID: e.ID, Started: e.started()}
	for kind, id := range map[string]string{callindex.Opportunity: e.Opportunity, callindex.Account: e.Account} {
		if id = strings.TrimSpace(id); id != "" {
			out.Objects = append(out.Objects, callindex.Object{Type: kind, ID: id})
		}
	}
	slices.SortFunc(out.Objects, func(a, b callindex.Object) int { return strings.Compare(a.Type, b.Type) })
	for _, p := range e.Participants {
		// Somebody with a user's id is of the company whose Chorus this is.
		external := p.User == 0 && p.Type != "rep"
		out.Parties = append(out.Parties, callindex.Party{Email: strings.ToLower(strings.TrimSpace(p.Email)), External: external})
	}
	return out
}

// Entries are the calls of a window as the index keeps them, without those to which
// nobody came: one list for each kind.
func (c *Client) Entries(ctx context.Context, from, to time.Time) iter.Seq2[callindex.Entry, error] {
	return func(yield func(callindex.Entry, error) bool) {
		for _, kind := range c.kinds {
			for e, err := range c.list(ctx, "list calls", url.Values{"engagement_type": {kind}, "min_date": {stamp(from)}, "max_date": {stamp(to)}}) {
				if err == nil && e.NoShow {
					continue
				}
				if !yield(e.entry(), err) || err != nil {
					return
				}
			}
		}
	}
}

// engagements are those of the calls that Chorus still tells of, by id. They are asked
// for anew although the index knows them: one may have become private since, or have
// been tied to another opportunity.
func (c *Client) engagements(ctx context.Context, calls []callindex.Match) (map[string]engagement, error) {
	out := map[string]engagement{}
	for batch := range slices.Chunk(calls, IDsPerRequest) {
		query := url.Values{}
		var ids []string
		wanted := map[string]bool{}
		for _, m := range batch {
			ids = append(ids, m.ID)
			wanted[m.ID] = true
		}
		query.Set("engagement_id", strings.Join(ids, ","))
		// Without a window of time a list may be bounded by one of Chorus's own.
		if from, to := span(batch); !from.IsZero() {
			query.Set("min_date", stamp(from.Add(-24*time.Hour)))
			query.Set("max_date", stamp(to.Add(24*time.Hour)))
		}
		for e, err := range c.list(ctx, "read calls", query) {
			if err != nil {
				return nil, err
			}
			if wanted[e.ID] {
				out[e.ID] = e
				delete(wanted, e.ID)
			}
			if len(wanted) == 0 {
				break // and the pages that follow are not asked for
			}
		}
	}
	return out, nil
}

// span is from the first of the calls until the last; zero where the time of one is
// not known.
func span(calls []callindex.Match) (from, to time.Time) {
	for _, m := range calls {
		if m.Started.IsZero() {
			return time.Time{}, time.Time{}
		}
		if from.IsZero() || m.Started.Before(from) {
			from = m.Started
		}
		if m.Started.After(to) {
			to = m.Started
		}
	}
	return from, to
}

// list yields the engagements of all pages. Pages overlap where something is added
// meanwhile; who takes them in takes each id once.
func (c *Client) list(ctx context.Context, op string, query url.Values) iter.Seq2[engagement, error] {
	query = maps.Clone(query)
	return connect.Pages(ctx, func(ctx context.Context, cursor string) ([]engagement, string, error) {
		if cursor != "" {
			query.Set("continuation_key", cursor)
		}
		var page struct {
			Next        string            `json:"continuation_key"`
			Engagements []json.RawMessage `json:"engagements"`
		}
		if _, err := c.api.Do(ctx, connect.Request{Op: op, Path: pathEngagements + "?" + encode(query)}, &page); err != nil {
			return nil, "", err
		}
		if len(page.Engagements) == 0 {
			return nil, "", nil // a key stands on the last page, too
		}
		var out []engagement
		for _, raw := range page.Engagements {
			if e, ok := parseEngagement(raw); ok {
				out = append(out, e)
			}
		}
		return out, page.Next, nil
	})
}

// encode writes a query with %20 for a space, which continuation keys have: not every
// service takes a plus for one.
func encode(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
