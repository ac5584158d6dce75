package kickoff

import (
	"slices"

	"throughline"
)

// What makes a question one that the customer had answered.
const (
	leastTopic    = 2.2 // weight of what a question asks for; less is about nothing in particular
	leastTopicHit = 0.7 // share of it that stands about the answer
	leastInAnswer = 0.3 // share of it that stands in the answer's own sentence, where that is to name somebody or something
	onTopic       = 2   // weight from which a general question is about something in particular
)

// How much a word counts that stands not in the answer but up to three turns
// before it: mostly in the question.
var before = []float64{0.9, 0.6, 0.4}

// What is named stays spoken of for longer: for how many turns, and how much it
// counts.
const (
	namedTurns = 12
	namedShare = 0.7
)

// general are the questions about no one thing, and the kinds of item that answer
// them, the likeliest first.
var general = []struct {
	cue   string
	kinds []throughline.Kind
}{
	{cueGoals, []throughline.Kind{throughline.KindUseCase, throughline.KindPain}},
	{cueProblems, []throughline.Kind{throughline.KindPain}},
	{cueNowadays, []throughline.Kind{throughline.KindWorkaround, throughline.KindPain}},
}

// reasks finds the questions of the seller's side that the customer had answered.
// What is asked to have it confirmed, who will do something, and what the agenda
// itself asks is none of them.
func (rd *reading) reasks(agenda *throughline.Agenda, asked map[*line]bool, found *Findings) {
	for i, l := range rd.call {
		if l.p.Side() != throughline.SideSeller || !rd.asks(l) || asked[l] || l.cues[cueSmall] > 0 || l.cues[cueOwner] >= 1 || rd.confirms(i) {
			continue
		}
		answer, ok := rd.answered(agenda, l)
		if !ok {
			continue
		}
		found.Asked = append(found.Asked, Reask{
			Question: throughline.DraftQuote{Ref: l.p.Ref, Text: l.text()}, Answer: answer,
		})
	}
}

// confirms reports whether the question says again what was answered, to have it
// confirmed, in itself or in a question right behind it ("Is that right?").
func (rd *reading) confirms(i int) bool {
	if rd.call[i].cues[cueConfirming] > 0 {
		return true
	}
	next := i + 1
	return next < len(rd.call) && rd.call[next].p == rd.call[i].p && rd.call[next].question && rd.call[next].cues[cueConfirming] > 0
}

func (rd *reading) answered(agenda *throughline.Agenda, l *line) (throughline.DraftQuote, bool) {
	for _, g := range general {
		if l.cues[g.cue] > 0 {
			return rd.generally(agenda, l, g.kinds)
		}
	}
	return rd.exactly(l)
}

// generally finds the answer to a question about no one thing: what the customer
// said of the likeliest kind, the strongest first. Where the question is about
// something, the answer is about the same.
func (rd *reading) generally(agenda *throughline.Agenda, l *line, kinds []throughline.Kind) (throughline.DraftQuote, bool) {
	topic := rd.topic(l)
	var best throughline.DraftQuote
	most := -1.0
	for _, k := range kinds {
		for _, p := range agenda.Points {
			if p.Kind != k {
				continue
			}
			i := slices.IndexFunc(p.Words, func(e throughline.Evidence) bool { return e.Side == throughline.SideCustomer })
			if i < 0 {
				continue
			}
			f := rd.profile(p)
			hit := 0.0
			for _, t := range l.topic {
				if f.weight[t] > 0 {
					hit += rd.vocab.weight(t)
				}
			}
			if topic >= onTopic && hit < leastTopicHit*topic {
				continue
			}
			hit += rd.toThePoint(p, p.Words[i])
			if hit > most {
				best, most = throughline.DraftQuote{Ref: p.Words[i].Ref, Text: p.Words[i].Quote}, hit
			}
		}
		if most >= 0 {
			return best, true
		}
	}
	return best, false
}

// toThePoint weighs up to 1 how much a quote says of what its point says.
func (rd *reading) toThePoint(p throughline.TalkingPoint, e throughline.Evidence) float64 {
	said := rd.reader.text(e.Quote, rd.lex)
	in, all := 0.0, 0.1
	for _, t := range rd.reader.text(p.Text, rd.lex) {
		w := rd.vocab.weight(t)
		all += w
		if slices.Contains(said, t) {
			in += w
		}
	}
	return in / all
}

// topic weighs what a question asks for. A word that the deal has never heard
// counts as its rarest.
func (rd *reading) topic(l *line) float64 {
	sum := 0.0
	for _, t := range l.topic {
		sum += rd.vocab.weight(t)
	}
	return sum
}

