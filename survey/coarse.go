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
// "Statistical Disclosure Control", 2012: primary and secondary suppression). NPS is
// told by quarter and not by month, of which most would have to be withheld. How many
// deals and answers there are stays.
func (r Report) Coarse() Report {
	points, quarters := coarsePoints(r.NPS, r.Quarters)
	whole := func(g Group) bool {
		return slices.ContainsFunc(points, func(p NPSPoint) bool { return p.Month == "" && p.Group == g && p.Withheld })
	}
	some := slices.ContainsFunc(points, func(p NPSPoint) bool { return p.Withheld }) || slices.ContainsFunc(quarters, func(q Quarter) bool { return q.Withheld })
	if whole(WithHandoff) || whole(WithoutOne) {
		r.Handoff = r.Handoff.withheld(handoffSides)
	}
	if whole(After) || whole(Before) {
		r.Adoption = r.Adoption.withheld(adoptionSides)
	}
	r.NPS, r.Quarters = points, quarters
	r.Signs = coarseSigns(r.Signs)
	if some || slices.ContainsFunc(r.Signs, func(s Signs) bool { return s.Withheld }) {
		r.Notes = append(slices.Clone(r.Notes), fmt.Sprintf(
			"Figures of fewer than %d deals are withheld, as they could point at one customer, and others by which those could be worked out. Admins, who see every deal, see them.", FewestShown))
	}
	return r
}

// coarsePoints are the points of all time, and the quarters.
func coarsePoints(points []NPSPoint, quarters []Quarter) ([]NPSPoint, []Quarter) {
	points, quarters = slices.Clone(points), slices.Clone(quarters)
	points = slices.DeleteFunc(points, func(p NPSPoint) bool { return p.Month != "" })
	var figures []*Figure
	at := map[Month]map[Group]int{} // of the figures; all time is the empty quarter
	put := func(m Month, g Group, f *Figure) {
		if at[m] == nil {
			at[m] = map[Group]int{}
		}
		at[m][g] = len(figures)
		figures = append(figures, f)
	}
	for i, p := range points {
		put("", p.Group, &points[i].Figure)
	}
	for i, q := range quarters {
		put(q.Quarter, q.Group, &quarters[i].Figure)
	}
	// A group's quarters make up all of it, and of each quarter two groups a third.
	sums := make([][]int, len(Groups))
	for _, m := range sortedKeys(at) {
		for n, g := range Groups {
			sums[n] = append(sums[n], these(at[m], g)...)
		}
		sums = append(sums, these(at[m], After, WithHandoff, WithoutOne), these(at[m], Everybody, Before, After))
	}
	deals := make([]int, len(figures))
	for i, f := range figures {
		deals[i] = f.Deals
	}
	for i, hide := range suppressed(deals, sums) {
		if hide {
			*figures[i] = figures[i].withheld()
		}
	}
	return points, quarters
}

// these are the places of groups, of those that are there.
func these(at map[Group]int, groups ...Group) (out []int) {
	for _, g := range groups {
		if i, ok := at[g]; ok {
			out = append(out, i)
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
