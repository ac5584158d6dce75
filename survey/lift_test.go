package survey

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func TestNPS(t *testing.T) {
	for _, tt := range []struct {
		name   string
		scores []int
		want   float64
	}{
		{"the ends of each kind", []int{0, 6, 7, 8, 9, 10}, 0},
		{"promoters", []int{9, 10}, 100},
		{"detractors", []int{0, 1, 2, 3, 4, 5, 6}, -100},
		{"passives", []int{7, 8}, 0},
		{"a third", []int{10, 10, 6}, 100.0 / 3},
	} {
		var answers []throughline.Answer
		for i, s := range tt.scores {
			answers = append(answers, throughline.Answer{Deal: fmt.Sprint(i % 2), Score: s})
		}
		if got := NPS(answers); got.NPS == nil || math.Abs(*got.NPS-tt.want) > 1e-9 || got.Answers != len(tt.scores) || got.Deals != 2 {
			t.Errorf("%s: got %+v, want %v of %d answers", tt.name, got, tt.want, len(tt.scores))
		}
	}
	if got := NPS(nil); got.NPS != nil {
		t.Errorf("no answers have an NPS: %v", *got.NPS)
	}
}

// TestNPSIndependently works NPS out in another way: as the mean of what each score
// is worth.
func TestNPSIndependently(t *testing.T) {
	worth := [11]float64{-1, -1, -1, -1, -1, -1, -1, 0, 0, 1, 1}
	random := seeded()
	for range 200 {
		answers := world{7 + 3*random.Float64(), 1, 1.5}.answers("", 1+random.IntN(60), random)
		sum := 0.0
		for _, a := range answers {
			sum += worth[a.Score]
		}
		if got := NPS(answers); len(answers) > 0 && math.Abs(*got.NPS-100*sum/float64(len(answers))) > 1e-9 {
			t.Fatalf("got %v, want %v", *got.NPS, 100*sum/float64(len(answers)))
		}
	}
}

// TestIntervalIndependently holds the interval to a closed form: the standard error
// of a ratio of sums over clusters, by linearisation (W. G. Cochran, "Sampling
// Techniques", 1977, section 6.3), and the normal curve.
func TestIntervalIndependently(t *testing.T) {
	random := seeded()
	for trial := range 10 {
		a, b := world{8.2, 0.9, 1.2}.answers("a", 300, random), world{7.6, 0.9, 1.2}.answers("b", 260, random)
		l := Compare(a, b, random)
		half := 1.959964 * math.Sqrt(variance(a)+variance(b))
		low, high := *l.Points-half, *l.Points+half
		if width := 2 * half; math.Abs(l.Interval.Low-low) > 0.06*width || math.Abs(l.Interval.High-high) > 0.06*width {
			t.Errorf("trial %d: got %v to %v; the closed form has %v to %v", trial, l.Interval.Low, l.Interval.High, low, high)
		}
	}
}

// variance is that of the NPS of answers, deals taken for clusters.
func variance(answers []throughline.Answer) float64 {
	balance, size := map[string]float64{}, map[string]float64{}
	sum := 0.0
	for _, a := range answers {
		v := 0.0
		if a.Score >= 9 {
			v = 100
		} else if a.Score <= 6 {
			v = -100
		}
		balance[a.Deal] += v
		size[a.Deal]++
		sum += v
	}
	n, k := float64(len(answers)), float64(len(size))
	ratio, squares := sum/n, 0.0
	for deal := range size {
		d := balance[deal] - ratio*size[deal]
		squares += d * d
	}
	return k / (k - 1) * squares / (n * n)
}

