package builtin

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"throughline"
)

// A tool is another vendor's product that the deal speaks of by name.
type tool struct {
	name  string
	score float64
	lines []*line
}

// toolFloor is what the words of use about a tool must weigh together: a plain
// statement of use and one that it stays.
const toolFloor = 4.5

// vendors finds tools of other vendors that the customer's people use for a
// neighbouring function and mean to keep: a name of its own, with words of use
// about it. The tool that this sale replaces is none, nor is one that only
// competed for it.
func vendors(rd *reading, d *throughline.Draft) {
	tools := map[string]*tool{}
	replaced := rd.replaced()
	for _, l := range rd.lines {
		use := l.cues["vendor"]
		if use < 2 || l.aside() >= 2 || l.side() == throughline.SideUnknown {
			continue
		}
		v := use + rd.stays(l)
		if l.side() == throughline.SideSeller && !l.p.Source.Internal {
			v = 0.3 * use
		}
		for _, name := range rd.properNames(l) {
			word := strings.ToLower(name)
			if replaced[word] {
				continue
			}
			if tools[word] == nil {
				tools[word] = &tool{name: name}
			}
			tools[word].score += v
			tools[word].lines = append(tools[word].lines, l)
		}
	}
	fullNames(tools)
	var found []*tool
	for _, t := range tools {
		if t.score >= toolFloor && rd.kept(t.lines) {
			found = append(found, t)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].score != found[j].score {
			return found[i].score > found[j].score
		}
		return found[i].name < found[j].name
	})
	for i, t := range found {
		if i == 2 {
			break
		}
		f := spot{}
		for _, l := range strongest(t.lines, func(l *line) float64 { return l.cues["vendor"] }, 1, quotesPerItem) {
			f.add(l)
		}
		who := ""
		if p := f.lines[0].p.Speaker; p != nil && p.Side == throughline.SideCustomer {
			who = p.Name
		}
		d.Items = append(d.Items, item(throughline.KindAdjacentVendor, f, throughline.Item{
			Vendor: t.name, Person: who, Label: throughline.LabelInferred,
			Text: fmt.Sprintf(rd.texts.Vendor, t.name),
		}))
	}
}

// fullNames joins what is said of a product under the last word of its name with
// what is said under the whole of it.
func fullNames(tools map[string]*tool) {
	for _, word := range slices.Sorted(maps.Keys(tools)) {
		t := tools[word]
		i := strings.LastIndexByte(word, ' ')
		if short := tools[word[i+1:]]; t != nil && i >= 0 && short != nil {
			t.score += short.score
			t.lines = append(t.lines, short.lines...)
			delete(tools, word[i+1:])
		}
	}
}

// stays weighs what is said of a tool's staying beside the line that names it:
// in the same turn, or first thing in the next.
func (rd *reading) stays(l *line) float64 {
	v := 0.0
	for _, n := range rd.near(l, 0, 1) {
		if n != l && (n.p == l.p || n.start == 0) {
			v = max(v, n.cues["vendor"])
		}
	}
	return v
}

// kept reports whether it is said that the tool stays: renewed, loved, trained
// on.
func (rd *reading) kept(ls []*line) bool {
	for _, l := range ls {
		if l.cues["vendor"] >= 2.5 || rd.stays(l) >= 2.5 {
			return true
		}
	}
	return false
}

// replaced are the names that this sale replaces or that competed for it: those
// the CRM lists as competitors, and those spoken of with words of replacing.
func (rd *reading) replaced() map[string]bool {
	weight := map[string]float64{}
	for _, l := range rd.lines {
		w := l.cues["replace"] + 0.7*l.cues["pain"]
		if strings.Contains(strings.ToLower(l.p.Label), "compet") {
			w += 10
		}
		if w == 0 {
			continue
		}
		for _, name := range rd.properNames(l) {
			weight[strings.ToLower(name)] += w
		}
	}
	out := map[string]bool{}
	for name, w := range weight {
		if w >= 6 {
			out[name] = true
		}
	}
	return out
}

// properNames are the names in a line that are no person's or company's of the
// deal and no month. Capitalised words that follow each other are one name.
func (rd *reading) properNames(l *line) []string {
	var names []string
	last := -2 // the token that the last name ends with
	for i, t := range l.tokens {
		if !rd.proper(l, i) {
			continue
		}
		text := l.text()[t.Start:t.End]
		if strings.ToUpper(text) == text {
			continue // an abbreviation
		}
		text = strings.TrimSuffix(strings.TrimSuffix(text, "'s"), "’s")
		if last == i-1 && l.text()[l.tokens[last].End:t.Start] == " " {
			names[len(names)-1] += " " + text
		} else {
			names = append(names, text)
		}
		last = i
	}
	return names
}

// proper reports whether token i may be a name. Where all nouns have capitals, one
// with an article or another word that bends with it is none.
func (rd *reading) proper(l *line, i int) bool {
	t := l.tokens[i]
	switch {
	case !t.Capital, len(t.Word) < 4, rd.known[t.Word], l.lex.InClass("stop", t.Word), l.lex.InClass("month", t.Word), l.lex.InClass("weekday", t.Word):
		return false
	case i == 0 && rd.small[t.Word]:
		return false // an ordinary word at the start of a sentence
	case i > 0 && l.dates.nouns:
		return !l.lex.InClass("article", l.tokens[i-1].Word) && !commonNoun(t.Word)
	}
	return true
}

// commonNoun reports whether a German word ends as only common nouns do.
func commonNoun(word string) bool {
	for _, ending := range []string{"ung", "ungen", "heit", "keit", "schaft", "tat", "ion", "ionen", "nis"} {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}
