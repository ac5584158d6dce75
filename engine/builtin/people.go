package builtin

import (
	"fmt"
	"slices"
	"sort"

	"throughline"
	"throughline/lexicon"
)

// A member is what the rules know of one of the customer's people.
type member struct {
	person *throughline.Person
	turns  int     // turns and mails of their own
	words  int     // words said and written
	own    []*line // what they said and wrote
	told   []*line // what others said of them
}

// people finds who drove the purchase, who took part and where they landed, who
// is privately keener than in the group, and who agreed against a preference.
func people(rd *reading, d *throughline.Draft) {
	members := rd.members()
	champion := rd.champion(members, d)
	for _, m := range members {
		if !rd.tookPart(m) {
			continue
		}
		d.Items = append(d.Items, rd.committee(m, m == champion))
	}
	for _, m := range members {
		if m != champion {
			rd.enthusiast(m, d)
		}
	}
	for _, m := range members {
		if m != champion {
			rd.reluctant(m, d)
		}
	}
}

// members gathers the customer's people with what they said and what was said of
// them.
func (rd *reading) members() []*member {
	by := map[*throughline.Person]*member{}
	var ms []*member
	for _, p := range rd.deal.People {
		if p.Side == throughline.SideCustomer {
			m := &member{person: p}
			by[p] = m
			ms = append(ms, m)
		}
	}
	names := rd.names(ms)
	var last *throughline.Passage
	for _, l := range rd.lines {
		if m := by[l.p.Speaker]; m != nil {
			m.own = append(m.own, l)
			m.words += len(l.tokens)
			if l.p != last {
				m.turns++
			}
		}
		last = l.p
		for _, p := range named(l, names) {
			if m := by[p]; m != nil && l.p.Speaker != p {
				m.told = append(m.told, l)
			}
		}
	}
	sort.SliceStable(ms, func(i, j int) bool { return ms[i].words > ms[j].words })
	return ms
}

// names maps first names, last names and full names that mean one person of the
// deal only.
func (rd *reading) names(ms []*member) map[string]*throughline.Person {
	names := map[string]*throughline.Person{}
	count := map[string]int{}
	for _, p := range rd.deal.People {
		for _, t := range lexicon.Tokens(p.Name) {
			if len(t.Word) > 2 {
				count[t.Word]++
			}
		}
	}
	for _, m := range ms {
		for _, t := range lexicon.Tokens(m.person.Name) {
			if count[t.Word] == 1 {
				names[t.Word] = m.person
			}
		}
	}
	return names
}

// named lists the people a line speaks of by name. A name must be capitalised,
// so that "will" is no Will, except where nothing in the source is.
func named(l *line, names map[string]*throughline.Person) []*throughline.Person {
	var ps []*throughline.Person
	for _, t := range l.tokens {
		word := t.Word
		p := names[word]
		if p == nil && len(word) > 3 && word[len(word)-1] == 's' {
			p = names[word[:len(word)-1]]
		}
		if p != nil && t.Capital && !contains(ps, p) {
			ps = append(ps, p)
		}
	}
	return ps
}

func contains(ps []*throughline.Person, p *throughline.Person) bool {
	for _, q := range ps {
		if q == p {
			return true
		}
	}
	return false
}

// littleTalk is the share of all that was said up to which a person may have had
// no part in the decision.
const littleTalk = 0.1

// tookPart reports whether the person had a part in the decision: spoke or wrote
// more than in passing, or the CRM gives them a role in it, and nothing says
// that they had none.
func (rd *reading) tookPart(m *member) bool {
	if m.person.CRMRole == "" && m.words < 25 && len(m.told) < 4 {
		return false
	}
	// Who talks much, or has a role in the CRM, speaks of somebody else.
	aside := m.person.CRMRole == "" && float64(m.words) < littleTalk*1000*rd.size
	for _, l := range m.own {
		if aside && l.cues["nopart"] >= 3 {
			return false
		}
	}
	if m.words == 0 {
		// Known only by what others say: the CRM's word or several mentions, and
		// none that takes them out of it.
		for _, l := range m.told {
			if l.cues["nopart"] >= 2.5 {
				return false
			}
		}
	}
	return m.words > 0 || len(m.told) > 0
}

