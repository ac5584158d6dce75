package builtin

import (
	"strings"

	"throughline"
)

// risks finds what was raised in the sale that may get in the way: a technical
// dependency, a security or legal condition, people who won't change, work
// nobody is there for. It is the customer's to raise, or the team's among
// themselves.
func risks(rd *reading, d *throughline.Draft) {
	for _, f := range rd.spots(search{
		score: rd.risky, floor: 3.2, limit: rd.about(0.5, 3), same: 12, around: 4,
	}) {
		area := rd.area(f)
		d.Items = append(d.Items, item(throughline.KindRisk, f, throughline.Item{Area: area, Text: said(f.lines[0])}))
	}
}

func (rd *reading) risky(l *line) float64 {
	if l.question || len(l.tokens) < 4 {
		return 0
	}
	v := 0.0
	for section, w := range l.cues {
		if strings.HasPrefix(section, "risk:") {
			v += w
		}
	}
	if v == 0 {
		return 0
	}
	switch {
	case l.side() == throughline.SideCustomer:
		v += 0.8
	case l.p.Source.Internal:
		v += 0.4
	default:
		v -= 0.8 // the seller's side in front of the customer soothes more often than it warns
	}
	return v + 0.7*rd.concrete(l) + rd.topical(l) - 1.2*l.aside() - l.cues["resolved"]
}

// area is the area whose cues weigh most over the spot's lines.
func (rd *reading) area(f spot) throughline.Area {
	best, bestWeight := throughline.AreaTechnical, 0.0
	for _, a := range throughline.Areas {
		w := 0.0
		for _, l := range f.lines {
			w += l.cues["risk:"+string(a)]
		}
		if w > bestWeight {
			best, bestWeight = a, w
		}
	}
	return best
}
