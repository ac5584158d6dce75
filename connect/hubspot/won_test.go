package hubspot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/twin/fault"
	twin "throughline/twin/hubspot"
	"throughline/won"
)

// put seeds a deal that goes to a stage at a moment.
func (b *bench) put(id, stage string, at time.Time, more twin.Record) {
	was := b.now()
	b.set(at.AddDate(0, 0, -20))
	rec := twin.Record{"id": id, "dealname": "Deal " + id, "dealstage": "qualifiedtobuy", "pipeline": "default", "amount": "1000", "closedate": at.Format(time.RFC3339), "hubspot_owner_id": "1"}
	for k, v := range more {
		rec[k] = v
	}
	b.twin.Put("deals", rec)
	b.set(was)
	b.twin.Move(id, stage, at)
}

func ids(wins []won.Win) string {
	var out []string
	for _, w := range wins {
		out = append(out, w.ID)
	}
	return strings.Join(out, " ")
}

func TestWon(t *testing.T) {
	hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	seed := func(b *bench) {
		b.small(t) // won on 29 May
		b.put("11", "closedwon", hour(1), twin.Record{"dealtype": "newbusiness"})
		b.put("12", "closedlost", hour(1), nil)
		b.put("13", "9911", hour(2), twin.Record{"pipeline": "renewals", "dealtype": "existingbusiness", "amount": "50000"})
		b.put("14", "closedwon", hour(3), nil)
		b.twin.Move("14", "qualifiedtobuy", hour(4)) // moved back
		b.put("15", "closedwon", hour(3), nil)
		b.twin.Move("15", "contractsent", hour(4))
		b.twin.Move("15", "closedwon", hour(5)) // and won again
		b.set(hour(6))
	}
	for name, tt := range map[string]struct {
		filter      won.Filter
		since       time.Time
		until       time.Time
		want, gaps  string
		calls, most int
	}{
		"all since":             {since: start, until: hour(6), want: "11 13 15", calls: 3},
		"none since":            {since: hour(6), until: hour(6), want: "", calls: 2},
		"until":                 {since: start, until: hour(2), want: "11", calls: 3},
		"looks back":            {since: hour(2).Add(10 * time.Minute), until: hour(6), want: "13 15", calls: 3},
		"types by value":        {filter: won.Filter{Types: []string{"existingbusiness"}}, since: start, until: hour(6), want: "13", calls: 4},
		"types by label":        {filter: won.Filter{Types: []string{"New business"}}, since: start, until: hour(6), want: "11", calls: 4},
		"pipelines by label":    {filter: won.Filter{Pipelines: []string{"renewals"}}, since: start, until: hour(6), want: "13", calls: 3},
		"pipelines by id":       {filter: won.Filter{Pipelines: []string{"default"}}, since: start, until: hour(6), want: "11 15", calls: 3},
		"no such pipeline":      {filter: won.Filter{Pipelines: []string{"Enterprise"}}, since: start, until: hour(6), gaps: `no pipeline "Enterprise"`, calls: 1},
		"amount":                {filter: won.Filter{MinAmount: 20000}, since: start, until: hour(6), want: "13", calls: 3},
		"from":                  {filter: won.Filter{From: hour(4)}, since: start, until: hour(6), want: "15", calls: 3},
		"record types":          {filter: won.Filter{RecordTypes: []string{"New_Business"}}, since: start, until: hour(6), want: "11 13 15", gaps: "has no record types", calls: 3},
		"another CRM's field":   {filter: won.Filter{PipelineField: "Pipeline__c"}, since: start, until: hour(6), want: "11 13 15", gaps: "pipeline_field is passed over", calls: 3},
		"all filters at a time": {filter: won.Filter{Types: []string{"existingbusiness"}, Pipelines: []string{"Renewals"}, MinAmount: 1}, since: start, until: hour(6), want: "13", calls: 4},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			seed(b)
			wins, gaps, err := b.portal(t).Won(t.Context(), tt.filter, tt.since, tt.until)
			if err != nil || ids(wins) != tt.want {
				t.Errorf("won are %q, want %q (%v)", ids(wins), tt.want, err)
			}
			if tt.gaps == "" && len(gaps) != 0 || tt.gaps != "" && (len(gaps) != 1 || !strings.Contains(gaps[0].What, tt.gaps)) {
				t.Errorf("the gaps are %+v", gaps)
			}
			if b.calls() != tt.calls {
				t.Errorf("%d calls, want %d", b.calls(), tt.calls)
			}
		})
	}
}

