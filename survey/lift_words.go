package survey

import (
	"fmt"
	"math"
	"strconv"
)

// few says what there is too little of for an interval; empty where there is
// enough of everything.
func few(with, without Figure, apartWith, apartWithout int) string {
	deals := min(with.Deals, without.Deals)
	switch {
	case deals < FewestDeals:
		return fmt.Sprintf("Too few answers to tell: there are answers of %s in one group and %s in the other, and it takes %d in each.",
			count(with.Deals, "deal"), count(without.Deals, "deal"), FewestDeals)
	case min(apartWith, apartWithout) < FewestApart:
		return fmt.Sprintf("Too few answers to tell: in one of the groups almost all answers are alike. It takes %d deals with another answer to see how much they vary.", FewestApart)
	}
	return ""
}

// Say tells the lift in a sentence or two, and no more than the numbers do. The
// groups are named as what follows "NPS is 18 points higher …": "with a handoff",
// "without one".
func (l Lift) Say(with, without string) string {
	if l.Points == nil {
		return l.TooFew + l.missing(with, without)
	}
	if l.Interval == nil {
		return fmt.Sprintf("%s So far NPS is %s %s (%s) and %s %s (%s).%s", l.TooFew,
			Signed(*l.With.NPS), with, count(l.With.Deals, "deal"), Signed(*l.Without.NPS), without, count(l.Without.Deals, "deal"), l.missing(with, without))
	}
	a := fmt.Sprintf("%s (%s, %s)", with, Signed(*l.With.NPS), count(l.With.Deals, "deal"))
	b := fmt.Sprintf("%s (%s, %s)", without, Signed(*l.Without.NPS), count(l.Without.Deals, "deal"))
	what := fmt.Sprintf("NPS is the same %s and %s.", a, b)
	switch n := rounded(*l.Points); {
	case n > 0:
		what = fmt.Sprintf("NPS is %s higher %s than %s.", count(n, "point"), a, b)
	case n < 0:
		what = fmt.Sprintf("NPS is %s lower %s than %s.", count(-n, "point"), a, b)
	}
	return what + fmt.Sprintf(" The answers fit with a true difference from %s to %s (95%% interval).", Signed(l.Interval.Low), Signed(l.Interval.High)) + within(*l.Interval)
}

// within says what an interval leaves open.
func within(i Interval) string {
	if i.Low <= 0 && i.High >= 0 {
		return " No difference at all is among what they fit with."
	}
	return ""
}

// missing says how many more deals an interval takes of each group; empty where it is
// not deals that are missing.
func (l Lift) missing(with, without string) string {
	if min(l.With.Deals, l.Without.Deals) >= FewestDeals {
		return ""
	}
	return fmt.Sprintf(" It takes answers of %s %s, and of %s %s.", more(l.With.Deals), with, more(l.Without.Deals), without)
}

func more(deals int) string {
	switch n := FewestDeals - deals; {
	case n <= 0:
		return "no more deals"
	case n == 1:
		return "1 more deal"
	default:
		return strconv.Itoa(n) + " more deals"
	}
}

func rounded(p float64) int { return int(math.Round(p)) }

// Signed is a figure in whole points, with its sign.
func Signed(p float64) string {
	switch n := rounded(p); {
	case n > 0:
		return "+" + strconv.Itoa(n)
	case n < 0:
		return "−" + strconv.Itoa(-n)
	}
	return "0"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	s := strconv.Itoa(n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s + " " + what + "s"
}
