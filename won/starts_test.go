package won_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"throughline/won"
)

// day is a moment of May 2026.
func day(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }

func TestStarts(t *testing.T) {
	yes := func(n int) won.Event { return won.Event{Deal: "o", At: day(n), Won: true} }
	not := func(n int) won.Event { return won.Event{Deal: "o", At: day(n)} }
	started := func(n int) won.Event {
		return won.Event{Deal: "o", At: day(n), Won: true, Started: true}
	}
	first := won.Start{Deal: "o", WonAt: day(2)}
	for name, tt := range map[string]struct {
		events []won.Event
		want   []won.Start
	}{
		"nothing":                    {nil, nil},
		"never won":                  {[]won.Event{not(1), not(2)}, nil},
		"won":                        {[]won.Event{not(1), yes(2)}, []won.Start{first}},
		"won when first heard of":    {[]won.Event{yes(2)}, []won.Start{first}},
		"twice the same":             {[]won.Event{yes(2), not(1), yes(2)}, []won.Start{first}},
		"changed while won":          {[]won.Event{yes(2), yes(3), yes(4)}, []won.Start{first}},
		"out of order":               {[]won.Event{yes(3), not(1), yes(2)}, []won.Start{first}},
		"started":                    {[]won.Event{not(1), yes(2), started(2)}, nil},
		"started, then changed":      {[]won.Event{started(2), yes(3)}, nil},
		"earlier part comes late":    {[]won.Event{yes(3), started(3), yes(2)}, nil},
		"moved back":                 {[]won.Event{yes(2), not(3)}, []won.Start{{Deal: "o", WonAt: day(2), MovedBack: day(3)}}},
		"moved back after the start": {[]won.Event{started(2), not(3)}, nil},
		"won again": {
			[]won.Event{started(2), not(3), yes(4)},
			[]won.Start{{Deal: "o", WonAt: day(4), Before: []time.Time{day(2)}}},
		},
		"won again, the moving back comes late": {
			[]won.Event{yes(2), started(2), yes(4), not(3)},
			[]won.Start{{Deal: "o", WonAt: day(4), Before: []time.Time{day(2)}}},
		},
		"won twice before it was heard of": {
			[]won.Event{yes(2), not(3), yes(4)},
			[]won.Start{{Deal: "o", WonAt: day(2), MovedBack: day(3)}, {Deal: "o", WonAt: day(4), Before: []time.Time{day(2)}}},
		},
		"two deals": {
			[]won.Event{{Deal: "p", At: day(1), Won: true}, yes(2)},
			[]won.Start{{Deal: "p", WonAt: day(1)}, first},
		},
		"within one moment, by the row": {
			[]won.Event{{Deal: "o", At: day(2), ID: "2", Won: true}, {Deal: "o", At: day(2), ID: "1"}},
			[]won.Start{{Deal: "o", WonAt: day(2), ID: "2"}},
		},
		"within one moment, started": {
			[]won.Event{
				{Deal: "o", At: day(2), ID: "2", Won: true},
				{Deal: "o", At: day(2), ID: "1"},
				won.Start{Deal: "o", WonAt: day(2), ID: "2"}.Event(),
			},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, won.Starts(tt.events)); diff != "" {
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
		var history []won.Event
		wins := 0
		for _, deal := range []string{"o", "p"} {
			was := false
			for i, is := range rapid.SliceOfN(rapid.Bool(), 0, 8).Draw(t, "history of "+deal) {
				if is && !was {
					wins++
				}
				was = is
				history = append(history, won.Event{Deal: deal, At: day(i + 1), Won: is})
			}
		}
		dealt := rapid.Permutation(slices.Concat(history, rapid.SliceOf(rapid.SampledFrom(append(history, won.Event{Deal: "q", At: day(1)}))).Draw(t, "repeated"))).Draw(t, "dealt")
		var known []won.Event
		made := 0
		for len(dealt) > 0 {
			n := rapid.IntRange(1, len(dealt)).Draw(t, "batch")
			known = append(known, dealt[:n]...)
			dealt = dealt[n:]
			starts := won.Starts(known)
			for _, s := range starts {
				known = append(known, s.Event())
			}
			made += len(starts)
			if again := won.Starts(known); len(again) != 0 {
				t.Fatalf("told twice: %+v", again)
			}
		}
		if made != wins {
			t.Fatalf("%d starts for %d wins", made, wins)
		}
	})
}
