package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"throughline"
	"throughline/lexicon"
)

// item puts an item together from a spot's lines.
func item(k throughline.Kind, f spot, it throughline.Item) throughline.DraftItem {
	it.Kind = k
	if it.Label == "" {
		it.Label = throughline.LabelStated
	}
	return throughline.DraftItem{Item: it, Quotes: f.quotes()}
}

// said words a line as a statement of its speaker's: who, and the sentence as it
// was said, without the false start.
func said(l *line) string {
	who := l.p.Name
	if l.p.Speaker != nil {
		who = l.p.Speaker.Name
	}
	text := plain(l.text(), l.lex)
	if who == "" {
		return text
	}
	return who + ": " + text
}

// startWords is how far into a sentence fillers are looked for.
const startWords = 12

// plain trims white space and what speech begins with ("So, um, …"); it changes
// no word.
func plain(s string, lex *lexicon.Lexicon) string {
	s = strings.Join(strings.Fields(s), " ")
	tokens := lexicon.Tokens(s)
	tokens = tokens[:min(startWords, len(tokens))]
	first := 0
	for _, h := range lex.Find(tokens) {
		if h.Section == "filler" && h.First == first && h.Last+1 < len(tokens) && s[tokens[h.Last].End] == ',' {
			first = h.Last + 1
		}
	}
	if first > 0 {
		s = s[tokens[first].Start:]
	}
	if s == "" {
		return s
	}
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}
