package survey

import (
	"fmt"
	"slices"
)

// FewestShown is how many deals a figure stands on at least in a [Report.Coarse]: a
// threshold rule, as offices of statistics have it for tables.
const FewestShown = 3

// Coarse is the report for readers who don't see every deal: what a figure of fewer
// than [FewestShown] deals says of the customers' answers, or of what was said at the
// kickoffs, could point at one of them, and is withheld. So is a figure by which one
// such could be worked out from those that are shown (A. Hundepool and others,
// "Statistical Disclosure Control", 2012: primary and secondary suppression). How many
// deals and answers there are stays.
func (r Report) Coarse() Report {
	points := coarsePoints(r.NPS)
	whole := func(g Group) bool {
		return slices.ContainsFunc(points, func(p NPSPoint) bool { return p.Month == "" && p.Group == g && p.Withheld })
	}
	some := slices.ContainsFunc(points, func(p NPSPoint) bool { return p.Withheld })
	if whole(WithHandoff) || whole(WithoutOne) {
		r.Handoff = r.Handoff.withheld(handoffSides)
	}
	if whole(After) || whole(Before) {
		r.Adoption = r.Adoption.withheld(adoptionSides)
	}
	r.NPS = points
	r.Signs = coarseSigns(r.Signs)
	if some || slices.ContainsFunc(r.Signs, func(s Signs) bool { return s.Withheld }) {
		r.Notes = append(slices.Clone(r.Notes), fmt.Sprintf(
			"Figures of fewer than %d deals are withheld, as they could point at one customer, and others by which those could be worked out. Admins, who see every deal, see them.", FewestShown))
	}
	return r
}

func coarsePoints(list []NPSPoint) []NPSPoint {
	deals := make([]int, len(list))
	at := map[Group]map[Month]int{}
	months := map[Month]bool{}
	for i, p := range list {
		deals[i] = p.Deals
		if at[p.Group] == nil {
			at[p.Group] = map[Month]int{}
		}
		at[p.Group][p.Month] = i
		months[p.Month] = true
	}
	// A group's months make up all of it, and of each month two groups a third.
	var sums [][]int
	for _, g := range Groups {
		var sum []int
		for _, i := range at[g] {
			sum = append(sum, i)
		}
		slices.Sort(sum)
		sums = append(sums, sum)
	}
	for _, m := range sortedKeys(months) {
		for _, of := range [][]Group{{After, WithHandoff, WithoutOne}, {Everybody, Before, After}} {
			var sum []int
			for _, g := range of {
				if i, ok := at[g][m]; ok {
					sum = append(sum, i)
				}
			}
			sums = append(sums, sum)
		}
	}
	out := slices.Clone(list)
	for i, hide := range suppressed(deals, sums) {
		if hide {
			out[i].Figure = out[i].withheld()
		}
	}
	return out
}

func coarseSigns(list []Signs) []Signs {
	deals, sum := make([]int, len(list)), make([]int, len(list))
	for i, s := range list {
		deals[i], sum[i] = s.Held, i
		if 0 < s.Checked && s.Checked < s.Held {
			deals[i] = s.Checked
		}
	}
	out := slices.Clone(list)
	for i, hide := range suppressed(deals, [][]int{sum}) {
		if hide {
			s := &out[i]
			s.Withheld, s.Covered, s.Asked, s.CoveredRate, s.AskedEach = true, 0, 0, nil, nil
		}
	}
	return out
}

// suppressed says which figures are withheld: those of too few deals; and where of a sum
// and its parts only one is, that of the fewest deals among the others, since the
// others would tell it.
func suppressed(deals []int, sums [][]int) []bool {
	hide := make([]bool, len(deals))
	for i, n := range deals {
		hide[i] = 0 < n && n < FewestShown
	}
	for again := true; again; {
		again = false
		for _, sum := range sums {
			count, next := 0, -1
			for _, i := range sum {
				switch {
				case hide[i]:
					count++
				case deals[i] > 0 && (next < 0 || deals[i] < deals[next]):
					next = i
				}
			}
			if count == 1 && next >= 0 {
				hide[next], again = true, true
			}
		}
	}
	return hide
}

func (f Figure) withheld() Figure {
	return Figure{Deals: f.Deals, Answers: f.Answers, Withheld: true}
}

func (c Compared) withheld(names sides) Compared {
	l := Lift{With: c.With.withheld(), Without: c.Without.withheld(), TooFew: c.TooFew}
	return Compared{l, l.Say(names.with, names.without)}
}
