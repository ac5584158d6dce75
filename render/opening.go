package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"throughline"
)

// The opening words name at most three use cases, each short enough to say, and
// said in enough words to tell what it is.
const (
	openingUses     = 3
	openingUseRunes = 130
	openingOwnWords = 6
)

// An opening is what the CSM can say first at the kickoff.
type opening struct {
	Words []string // sentences
	Note  string
}

// Opening is what the CSM can say first at the kickoff, in sentences, as the
// team's document has it: whom the CSM heard it from, what it is for, and to go
// on from there. It is empty for a view that is not the team's.
func Opening(h *throughline.Handoff) string {
	if h == nil || narrower(h.Audience, throughline.AudienceTeam) != throughline.AudienceTeam {
		return ""
	}
	return strings.Join(newOpening(h, english).Words, " ")
}

// newOpening writes out the opening words. They are said to everybody who comes,
// so only use cases are named that were discussed with at least two of the
// customer's people (with the one, where the deal knows only one).
func newOpening(h *throughline.Handoff, l *labels) *opening {
	o := &opening{Words: []string{l.OpeningOurs}, Note: l.OpeningNote}
	if h.Deal.AE != nil && h.Deal.AE.Name != "" {
		name, _, _ := strings.Cut(plain(h.Deal.AE.Name), " ")
		o.Words[0] = fmt.Sprintf(l.Opening, name)
	}
	uses := openingUseCases(h)
	if len(uses) == 0 {
		o.Note = l.OpeningNone
	} else {
		o.Words = append(o.Words, fmt.Sprintf(l.OpeningUses, l.list(uses)))
	}
	o.Words = append(o.Words, l.OpeningEnd)
	return o
}

// openingUseCases are the use cases to name, as they can be said. One that has to
// be cut, or that is somebody's own words and few of them, is named only where
// there is no other.
func openingUseCases(h *throughline.Handoff) []string {
	enough := twoHeard
	if customers(h) == 1 {
		enough = 1
	}
	var good, rest []string
	for _, it := range h.Items {
		if it.Kind != throughline.KindUseCase || !heard(it, enough) {
			continue
		}
		text := spoken(it, h)
		if utf8.RuneCountInString(unattributed(it)) > openingUseRunes || toldBy(it) && len(strings.Fields(text)) < openingOwnWords {
			rest = append(rest, text)
		} else {
			good = append(good, text)
		}
	}
	if len(good) == 0 {
		good = rest
	}
	return good[:min(openingUses, len(good))]
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

// heard reports whether enough of the customer's people heard one of the item's
// quotes.
func heard(it throughline.Item, enough int) bool {
	for _, e := range it.Evidence {
		if !e.Internal && e.CustomersHeard >= enough {
			return true
		}
	}
	return false
}

// spoken is a use case as it can be said within a sentence.
func spoken(it throughline.Item, h *throughline.Handoff) string {
	text := brief(it, openingUseRunes)
	if toldBy(it) {
		return text
	}
	return midSentence(text, h)
}

// midSentence gives a text the first letter that it has within a sentence: a
// small one, unless its first word is written with a capital elsewhere within a
// sentence, or is no plain word. German keeps its capitals.
func midSentence(text string, h *throughline.Handoff) string {
	word, _, _ := strings.Cut(text, " ")
	r, size := utf8.DecodeRuneInString(word)
	rest := word[size:]
	if !unicode.IsUpper(r) || rest == "" || rest != strings.ToLower(rest) || strings.HasPrefix(h.Language, "de") || isName(word, h) {
		return text
	}
	return string(unicode.ToLower(r)) + text[size:]
}

// isName reports whether the word stands in a name of the deal, or with its
// capital within a sentence that was quoted.
func isName(word string, h *throughline.Handoff) bool {
	word = bare(word)
	d := h.Deal
	texts := []string{d.Customer.Name, d.Seller.Name, d.Seller.Product}
	for _, p := range d.People {
		texts = append(texts, p.Name)
	}
	for _, name := range texts {
		if slices.ContainsFunc(strings.Fields(name), func(w string) bool { return bare(w) == word }) {
			return true
		}
	}
	for _, it := range h.Items {
		for _, e := range it.Evidence {
			if withinSentence(e.Quote, word) {
				return true
			}
		}
	}
	return false
}

func withinSentence(quote, word string) bool {
	words := strings.Fields(quote)
	for i := 1; i < len(words); i++ {
		if bare(words[i]) == word && !strings.ContainsAny(words[i-1][len(words[i-1])-1:], ".!?:…”\"") {
			return true
		}
	}
	return false
}

// bare is a word without the punctuation around it, its case kept.
func bare(w string) string {
	return strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
