package claude

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"throughline"
	"throughline/lexicon"
)

// A Withhold says what of a deal is kept from the model.
type Withhold struct {
	Private bool     // calls and channels that their system restricts
	Sources []string // by id, title or native id
	// People are withheld by name, alias or address: what they said and wrote, and
	// what repeats it.
	People   []string
	Patterns []*regexp.Regexp
}

// empty reports whether nothing is withheld.
func (w Withhold) empty() bool {
	return !w.Private && len(w.Sources)+len(w.People)+len(w.Patterns) == 0
}

// Unknown are the sources and people that the deal does not have: a rule that
// names one keeps nothing back, which whoever wrote it must be told.
func (w Withhold) Unknown(deal *throughline.Deal) []string {
	var out []string
	for _, name := range w.Sources {
		if !slices.ContainsFunc(deal.Sources, func(s *throughline.Source) bool { return isSource(s, name) }) {
			out = append(out, fmt.Sprintf("no source is called %q", name))
		}
	}
	for _, name := range w.People {
		known := slices.ContainsFunc(deal.People, func(p *throughline.Person) bool { return isPerson(p, name) })
		for p := range deal.Passages {
			known = known || spokenBy(p, name)
		}
		if !known {
			out = append(out, fmt.Sprintf("nobody of the deal is called %q", name))
		}
	}
	return out
}

func (w Withhold) check(deal *throughline.Deal) error {
	if unknown := w.Unknown(deal); len(unknown) > 0 {
		return fmt.Errorf("what is to be withheld from the model is not there: %s", strings.Join(unknown, "; "))
	}
	return nil
}

// From gives a deal without what is withheld, and a line for each rule that kept
// something back. The deal itself is not changed; the passages that stay keep
// their refs.
func (w Withhold) From(deal *throughline.Deal) (*throughline.Deal, []string) {
	if w.empty() {
		return deal, nil
	}
	said := w.said(deal)
	shown := *deal
	shown.Sources = nil
	sources, passages := 0, 0
	for _, s := range deal.Sources {
		if w.keeps(s) {
			sources++
			continue
		}
		c := *s
		c.Passages = nil
		left, gone := 0, 0
		for _, p := range s.Passages {
			q := *p
			q.Source = &c
			switch {
			case w.keepsPassage(p) || said.in(p.Text):
				// The place stays, so that every ref still means what it meant.
				q.Text, q.Label, q.History = "", "", true
				gone++
			case !q.History:
				left++
			}
			c.Passages = append(c.Passages, &q)
		}
		if gone > 0 && left == 0 { // its title, a mail's subject, is of what was withheld
			sources++
			continue
		}
		passages += gone
		shown.Sources = append(shown.Sources, &c)
	}
	var kept []string
	if sources > 0 {
		kept = append(kept, counted(sources, "source"))
	}
	if passages > 0 {
		kept = append(kept, counted(passages, "passage"))
	}
	return &shown, kept
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w Withhold) keeps(s *throughline.Source) bool {
	if w.Private && s.Private && (s.Kind == throughline.SourceCall || s.Kind == throughline.SourceChat) {
		return true
	}
	return slices.ContainsFunc(w.Sources, func(name string) bool { return isSource(s, name) })
}

func isSource(s *throughline.Source, name string) bool {
	return strings.EqualFold(name, s.ID) || strings.EqualFold(name, s.Title) || name == s.NativeID && name != ""
}

func isPerson(p *throughline.Person, name string) bool {
	return strings.EqualFold(name, p.Name) || p.Email != "" && strings.EqualFold(name, p.Email) ||
		slices.ContainsFunc(p.Aliases, func(a string) bool { return strings.EqualFold(name, a) })
}

func spokenBy(p *throughline.Passage, name string) bool {
	return p.Speaker != nil && isPerson(p.Speaker, name) || p.Name != "" && strings.EqualFold(name, p.Name)
}

func (w Withhold) keepsPassage(p *throughline.Passage) bool {
	return slices.ContainsFunc(w.People, func(name string) bool { return spokenBy(p, name) }) || w.matches(p.Text)
}

func (w Withhold) matches(text string) bool {
	return slices.ContainsFunc(w.Patterns, func(re *regexp.Regexp) bool { return re.MatchString(text) })
}

// repeatWords is how many words in a row make a repetition of what a person
// said: a mail pasted into a CRM note, a message quoted in another. Fewer are
// turns of speech.
const repeatWords = 8

// A wording is a set of word sequences of repeatWords.
type wording map[string]bool

// said are the words of the people who are withheld.
func (w Withhold) said(deal *throughline.Deal) wording {
	if len(w.People) == 0 {
		return nil
	}
	out := wording{}
	for p := range deal.Passages {
		if !p.History && slices.ContainsFunc(w.People, func(name string) bool { return spokenBy(p, name) }) {
			for seq := range sequences(p.Text) {
				out[seq] = true
			}
		}
	}
	return out
}

// in reports whether a text repeats some of the words.
func (ws wording) in(text string) bool {
	if len(ws) == 0 {
		return false
	}
	for seq := range sequences(text) {
		if ws[seq] {
			return true
		}
	}
	return false
}

// sequences yields every run of repeatWords words of a text.
func sequences(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		var words []string
		for _, t := range lexicon.Tokens(text) {
			words = append(words, t.Word)
		}
		for i := 0; i+repeatWords <= len(words); i++ {
			if !yield(strings.Join(words[i:i+repeatWords], " ")) {
				return
			}
		}
	}
}
