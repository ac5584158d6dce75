package throughline_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

func TestKickoffOpen(t *testing.T) {
	agenda := throughline.Agenda{Points: []throughline.TalkingPoint{
		{ID: "use_case-1", Mode: throughline.PointSay}, {ID: "stretch-1-doubt", Mode: throughline.PointKnow},
	}}
	tick := func(point string, state throughline.TickState, reason string) throughline.Tick {
		return throughline.Tick{Point: point, State: state, Reason: reason, By: "A. Example"}
	}
	for _, c := range []struct {
		name  string
		ticks []throughline.Tick
		want  []string
	}{
		{"nothing ticked", nil, []string{"use_case-1", "stretch-1-doubt"}},
		{"each in its own way", []throughline.Tick{tick("use_case-1", throughline.TickCovered, ""), tick("stretch-1-doubt", throughline.TickRead, "")}, nil},
		{"what is to be known can't be covered", []throughline.Tick{tick("use_case-1", throughline.TickCovered, ""), tick("stretch-1-doubt", throughline.TickCovered, "")}, []string{"stretch-1-doubt"}},
		{"what is to be said is not done by reading", []throughline.Tick{tick("use_case-1", throughline.TickRead, ""), tick("stretch-1-doubt", throughline.TickRead, "")}, []string{"use_case-1"}},
		{"waived with reasons", []throughline.Tick{tick("use_case-1", throughline.TickWaived, "They dropped it."), tick("stretch-1-doubt", throughline.TickWaived, "Answered.")}, nil},
		{"waived without", []throughline.Tick{tick("use_case-1", throughline.TickWaived, " \n"), tick("stretch-1-doubt", throughline.TickRead, "")}, []string{"use_case-1"}},
		{"taken back", []throughline.Tick{tick("use_case-1", throughline.TickCovered, ""), tick("stretch-1-doubt", throughline.TickRead, ""), tick("use_case-1", throughline.TickOpen, "")}, []string{"use_case-1"}},
		{"of a point that is gone", []throughline.Tick{tick("use_case-9", throughline.TickCovered, "")}, []string{"use_case-1", "stretch-1-doubt"}},
		{"in a state that is none", []throughline.Tick{tick("use_case-1", "done", ""), tick("stretch-1-doubt", throughline.TickRead, "")}, []string{"use_case-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := throughline.Kickoff{Agenda: agenda, Ticks: c.ticks}
			var got []string
			for _, p := range k.Open() {
				got = append(got, p.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("open (-want +got):\n%s", diff)
			}
			at := time.Date(2026, 10, 6, 15, 0, 0, 0, time.UTC)
			err := k.MarkHeld(at)
			var open *throughline.OpenPointsError
			switch {
			case len(c.want) == 0 && (err != nil || k.HeldAt == nil || !k.HeldAt.Equal(at)):
				t.Errorf("held at %v: %v", k.HeldAt, err)
			case len(c.want) > 0 && (!errors.As(err, &open) || k.HeldAt != nil):
				t.Errorf("it was marked as held at %v: %v", k.HeldAt, err)
			case len(c.want) > 0 && !slices.ContainsFunc(c.want, func(id string) bool { return strings.Contains(err.Error(), id) }):
				t.Errorf("the error names none of %v: %v", c.want, err)
			}
		})
	}
}

func TestKickoffHeldWhen(t *testing.T) {
	var k throughline.Kickoff
	if err := k.MarkHeld(time.Time{}); err == nil || k.HeldAt != nil {
		t.Errorf("it was held at no time: %v", err)
	}
}
