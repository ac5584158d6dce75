package kickoff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/render"
)

// How many quotes stand with a point: enough to say it in the customer's words,
// few enough to be read in a call.
const (
	sayWords  = 2
	knowWords = 4
)

// heardByAll is how many of the customer's people must have heard what is said to
// everybody who comes to the kickoff, as for the customer's view of a handoff.
const heardByAll = 2

// Agenda is the agenda of a handoff's kickoff as an audience may have it: the
// team's with all points, or, for whoever else, the customer's. Each is made of
// what render.For lets through to it. For nil, Agenda gives nil.
func Agenda(h *throughline.Handoff, a throughline.Audience) *throughline.Agenda {
	if h == nil {
		return nil
	}
	view := render.For(h, a)
	switch view.Audience {
	case throughline.AudienceTeam:
		return teamAgenda(view)
	case throughline.AudienceCustomer: // which a second look would take the CSM’s wording from
		return customerAgenda(view)
	}
	return customerAgenda(render.For(view, throughline.AudienceCustomer))
}

// Audience is whose form of the agenda an audience has: the team has its own, and
// whoever else the customer's.
func Audience(a throughline.Audience) throughline.Audience {
	if a == throughline.AudienceTeam {
		return a
	}
	return throughline.AudienceCustomer
}

// customerAgenda is made of the customer's view, whose items are worded for the
// customer already.
func customerAgenda(view *throughline.Handoff) *throughline.Agenda {
	agenda := newAgenda(view)
	for _, it := range view.Items {
		agenda.Points = append(agenda.Points, throughline.TalkingPoint{
			ID: it.ID, Item: it.ID, Section: it.Section, Kind: it.Kind, Mode: throughline.PointSay,
			Text: it.Text, Day: it.Day, Due: it.Due, Words: it.Evidence[:min(sayWords, len(it.Evidence))],
		})
	}
	return agenda
}

func newAgenda(view *throughline.Handoff) *throughline.Agenda {
	return &throughline.Agenda{Audience: view.Audience, Deal: view.Deal, Version: view.Version, Points: []throughline.TalkingPoint{}}
}

// teamAgenda makes points of every item.
func teamAgenda(view *throughline.Handoff) *throughline.Agenda {
	agenda := newAgenda(view)
	agenda.Opening = render.Opening(view)
	m := maker{enough: heardByAll, named: map[string]bool{}, conditions: map[string]int{}}
	for _, it := range view.Items {
		m.conditions[it.Condition]++
	}
	if customers(view) == 1 {
		m.enough = 1
	}
	for _, k := range throughline.Kinds {
		for _, it := range view.Items {
			if it.Kind == k {
				agenda.Points = append(agenda.Points, m.points(it)...)
			}
		}
	}
	return agenda
}

func customers(h *throughline.Handoff) int {
	n := 0
	for _, p := range h.Deal.People {
		if p.Side == throughline.SideCustomer {
			n++
		}
	}
	return n
}

// A maker makes points of items.
type maker struct {
	enough int             // how many of the customer's people must have heard what is said to all
	named  map[string]bool // people who have a point

	// conditions counts how many stretches have the same one. What several have
	// says nothing of any: an engine has put it where nothing was said.
	conditions map[string]int
}

func (m *maker) points(it throughline.Item) []throughline.TalkingPoint {
	if corrected, ok := it.Remarked(throughline.RemarkCorrected); ok {
		it.Text = corrected.Text
	}
	if reason, ok := it.Remarked(throughline.RemarkNotCommitment); ok {
		p := m.know(it, it.ID, joined(" ", sentence(it.Text), fmt.Sprintf(notCommitment, reason.By, reason.Text)), it.Evidence)
		return []throughline.TalkingPoint{p}
	}
	switch {
	case it.Kind == throughline.KindStretch:
		return m.stretch(it)
	case it.Kind.Section() == throughline.SectionPoliticalMap:
		return []throughline.TalkingPoint{m.know(it, it.ID, it.Text, it.Evidence)}
	case it.Kind.AboutPerson():
		return m.person(it)
	}
	words := m.sayable(it.Evidence)
	if len(words) == 0 { // nobody said it before the customer's people: it is not for the call
		return []throughline.TalkingPoint{m.know(it, it.ID, it.Text, it.Evidence)}
	}
	p := m.point(it, it.ID, throughline.PointSay)
	p.Text, p.Day, p.Due = it.Text, it.Day, it.Due
	p.Words = theirsFirst(words)
	p.Guarded = len(words) < len(it.Evidence)
	return []throughline.TalkingPoint{p}
}

// person is the point of a champion or a committee member: what they do from here
// on. Where they landed and why they bought is not for the call. Who is named in
// two items gets one point.
func (m *maker) person(it throughline.Item) []throughline.TalkingPoint {
	if m.named[it.Person] {
		return nil
	}
	m.named[it.Person] = true
	p := m.point(it, it.ID, throughline.PointSay)
	p.Person = it.Person
	who := it.Person
	if it.Title != "" {
		who += " (" + it.Title + ")"
	}
	p.Text = fmt.Sprintf(confirmPart, who)
	if it.Kind == throughline.KindChampion {
		p.Text = fmt.Sprintf(confirmLead, who)
	}
	return []throughline.TalkingPoint{p}
}