// champion is who on the customer's side drove the purchase: by what they say of
// themselves, what the CRM and the team say of them, and how much of the talk is
// theirs. Nobody, where nobody stands out.
func (rd *reading) champion(members []*member, d *throughline.Draft) *member {
	total := 0
	for _, m := range members {
		total += m.words
	}
	var best *member
	var bestScore float64
	for _, m := range members {
		v := 0.0
		if total > 0 {
			v += 6 * float64(m.words) / float64(total)
		}
		v += min(3, 0.5*sum(m.own, func(l *line) float64 { return l.cues["champion"] }))
		v += min(3, 0.4*sum(m.told, func(l *line) float64 { return firm(l) * l.cues["champion"] }))
		if v > bestScore {
			best, bestScore = m, v
		}
	}
	if best == nil || bestScore < 2 || best.words < 60 {
		return nil
	}
	f := spot{}
	for _, l := range strongest(best.own, func(l *line) float64 {
		return l.cues["champion"] - 0.5*l.aside()
	}, 1.5, 2) {
		f.add(l)
	}
	for _, l := range strongest(best.told, func(l *line) float64 { return l.cues["champion"] * firm(l) }, 1.5, 2) {
		f.add(l)
	}
	if len(f.lines) < 2 {
		for _, l := range strongest(best.own, func(l *line) float64 {
			return l.cues["pain"] + l.cues["want"] + rd.topical(l) - l.aside()
		}, 0.5, 2) {
			f.add(l)
		}
	}
	if len(f.lines) == 0 {
		return nil
	}
	p := best.person
	d.Items = append(d.Items, item(throughline.KindChampion, f, throughline.Item{
		Person: p.Name, Title: p.Title, Role: p.CRMRole, Label: throughline.LabelInferred,
		Text: fmt.Sprintf(rd.texts.Champion, p.Name+called(p)),
		Why:  said(f.lines[0]),
	}))
	return best
}

// firm weighs a line by how sure its speaker is: a remark that a colleague
// corrects in the next messages counts for nothing.
func firm(l *line) float64 {
	if l.question {
		return 0
	}
	return 1
}

// committee says where a person landed. Late statements count for more than
// early ones, and what the team writes of the person among themselves as much as
// what the person says in the group.
func (rd *reading) committee(m *member, champion bool) throughline.DraftItem {
	var ally, against, neutral float64
	weigh := func(ls []*line, told bool) {
		for _, l := range ls {
			w := rd.late(l)
			if l.aside() >= 2 || l.question {
				continue
			}
			if told && !alone(l, rd) {
				w *= 0.4 // a line about several people says little of each
			}
			ally += w * plainly(l.cues["support"])
			against += w * plainly(l.cues["oppose"])
			neutral += w * (plainly(l.cues["indifferent"]) + 0.6*l.cues["reluctant"])
		}
	}
	weigh(m.own, false)
	weigh(m.told, true)
	stance := throughline.StanceNeutral
	switch {
	case champion:
		stance = throughline.StanceAlly
	case against >= 3 && against > 1.2*ally && against > 1.2*neutral && !m.saidYes():
		stance = throughline.StanceBlocker
	case ally >= 1.5 && ally > neutral+0.5*against:
		stance = throughline.StanceAlly
	}
	f := spot{}
	verdict := func(l *line) float64 {
		v := rd.late(l) * (l.cues["support"] + l.cues["indifferent"] + l.cues["oppose"] + 0.5*l.cues["reluctant"])
		switch stance {
		case throughline.StanceAlly:
			v = rd.late(l) * l.cues["support"]
		case throughline.StanceBlocker:
			v = rd.late(l) * l.cues["oppose"]
		}
		return v - 0.5*l.aside()
	}
	for _, l := range strongest(m.own, verdict, 0.8, 2) {
		f.add(l)
	}
	for _, l := range strongest(m.told, verdict, 0.8, 2) {
		f.add(l)
	}
	label := throughline.LabelStated
	if len(f.lines) == 0 {
		label = throughline.LabelInferred
		for _, l := range append(longest(m.own, 1), longest(m.told, 1)...) {
			f.add(l)
		}
	}
	p := m.person
	text := rd.texts.Neutral
	switch {
	case label == throughline.LabelInferred:
		text = rd.texts.Unstated
	case stance == throughline.StanceAlly:
		text = rd.texts.Ally
	case stance == throughline.StanceBlocker:
		text = rd.texts.Blocker
	}
	return item(throughline.KindCommittee, f, throughline.Item{
		Person: p.Name, Title: p.Title, Role: p.CRMRole, Stance: stance, Label: label, Text: fmt.Sprintf(text, p.Name+called(p)),
	})
}

// plainly is the weight of cues that say something by themselves: a word that is
// only half a sign of where somebody stands doesn't tip the balance.
func plainly(weight float64) float64 {
	if weight < 1 {
		return 0
	}
	return weight
}

// saidYes reports whether the person agreed against their own preference: then
// they agreed, whatever they said before.
func (m *member) saidYes() bool {
	for _, l := range m.own {
		if l.aside() < 2 && l.cues["reluctant"] >= 3 {
			return true
		}
	}
	return false
}

// alone reports whether a line speaks of one of the customer's people only.
func alone(l *line, rd *reading) bool {
	n := 0
	for _, t := range l.tokens {
		if t.Capital && rd.known[t.Word] {
			n++
		}
	}
	return n <= 2
}