func TestWonTells(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.put("15", "closedwon", start, twin.Record{"dealtype": "newbusiness"})
	b.twin.Move("15", "contractsent", start.Add(time.Hour))
	b.twin.Move("15", "closedwon", start.Add(2*time.Hour))
	b.set(start.Add(3 * time.Hour))
	wins, gaps, err := b.portal(t).WonByID(t.Context(), won.Filter{}, []string{"15", "x", "15", "404"})
	if err != nil || len(gaps) != 0 || len(wins) != 1 {
		t.Fatalf("%v, %+v, %+v", err, gaps, wins)
	}
	want := won.Win{
		ID: "15", Name: "Deal 15", Owner: "1", Stage: "closedwon", Type: "newbusiness", Amount: 1000, CloseDate: "2026-06-01", Changed: start.Add(2 * time.Hour),
		Start: won.Start{Deal: "15", WonAt: start.Add(2 * time.Hour), Before: []time.Time{start}},
		Events: []won.Event{
			{Deal: "15", At: start.Add(2 * time.Hour), Won: true},
			{Deal: "15", At: start.Add(time.Hour)},
			{Deal: "15", At: start, Won: true},
			{Deal: "15", At: start.AddDate(0, 0, -20)},
		},
	}
	if diff := cmp.Diff(want, wins[0]); diff != "" {
		t.Error(diff)
	}
}

// TestWonByIDFilters: what a filter leaves out is left out of deals by id, too, whatever
// search knows.
func TestWonByIDFilters(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.put("11", "closedwon", start, twin.Record{"dealtype": "newbusiness", "amount": "10"})
	b.put("12", "closedlost", start, nil)
	b.put("13", "9911", start, twin.Record{"pipeline": "renewals", "dealtype": "existingbusiness", "amount": "50"})
	for name, tt := range map[string]struct {
		filter won.Filter
		want   string
	}{
		"all": {won.Filter{}, "11 13"}, "types": {won.Filter{Types: []string{"Existing Business"}}, "13"}, "pipelines": {won.Filter{Pipelines: []string{"Sales pipeline"}}, "11"},
		"amount": {won.Filter{MinAmount: 50}, "13"}, "from": {won.Filter{From: start.Add(time.Second)}, ""},
	} {
		wins, _, err := b.portal(t).WonByID(t.Context(), tt.filter, []string{"11", "12", "13"})
		if err != nil || ids(wins) != tt.want {
			t.Errorf("%s: %q, want %q (%v)", name, ids(wins), tt.want, err)
		}
	}
}

// TestUndated: a deal whose history knows no won stage is dated by its close date, and
// that is said.
func TestUndated(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.Withheld["crm.schemas.deals.read"] = true
	b.put("16", "closedwon", start, nil)
	wins, gaps, err := b.portal(t).WonByID(t.Context(), won.Filter{}, []string{"16"})
	if err != nil || len(wins) != 1 || wins[0].Undated || !wins[0].WonAt.Equal(start) {
		t.Errorf("without pipelines the stage that it is in counts: %v, %+v", err, wins)
	}
	if len(gaps) != 1 || !strings.Contains(gaps[0].What, "which stages count as won could not be read") {
		t.Errorf("%+v", gaps)
	}
	b.twin.Forget("16", "dealstage")
	wins, gaps, err = b.portal(t).WonByID(t.Context(), won.Filter{}, []string{"16"})
	if err != nil || len(wins) != 1 || !wins[0].Undated || wins[0].WonAt.Format(time.DateOnly) != "2026-06-01" || len(wins[0].Events) != 1 {
		t.Errorf("without history: %v, %+v", err, wins)
	}
	if len(gaps) != 2 || !strings.Contains(gaps[1].What, "their close date is taken") {
		t.Errorf("%+v", gaps)
	}
}

