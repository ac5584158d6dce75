package builtin

import (
	"fmt"
	"sort"
	"strings"

	"throughline"
)

// vendors finds tools of other vendors that the customer's people use for a
// neighbouring function and mean to keep: a name of its own, with words of use
// about it. The tool that this sale replaces is none, nor is one that only
// competed for it.
func vendors(rd *reading, d *throughline.Draft) {
	type tool struct {
		name  string
		score float64
		lines []*line
	}
	tools := map[string]*tool{}
	replaced := rd.replaced()
	for _, l := range rd.lines {
		use := l.cues["vendor"]
		if use < 2 || l.aside() >= 2 || l.side() == throughline.SideUnknown {
			continue
		}
		for _, name := range rd.properNames(l) {
			word := strings.ToLower(name)
			if replaced[word] {
				continue
			}
			t := tools[word]
			if t == nil {
				t = &tool{name: name}
				tools[word] = t
			}
			v := use
			if l.side() == throughline.SideSeller && !l.p.Source.Internal {
				v *= 0.3
			}
			t.score += v
			t.lines = append(t.lines, l)
		}
	}
	var found []*tool
	for _, t := range tools {
		if t.score >= 5 && rd.kept(t.lines) {
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

// kept reports whether some line says that the tool stays: renewed, loved,
// trained on.
func (rd *reading) kept(ls []*line) bool {
	for _, l := range ls {
		if l.cues["vendor"] >= 2.5 {
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

// properNames are the capitalised words of a line that are no person's or
// company's of the deal, no month, and not the first word of the sentence.
func (rd *reading) properNames(l *line) []string {
	var names []string
	for i, t := range l.tokens {
		if !t.Capital || len(t.Word) < 4 || rd.known[t.Word] || l.lex.InClass("stop", t.Word) ||
			l.lex.InClass("month", t.Word) || l.lex.InClass("weekday", t.Word) {
			continue
		}
		if i == 0 && rd.small[t.Word] {
			continue // an ordinary word at the start of a sentence
		}
		text := l.text()[t.Start:t.End]
		if strings.ToUpper(text) == text {
			continue // an abbreviation
		}
		names = append(names, strings.TrimSuffix(strings.TrimSuffix(text, "'s"), "’s"))
	}
	return names
}
