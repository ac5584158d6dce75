package salesforce_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline/connect/salesforce"
)

// day is a moment of May 2026.
func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

func TestStarts(t *testing.T) {
	won := func(n int) salesforce.Event { return salesforce.Event{Opportunity: "o", At: day(n), Won: true} }
	not := func(n int) salesforce.Event { return salesforce.Event{Opportunity: "o", At: day(n)} }
	started := func(n int) salesforce.Event {
		return salesforce.Event{Opportunity: "o", At: day(n), Won: true, Started: true}
	}
	first := salesforce.Start{Opportunity: "o", WonAt: day(2)}
	for name, tt := range map[string]struct {
		events []salesforce.Event
		want   []salesforce.Start
	}{
		"nothing":                    {nil, nil},
		"never won":                  {[]salesforce.Event{not(1), not(2)}, nil},
		"won":                        {[]salesforce.Event{not(1), won(2)}, []salesforce.Start{first}},
		"won when first heard of":    {[]salesforce.Event{won(2)}, []salesforce.Start{first}},
		"twice the same":             {[]salesforce.Event{won(2), not(1), won(2)}, []salesforce.Start{first}},
		"changed while won":          {[]salesforce.Event{won(2), won(3), won(4)}, []salesforce.Start{first}},
		"out of order":               {[]salesforce.Event{won(3), not(1), won(2)}, []salesforce.Start{first}},
		"started":                    {[]salesforce.Event{not(1), won(2), started(2)}, nil},
		"started, then changed":      {[]salesforce.Event{started(2), won(3)}, nil},
		"earlier part comes late":    {[]salesforce.Event{won(3), started(3), won(2)}, nil},
		"moved back":                 {[]salesforce.Event{won(2), not(3)}, []salesforce.Start{{Opportunity: "o", WonAt: day(2), MovedBack: day(3)}}},
		"moved back after the start": {[]salesforce.Event{started(2), not(3)}, nil},
		"won again": {
			[]salesforce.Event{started(2), not(3), won(4)},
			[]salesforce.Start{{Opportunity: "o", WonAt: day(4), Before: []time.Time{day(2)}}},
		},
		"won again, the moving back comes late": {
			[]salesforce.Event{won(2), started(2), won(4), not(3)},
			[]salesforce.Start{{Opportunity: "o", WonAt: day(4), Before: []time.Time{day(2)}}},
		},
		"won twice before it was heard of": {
			[]salesforce.Event{won(2), not(3), won(4)},
			[]salesforce.Start{{Opportunity: "o", WonAt: day(2), MovedBack: day(3)}, {Opportunity: "o", WonAt: day(4), Before: []time.Time{day(2)}}},
		},
		"two opportunities": {
			[]salesforce.Event{{Opportunity: "p", At: day(1), Won: true}, won(2)},
			[]salesforce.Start{{Opportunity: "p", WonAt: day(1)}, first},
		},
		"within one moment, by the row": {
			[]salesforce.Event{{Opportunity: "o", At: day(2), ID: "2", Won: true}, {Opportunity: "o", At: day(2), ID: "1"}},
			[]salesforce.Start{{Opportunity: "o", WonAt: day(2), ID: "2"}},
		},
		"within one moment, started": {
			[]salesforce.Event{
				{Opportunity: "o", At: day(2), ID: "2", Won: true},
				{Opportunity: "o", At: day(2), ID: "1"},
				salesforce.Start{Opportunity: "o", WonAt: day(2), ID: "2"}.Event(),
			},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, salesforce.Starts(tt.events)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOneStartPerWin deals a deal's events out in any order, repeated, in batches,
// and makes the starts that are told after each: in the end there is one for each
// time it was won, no matter what came when.
func TestOneStartPerWin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var history []salesforce.Event
		wins := 0
		for _, opportunity := range []string{"o", "p"} {
			was := false
			for i, won := range rapid.SliceOfN(rapid.Bool(), 0, 8).Draw(t, "history of "+opportunity) {
				if won && !was {
					wins++
				}
				was = won
				history = append(history, salesforce.Event{Opportunity: opportunity, At: day(i + 1), Won: won})
			}
		}
		dealt := rapid.Permutation(slices.Concat(history, rapid.SliceOf(rapid.SampledFrom(append(history, salesforce.Event{Opportunity: "q", At: day(1)}))).Draw(t, "repeated"))).Draw(t, "dealt")
		var known []salesforce.Event
		made := 0
		for len(dealt) > 0 {
			n := rapid.IntRange(1, len(dealt)).Draw(t, "batch")
			known = append(known, dealt[:n]...)
			dealt = dealt[n:]
			starts := salesforce.Starts(known)
			for _, s := range starts {
				known = append(known, s.Event())
			}
			made += len(starts)
			if again := salesforce.Starts(known); len(again) != 0 {
				t.Fatalf("told twice: %+v", again)
			}
		}
		if made != wins {
			t.Fatalf("%d starts for %d wins", made, wins)
		}
	})
}
