package eval

import (
	"sort"
	"strings"
	"unicode"
)

// What counts as near.
const (
	nearUnits = 2   // turns of a call, messages of a channel
	nearChars = 300 // characters of letters, digits and single spaces
)

// A place is where a quote stands.
type place struct {
	source     *text
	unit       int // of the source, from 0
	start, end int // characters of the source's text
}

func (p place) chars() int { return p.end - p.start }

// overlap is how many characters two places share; negative or 0 for none.
func (p place) overlap(q place) int {
	if p.source != q.source {
		return 0
	}
	return min(p.end, q.end) - max(p.start, q.start)
}

// near reports whether two places are so close that they tell the same: the same
// field of the CRM; within [nearUnits] turns or messages; else within
// [nearChars] characters.
func (p place) near(q place) bool {
	if p.source != q.source {
		return false
	}
	if p.source.fields {
		return p.unit == q.unit
	}
	if p.source.talk && max(p.unit-q.unit, q.unit-p.unit) <= nearUnits {
		return true
	}
	return p.start <= q.end+nearChars && q.start <= p.end+nearChars
}

func anyNear(ps, qs []place) bool {
	for _, p := range ps {
		for _, q := range qs {
			if p.near(q) {
				return true
			}
		}
	}
	return false
}

// An index finds quotes in a deal's sources.
type index []*text

// A text is a source made plain, its units one after the other: a quote may run
// over several turns.
type text struct {
	name   string
	talk   bool // a call or a channel
	fields bool // the CRM's record
	plain  string
	starts []int // where each unit begins
}

func newIndex(sources []source) index {
	var ix index
	for _, s := range sources {
		ix = append(ix, newText(s))
	}
	return ix
}

func newText(s source) *text {
	t := &text{name: s.name, fields: s.name == "crm"}
	t.talk = strings.HasPrefix(s.name, "calls/") || strings.HasPrefix(s.name, "slack/")
	var all strings.Builder
	for _, u := range s.units {
		t.starts = append(t.starts, all.Len())
		all.WriteString(plain(u))
		all.WriteByte(' ')
	}
	t.plain = all.String()
	return t
}

// find is every place where a quote stands, in any source. Case, punctuation and
// white space are set aside.
func (ix index) find(quote string) []place {
	var found []place
	q := plain(quote)
	for _, t := range ix {
		found = append(found, t.find(q)...)
	}
	return found
}

// findIn is every place where a quote stands in one source.
func (ix index) findIn(source, quote string) []place {
	for _, t := range ix {
		if t.name == source {
			return t.find(plain(quote))
		}
	}
	return nil
}

// find is every place of a plain quote, overlapping ones too.
func (t *text) find(q string) []place {
	if q == "" {
		return nil
	}
	var found []place
	for from := 0; ; {
		i := strings.Index(t.plain[from:], q)
		if i < 0 {
			return found
		}
		start := from + i
		unit := sort.SearchInts(t.starts, start+1) - 1 // the last that begins at start or before
		found = append(found, place{t, unit, start, start + len(q)})
		from = start + 1
	}
}

// plain is a text in small letters, all between its letters and digits being one
// space. Letters are those of English, with the accented ones of ISO 8859-1 and
// œ; others count as space, in quote and source alike. Each character is one byte
// of the result, so that distances are distances in characters.
func plain(s string) string {
	out := make([]byte, 0, len(s))
	gap := false
	for _, r := range s {
		c, ok := plainByte(unicode.ToLower(r))
		if !ok {
			gap = len(out) > 0
			continue
		}
		if gap {
			out, gap = append(out, ' '), false
		}
		out = append(out, c)
	}
	return string(out)
}

func plainByte(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'à' && r <= 'ö', r >= 'ø' && r <= 'ÿ':
		return byte(r), true
	case r == 'œ':
		return 0x9C, true // its place in Windows-1252
	}
	return 0, false
}
