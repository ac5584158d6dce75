package builtin

import (
	"throughline"
)

// pains finds what hurts today, in the customer's own words.
func pains(rd *reading, d *throughline.Draft) {
	for _, f := range rd.spots(search{
		score: rd.painful, floor: 2.4, limit: rd.about(2, 1), same: 11, around: 4,
	}) {
		d.Items = append(d.Items, item(throughline.KindPain, f, throughline.Item{Text: said(f.lines[0])}))
	}
}

func (rd *reading) painful(l *line) float64 {
	if l.side() != throughline.SideCustomer || l.question || len(l.tokens) < 4 || !conversation(l) {
		return 0
	}
	v := l.cues["pain"]
	if v == 0 {
		return 0
	}
	return v + rd.concrete(l) + rd.topical(l) + rd.early(l) - 1.2*l.aside()
}

// workarounds finds what the customer does today instead.
func workarounds(rd *reading, d *throughline.Draft) {
	for _, f := range rd.spots(search{
		score: rd.byHand, floor: 2.6, limit: rd.about(2.5, 1), same: 11, around: 1,
	}) {
		d.Items = append(d.Items, item(throughline.KindWorkaround, f, throughline.Item{Text: said(f.lines[0])}))
	}
}

func (rd *reading) byHand(l *line) float64 {
	if l.side() != throughline.SideCustomer || l.question || len(l.tokens) < 4 || !conversation(l) {
		return 0
	}
	v := l.cues["workaround"]
	if v == 0 {
		return 0
	}
	return v + 0.5*rd.concrete(l) + 0.7*rd.topical(l) + rd.early(l) - 1.2*l.aside()
}

// useCases finds the specific uses that the seller's side showed or agreed to,
// and that the customer asked for.
func useCases(rd *reading, d *throughline.Draft) {
	for _, f := range rd.spots(search{
		score: rd.useful, floor: 3, limit: rd.about(3, 1), same: 11, around: 4,
	}) {
		d.Items = append(d.Items, item(throughline.KindUseCase, f, throughline.Item{Text: said(f.lines[0])}))
	}
}

func (rd *reading) useful(l *line) float64 {
	if len(l.tokens) < 5 || l.p.Source.Internal {
		return 0
	}
	v := 0.0
	switch l.side() {
	case throughline.SideSeller:
		if l.question {
			return 0
		}
		v = l.cues["offer"]
	case throughline.SideCustomer:
		v = l.cues["want"]
	}
	if v == 0 {
		return 0
	}
	agreed, shown := 0.0, 0.0
	for _, n := range rd.near(l, -2, 3) {
		if n.side() == throughline.SideSeller {
			agreed = max(agreed, n.cues["agree"])
			shown = max(shown, n.cues["offer"])
		}
	}
	if l.side() == throughline.SideCustomer && agreed < 1 && shown < 1 {
		v -= unanswered // nobody said that it does that
	}
	return v + 0.7*agreed + rd.concrete(l) + rd.topical(l) - 1.2*l.aside() - 0.5*l.cues["pain"] - 0.5*l.terms()
}

// terms weighs how much a line is of the paper rather than the product.
func (l *line) terms() float64 {
	return l.cues["risk:legal"] + l.cues["risk:commercial"] + l.cues["risk:security"]
}

// unanswered is what a wish loses that the seller's side did not take up.
const unanswered = 1.0

// conversation reports whether the line was said to the seller's side in a call
// or mail; what the customer says elsewhere is no witness here.
func conversation(l *line) bool {
	k := l.p.Source.Kind
	return k == throughline.SourceCall || k == throughline.SourceEmail || k == throughline.SourceChat
}

// early is more for the first conversations: people tell what hurts and what
// they do today before they talk terms.
func (rd *reading) early(l *line) float64 { return rd.place[l.p.Source].early }
