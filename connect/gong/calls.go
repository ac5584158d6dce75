package gong

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

// A Call is one recorded call, without what was said.
type Call struct {
	ID      string
	Title   string
	Started time.Time
	Private bool
	Objects []callindex.Object
	Parties []callindex.Party

	// Raw is the record as Gong gave it.
	Raw json.RawMessage
}

// The API's shapes, as far as they are read; the vendor adds fields without
// notice.
type (
	filter struct {
		From      string   `json:"fromDateTime,omitempty"`
		To        string   `json:"toDateTime,omitempty"`
		Workspace string   `json:"workspaceId,omitempty"`
		CallIDs   []string `json:"callIds,omitempty"`
	}
	selector struct {
		Context string `json:"context"`
		Exposed struct {
			Parties bool `json:"parties"`
		} `json:"exposedFields"`
	}
	callsRequest struct {
		Cursor   string    `json:"cursor,omitempty"`
		Filter   filter    `json:"filter"`
		Selector *selector `json:"contentSelector,omitempty"`
	}
	callsPage struct {
		Records struct {
			Cursor string `json:"cursor"`
		} `json:"records"`
		Calls []json.RawMessage `json:"calls"`
	}
	callRecord struct {
		Meta struct {
			ID        string `json:"id"`
			Title     string `json:"title"`
			Started   string `json:"started"`
			Scheduled string `json:"scheduled"`
			Private   bool   `json:"isPrivate"`
		} `json:"metaData"`
		Context []struct {
			System  string `json:"system"`
			Objects []struct {
				Type string `json:"objectType"`
				ID   string `json:"objectId"`
			} `json:"objects"`
		} `json:"context"`
		Parties []struct {
			Email       string `json:"emailAddress"`
			UserID      string `json:"userId"`
			Affiliation string `json:"affiliation"`
		} `json:"parties"`
	}
)

// Calls yields the calls that started from the one moment until before the
// other, in pages of a hundred. A window without calls yields nothing.
func (c *Client) Calls(ctx context.Context, from, to time.Time) iter.Seq2[Call, error] {
	return c.extensive(ctx, "list calls", filter{From: stamp(from), To: stamp(to), Workspace: c.Workspace})
}

// System is Gong's name.
func (c *Client) System() string { return Vendor }

// Entries are the calls of a window as the index keeps them.
func (c *Client) Entries(ctx context.Context, from, to time.Time) iter.Seq2[callindex.Entry, error] {
	return func(yield func(callindex.Entry, error) bool) {
		for call, err := range c.Calls(ctx, from, to) {
			if !yield(callindex.Entry{ID: call.ID, Started: call.Started, Private: call.Private, Objects: call.Objects, Parties: call.Parties}, err) {
				return
			}
		}
	}
}

// CallsByID are those of the calls that Gong knows, in the order of time. Gong
// may know a call's id for some minutes before it tells of the call.
func (c *Client) CallsByID(ctx context.Context, ids []string) ([]Call, error) {
	var out []Call
	for batch := range slices.Chunk(distinct(ids), c.idsPerRequest()) {
		for call, err := range c.extensive(ctx, "read calls", filter{CallIDs: batch}) {
			if err != nil {
				return nil, err
			}
			out = append(out, call)
		}
	}
	slices.SortStableFunc(out, func(a, b Call) int { return a.Started.Compare(b.Started) })
	return out, nil
}

func (c *Client) extensive(ctx context.Context, op string, f filter) iter.Seq2[Call, error] {
	// Basic context names the CRM's records; extended would triple the page
	// with their fields, which come from the CRM itself.
	sel := &selector{Context: "Basic"}
	sel.Exposed.Parties = true
	return connect.Pages(ctx, func(ctx context.Context, cursor string) ([]Call, string, error) {
		var page callsPage
		err := c.post(ctx, op, ScopeCalls, pathCalls, callsRequest{Cursor: cursor, Filter: f, Selector: sel}, &page)
		if err != nil {
			return nil, "", err
		}
		calls := make([]Call, 0, len(page.Calls))
		for _, raw := range page.Calls {
			if call, ok := parse(raw); ok {
				calls = append(calls, call)
			}
		}
		return calls, page.Records.Cursor, nil
	})
}

// parse reads a call's record; false for one that has no id.
func parse(raw json.RawMessage) (Call, bool) {
	var r callRecord
	if err := json.Unmarshal(raw, &r); err != nil || r.Meta.ID == "" {
		return Call{}, false
	}
	call := Call{ID: r.Meta.ID, Title: r.Meta.Title, Private: r.Meta.Private, Raw: raw, Started: moment(r.Meta.Started)}
	if call.Started.IsZero() {
		call.Started = moment(r.Meta.Scheduled)
	}
	for _, sys := range r.Context {
		for _, o := range sys.Objects {
			if o.ID != "" {
				call.Objects = append(call.Objects, callindex.Object{System: sys.System, Type: o.Type, ID: o.ID})
			}
		}
	}
	for _, p := range r.Parties {
		// Somebody with a user's id is of the company whose Gong this is,
		// whatever the affiliation says.
		external := p.UserID == "" && p.Affiliation != "Internal"
		call.Parties = append(call.Parties, callindex.Party{Email: strings.ToLower(strings.TrimSpace(p.Email)), External: external})
	}
	return call, true
}

// A Transcript is what was said on one call.
type Transcript struct {
	CallID string
	Empty  bool            // there is nothing in it yet
	Raw    json.RawMessage // the record as Gong gave it
}

// Transcripts are those that Gong has of the calls. One that is missing, or
// empty, may still come: transcripts follow a call by minutes to hours.
func (c *Client) Transcripts(ctx context.Context, ids []string) ([]Transcript, error) {
	var out []Transcript
	for batch := range slices.Chunk(distinct(ids), c.idsPerRequest()) {
		for t, err := range c.transcripts(ctx, batch) {
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
	}
	return out, nil
}

func (c *Client) transcripts(ctx context.Context, ids []string) iter.Seq2[Transcript, error] {
	return connect.Pages(ctx, func(ctx context.Context, cursor string) ([]Transcript, string, error) {
		var page struct {
			Records struct {
				Cursor string `json:"cursor"`
			} `json:"records"`
			Transcripts []json.RawMessage `json:"callTranscripts"`
		}
		err := c.post(ctx, "read transcripts", ScopeTranscripts, pathTranscripts, callsRequest{Cursor: cursor, Filter: filter{CallIDs: ids}}, &page)
		if err != nil {
			return nil, "", err
		}
		var out []Transcript
		for _, raw := range page.Transcripts {
			var t struct {
				CallID     string            `json:"callId"`
				Transcript []json.RawMessage `json:"transcript"`
			}
			if json.Unmarshal(raw, &t) == nil && t.CallID != "" {
				out = append(out, Transcript{CallID: t.CallID, Empty: len(t.Transcript) == 0, Raw: raw})
			}
		}
		return out, page.Records.Cursor, nil
	})
}

func (c *Client) idsPerRequest() int {
	if c.IDsPerRequest > 0 {
		return c.IDsPerRequest
	}
	return DefaultIDsPerRequest
}

func distinct(ids []string) []string {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// moment reads a time of the API's; zero when there is none.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
