package kickoff

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"throughline"
	"throughline/lexicon"
)

// RulesName is the name of Rules on the command line and in a report.
const RulesName = "builtin"

// Rules is the engine that needs no model. A point came up where a few sentences
// of the call hold enough of its rare words and numbers; a question of section 2,
// where besides the seller's side asks who does it, or by when. It says less rather
// than something wrong: what was said in quite other words it does not find.
type Rules struct{}

// Find reads the call by rules. The error is ctx's, or a lexicon's that can't be
// read.
func (Rules) Find(ctx context.Context, agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal) (*Findings, error) {
	rd, err := read(ctx, call, deal)
	if err != nil {
		return nil, err
	}
	found := &Findings{Engine: throughline.Engine{
		Name: RulesName, Limits: "Goes by rare words and numbers: it does not find what was said in quite other words.",
	}}
	asked := rd.points(agenda, found)
	rd.reasks(agenda, asked, found)
	return found, ctx.Err()
}

// A reading is a call, and the deal that it is held against.
type reading struct {
	reader *reader
	vocab  *vocabulary
	lex    *lexicon.Lexicon // of the call
	call   []*line
	marked bool      // the call's text has question marks
	deal   [][]*line // by passage, of those that may prove something
}

func read(ctx context.Context, call *throughline.Source, deal *throughline.Deal) (*reading, error) {
	lex, err := lexiconOf(call.Language)
	if err != nil {
		return nil, err
	}
	rd := &reading{reader: newReader(deal), lex: lex}
	rd.vocab = &vocabulary{in: map[term]int{}, talk: rd.reader.talk(lex)}
	for _, p := range call.Passages {
		rd.call = append(rd.call, rd.reader.lines(p, lex)...)
	}
	rd.marked = slices.ContainsFunc(rd.call, func(l *line) bool { return l.question })
	for _, s := range deal.Sources {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading deal %s: %w", deal.ID, err)
		}
		lex, err := lexiconOf(s.Language)
		if err != nil {
			return nil, err
		}
		for _, p := range s.Passages {
			if !p.Evidence() {
				continue
			}
			lines := rd.reader.lines(p, lex)
			rd.deal = append(rd.deal, lines)
			rd.vocab.count(lines)
		}
	}
	return rd, nil
}

func (r *reader) talk(lex *lexicon.Lexicon) map[term]bool {
	talk := map[term]bool{}
	for name := range r.names {
		talk[stem(name)] = true // people are named whatever is spoken of
	}
	for _, w := range lex.Class("talk") {
		talk[stem(w)] = true
	}
	return talk
}

func (v *vocabulary) count(lines []*line) {
	v.passages++
	seen := map[term]bool{}
	for _, l := range lines {
		for _, t := range l.terms {
			if !seen[t] {
				seen[t] = true
				v.in[t]++
			}
		}
	}
}

// What makes a point come up. Found by trying the facts of four annotated deals,
// each told in other words than in the calls, against their own calls and each
// other's: seven in ten are found where they were said, and of some 2,400 pairs of
// a fact and a call of another company, seven are (bench_test.go).
const (
	windowLines  = 3   // sentences that may tell of a point together
	leastMatch   = 4.5 // weight of the words shared
	leastShare   = 0.4 // share of the point's weightiest words
	profileTerms = 8   // how many of those count
	leastTerms   = 3   // words shared that tell something
	tellingTerm  = 0.9 // weight from which one does
	surelyTold   = 0.6 // share of the point's weightiest words with which one word fewer is enough
	leastAlone   = 1.6 // weight that a point must have for itself, beside a better one told of by the same sentences
)

// A profile is what a point is known by.
type profile struct {
	point  throughline.TalkingPoint
	weight map[term]float64
	top    float64 // weight of its weightiest terms
	asks   bool    // a question of section 2
}

func (rd *reading) profile(p throughline.TalkingPoint) *profile {
	f := &profile{point: p, weight: map[term]float64{}, asks: p.Kind == throughline.KindStretch}
	for _, e := range p.Words {
		p.Text = strings.TrimPrefix(p.Text, e.Speaker+": ")
		rd.weigh(f, e.Quote, quoteShare)
	}
	rd.weigh(f, p.Text, 1)
	for _, t := range rd.reader.text(p.Condition, rd.lex) {
		if rd.vocab.in[t] > 0 { // what the deal has never heard may be an engine's way to put it
			f.weight[t] = max(f.weight[t], rd.vocab.weight(t))
		}
	}
	var ws []float64
	for _, w := range f.weight {
		ws = append(ws, w)
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(ws)))
	for _, w := range ws[:min(profileTerms, len(ws))] {
		f.top += w
	}
	return f
}

// weigh adds the terms of a text.
func (rd *reading) weigh(f *profile, text string, share float64) {
	for _, t := range rd.reader.text(text, rd.lex) {
		f.weight[t] = max(f.weight[t], rd.vocab.weight(t)*share)
	}
}