// late weighs a line by its place in the deal, from a half at the start to one
// and a half at the end: where somebody landed is said late.
func (rd *reading) late(l *line) float64 {
	at := rd.place[l.p.Source]
	if l.p.At.IsZero() || at.span == 0 {
		return at.late
	}
	return 0.5 + min(1, max(0, float64(l.p.At.Sub(at.first))/float64(at.span)))
}

// enthusiast finds somebody who is keener aside than in the group: keen words in
// a mail to the seller's side alone or told in the internal channel, with a sign
// that it is not for the group.
func (rd *reading) enthusiast(m *member, d *throughline.Draft) {
	aside := func(l *line) bool {
		return l.p.Source.Internal || l.p.HeardBy(throughline.SideCustomer) <= 1 && !l.spoken()
	}
	rd.privately(m, throughline.KindEnthusiast, d, aside, func(l *line) float64 {
		return l.cues["keen"] + l.cues["private"]
	}, func(l *line) bool { return l.cues["keen"] >= 2 }, func(l *line) bool {
		return l.cues["private"] >= 2 || l.p.Speaker == m.person && l.cues["keen"] >= 4 && m.cool()
	},
		rd.texts.Enthusiast)
}

// cool reports whether the person said little for it where others of the
// customer's heard them.
func (m *member) cool() bool {
	return sum(m.own, func(l *line) float64 {
		if l.p.HeardBy(throughline.SideCustomer) <= 1 {
			return 0
		}
		return l.cues["support"] + l.cues["keen"]
	}) < 2
}

// reluctant finds somebody who agreed against their own preference, by their own
// words or by what the team says of them.
func (rd *reading) reluctant(m *member, d *throughline.Draft) {
	rd.privately(m, throughline.KindReluctant, d, func(l *line) bool { return l.aside() < 2 }, func(l *line) float64 {
		return l.cues["reluctant"]
	}, func(l *line) bool { return l.cues["reluctant"] >= 3 }, nil,
		rd.texts.Reluctant)
}

// privately adds an item about a person where what they said and what was told
// of them has a strong line and, where signs are asked for, one of those too.
func (rd *reading) privately(m *member, k throughline.Kind, d *throughline.Draft, where func(*line) bool,
	score func(*line) float64, strong, sign func(*line) bool, text string,
) {
	var ls []*line
	hasStrong, hasSign := false, sign == nil
	for _, l := range m.own {
		if where(l) {
			ls = append(ls, l)
		}
	}
	for _, l := range m.told {
		// What one of the customer's people writes in confidence is of themselves.
		theirs := l.side() == throughline.SideCustomer && k == throughline.KindReluctant
		if where(l) && (l.p.Source.Internal || theirs) && alone(l, rd) && !within(m.person, l, string(k)) {
			ls = append(ls, l)
		}
	}
	total := 0.0
	for _, l := range ls {
		hasStrong = hasStrong || strong(l)
		hasSign = hasSign || sign != nil && sign(l)
		total += score(l)
	}
	if !hasStrong || !hasSign || total < 4 {
		return
	}
	f := spot{}
	for _, l := range strongest(ls, score, 1, quotesPerItem) {
		f.add(l)
	}
	d.Items = append(d.Items, item(k, f, throughline.Item{
		Person: m.person.Name, Title: m.person.Title, Text: fmt.Sprintf(text, m.person.Name+called(m.person)), Label: throughline.LabelInferred,
	}))
}

// within reports whether the person stands in a cue as the one who does something
// to another: in "because Ann told him to" and "Ann has leaned on him", it is not
// Ann who agreed against a preference.
func within(p *throughline.Person, l *line, section string) bool {
	for _, h := range l.hits {
		if h.Section != section {
			continue
		}
		first := h.First
		if slices.ContainsFunc(l.tokens[first:min(h.Last+2, len(l.tokens))], func(t lexicon.Token) bool { return l.lex.InClass("object", t.Word) }) {
			first = max(0, first-2) // "Ann has"
		}
		for _, t := range l.tokens[first : h.Last+1] {
			for _, name := range lexicon.Tokens(p.Name) {
				if t.Capital && t.Word == name.Word {
					return true
				}
			}
		}
	}
	return false
}

// called is a person's title as an apposition.
func called(p *throughline.Person) string {
	if p.Title == "" {
		return ""
	}
	return ", " + p.Title + ","
}

func sum(ls []*line, score func(*line) float64) float64 {
	v := 0.0
	for _, l := range ls {
		v += score(l)
	}
	return v
}

// strongest lists up to n lines that reach the floor, the strongest first.
func strongest(ls []*line, score func(*line) float64, floor float64, n int) []*line {
	var found []*line
	for _, l := range ls {
		if score(l) >= floor {
			found = append(found, l)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return score(found[i]) > score(found[j]) })
	if len(found) > n {
		found = found[:n]
	}
	return found
}

// longest lists up to n lines with the most words.
func longest(ls []*line, n int) []*line {
	return strongest(ls, func(l *line) float64 { return float64(len(l.words)) }, 1, n)
}