// exactly finds where the deal tells what a question asks for: the customer says
// something of the kind that is asked for (a number, a day, a person), and what it
// is about stands there or in the turns just before.
func (rd *reading) exactly(l *line) (throughline.DraftQuote, bool) {
	kind, ok := kindOfAnswer(l)
	topic := rd.topic(l)
	alone := rd.telling(l.topic) < 2
	if !ok || topic < leastTopic || alone && kind.turns == 0 {
		return throughline.DraftQuote{}, false
	}
	var best, end *line
	most := leastTopicHit * topic
	for i, lines := range rd.deal {
		if len(lines) == 0 || lines[0].p.Side() != throughline.SideCustomer {
			continue
		}
		if alone && !rd.askedBefore(i, l, kind.cue) {
			continue
		}
		about := rd.about(i, l, kind.turns)
		for n, a := range lines {
			in := rd.shared(l, a)
			if a.question || !kind.fits(a, l) || in < kind.inAnswer*topic {
				continue
			}
			if hit := about + in/4; about >= leastTopicHit*topic && hit > most {
				best, end = together(lines, n, func(b *line) bool { return !b.question && kind.fits(b, l) })
				most = hit
			}
		}
	}
	if best == nil {
		return throughline.DraftQuote{}, false
	}
	return throughline.DraftQuote{Ref: best.p.Ref, Text: best.p.Text[best.span.Start:end.span.End]}, true
}

// askedBefore reports whether a question of the same form, about the same, stands
// right before a passage of the deal: one word alone tells too little otherwise.
func (rd *reading) askedBefore(i int, q *line, cue string) bool {
	return i > 0 && slices.ContainsFunc(rd.deal[i-1], func(l *line) bool {
		return l.p.Source == rd.deal[i][0].p.Source && l.question && l.cues[cue] > 0 && rd.shared(q, l) > 0
	})
}

// telling counts the terms that tell something.
func (rd *reading) telling(terms []term) int {
	n := 0
	for _, t := range terms {
		if rd.vocab.weight(t) >= tellingTerm {
			n++
		}
	}
	return n
}

// together is from which to which line beside the nth others fit, too: an answer
// is often given in two or three short sentences.
func together(lines []*line, n int, fits func(*line) bool) (from, to *line) {
	i, j := n, n
	for i > 0 && n-i < 2 && fits(lines[i-1]) {
		i--
	}
	for j+1 < len(lines) && j-n < 2 && fits(lines[j+1]) {
		j++
	}
	return lines[i], lines[j]
}

// about weighs how much of a question's topic stands in a passage of the deal and
// in so many turns of its source just before it.
func (rd *reading) about(i int, q *line, turns int) float64 {
	sum := 0.0
	for _, t := range q.topic {
		sum += rd.vocab.weight(t) * rd.near(i, t, turns)
	}
	return sum
}

// near is how much a term counts for a passage of the deal: up to 1, by how far
// before it the term stands.
func (rd *reading) near(i int, t term, turns int) float64 {
	here := rd.deal[i]
	if slices.ContainsFunc(here, func(l *line) bool { return slices.Contains(l.terms, t) }) {
		return 1
	}
	most := 0.0
	for n := 1; n <= turns && i-n >= 0; n++ {
		lines := rd.deal[i-n]
		if len(lines) == 0 || lines[0].p.Source != here[0].p.Source {
			continue
		}
		for _, l := range lines {
			if n <= len(before) && slices.Contains(l.terms, t) {
				most = max(most, before[n-1])
			}
			if slices.Contains(l.things, t) {
				most = max(most, namedShare)
			}
		}
	}
	return most
}

// shared weighs the words that two lines share.
func (rd *reading) shared(q, a *line) float64 {
	sum := 0.0
	for _, t := range q.topic {
		if slices.Contains(a.terms, t) {
			sum += rd.vocab.weight(t)
		}
	}
	return sum
}

// An answerKind is what answers a question.
type answerKind struct {
	cue      string // what such questions begin with
	fits     func(answer, question *line) bool
	turns    int     // how far before the answer its topic may stand
	inAnswer float64 // share of the topic that must stand in the answer's own sentence
}

// kindOfAnswer tells by its first words what a question asks for; false where it
// asks for nothing that can be told by its form.
func kindOfAnswer(q *line) (answerKind, bool) {
	switch {
	case q.cues[cueHowLong] > 0:
		return answerKind{cue: cueHowLong, fits: func(a, _ *line) bool { return a.number || a.date }, turns: namedTurns}, true
	case q.cues[cueHowMany] > 0:
		return answerKind{cue: cueHowMany, fits: func(a, _ *line) bool { return a.number }, turns: namedTurns}, true
	case q.cues[cueWhen] > 0:
		return answerKind{cue: cueWhen, fits: func(a, _ *line) bool { return a.date }, turns: namedTurns}, true
	case q.cues[cueWho] > 0:
		return answerKind{cue: cueWho, fits: func(a, _ *line) bool { return a.name }, inAnswer: leastInAnswer}, true
	case q.cues[cueWhich] > 0:
		return answerKind{cue: cueWhich, fits: func(a, q *line) bool { return a.thing && saysNew(a, q) }, inAnswer: leastInAnswer}, true
	}
	return answerKind{}, false
}

// saysNew reports whether the answer says something that the question does not.
func saysNew(a, q *line) bool {
	return slices.ContainsFunc(a.terms, func(t term) bool { return !slices.Contains(q.terms, t) })
}
