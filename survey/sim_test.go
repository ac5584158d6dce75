package survey

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"throughline"
)

// A world is how customers answer: each has an opinion, part of it their deal's, and
// gives the score that is nearest to it.
type world struct {
	mean         float64 // of opinions
	deal, person float64 // how far deals, and people of one deal, lie apart (standard deviations)
}

// nps is the world's true figure, in closed form: an opinion is normally
// distributed, 8.5 and up is a promoter's, below 6.5 a detractor's.
func (w world) nps() float64 {
	spread := math.Hypot(w.deal, w.person)
	above := func(x float64) float64 { return 0.5 * math.Erfc((x-w.mean)/spread/math.Sqrt2) }
	return 100 * (above(8.5) - (1 - above(6.5)))
}

// answers are those of some deals, of one to five people each, of whom about half
// answer.
func (w world) answers(group string, deals int, random *rand.Rand) []throughline.Answer {
	var list []throughline.Answer
	for d := range deals {
		of := w.mean + w.deal*random.NormFloat64()
		for range 1 + random.IntN(5) {
			score := math.Round(of + w.person*random.NormFloat64())
			if random.Float64() < 0.5 {
				continue
			}
			list = append(list, throughline.Answer{Deal: fmt.Sprint(group, d), Score: int(min(max(score, 0), 10))})
		}
	}
	return list
}

// covered counts in how many of the simulated years the interval holds the truth,
// and of how many there is an interval.
func covered(with, without world, dealsWith, dealsWithout, years int, compare func(a, b []throughline.Answer, random *rand.Rand) *Interval) (held, told int) {
	truth := with.nps() - without.nps()
	for year := range years {
		random := rand.New(rand.NewPCG(uint64(year), 8))
		i := compare(with.answers("with ", dealsWith, random), without.answers("without ", dealsWithout, random), random)
		if i == nil {
			continue
		}
		told++
		if i.Low <= truth && truth <= i.High {
			held++
		}
	}
	return held, told
}

func byRule(a, b []throughline.Answer, random *rand.Rand) *Interval {
	return Compare(a, b, random).Interval
}

// TestCoverage simulates years with an effect that is known, and with none. It is
// the whole, 200 of each, with THROUGHLINE_SOAK=1.
func TestCoverage(t *testing.T) {
	years, least, most := 100, 0.88, 0.99 // of 100 years, 95 are expected, give or take 2
	if os.Getenv("THROUGHLINE_SOAK") != "" {
		years, least, most = 200, 0.90, 0.98
	}
	for name, w := range map[string]struct{ with, without world }{
		"effect":    {world{8.2, 0.9, 1.2}, world{7.6, 0.9, 1.2}},
		"no effect": {world{7.8, 0.9, 1.2}, world{7.8, 0.9, 1.2}},
	} {
		t.Run(name, func(t *testing.T) {
			held, told := covered(w.with, w.without, 220, 130, years, byRule)
			share := float64(held) / float64(told)
			t.Logf("truth %+.1f points: covered in %d of %d years (%.1f%%)", w.with.nps()-w.without.nps(), held, told, 100*share)
			if told != years || share < least || share > most {
				t.Errorf("covered in %d of %d years, which told %d intervals; want a share of %v to %v", held, years, told, least, most)
			}
		})
	}
}

// TestCoverageByDeals is what [FewestDeals] and [FewestApart] come from: a small
// group against a large one, where the small one's answers are all but alike, is
// where an interval is worst.
func TestCoverageByDeals(t *testing.T) {
	years, least := 60, 0.85
	if os.Getenv("THROUGHLINE_SOAK") != "" {
		years, least = 1000, 0.90
	}
	for _, mean := range []float64{7.8, 9, 10} {
		small := world{mean, 0.9, 1.2}
		held, told := covered(small, world{7.8, 0.9, 1.2}, FewestDeals+8, 120, years, byRule)
		t.Logf("NPS %+.0f: covered in %d of %d years that told an interval, of %d", small.nps(), held, told, years)
		if told < years/4 || float64(held)/float64(told) < least {
			t.Errorf("NPS %+.0f: covered in %d of %d; want a share of at least %v", small.nps(), held, told, least)
		}
	}
	// Without the rule it would not hold: six deals whose people nearly all say 9 or 10.
	held, told := covered(world{10, 0.9, 1.2}, world{7.8, 0.9, 1.2}, 6, 120, max(years, 200), func(a, b []throughline.Answer, random *rand.Rand) *Interval {
		i := bootstrap(byDeal(a), byDeal(b), 500, random)
		return &i
	})
	t.Logf("six deals and no rule: covered in %d of %d", held, told)
	if float64(held)/float64(told) > 0.90 {
		t.Errorf("six deals and no rule: covered in %d of %d: the rule is not needed", held, told)
	}
}
