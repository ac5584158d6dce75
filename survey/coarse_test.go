package survey

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"throughline"
)

// spread is a report of some deals over a year and a half, of which some are before
// adoption, some with a handoff and some without one.
func spread(deals int, random *rand.Rand) Report {
	var in Input
	for d := range deals {
		at := kickoff.AddDate(0, random.IntN(18), 0)
		adopted := random.IntN(3) > 0
		accepted := adopted && random.IntN(3) > 0
		for range 1 + random.IntN(3) {
			in.Answers = append(in.Answers, throughline.Answer{Deal: fmt.Sprint(d), Score: random.IntN(11), At: at, Adopted: adopted, AcceptedBeforeKickoff: accepted})
		}
		if adopted {
			in.Plays = append(in.Plays, Play{Won: at, Kickoff: at, Held: true, Points: 10, Covered: random.IntN(11), Checked: random.IntN(2) > 0, Asked: random.IntN(4)})
		}
	}
	return Make(in, kickoff.AddDate(3, 0, 0), random)
}

// TestCoarse: no figure of few deals is shown, and none is the only one of a sum that
// is not.
func TestCoarse(t *testing.T) {
	shown := 0
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 9))
		whole := spread(1+random.IntN(120), random)
		r := whole.Coarse()
		hidden := map[Group]map[Month]bool{}
		look := func(m Month, g Group, f, was Figure) {
			if f.Deals != was.Deals || f.Answers != was.Answers {
				t.Fatalf("seed %d: %+v has other counts than %+v", seed, f, was)
			}
			if f.Withheld != (f.NPS == nil) || f.Deals < FewestShown && (!f.Withheld || f.Promoters+f.Passives+f.Detractors > 0) {
				t.Errorf("seed %d: %+v is shown", seed, f)
			}
			if hidden[g] == nil {
				hidden[g] = map[Month]bool{}
			}
			hidden[g][m] = f.Withheld
			shown += one(!f.Withheld)
		}
		for _, p := range r.NPS {
			i := slices.IndexFunc(whole.NPS, func(was NPSPoint) bool { return was.Month == p.Month && was.Group == p.Group })
			if p.Month != "" {
				t.Errorf("seed %d: month %s is told of", seed, p.Month)
			}
			look("", p.Group, p.Figure, whole.NPS[i].Figure)
		}
		for i, q := range r.Quarters {
			look(q.Quarter, q.Group, q.Figure, whole.Quarters[i].Figure)
		}
		for g, quarters := range hidden {
			n := 0
			for _, h := range quarters {
				n += one(h)
			}
			if n == 1 {
				t.Errorf("seed %d: of %s one figure alone is withheld, which the others tell", seed, g)
			}
		}
		for m := range hidden[Everybody] {
			for _, of := range [][]Group{{After, WithHandoff, WithoutOne}, {Everybody, Before, After}} {
				n := 0
				for _, g := range of {
					n += one(hidden[g][m])
				}
				if n == 1 {
					t.Errorf("seed %d: of %v in %q one figure alone is withheld, which the others tell", seed, of, m)
				}
			}
		}
		alone := 0
		for _, s := range r.Signs {
			if few := min(s.Held, s.Checked) < FewestShown && s.Checked > 0; few && (s.CoveredRate != nil || s.AskedEach != nil || s.Covered+s.Asked > 0) {
				t.Errorf("seed %d: %+v is shown", seed, s)
			}
			alone += one(s.Withheld)
		}
		if alone == 1 {
			t.Errorf("seed %d: of the signs one month alone is withheld", seed)
		}
	}
	if shown < 500 {
		t.Errorf("%d figures are shown: the test proves nothing", shown)
	}
}

