package callindex_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline/connect"
	"throughline/connect/callindex"
)

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A recorder lists the entries that it holds, or fails.
type recorder struct {
	entries []callindex.Entry
	err     error
}

func (*recorder) System() string { return "Recorder" }

func (r *recorder) Entries(_ context.Context, from, to time.Time) iter.Seq2[callindex.Entry, error] {
	return func(yield func(callindex.Entry, error) bool) {
		for _, e := range r.entries {
			if !e.Started.Before(from) && !e.Started.After(to) && !yield(e, nil) {
				return
			}
		}
		if r.err != nil {
			yield(callindex.Entry{}, r.err)
		}
	}
}

func tied(kind, id string) callindex.Object { return callindex.Object{Type: kind, ID: id} }

// TestByAccount: a call that is tied to the deal's account alone is the deal's only
// where the index says so, and only within the deal's time.
func TestByAccount(t *testing.T) {
	const opp, account = "006A", "001A"
	near, cy := today.AddDate(0, 0, -5), []callindex.Party{{Email: "cy@customer.example", External: true}}
	ours := tied(callindex.Account, account)
	for name, tt := range map[string]struct {
		entry   callindex.Entry
		account string
		want    [2]callindex.How // as the account does not count, and as it does
	}{
		"opportunity":                  {callindex.Entry{Objects: []callindex.Object{tied(callindex.Opportunity, opp), ours}}, account, [2]callindex.How{callindex.ByRecord, callindex.ByRecord}},
		"account":                      {callindex.Entry{Objects: []callindex.Object{ours}}, account, [2]callindex.How{"", callindex.ByAccount}},
		"account, contact there":       {callindex.Entry{Objects: []callindex.Object{ours}, Parties: cy}, account, [2]callindex.How{callindex.ByParticipant, callindex.ByAccount}},
		"account, another opportunity": {callindex.Entry{Objects: []callindex.Object{ours, tied(callindex.Opportunity, "006B")}, Parties: cy}, account, [2]callindex.How{}},
		"account, too early":           {callindex.Entry{Objects: []callindex.Object{ours}, Started: today.AddDate(0, 0, -31)}, account, [2]callindex.How{}},
		"account, too late":            {callindex.Entry{Objects: []callindex.Object{ours}, Started: today.Add(time.Minute)}, account, [2]callindex.How{}},
		"another account":              {callindex.Entry{Objects: []callindex.Object{tied(callindex.Account, "001B")}, Parties: cy}, account, [2]callindex.How{}},
		"no account known":             {callindex.Entry{Objects: []callindex.Object{tied(callindex.Account, "001B")}, Parties: cy}, "", [2]callindex.How{callindex.ByParticipant, callindex.ByParticipant}},
		"no account known, a stranger": {callindex.Entry{Objects: []callindex.Object{tied(callindex.Account, "001B")}}, "", [2]callindex.How{}},
		"nothing tied, contact there":  {callindex.Entry{Parties: cy}, account, [2]callindex.How{callindex.ByParticipant, callindex.ByParticipant}},
		"nothing tied, private":        {callindex.Entry{Parties: cy, Private: true}, account, [2]callindex.How{}},
		"nothing tied, nobody there":   {callindex.Entry{}, account, [2]callindex.How{}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, byAccount := range []bool{false, true} {
				e := tt.entry
				e.ID = "1"
				if e.Started.IsZero() {
					e.Started = near
				}
				x := &callindex.Index[*recorder]{
					Client: &recorder{entries: []callindex.Entry{e}}, Store: callindex.NewMemory(), ByAccount: byAccount,
					Now: func() time.Time { return today.Add(time.Hour) },
				}
				matches, gaps, err := x.Find(t.Context(), callindex.Deal{ID: opp, Account: tt.account, Contacts: []string{"cy@customer.example"}, From: today.AddDate(0, 0, -30), To: today})
				if err != nil || len(gaps) > 0 || len(matches) > 1 {
					t.Fatalf("%v, %v, %v", matches, gaps, err)
				}
				var got callindex.How
				if len(matches) == 1 {
					got = matches[0].How
				}
				if got != tt.want[i] {
					t.Errorf("by account %v: matched by %q, want %q", byAccount, got, tt.want[i])
				}
			}
		})
	}
}

