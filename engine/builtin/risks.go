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
	settled := rd.settled()
	for _, f := range rd.spots(search{
		score: func(l *line) float64 {
			v := rd.risky(l)
			if v > 0 && rd.putToRest(l, settled) {
				return 0
			}
			return v
		}, floor: 3.2, limit: rd.about(0.5, 3), same: 12, around: 4,
	}) {
		area := rd.area(f)
		d.Items = append(d.Items, item(throughline.KindRisk, f, throughline.Item{Area: area, Text: said(f.lines[0])}))
	}
}

// settled lists the lines that say that a worry is over.
func (rd *reading) settled() []*line {
	var ls []*line
	for _, l := range rd.lines {
		if l.cues["resolved"] >= 2 && !l.question && l.aside() < 2 {
			ls = append(ls, l)
		}
	}
	return ls
}

// sameMatter is the likeness from which a later line speaks of a worry before it.
const sameMatter = 7

// putToRest reports whether a later line on the same matter says that the worry is
// over.
func (rd *reading) putToRest(l *line, settled []*line) bool {
	for _, s := range settled {
		if s.p != l.p && spokenAt(l).Before(spokenAt(s)) && rd.alike(s, l) >= sameMatter {
			return true
		}
	}
	return false
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