// stretch gives two points: what is to be asked, and what is to be known.
func (m *maker) stretch(it throughline.Item) []throughline.TalkingPoint {
	ask := m.point(it, it.ID+"-condition", throughline.PointSay)
	ask.Text = first(it.Promise, it.Text)
	if m.conditions[it.Condition] == 1 {
		ask.Condition = it.Condition
	}
	ask.Ask, ask.Words = m.question(it)
	doubts := slices.DeleteFunc(slices.Clone(it.Evidence), func(e throughline.Evidence) bool { return e.As != throughline.AsDoubt })
	if len(doubts) == 0 {
		doubts = it.Evidence
	}
	told := it.Text
	if it.Doubt != "" {
		told = fmt.Sprintf(doubtOn, short(first(it.Promise, it.Text)), it.Doubt)
	}
	if saysNothingMore(it.Doubt, doubts) {
		told = fmt.Sprintf(doubtBelow, short(first(it.Promise, it.Text)))
	}
	return []throughline.TalkingPoint{ask, m.know(it, it.ID+"-doubt", told, doubts)}
}

// saysNothingMore reports whether a text is one of the quotes over again.
func saysNothingMore(text string, quotes []throughline.Evidence) bool {
	return text != "" && slices.ContainsFunc(quotes, func(e throughline.Evidence) bool { return strings.Contains(letters(e.Quote), letters(text)) })
}

// question asks for a stretch's condition in neutral words: in those of the
// condition where the customer's people heard it, else in those of the promise.
// It says again nothing that they did not hear, and neither stands by the promise
// nor takes it back.
func (m *maker) question(it throughline.Item) (string, []throughline.Evidence) {
	heard := m.sayable(it.Evidence)
	for _, ask := range []struct {
		as   throughline.QuoteRole
		text string
	}{{throughline.AsCondition, askCondition}, {throughline.AsPromise, askPromise}} {
		i := slices.IndexFunc(heard, func(e throughline.Evidence) bool { return e.As == ask.as })
		if i >= 0 {
			return fmt.Sprintf(ask.text, short(heard[i].Quote)), heard[i : i+1]
		}
	}
	return askOpen, nil
}

// askRunes is how much of a quote a question repeats.
const askRunes = 140

func short(quote string) string {
	quote = strings.TrimRight(strings.Join(strings.Fields(quote), " "), ".;,")
	if rs := []rune(quote); len(rs) > askRunes {
		quote = string(rs[:askRunes])
		quote = strings.TrimRight(quote[:max(strings.LastIndexByte(quote, ' '), askRunes/2)], " ,;") + "…"
	}
	return quote
}

func (m *maker) know(it throughline.Item, id, text string, words []throughline.Evidence) throughline.TalkingPoint {
	p := m.point(it, id, throughline.PointKnow)
	p.Text, p.Words = text, words[:min(knowWords, len(words))]
	return p
}

func (m *maker) point(it throughline.Item, id string, mode throughline.PointMode) throughline.TalkingPoint {
	return throughline.TalkingPoint{ID: id, Item: it.ID, Section: it.Kind.Section(), Kind: it.Kind, Mode: mode}
}

// sayable are the quotes that may be said to everybody who comes: what enough of
// the customer's people heard, doubts aside.
func (m *maker) sayable(evs []throughline.Evidence) []throughline.Evidence {
	var out []throughline.Evidence
	for _, e := range evs {
		if !e.Internal && e.CustomersHeard >= m.enough && e.As != throughline.AsDoubt {
			out = append(out, e)
		}
	}
	return out
}

// theirsFirst is the strongest quote of the customer's people, and the strongest of
// all.
func theirsFirst(evs []throughline.Evidence) []throughline.Evidence {
	i := slices.IndexFunc(evs, func(e throughline.Evidence) bool { return e.Side == throughline.SideCustomer })
	switch {
	case i < 0:
		return evs[:1]
	case i == 0:
		return evs[:min(sayWords, len(evs))]
	}
	return []throughline.Evidence{evs[i], evs[0]}
}

// What the agenda itself says. It is in English, as the documents' own words are.
const (
	confirmLead   = "Confirm that %s carries this on their side from here."
	confirmPart   = "Confirm what %s takes part in from here."
	notCommitment = "Not a commitment, says %s: %s"
	doubtOn       = "On “%s”: %s"
	doubtBelow    = "On “%s”, in the words below."
	askCondition  = "“%s”: who owns that on your side, and from when?"
	askPromise    = "About “%s”: what does it need on each side, who owns your part, and from when?"
	askOpen       = "What does this need on each side, who owns your part, and from when?"
)

// sentence is a text that ends as a sentence does.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// first is the first text that says something.
func first(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return ""
}

// joined joins the parts that say something.
func joined(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// isoDate shows a YYYY-MM-DD as people write it; whatever is none is not shown.
func isoDate(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return ""
	}
	return t.Format("2 January 2006")
}