// TestFindGoesOn: a recorder that fails is an error before the first sync, and a gap
// after it.
func TestFindGoesOn(t *testing.T) {
	now := today
	r := &recorder{entries: []callindex.Entry{{ID: "1", Started: today.Add(-time.Hour), Objects: []callindex.Object{tied(callindex.Opportunity, "006A")}}}, err: errors.New("it is down")}
	x := &callindex.Index[*recorder]{Client: r, Store: callindex.NewMemory(), Now: func() time.Time { return now }}
	if _, _, err := x.Find(t.Context(), callindex.Deal{ID: "006A"}); !errors.Is(err, r.err) {
		t.Errorf("the error is %v", err)
	}
	for _, fails := range []error{nil, errors.New("it is down")} {
		r.err = fails
		matches, gaps, err := x.Find(t.Context(), callindex.Deal{ID: "006A"})
		if err != nil || len(matches) != 1 || len(gaps) > 0 != (fails != nil) {
			t.Errorf("with %v: %v, %v, %v", fails, matches, gaps, err)
		}
		if len(gaps) == 1 && (!gaps[0].Pending || gaps[0].System != "Recorder" || !strings.Contains(gaps[0].What, "calls after 2026-06-01 may be missing: it is down")) {
			t.Errorf("the gap is %+v", gaps[0])
		}
		now = now.Add(time.Hour)
	}
}

func TestWindow(t *testing.T) {
	at := func(days int) time.Time { return today.AddDate(0, 0, days) }
	for name, tt := range map[string]struct {
		window         callindex.Window
		opened, closed time.Time
		from, to       time.Time
	}{
		"as a rule":         {callindex.Window{}, at(-90), at(-10), at(-120), at(-9)},
		"of its own":        {callindex.Window{Before: 48 * time.Hour, After: 72 * time.Hour}, at(-90), at(-10), at(-92), at(-7)},
		"still open":        {callindex.Window{}, at(-90), time.Time{}, at(-120), today},
		"no beginning":      {callindex.Window{}, time.Time{}, at(-10), at(-409), at(-9)},
		"nothing is known":  {callindex.Window{}, time.Time{}, time.Time{}, at(-400), today},
		"below zero counts": {callindex.Window{Before: -1, After: -1}, at(-90), at(-10), at(-120), at(-9)},
	} {
		got := tt.window.Deal(&connect.Record{ID: "006A", Account: "001A", Contacts: []string{"a@example.com"}, Opened: tt.opened, Closed: tt.closed}, today)
		want := callindex.Deal{ID: "006A", Account: "001A", Contacts: []string{"a@example.com"}, From: tt.from, To: tt.to}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestGuesses: calls that are tied to the opportunity need no words.
func TestGuesses(t *testing.T) {
	entry := func(id string) callindex.Entry { return callindex.Entry{ID: id, Started: today} }
	matches := []callindex.Match{
		{Entry: entry("1"), How: callindex.ByRecord},
		{Entry: entry("2"), How: callindex.ByParticipant},
		{Entry: entry("3"), How: callindex.ByAccount},
		{Entry: entry("4"), How: callindex.ByParticipant},
		{Entry: entry("5"), How: callindex.ByParticipant},
	}
	gaps := callindex.Guesses("Recorder", matches, func(id string) (string, bool) { return "Call " + id, id != "5" })
	var got []string
	for _, g := range gaps {
		got = append(got, g.What)
	}
	want := []string{
		`1 call counts as one of this deal only because its account is named, and tied to no opportunity in Recorder; check that it belongs here: "Call 3" of 2026-06-01`,
		`2 calls count as ones of this deal only because its contacts took part, and tied to no opportunity in Recorder; check that it belongs here: "Call 2" of 2026-06-01, "Call 4" of 2026-06-01`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if gaps := callindex.Guesses("Recorder", matches[:1], func(id string) (string, bool) { return id, true }); len(gaps) > 0 {
		t.Errorf("gaps of a call that is tied: %v", gaps)
	}
}

func TestRecordKey(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	// The first is an example of Salesforce's own REST API guide.
	for _, id := range []string{"001D000000IRFmaIAH", "006A00000BcdEfGIQU"} {
		if got := callindex.RecordKey(id); got != id[:15] {
			t.Errorf("%s became %s", id, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 15, 15, -1).Draw(t, "id")
		if got := callindex.RecordKey(id); got != id {
			t.Errorf("a short id %s became %s", id, got)
		}
	})
	for _, other := range []string{"", "001D000000IRFmaIAA", "123456789012345678", "é23456789012345678", "12345678901234567890"} {
		if got := callindex.RecordKey(other); got != other {
			t.Errorf("%s became %s", other, got)
		}
	}
}
