package salesforce_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect/salesforce"
	twin "throughline/twin/salesforce"
	"throughline/won"
)

// day is a moment of May 2026.
func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

func (b *bench) won(t *testing.T, f won.Filter, since, until time.Time) []won.Win {
	t.Helper()
	wins, gaps, err := b.org(t).Won(t.Context(), f, since, until)
	if err != nil || len(gaps) != 0 {
		t.Fatalf("%v, gaps %v", err, gaps)
	}
	return wins
}

func TestWon(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	wins := b.won(t, won.Filter{}, day(29), day(30))
	if len(wins) != 1 || wins[0].ID != id || !wins[0].WonAt.Equal(day(29)) || wins[0].Again() || wins[0].Undated {
		t.Fatalf("the wins are %+v", wins)
	}
	if got := b.twin.APICalls(); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
	if wins := b.won(t, won.Filter{}, day(20), day(21)); len(wins) != 0 {
		t.Errorf("won in another window: %+v", wins)
	}
	if got := b.twin.APICalls(); got != 3 {
		t.Errorf("%d calls, want 1 more for a window in which nothing was won", got)
	}
}

// TestWonAgain polls through a deal's ups and downs, one poll a day, each of which
// overlaps the one before, and one of them twice.
func TestWonAgain(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	june := func(n int) time.Time { return day(31 + n) }
	b.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Unsigned", "ApiName": "Unsigned", "IsWon": false})
	var known []won.Event
	var told []string
	poll := func(until time.Time) {
		for _, w := range b.won(t, won.Filter{}, until.Add(-24*time.Hour), until) {
			known = append(known, w.Events...)
		}
		for _, s := range won.Starts(known) {
			word := "won"
			if s.Again() {
				word = "won again"
			}
			if !s.MovedBack.IsZero() {
				word += ", moved back"
			}
			told = append(told, s.WonAt.Format("Jan 2 ")+word)
			known = append(known, s.Event())
		}
	}
	poll(day(29).Add(time.Minute))
	poll(day(29).Add(time.Minute))
	b.twin.Set("Opportunity", id, twin.Record{"NextStep": "Kickoff on the 9th"}, day(30))
	poll(day(30).Add(time.Minute))
	b.twin.Move(id, "Unsigned", false, june(1))
	poll(june(1).Add(time.Minute))
	b.twin.Move(id, "Signed", true, june(2))
	poll(june(2).Add(time.Minute))
	b.twin.Move(id, "Unsigned", false, june(3))
	b.twin.Move(id, "Signed", true, june(3).Add(time.Hour))
	poll(june(3).Add(2 * time.Hour))
	if diff := cmp.Diff([]string{"May 29 won", "Jun 2 won again", "Jun 3 won again"}, told); diff != "" {
		t.Error(diff)
	}
}

// TestWonOverlap: what was changed shortly before the window, and may have come
// to light only in it, is in it.
func TestWonOverlap(t *testing.T) {
	b := newBench(t)
	b.small(t)
	if wins := b.won(t, won.Filter{}, day(29).Add(salesforce.Overlap), day(30)); len(wins) != 1 {
		t.Errorf("just before the window: %+v", wins)
	}
	if wins := b.won(t, won.Filter{}, day(29).Add(salesforce.Overlap+time.Second), day(30)); len(wins) != 0 {
		t.Errorf("well before the window: %+v", wins)
	}
	if wins := b.won(t, won.Filter{}, day(28), day(29)); len(wins) != 0 {
		t.Errorf("at the window's end: %+v", wins)
	}
}