// TestCoarseLift: a lift over a group of few deals tells how many there are, and how
// many it takes.
func TestCoarseLift(t *testing.T) {
	in := Input{Answers: []throughline.Answer{{Deal: "1", Score: 10, At: kickoff, Adopted: true, AcceptedBeforeKickoff: true}}}
	for d := range 30 {
		in.Answers = append(in.Answers, throughline.Answer{Deal: fmt.Sprint("w", d), Score: d % 11, At: kickoff, Adopted: true})
	}
	whole := Make(in, kickoff, seeded())
	r := whole.Coarse()
	const want = "It takes answers of 19 more deals with a handoff accepted before the kickoff, and of no more deals without one."
	if !strings.Contains(r.Handoff.Words, want) || !strings.Contains(whole.Handoff.Words, want) {
		t.Errorf("got %q and %q", r.Handoff.Words, whole.Handoff.Words)
	}
	if r.Handoff.Points != nil || r.Handoff.With.NPS != nil || r.Handoff.Without.NPS != nil || strings.Contains(r.Handoff.Words, "+100") || !strings.Contains(whole.Handoff.Words, "+100") {
		t.Errorf("got %+v of %+v", r.Handoff, whole.Handoff)
	}
	if len(r.Notes) != len(whole.Notes)+1 || slices.Equal(r.Notes, whole.Notes) {
		t.Errorf("it does not say that something is withheld: %q", r.Notes)
	}
	many := spread(2000, seeded())
	if c := many.Coarse(); len(c.Notes) != len(many.Notes) || *c.Handoff.Points != *many.Handoff.Points {
		t.Errorf("of many deals something is withheld: %q", c.Notes)
	}
}

// TestSigns counts the signs in another way: play by play, and rates by hand.
func TestSigns(t *testing.T) {
	later := kickoff.AddDate(0, 1, 0)
	now := kickoff.AddDate(0, 0, 20)
	list := signs([]Play{
		{Won: kickoff, Reviewed: true, Kickoff: kickoff, AcceptedBeforeKickoff: true, Held: true, Points: 10, Covered: 9, Checked: true, Asked: 1},
		{Won: kickoff, Kickoff: kickoff, Held: true, Points: 4, Covered: 2},
		{Won: later, Reviewed: true, Kickoff: later, AcceptedBeforeKickoff: true}, // still to come
		{Won: later},
	}, now)
	if len(list) != 3 || list[0].Month != "" || list[1].Month != month(kickoff) || list[2].Month != month(later) {
		t.Fatalf("got %+v", list)
	}
	all, third := list[0], list[2]
	if all.Published != 4 || *all.ReviewedRate != 0.5 || all.Kickoffs != 2 || *all.AcceptedRate != 0.5 || all.Held != 2 || *all.CoveredRate != 11.0/14 || all.Checked != 1 || *all.AskedEach != 1 {
		t.Errorf("got %+v", all)
	}
	if third.Published != 2 || *third.ReviewedRate != 0.5 || third.AcceptedRate != nil || third.CoveredRate != nil || third.AskedEach != nil {
		t.Errorf("got %+v of what is still to come", third)
	}
}

// TestQuarters: a quarter holds the answers of its three months.
func TestQuarters(t *testing.T) {
	r := spread(80, seeded())
	type key struct {
		quarter Month
		group   Group
	}
	answers, promoters := map[key]int{}, map[key]int{}
	quarters := map[Month]Month{"01": "Q1", "02": "Q1", "03": "Q1", "04": "Q2", "05": "Q2", "06": "Q2", "07": "Q3", "08": "Q3", "09": "Q3", "10": "Q4", "11": "Q4", "12": "Q4"}
	for _, p := range r.NPS {
		if p.Month != "" {
			k := key{p.Month[:5] + quarters[p.Month[5:]], p.Group}
			answers[k] += p.Answers
			promoters[k] += p.Promoters
		}
	}
	if len(r.Quarters) != len(answers) || len(answers) < 12 {
		t.Fatalf("%d quarters, not %d", len(r.Quarters), len(answers))
	}
	for _, q := range r.Quarters {
		if k := (key{q.Quarter, q.Group}); q.Answers != answers[k] || q.Promoters != promoters[k] {
			t.Errorf("got %+v, want %d answers with %d promoters", q, answers[k], promoters[k])
		}
	}
}