// quoteShare is how much a word of a quote tells of a point, against one of its
// own text.
const quoteShare = 0.8

// A sighting is a point in a window of the call.
type sighting struct {
	f     *profile
	match float64
	lines []*line
}

// points finds the points that came up. It gives the sentences by which questions
// of section 2 were put.
func (rd *reading) points(agenda *throughline.Agenda, found *Findings) map[*line]bool {
	var profiles []*profile
	for _, p := range agenda.Points {
		if p.Mode == throughline.PointSay {
			profiles = append(profiles, rd.profile(p))
		}
	}
	best := map[string]sighting{}
	for i := range rd.call {
		for n := 1; n <= windowLines && i+n <= len(rd.call); n++ {
			for _, s := range rd.sight(profiles, rd.call[i:i+n]) {
				if have, ok := best[s.f.point.ID]; !ok || s.match > have.match+0.01 {
					best[s.f.point.ID] = s
				}
			}
		}
	}
	asked := map[*line]bool{}
	for _, f := range profiles {
		s, ok := best[f.point.ID]
		if !ok {
			continue
		}
		l := rd.shown(s)
		if f.asks {
			asked[l] = true
		}
		found.Referred = append(found.Referred, Reference{Point: f.point.ID, Quote: throughline.DraftQuote{Ref: l.p.Ref, Text: l.text()}})
	}
	return asked
}

// sight lists the points that a window tells of: the one that it tells of most,
// and those of which it tells something more.
func (rd *reading) sight(profiles []*profile, window []*line) []sighting {
	said := map[term]bool{}
	for _, l := range window {
		if l.cues[cueSmall] > 0 {
			continue
		}
		for _, t := range l.terms {
			said[t] = true
		}
	}
	var all, out []sighting
	for _, f := range profiles {
		if f.asks && !rd.asksForOwner(window) {
			continue
		}
		if f.point.Person != "" {
			if rd.namesPart(f.point.Person, window) {
				out = append(out, sighting{f: f, match: 1, lines: window})
			}
			continue
		}
		if m, ok := f.match(said); ok {
			all = append(all, sighting{f: f, match: m, lines: window})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].match > all[j].match })
	told := map[term]bool{}
	for _, s := range all {
		alone := 0.0
		for t, w := range s.f.weight {
			if said[t] && !told[t] {
				alone += w
			}
		}
		if alone < leastAlone && s.match < surelyTold*s.f.top {
			continue
		}
		for t := range s.f.weight {
			told[t] = told[t] || said[t]
		}
		out = append(out, s)
	}
	return out
}

// namesPart reports whether the seller's side names a person and what part they
// have, in one sentence. A greeting does not.
func (rd *reading) namesPart(person string, window []*line) bool {
	names := lexicon.Tokens(person)
	return slices.ContainsFunc(window, func(l *line) bool {
		return l.p.Side() == throughline.SideSeller && l.cues[cuePart] > 0 && slices.ContainsFunc(l.tokens, func(t lexicon.Token) bool {
			return t.Capital && slices.ContainsFunc(names, func(n lexicon.Token) bool { return n.Word == t.Word })
		})
	})
}

// match weighs what a point and the words said have in common.
func (f *profile) match(said map[term]bool) (float64, bool) {
	sum, telling := 0.0, 0
	for t, w := range f.weight {
		if said[t] {
			sum += w
			if w >= tellingTerm {
				telling++
			}
		}
	}
	surely := telling >= leastTerms-1 && sum >= surelyTold*f.top
	return sum, sum >= leastMatch && sum >= leastShare*f.top && (telling >= leastTerms || surely)
}

// asksForOwner reports whether the seller's side asks, somewhere in the window,
// who does something or by when.
func (rd *reading) asksForOwner(window []*line) bool {
	return slices.ContainsFunc(window, func(l *line) bool {
		return rd.asks(l) && l.p.Side() == throughline.SideSeller && l.cues[cueOwner] >= 1
	})
}

// asks reports whether a line is a question: it is marked as one, or asks to be
// told; in a transcript without question marks, it begins as one.
func (rd *reading) asks(l *line) bool {
	return l.question || l.cues[cueRequest] > 0 || !rd.marked && l.leads
}

// shown is the sentence of a sighting that is quoted: the one that asks, of a
// question; else the one that tells most.
func (rd *reading) shown(s sighting) *line {
	best, most := s.lines[0], -1.0
	for _, l := range s.lines {
		sum := 0.0
		for _, t := range l.terms {
			sum += s.f.weight[t]
		}
		if s.f.asks && rd.asksForOwner([]*line{l}) {
			sum += 100
		}
		if sum > most {
			best, most = l, sum
		}
	}
	return best
}
