package callindex

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

// A Deal is what calls are matched to.
type Deal struct {
	ID      string // of the CRM's record
	Account string // of the CRM's account record; empty when not known
	// Contacts are the email addresses of the customer's people on the deal.
	Contacts []string
	// From and To are when calls of the deal may have taken place: from some
	// time before the record was made until it closed.
	From, To time.Time
}

// A Window says when calls may have taken place that are matched to a deal without
// being tied to it.
type Window struct {
	// Before is how long before the deal's record was made: deals begin before
	// somebody makes the record. Default 30 days.
	Before time.Duration
	// After is how long after the deal closed. Records may tell the day only, so
	// it should be a day at least. Default 24 hours.
	After time.Duration
}

// What the zero fields of a [Window] stand for.
const (
	DefaultBefore = 30 * 24 * time.Hour
	DefaultAfter  = 24 * time.Hour
)

// Deal is what the record's calls are matched to. A deal that has not closed has
// calls until now; one of which no beginning is known, as far back as the first sync
// of an index goes.
func (w Window) Deal(r *connect.Record, now time.Time) Deal {
	d := Deal{ID: r.ID, Account: r.Account, Contacts: r.Contacts, To: now}
	if !r.Closed.IsZero() {
		d.To = r.Closed.Add(or(w.After, DefaultAfter))
	}
	d.From = d.To.Add(-DefaultHistory)
	if !r.Opened.IsZero() {
		d.From = r.Opened.Add(-or(w.Before, DefaultBefore))
	}
	return d
}

// How says by what a call was matched.
type How string

// A call that is tied to the opportunity is certainly the deal's; one that was only
// matched by its account, or by who took part, may be of another deal with the same
// people.
const (
	ByRecord      How = "record"
	ByAccount     How = "account"
	ByParticipant How = "participant"
)

// A Match is a call of a deal.
type Match struct {
	Entry
	How How
}

// Match finds a deal's calls in the index, in order of time: those that are tied to
// the opportunity, and those of the window that are tied to no opportunity and to no
// other account, in which one of the deal's contacts took part, or, where
// [Index.ByAccount] says so, which are tied to the deal's account. Private calls are
// among the first, so that it can be said that they were left out. It does not sync.
func (x *Index[R]) Match(ctx context.Context, d Deal) ([]Match, error) {
	named, err := x.Store.Naming(ctx, RecordKey(d.ID))
	if err != nil {
		return nil, fmt.Errorf("finding the opportunity's calls: %w", err)
	}
	var out []Match
	for _, e := range named {
		out = append(out, Match{Entry: e, How: ByRecord})
	}
	if d.To.After(d.From) {
		near, err := x.Store.Between(ctx, d.From, d.To)
		if err != nil {
			return nil, fmt.Errorf("finding calls by participants: %w", err)
		}
		for _, e := range near {
			if how := x.How(e, d); how != "" && how != ByRecord {
				out = append(out, Match{Entry: e, How: how})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int { return a.Started.Compare(b.Started) })
	return out, nil
}

// How says by what a call counts as the deal's; empty where it does not.
func (x *Index[R]) How(e Entry, d Deal) How {
	if e.names(d.ID) {
		return ByRecord
	}
	if e.Started.Before(d.From) || e.Started.After(d.To) || e.tied(Opportunity) {
		return ""
	}
	ours := d.Account != "" && e.names(d.Account)
	switch {
	case e.tied(Account) && d.Account != "" && !ours:
		return ""
	case ours && x.ByAccount:
		return ByAccount
	case e.heldWith(d.Contacts):
		return ByParticipant
	}
	return ""
}

// names reports whether the call is tied to the CRM's record.
func (e Entry) names(id string) bool {
	return slices.ContainsFunc(e.Objects, func(o Object) bool { return RecordKey(o.ID) == RecordKey(id) })
}

// tied reports whether the call is tied to a record of the type.
func (e Entry) tied(kind string) bool {
	return slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Type == kind })
}

// heldWith reports whether one of the addresses is of somebody outside who took
// part.
func (e Entry) heldWith(contacts []string) bool {
	return slices.ContainsFunc(e.Parties, func(p Party) bool {
		return p.External && p.Email != "" && slices.ContainsFunc(contacts, func(c string) bool {
			return strings.EqualFold(strings.TrimSpace(c), p.Email)
		})
	})
}

// Guesses names, as a gap, the calls that count as the deal's by something else than
// its record: title gives what names a call, and false for one not to be named. There
// are none where the slice is empty.
func Guesses(system string, matches []Match, title func(id string) (string, bool)) []connect.Gap {
	why := map[How]string{ByParticipant: "its contacts took part", ByAccount: "its account is named"}
	var out []connect.Gap
	for _, how := range []How{ByAccount, ByParticipant} {
		var titles []string
		for _, m := range matches {
			if t, ok := title(m.ID); ok && m.How == how {
				titles = append(titles, fmt.Sprintf("%q of %s", t, m.Started.UTC().Format(time.DateOnly)))
			}
		}
		if len(titles) == 0 {
			continue
		}
		count := "1 call counts as one"
		if n := len(titles); n > 1 {
			count = fmt.Sprintf("%d calls count as ones", n)
		}
		out = append(out, connect.Gap{System: system, What: fmt.Sprintf("%s of this deal only because %s, and tied to no opportunity in %s; check that it belongs here: %s",
			count, why[how], system, strings.Join(titles, ", "))})
	}
	return out
}

// RecordKey makes the ids of one record equal: Salesforce has them with 15
// characters, and with 3 more that repeat which of those are capitals.
func RecordKey(id string) string {
	const short, long = 15, 18
	if len(id) == long && strings.IndexFunc(id, notAlphanumeric) < 0 && suffix(id[:short]) == id[short:] {
		return id[:short]
	}
	return id
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// suffix is the 3 characters that Salesforce appends to a 15-character id: one
// for each 5, whose bits are the capitals.
func suffix(id string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var out []byte
	for part := range slices.Chunk([]byte(id), 5) {
		bits := 0
		for i, c := range part {
			if c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		out = append(out, letters[bits])
	}
	return string(out)
}
