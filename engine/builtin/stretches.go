package builtin

import (
	"fmt"
	"sort"

	"throughline"
	"throughline/hedge"
)

// stretches takes up the hedged promises that the scan lists, the surest first,
// and accounts for those it leaves.
func stretches(rd *reading, d *throughline.Draft) {
	cs := rd.candidates
	order := make([]int, len(cs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return cs[order[i]].Score > cs[order[j]].Score })
	limit := rd.about(0.5, 2.5)
	d.Candidates.Found = len(cs)
	var taken []*stretch
	for _, i := range order {
		c := cs[i]
		if rd.arranged(c) {
			d.Candidates.Dismissed = append(d.Candidates.Dismissed, dismissed(c, rd.texts.Arranged))
			continue
		}
		if s := rd.joins(taken, c); s != nil {
			s.add(c)
			d.Candidates.Taken++
			continue
		}
		if len(taken) >= limit {
			d.Candidates.Dismissed = append(d.Candidates.Dismissed, dismissed(c,
				fmt.Sprintf(rd.texts.Weaker, limit)))
			continue
		}
		taken = append(taken, rd.stretch(c))
		d.Candidates.Taken++
	}
	sort.SliceStable(d.Candidates.Dismissed, func(i, j int) bool {
		return d.Candidates.Dismissed[i].Candidate < d.Candidates.Dismissed[j].Candidate
	})
	for _, s := range taken {
		d.Items = append(d.Items, s.item(rd))
	}
}

// arranged reports whether a candidate is about when to meet: its own turn says
// so, and no doubt stands elsewhere.
func (rd *reading) arranged(c hedge.Candidate) bool {
	p := rd.deal.Passage(c.Doubt.Ref)
	if p == nil || c.Promise.Ref != "" && c.Promise.Ref != c.Doubt.Ref {
		return false
	}
	weight := 0.0
	for _, l := range rd.of[p] {
		weight += l.cues["scheduling"]
	}
	return weight >= 2
}

// A stretch is one promise with its doubts.
type stretch struct {
	promise, doubt hedge.Span
	signal         hedge.Signal
	more           []throughline.DraftQuote
	lines          []*line
}

func (rd *reading) stretch(c hedge.Candidate) *stretch {
	return &stretch{promise: c.Promise, doubt: c.Doubt, signal: c.Signal, lines: rd.linesOf(c)}
}

// linesOf are the lines in which a candidate's promise and doubt stand.
func (rd *reading) linesOf(c hedge.Candidate) []*line {
	var ls []*line
	for _, s := range []hedge.Span{c.Promise, c.Doubt} {
		p := rd.deal.Passage(s.Ref)
		if p == nil {
			continue
		}
		for _, l := range rd.of[p] {
			if l.start < s.End && s.Start < l.end {
				ls = append(ls, l)
			}
		}
	}
	return ls
}

// joins is the stretch that a candidate belongs to: its promise stands within a
// few turns, or it speaks of the same thing.
func (rd *reading) joins(taken []*stretch, c hedge.Candidate) *stretch {
	ls := rd.linesOf(c)
	for _, s := range taken {
		for _, a := range s.lines {
			for _, b := range ls {
				if a.p.Source == b.p.Source && abs(a.p.Index-b.p.Index) <= 3 && (abs(a.p.Index-b.p.Index) <= 1 || rd.alike(a, b) >= 2) || rd.alike(a, b) >= 14 {
					return s
				}
			}
		}
	}
	return nil
}

func (s *stretch) add(c hedge.Candidate) {
	if len(s.more)+2 >= quotesPerItem {
		return
	}
	if s.doubt.Ref == "" && c.Doubt.Ref != "" {
		s.doubt = c.Doubt
		return
	}
	q := throughline.DraftQuote{Ref: c.Promise.Ref, Text: c.Promise.Text, As: throughline.AsPromise}
	if q.Ref == "" || q.Ref == s.promise.Ref {
		q = throughline.DraftQuote{Ref: c.Doubt.Ref, Text: c.Doubt.Text, As: throughline.AsDoubt}
	}
	if q.Ref != "" && q.Ref != s.promise.Ref && q.Ref != s.doubt.Ref {
		s.more = append(s.more, q)
	}
}

func (s *stretch) item(rd *reading) throughline.DraftItem {
	it := throughline.DraftItem{Item: throughline.Item{
		Kind: throughline.KindStretch, Label: throughline.LabelStated,
		Text:      s.told(rd),
		Promise:   rd.plain(s.promise),
		Doubt:     rd.plain(s.doubt),
		Condition: rd.texts.Condition,
		NextStep:  fmt.Sprintf(rd.texts.NextStep, rd.ae()),
	}}
	if s.signal == hedge.Conditional {
		it.Condition = rd.plain(s.doubt)
	}
	if s.promise.Ref != "" {
		it.Quotes = append(it.Quotes, throughline.DraftQuote{Ref: s.promise.Ref, Text: s.promise.Text, As: throughline.AsPromise})
	}
	if s.doubt.Ref != "" && (s.doubt.Ref != s.promise.Ref || s.doubt.Start != s.promise.Start) {
		it.Quotes = append(it.Quotes, throughline.DraftQuote{Ref: s.doubt.Ref, Text: s.doubt.Text, As: throughline.AsDoubt})
	}
	it.Quotes = append(it.Quotes, s.more...)
	return it
}

// told words the stretch: who promised what, in their words, and why it is
// listed.
func (s *stretch) told(rd *reading) string {
	span := s.promise
	if span.Ref == "" {
		span = s.doubt
	}
	words := []rune(rd.plain(span))
	if len(words) > promiseRunes {
		words = append(words[:promiseRunes], '…')
	}
	text := string(words)
	if p := rd.deal.Passage(span.Ref); p != nil && p.Speaker != nil {
		text = p.Speaker.Name + ": " + text
	}
	return text + " (" + rd.texts.reason(s.signal) + ")"
}

// promiseRunes is how much of a promise stands in an item's text; the whole of
// it stands in the quote.
const promiseRunes = 220

// plain is a span's text without the false start.
func (rd *reading) plain(s hedge.Span) string {
	if p := rd.deal.Passage(s.Ref); p != nil {
		return plain(s.Text, rd.lex[p.Source])
	}
	return s.Text
}

func dismissed(c hedge.Candidate, why string) throughline.Dismissal {
	s := c.Promise
	if s.Ref == "" {
		s = c.Doubt
	}
	return throughline.Dismissal{Candidate: c.Number, Ref: s.Ref, Quote: s.Text, Reason: why}
}

// ae names the AE, or the role where nobody is known.
func (rd *reading) ae() string {
	if rd.deal.AE == nil {
		return rd.texts.AE
	}
	return rd.deal.AE.Name
}