// TestBootstrapIsExact holds the drawn distribution to that of every possible draw
// of four deals and four.
func TestBootstrapIsExact(t *testing.T) {
	a := []tally{{3, 2, 0}, {2, 1, 1}, {5, 1, 0}, {1, 0, 1}}
	b := []tally{{4, 0, 2}, {1, 1, 0}, {3, 1, 2}, {2, 0, 0}}
	every := func(deals []tally) (all []float64) {
		for code := range 256 {
			n, balance := 0, 0
			for c := code + 256; c > 1; c /= 4 {
				n += deals[c%4].answers
				balance += deals[c%4].promoters - deals[c%4].detractors
			}
			all = append(all, 100*float64(balance)/float64(n))
		}
		return all
	}
	var exact []float64
	for _, x := range every(a) {
		for _, y := range every(b) {
			exact = append(exact, x-y)
		}
	}
	i := bootstrap(a, b, 100_000, seeded())
	tail := tailFor(4)
	below, upTo := 0, 0
	for _, d := range exact {
		if d < i.Low-1e-9 {
			below++
		}
		if d <= i.High+1e-9 {
			upTo++
		}
	}
	if got := float64(below) / float64(len(exact)); math.Abs(got-tail) > 0.004 {
		t.Errorf("%.4f of all draws lie below the interval; want %.4f", got, tail)
	}
	if got := float64(upTo) / float64(len(exact)); math.Abs(got-(1-tail)) > 0.004 {
		t.Errorf("%.4f of all draws lie up to its end; want %.4f", got, 1-tail)
	}
}

// TestTail has quantiles of Student's t from tables.
func TestTail(t *testing.T) {
	for deals, quantile := range map[int]float64{20: 2.0930, 30: 2.0452, 120: 1.9801} {
		n := float64(deals)
		want := 0.5 * math.Erfc(math.Sqrt(n/(n-1))*quantile/math.Sqrt2)
		if got := tailFor(deals); math.Abs(got-want) > 2e-4 {
			t.Errorf("%d deals: got %v, want %v", deals, got, want)
		}
	}
}

// TestDealsAreClusters: that two people of a deal answer alike makes nothing surer.
func TestDealsAreClusters(t *testing.T) {
	a, b := world{8.2, 0.9, 1.2}.answers("a", 60, seeded()), world{7.6, 0.9, 1.2}.answers("b", 60, seeded())
	once, twice := Compare(a, b, seeded()), Compare(slices.Concat(a, a), slices.Concat(b, b), seeded())
	if d := cmp.Diff(once.Interval, twice.Interval); d != "" {
		t.Errorf("each answer given twice changes the interval:\n%s", d)
	}
	slices.Reverse(a)
	if d := cmp.Diff(once, Compare(a, b, seeded())); d != "" {
		t.Errorf("the order of answers changes the lift:\n%s", d)
	}
}

func TestTooFew(t *testing.T) {
	random := seeded()
	enough := world{8, 0.9, 1.2}.answers("a", 80, random)
	alike := make([]throughline.Answer, 40)
	for i := range alike {
		alike[i] = throughline.Answer{Deal: fmt.Sprint(i), Score: 10}
	}
	for name, tt := range map[string]struct {
		with, without []throughline.Answer
		want          string
	}{
		"none":      {nil, enough, "0 deals in one group"},
		"few deals": {enough[:10], enough, "it takes 20 in each"},
		"all alike": {alike, enough, "almost all answers are alike"},
	} {
		l := Compare(tt.with, tt.without, random)
		if l.Interval != nil || !strings.Contains(l.TooFew, tt.want) || !strings.Contains(l.Say("with", "without"), l.TooFew) {
			t.Errorf("%s: got %+v, want no interval and %q", name, l, tt.want)
		}
	}
}

func TestSay(t *testing.T) {
	f := func(nps float64, deals int) Figure { return Figure{Deals: deals, NPS: &nps} }
	lift := func(a, b, low, high float64) Lift {
		p := a - b
		return Lift{With: f(a, 1200), Without: f(b, 80), Points: &p, Interval: &Interval{low, high}}
	}
	for _, tt := range []struct {
		lift Lift
		want string
	}{
		{lift(42, 24, 3.4, 33), "NPS is 18 points higher with it (+42, 1,200 deals) than without (+24, 80 deals). The answers fit with a true difference from +3 to +33 (95% interval)."},
		{lift(-5, 10, -40, 10), "NPS is 15 points lower with it (−5, 1,200 deals) than without (+10, 80 deals). The answers fit with a true difference from −40 to +10 (95% interval). No difference at all is among what they fit with."},
		{lift(10.2, 10, -9, 9), "NPS is the same with it (+10, 1,200 deals) and without (+10, 80 deals). The answers fit with a true difference from −9 to +9 (95% interval). No difference at all is among what they fit with."},
	} {
		if got := tt.lift.Say("with it", "without"); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
