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
		return l.TooFew
	}
	if l.Interval == nil {
		return fmt.Sprintf("%s So far NPS is %s %s (%s) and %s %s (%s).", l.TooFew,
			signed(*l.With.NPS), with, count(l.With.Deals, "deal"), signed(*l.Without.NPS), without, count(l.Without.Deals, "deal"))
	}
	a := fmt.Sprintf("%s (%s, %s)", with, signed(*l.With.NPS), count(l.With.Deals, "deal"))
	b := fmt.Sprintf("%s (%s, %s)", without, signed(*l.Without.NPS), count(l.Without.Deals, "deal"))
	what := fmt.Sprintf("NPS is the same %s and %s.", a, b)
	switch n := rounded(*l.Points); {
	case n > 0:
		what = fmt.Sprintf("NPS is %s higher %s than %s.", count(n, "point"), a, b)
	case n < 0:
		what = fmt.Sprintf("NPS is %s lower %s than %s.", count(-n, "point"), a, b)
	}
	return what + fmt.Sprintf(" The answers fit with a true difference from %s to %s (95%% interval).", signed(l.Interval.Low), signed(l.Interval.High)) + within(*l.Interval)
}

// within says what an interval leaves open.
func within(i Interval) string {
	if i.Low <= 0 && i.High >= 0 {
		return " No difference at all is among what they fit with."
	}
	return ""
}

func rounded(p float64) int { return int(math.Round(p)) }

// signed is a figure in whole points, with its sign.
func signed(p float64) string {
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