// TestWonMany: more than a page holds, with ever the same time of change.
func TestWonMany(t *testing.T) {
	b := newBench(t)
	for i := range 450 {
		b.put(fmt.Sprint(1000+i), "closedwon", start, nil)
	}
	b.set(start.Add(time.Minute))
	wins, _, err := b.portal(t).Won(t.Context(), won.Filter{}, start, b.now())
	if err != nil || len(wins) != 450 {
		t.Fatalf("%d of 450 (%v)", len(wins), err)
	}
	if n := b.budget.Counts()["search won deals"]; n != 3 {
		t.Errorf("%d searches, want 3", n)
	}
	if n := b.budget.Counts()["read when deals were won"]; n != 9 {
		t.Errorf("%d calls to date them, want 9", n)
	}
}

func TestNotWon(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.put("21", "closedwon", start, nil)
	b.put("22", "closedlost", start, nil)
	b.put("23", "qualifiedtobuy", start, nil)
	b.put("24", "closedwon", start, nil)
	b.twin.Merge("24", "22")
	got, err := b.portal(t).NotWon(t.Context(), []string{"21", "22", "23", "24", "404", "bad"})
	if err != nil || !slices.Equal(got, []string{"22", "23", "24"}) {
		t.Errorf("%v, %v", got, err)
	}
	if b.calls() != 1 {
		t.Errorf("%d calls", b.calls())
	}
}

