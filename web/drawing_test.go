package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/web"
)

// TestMilestonesHaveTheirDays: a milestone stands at the day that was said, or that
// can be counted, and nowhere where neither is known.
func TestMilestonesHaveTheirDays(t *testing.T) {
	header := throughline.Header{Close: "2026-03-02", Kickoff: "2026-03-16"}
	for name, c := range map[string]struct {
		header throughline.Header
		item   throughline.Item
		when   string
		placed bool
	}{
		"a date":                      {header, throughline.Item{Day: 30, Due: "2026-04-20", From: throughline.FromCalendar}, "by 20 Apr 2026", true},
		"from the close":              {header, throughline.Item{Day: 30, From: throughline.FromClose}, "about 1 Apr 2026, day 30 from the close", true},
		"from the kickoff":            {header, throughline.Item{Day: 60, From: throughline.FromKickoff}, "about 15 May 2026, day 60 from the kickoff", true},
		"from a kickoff not known":    {throughline.Header{Close: "2026-03-02"}, throughline.Item{Day: 60, From: throughline.FromKickoff}, "about day 60 from the kickoff", false},
		"from go-live":                {header, throughline.Item{Day: 90, From: throughline.FromGoLive}, "about day 90 from go-live", false},
		"from nothing that was said":  {header, throughline.Item{Day: 90}, "about day 90", false},
		"no day":                      {header, throughline.Item{}, "no day was said", false},
		"a date that is none":         {header, throughline.Item{Due: "soon"}, "no day was said", false},
		"where no date is known":      {throughline.Header{}, throughline.Item{Day: 30, From: throughline.FromClose}, "about day 30 from the close", false},
		"a date alone":                {throughline.Header{}, throughline.Item{Due: "2026-04-20"}, "by 20 Apr 2026", true},
		"many years after the others": {header, throughline.Item{Due: "2046-04-20"}, "by 20 Apr 2046", true},
	} {
		c.item.Kind, c.item.ID, c.item.Text = throughline.KindMilestone, "milestone-1", "Live"
		line := web.Timeline(&throughline.Handoff{Deal: c.header, Items: []throughline.Item{c.item}}, time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC))
		if got := line.Milestones[0]; got.When != c.when || (got.Number > 0) != c.placed || (len(line.Dots) > 0) != c.placed {
			t.Errorf("%s: %+v with %d dots", name, got, len(line.Dots))
		}
		for _, d := range line.Dots {
			if d.X < 0 || d.X > line.Width || d.Y < 0 || d.Y > line.Height {
				t.Errorf("%s: a dot at %d, %d is not in the picture", name, d.X, d.Y)
			}
		}
		if len(line.Months) > 24 {
			t.Errorf("%s: %d months are named", name, len(line.Months))
		}
	}
	if web.Timeline(&throughline.Handoff{Deal: header}, time.Time{}) != nil {
		t.Error("there is a picture of nothing")
	}
}

// TestMilestonesInOrder: in the order of their days, those without one last; what
// falls on one day stands above each other.
func TestMilestonesInOrder(t *testing.T) {
	h := &throughline.Handoff{Deal: throughline.Header{Close: "2026-03-02"}}
	for id, due := range map[string]string{"c": "2026-05-01", "a": "2026-04-01", "d": "", "b": "2026-05-01"} {
		h.Items = append(h.Items, throughline.Item{ID: id, Kind: throughline.KindMilestone, Due: due})
	}
	slices.SortFunc(h.Items, func(a, b throughline.Item) int { return strings.Compare(a.ID, b.ID) })
	line := web.Timeline(h, time.Time{})
	got := ""
	for _, m := range line.Milestones {
		got += m.ID
	}
	if got != "abcd" || len(line.Dots) != 3 || line.Dots[1].X != line.Dots[2].X || line.Dots[1].Y == line.Dots[2].Y {
		t.Errorf("%s, %+v", got, line.Dots)
	}
}

func TestThePoliticalMap(t *testing.T) {
	if web.PoliticalMap(&throughline.Handoff{Items: []throughline.Item{{Kind: throughline.KindCommittee, Person: "A"}}}) != nil {
		t.Error("there is a map without a stance")
	}
	m := web.PoliticalMap(&throughline.Handoff{Items: []throughline.Item{
		{ID: "champion-1", Kind: throughline.KindChampion, Person: "A", Title: strings.Repeat("Head of ", 20), Role: "Buyer"},
		{ID: "committee-1", Kind: throughline.KindCommittee, Person: "A", Stance: throughline.StanceAlly},
		{ID: "committee-2", Kind: throughline.KindCommittee, Person: "B", Stance: throughline.StanceBlocker, Role: "Buyer"},
		{ID: "enthusiast-1", Kind: throughline.KindEnthusiast, Person: "B"},
		{ID: "reluctant-1", Kind: throughline.KindReluctant, Person: "C"},
		{ID: "use_case-1", Kind: throughline.KindUseCase, Person: "D"},
	}})
	if len(m.People) != 3 || len(m.Rows) != 2 || len(m.Lanes) != 4 {
		t.Fatalf("%+v", m)
	}
	a, b, c := m.People[0], m.People[1], m.People[2]
	if !a.Champion || a.Stance != "ally" || a.Role != "Buyer" || b.Private() != "keener in private" || c.Private() != "agreed against their preference" || c.Stance != "" {
		t.Errorf("%+v", m.People)
	}
	if b.X >= a.X || c.X <= a.X || c.Y <= a.Y || a.Y != b.Y {
		t.Errorf("they stand at %d,%d %d,%d %d,%d", a.X, a.Y, b.X, b.Y, c.X, c.Y)
	}
	for _, p := range m.People {
		if p.Bottom > m.Height || p.X > m.Width || len([]rune(p.ShortTitle)) > 60 {
			t.Errorf("%+v is not in the picture", p)
		}
	}
}
