package builtin

import (
	"strings"

	"throughline"
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
	text := plain(l.text())
	if who == "" {
		return text
	}
	return who + ": " + text
}

// fillers are words that begin a spoken sentence and say nothing.
var fillers = []string{"so", "um", "uh", "yeah", "yep", "no", "well", "and", "but", "okay", "ok", "right", "like", "i mean", "you know", "alright"}

// plain trims what speech begins with and white space; it changes no word.
func plain(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for trimmed := true; trimmed; {
		trimmed = false
		for _, f := range fillers {
			if len(s) > len(f)+1 && strings.EqualFold(s[:len(f)], f) && s[len(f)] == ',' {
				s = strings.TrimSpace(s[len(f)+1:])
				trimmed = true
			}
		}
	}
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}