func TestAbout(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.config.CSMField = "success_manager"
	b.put("21", "closedwon", start, twin.Record{"pipeline": "renewals", "hubspot_owner_id": "3"})
	got, gaps, err := b.portal(t).About(t.Context(), won.Filter{}, []string{deal, "21", "404"})
	if err != nil || len(gaps) != 0 {
		t.Fatalf("%v, %+v", err, gaps)
	}
	want := map[string]won.About{deal: {AE: "Ann Lee", CSM: "Cy Moss", Pipeline: "Sales Pipeline"}, "21": {AE: "Lou Left", Pipeline: "Renewals"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A ledger remembers in memory.
type ledger struct {
	mu       sync.Mutex
	position won.Position
	events   []won.Event
	begun    []string
}

func (l *ledger) Position(context.Context) (won.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.position, nil
}

func (l *ledger) Advance(_ context.Context, p won.Position) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position = p
	return nil
}

func (l *ledger) Started(context.Context, []string) ([]won.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events), nil
}

func (l *ledger) Begin(_ context.Context, w won.Win, e won.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
	l.begun = append(l.begun, w.ID+" "+w.WonAt.Format(time.TimeOnly))
	return nil
}

// TestPollingOnceEach: search lags, rows come late, deals are edited, moved back and
// won again; polling begins each win once and misses none.
func TestPollingOnceEach(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.SearchLag = 90 * time.Second
	l := &ledger{}
	w := &won.Watch{CRM: b.portal(t), Ledger: l, Now: b.now}
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	poll := func() {
		t.Helper()
		if err := w.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	poll() // the first look: what was won before does not count
	for minute := 1; minute <= 60; minute++ {
		b.set(at(minute))
		switch minute {
		case 5:
			b.put("31", "closedwon", b.now(), nil) // search knows of it 90 s later: after the poll of this minute
		case 7:
			b.put("32", "closedwon", b.now(), nil)
		case 9:
			b.twin.Set("deals", "31", twin.Record{"amount": "2000"}, b.now())
			b.twin.Set("deals", deal, twin.Record{"amount": "2"}, b.now()) // won before the first look
		case 20:
			b.twin.Move("32", "contractsent", b.now())
		case 30:
			b.twin.Move("32", "closedwon", b.now())
		case 40:
			b.put("33", "closedwon", b.now(), nil)
			b.twin.Move("33", "closedlost", b.now().Add(20*time.Second)) // gone before anybody asked
		}
		if minute%5 == 0 {
			poll()
		}
	}
	if diff := cmp.Diff([]string{"31 09:05:00", "32 09:07:00", "32 09:30:00"}, l.begun); diff != "" {
		t.Error(diff)
	}
}

// TestWonFaults: what the service does to a poll.
func TestWonFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		path   string
		times  int
		fault  fault.Fault
		passes bool
		waited time.Duration // at least
	}{
		"search: too many in a second":   {"deals/search", 2, fault.Fault{Status: 429, Code: "SECONDLY"}, true, 2 * time.Second},
		"search: too many in 10 seconds": {"deals/search", 1, fault.Fault{Status: 429, Code: "TEN_SECONDLY_ROLLING"}, true, 10 * time.Second},
		"search: the day's calls":        {"deals/search", 1, fault.Fault{Status: 429, Code: "DAILY"}, false, 0},
		"search: Retry-After":            {"deals/search", 1, fault.Fault{Status: 429, Code: "SECONDLY", RetryAfter: "7"}, true, 7 * time.Second},
		"search: 502":                    {"deals/search", 2, fault.Fault{Status: 502}, true, 0},
		"search: 502 for ever":           {"deals/search", 99, fault.Fault{Status: 502}, false, 0},
		"search: cut":                    {"deals/search", 1, fault.Fault{Cut: 20}, true, 0},
		"search: reset":                  {"deals/search", 1, fault.Fault{Reset: true}, true, 0},
		"dating: locked":                 {"deals/batch/read", 1, fault.Fault{Status: 423, Code: "RESOURCE_LOCKED"}, true, 2 * time.Second},
		"dating: moved":                  {"deals/batch/read", 1, fault.Fault{Status: 477, RetryAfter: "30"}, true, 30 * time.Second},
		"dating: moved for a day":        {"deals/batch/read", 1, fault.Fault{Status: 477, RetryAfter: "86400"}, false, 0},
		"dating: 521":                    {"deals/batch/read", 1, fault.Fault{Status: 521}, true, 0},
		"dating: 523":                    {"deals/batch/read", 1, fault.Fault{Status: 523}, true, 0},
		"dating: 524":                    {"deals/batch/read", 1, fault.Fault{Status: 524}, true, 0},
		"dating: 504":                    {"deals/batch/read", 1, fault.Fault{Status: 504}, true, 0},
		"dating: refused":                {"deals/batch/read", 1, fault.Fault{Status: 400, Code: "VALIDATION_ERROR", Message: "secret words"}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.put("41", "closedwon", start, nil)
			b.set(start.Add(time.Hour))
			b.twin.Order(tt.path, tt.times, tt.fault)
			p := b.portal(t)
			wins, _, err := p.Won(t.Context(), won.Filter{}, start, b.now())
			var e *connect.Error
			switch {
			case tt.passes && (err != nil || len(wins) != 1):
				t.Errorf("not got over: %v", err)
			case !tt.passes && (!errors.As(err, &e) || e.Advice == "" || strings.Contains(err.Error(), "secret words")):
				t.Errorf("the error is %v", err)
			case b.waited < tt.waited:
				t.Errorf("waited %s, want %s", b.waited, tt.waited)
			}
			b.twin.Heal()
			b.set(b.now().Add(25 * time.Hour))
			if wins, _, err := p.Won(t.Context(), won.Filter{}, start, b.now()); err != nil || ids(wins) != "41" {
				t.Errorf("after that: %v, %v", wins, err)
			}
		})
	}
}

// TestPace: the program keeps within the account's limits by itself.
func TestPace(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.TenSeconds, b.twin.Second = 100, 5
	b.config.Limiter, b.config.SearchLimiter = nil, nil // the connector's own
	p := b.portal(t)
	for range 30 {
		if _, _, err := p.Won(t.Context(), won.Filter{}, start.AddDate(0, -1, 0), b.now()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.Collect(t.Context(), deal, t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(b.log.String(), "status=429") {
		t.Error("the account had to turn calls away")
	}
}