func TestWonFilter(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	record := b.twin.Put("RecordType", twin.Record{"Name": "O'Neill \"deals\" \\", "DeveloperName": `Odd'Name"\`, "SobjectType": "Opportunity"})
	b.twin.Set("Opportunity", id, twin.Record{"RecordTypeId": record, "Pipeline__c": "Enterprise", "ForecastCategoryName": "Closed"}, day(29))
	for name, tt := range map[string]struct {
		filter won.Filter
		want   int
	}{
		"record type":       {won.Filter{RecordTypes: []string{"Other", `Odd'Name"\`}}, 1},
		"other record type": {won.Filter{RecordTypes: []string{"Other"}}, 0},
		"type":              {won.Filter{Types: []string{"New Customer"}}, 1},
		"other type":        {won.Filter{Types: []string{"Renewal"}}, 0},
		"type that attacks": {won.Filter{Types: []string{"x') OR (Name != '"}}, 0},
		"forecast":          {won.Filter{Pipelines: []string{"Closed"}}, 1},
		"pipeline":          {won.Filter{PipelineField: "Pipeline__c", Pipelines: []string{"Enterprise"}}, 1},
		"other pipeline":    {won.Filter{PipelineField: "Pipeline__c", Pipelines: []string{"SMB"}}, 0},
		"amount":            {won.Filter{MinAmount: 900}, 1},
		"larger amount":     {won.Filter{MinAmount: 900.5}, 0},
		"before it counts":  {won.Filter{From: day(30)}, 0},
		"since it counts":   {won.Filter{From: day(29)}, 1},
		"all at the same time": {won.Filter{
			RecordTypes: []string{`Odd'Name"\`}, Types: []string{"New Customer"}, PipelineField: "Pipeline__c", Pipelines: []string{"Enterprise"}, MinAmount: 1, From: day(1),
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if wins := b.won(t, tt.filter, day(29), day(30)); len(wins) != tt.want {
				t.Errorf("%d wins, want %d", len(wins), tt.want)
			}
		})
	}
	for field, want := range map[string]string{"Name = 'x' OR Name": "no field name", "Missing__c": "Opportunity.Missing__c"} {
		_, _, err := b.org(t).Won(t.Context(), won.Filter{PipelineField: field, Pipelines: []string{"x"}}, day(29), day(30))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v", field, err)
		}
	}
}

// TestWonByFlag: what a won stage is called does not matter, nor that it has been
// renamed since.
func TestWonByFlag(t *testing.T) {
	b := newBench(t)
	id := b.small(t)
	b.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Closed Won", "ApiName": "Closed_Lost", "IsWon": false})
	b.twin.Move(id, "Closed Won", false, day(30))
	if wins := b.won(t, won.Filter{}, day(1), day(31)); len(wins) != 0 {
		t.Errorf("a stage that is only called so counts as won: %+v", wins)
	}
	b.twin.Set("Opportunity", id, twin.Record{"StageName": "Gewonnen", "IsWon": true}, day(31))
	b.twin.Put("OpportunityHistory", twin.Record{"OpportunityId": id, "StageName": "Gewonnen", "CreatedDate": "2026-05-31T12:00:00.000+0000"})
	wins := b.won(t, won.Filter{}, day(31), day(32))
	if len(wins) != 1 || !wins[0].WonAt.Equal(day(31)) || !wins[0].Again() {
		t.Errorf("a stage that is not in the list of stages: %+v", wins)
	}
}

func TestWonWithoutHistory(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.Denied["OpportunityHistory"] = true
	wins, gaps, err := b.org(t).Won(t.Context(), won.Filter{}, day(29), day(30))
	if err != nil || len(wins) != 1 || !wins[0].Undated || len(gaps) != 1 || !strings.HasPrefix(gaps[0].What, "the history of stages could not be read") {
		t.Errorf("%+v, %v, %v", wins, gaps, err)
	}
}

func TestWonMany(t *testing.T) {
	b := newBench(t)
	b.twin.PageSize = 300
	b.twin.Put("OpportunityStage", twin.Record{"MasterLabel": "Signed", "ApiName": "Signed", "IsWon": true})
	const n = 850
	for range n {
		id := b.twin.Put("Opportunity", twin.Record{"Name": "x", "StageName": "Talking", "IsWon": false})
		b.twin.Move(id, "Signed", true, day(10))
	}
	wins := b.won(t, won.Filter{}, day(10), day(11))
	seen := map[string]bool{}
	for _, w := range wins {
		seen[w.ID] = true
		if w.Undated {
			t.Fatalf("not dated: %+v", w)
		}
	}
	if len(wins) != n || len(seen) != n {
		t.Errorf("%d wins of %d opportunities, want %d", len(wins), len(seen), n)
	}
	if got := b.twin.APICalls(); got != 3+2 {
		t.Errorf("%d calls, want 3 for three pages and 2 for the history", got)
	}
}
