package reply

import (
	"regexp"
	"strings"
	"unicode"
)

// A span is a stretch of a mail that is written, quoted or forwarded.
type span struct {
	kind             Kind
	start, head, end int
}

// findHistory divides the text into spans, in order and without gaps.
func findHistory(text string, lines []line) []span {
	f := finder{text: text, lines: lines}
	for f.at < len(f.lines) {
		f.step()
	}
	f.flush(len(text))
	return f.spans
}

// A finder goes through the lines of a mail once, from the top.
type finder struct {
	text    string
	lines   []line
	at      int // index of the line that comes next
	written int // where the text begins that no span holds yet
	spans   []span
}

// step takes the next line, or as many as belong together.
func (f *finder) step() {
	l := f.lines[f.at]
	switch {
	case l.depth > 0 || l.hint == hintQuoted:
		f.take(Quoted, l.start, l.start, f.runEnd(f.at))
	case l.hint == hintAbove:
		f.above()
	case l.hint == hintRest:
		f.takeRest(Quoted, l.start, f.headerEnd(f.at))
	case l.blank() || l.hint == hintSignature:
		f.at++
	case f.separator(), f.introduced(), f.header():
	default:
		f.at++
	}
}

// flush hands over what was written up to a byte.
func (f *finder) flush(end int) {
	if f.written < end {
		f.spans = append(f.spans, span{Written, f.written, f.written, end})
		f.written = end
	}
}

// take makes a span that begins at the byte start and ends before the line
// next; head is the byte where its introduction ends.
func (f *finder) take(k Kind, start, head, next int) {
	f.flush(start)
	end := f.startOf(next)
	f.spans = append(f.spans, span{k, start, min(max(head, start), end), end})
	f.written, f.at = end, next
}

// takeRest makes a span of all that follows.
func (f *finder) takeRest(k Kind, start, head int) {
	f.take(k, f.overRules(start), head, len(f.lines))
}

// startOf is the byte at which a line begins.
func (f *finder) startOf(i int) int {
	if i >= len(f.lines) {
		return len(f.text)
	}
	return f.lines[i].start
}

// next is the index of the first line from i that is not blank.
func (f *finder) next(i int) int {
	for i < len(f.lines) && f.lines[i].blank() {
		i++
	}
	return i
}

func (f *finder) quotedAt(i int) bool {
	return i < len(f.lines) && (f.lines[i].depth > 0 || f.lines[i].hint == hintQuoted)
}

// runEnd is the line after a run of quoted lines from i, the blank lines behind
// the run included.
func (f *finder) runEnd(i int) int {
	for f.quotedAt(i) || i < len(f.lines) && f.lines[i].blank() {
		i++
	}
	return i
}

// above takes an introduction that the HTML marks as one, and the quote below
// it, if there is one; without, all that follows is quoted.
func (f *finder) above() {
	first := f.at
	i := first
	for i < len(f.lines) && (f.lines[i].hint == hintAbove || f.lines[i].blank()) {
		i++
	}
	kind := Quoted
	if f.forwards(f.lines[first].text) {
		kind = Forwarded
	}
	start, head := f.lines[first].start, f.startOf(i)
	if f.quotedAt(i) {
		f.take(kind, start, head, f.runEnd(i))
		return
	}
	f.takeRest(kind, start, head)
}

// separator takes "-----Original Message-----" or "Begin forwarded message:",
// and what follows.
func (f *finder) separator() bool {
	l := f.lines[f.at]
	kind := Quoted
	switch {
	case f.forwards(l.text):
		kind = Forwarded
	case !f.separates(l.text):
		return false
	}
	next := f.next(f.at + 1)
	if f.quotedAt(next) {
		f.take(kind, l.start, l.end, f.runEnd(next))
		return true
	}
	head := l.end
	if b, ok := f.headerBlock(next); ok {
		head = f.startOf(b)
	}
	f.takeRest(kind, l.start, head)
	return true
}

// captionBytes is how long a line may be that announces an earlier message: the
// longest, Lotus Notes', with name and date between two rules, is half of it.
const captionBytes = 300

// separates reports whether a line is a caption between two rules, or an
// underlined one, that announces an earlier message.
func (f *finder) separates(s string) bool {
	if len(s) > captionBytes {
		return false
	}
	inner, ruled := unrule(s)
	return ruled && phrases.original[fold(strings.TrimSuffix(inner, ":"))]
}

func (f *finder) forwards(s string) bool {
	if len(s) > captionBytes {
		return false
	}
	inner, ruled := unrule(s)
	inner, colon := strings.CutSuffix(inner, ":")
	folded := fold(inner)
	if !ruled && !colon {
		return false
	}
	if phrases.forwarded[folded] {
		return true
	}
	for p := range phrases.forwarded { // Lotus Notes adds who did it, and when
		if ruled && strings.HasPrefix(folded, p+" ") {
			return true
		}
	}
	return false
}

// unrule takes the dashes and the like off both ends of a line, and reports
// whether there were at least two at one of them.
func unrule(s string) (inner string, ruled bool) {
	isRule := func(r rune) bool { return strings.ContainsRune("-_=*~+–—―─#", r) || unicode.IsSpace(r) }
	left := strings.TrimLeftFunc(s, isRule)
	inner = strings.TrimRightFunc(left, isRule)
	return inner, visible(s[:len(s)-len(left)]) >= 2 || visible(left[len(inner):]) >= 2
}

// visible counts the characters that are no white space.
func visible(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// ruleLine reports whether a line is nothing but a rule.
func ruleLine(s string) bool {
	inner, ruled := unrule(s)
	return inner == "" && ruled
}

// overRules moves a start back over the rules and blank lines right above it,
// which belong to what they divide off.
func (f *finder) overRules(start int) int {
	i := len(f.lines)
	for i > 0 && f.lines[i-1].start >= start {
		i--
	}
	best := start
	for i > 0 && f.lines[i-1].start >= f.written {
		l := f.lines[i-1]
		if ruleLine(l.text) || f.captioned(l.text) {
			best = l.start
		} else if !l.blank() {
			break
		}
		i--
	}
	return best
}

// captioned reports whether a line is a short caption between two rules, in
// whatever language: above a header it can only announce the message.
func (f *finder) captioned(s string) bool {
	inner, ruled := unrule(s)
	return ruled && inner != "" && len(strings.Fields(inner)) <= 5 && strings.HasPrefix(s, "--") && strings.HasSuffix(s, "--")
}

// introLines is over how many lines a mail program may break the introduction
// of a quote, introBytes how long it may be.
const (
	introLines = 4
	introBytes = 320
)

// introduced takes the introduction of a quote ("On …, … wrote:") that begins
// in this line, and the quote.
func (f *finder) introduced() bool {
	if start, last, ok := f.introductionAt(f.at); ok {
		next := f.next(last + 1)
		head := f.lines[last].end
		if f.quotedAt(next) {
			f.take(Quoted, start, head, f.runEnd(next))
		} else {
			f.takeRest(Quoted, start, head)
		}
		return true
	}
	return false
}

// introductionAt finds an introduction that begins in line i: at which byte,
// and in which line it ends. Of several beginnings the last one counts, so that
// a sentence before an introduction is not taken for a part of it; but one that
// is clearly a beginning ("On …", a date) outdoes one that only may be.
func (f *finder) introductionAt(i int) (start, last int, ok bool) {
	joined, count := "", 0
	if len(f.lines[i].text) > introBytes {
		at := f.midLine(f.lines[i], i)
		return at, i, at > 0
	}
	for j := i; j < len(f.lines) && count < introLines && len(joined) < introBytes; j++ {
		l := f.lines[j]
		switch {
		case l.depth > 0 || l.hint != hintNone:
			return 0, 0, false
		case l.blank():
			if j+1 < len(f.lines) && strings.HasPrefix(f.lines[j+1].text, "<") {
				continue // between a name and its address
			}
			return 0, 0, false
		}
		if j > i && (endsSentence(f.lines[j-1].text) || len(l.text) > introBytes) {
			return 0, 0, false
		}
		joined, count = joined+" "+l.text, count+1
		form := f.introduces(joined, j)
		if j == i && form != anchored {
			if at := f.midLine(l, j); at > 0 {
				return at, j, true
			}
		}
		later := f.beginsLater(i, j)
		if form > later || form == anchored && later == unanchored {
			return f.lines[i].start, j, true
		}
		if later != noIntroduction {
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// beginsLater is the form of the best introduction that ends in line j and
// begins after line i.
func (f *finder) beginsLater(i, j int) introForm {
	joined, best := "", noIntroduction
	for k := j; k > i && best < anchored; k-- {
		joined = f.lines[k].text + " " + joined
		best = max(best, f.introduces(joined, j))
	}
	return best
}

// midLine finds an introduction that shares its line with what was written
// before it ("Yes! On Wed, Apr 4, 2012 at 3:59 PM, Ann wrote:"), and returns
// the byte of its beginning. It must begin with a capital and name the time.
func (f *finder) midLine(l line, j int) int {
	if !strings.HasSuffix(l.text, ":") || !timeOfDay.MatchString(l.text[max(0, len(l.text)-introBytes):]) {
		return 0
	}
	offset := l.start + strings.Index(f.text[l.start:l.end], l.text)
	for i, r := range l.text {
		if i == 0 || len(l.text)-i > introBytes || !unicode.IsUpper(r) || !boundary(l.text[:i], false) {
			continue
		}
		rest := l.text[i:]
		first, _, _ := strings.Cut(rest, " ")
		if !phrases.starters[fold(first)] || !timeOfDay.MatchString(rest) || f.introduces(rest, j) != anchored {
			continue
		}
		at := len(strings.TrimRight(l.text[:i], "-–— "))
		return offset + at
	}
	return 0
}

var (
	timeOfDay   = regexp.MustCompile(`\b\d{1,2}\s?[:.hH]\s?\d{2}\b`)
	numericDate = regexp.MustCompile(`\b\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}\b`)
	yearNumber  = regexp.MustCompile(`\b(?:19|20)\d\d\b`)
	address     = regexp.MustCompile(`[^\s<>"'()\[\],;:]+@[^\s<>"'()\[\],;:]+`)
)

// endsSentence reports whether a line ends a sentence, as no line of a broken
// introduction does. Abbreviations ("a.m.", "Inc.") are short.
func endsSentence(s string) bool {
	word := s[strings.LastIndexByte(s, ' ')+1:]
	return strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, ".") && len(word) > 5
}

// introForm says how sure it is that a text introduces a quote, and that it
// begins where the introduction does.
type introForm int

const (
	noIntroduction introForm = iota
	unanchored               // "Ann Lee <ann@example.com> wrote:"
	anchored                 // "On Monday at 10:12, Ann Lee wrote:"
)

// introduces reports whether the text, which ends with line j, introduces the
// quote below. Without quote marks below, it must say more precisely who wrote
// or when: what follows it is then taken for history to the end.
func (f *finder) introduces(s string, j int) introForm {
	bare, colon := cutColon(trim(s))
	inner, ruled := unrule(bare)
	if ruled {
		inner, _ = cutColon(inner)
	}
	quoted := f.quotedAt(f.next(j + 1))
	if !colon && !ruled && !quoted {
		return noIntroduction
	}
	folded := fold(strings.Trim(inner, "*_ "))
	dated, exact := when(folded)
	addressed := address.MatchString(folded)
	if beginsWithDate(folded) && addressed && (colon || quoted) {
		return anchored
	}
	if !quoted && !addressed && !exact && !ruled {
		return noIntroduction
	}
	form := formOf(folded, colon, exact || addressed || quoted && dated, ruled || colon && (addressed || exact || quoted))
	if form != noIntroduction && !quoted && !addressed && !isAuthor(inner) {
		return noIntroduction
	}
	return form
}

// formOf finds the form of a folded text among those that the phrases hold.
// dated and marked tell whether enough stands in it for one that begins with
// words of its own, and for one that begins with the name.
func formOf(folded string, colon, dated, marked bool) introForm {
	best := noIntroduction
	for _, in := range phrases.wrote {
		switch {
		case in.openStart && (best == unanchored || !marked), !in.openStart && !dated, in.openEnd && !colon:
		case !in.match(folded):
		case in.openStart:
			best = unanchored
		default:
			return anchored
		}
	}
	return best
}

// isAuthor reports whether what an introduction names may be a person, so that
// "On 4 May at 10:00 the team sent:" is none.
func isAuthor(s string) bool {
	name := author(s)
	return isName(name) || name != "" && !strings.Contains(name, " ")
}

// cutColon takes the colon off the end, and reports whether there was one.
func cutColon(s string) (string, bool) {
	for _, c := range []string{":", "："} {
		if rest, ok := strings.CutSuffix(s, c); ok {
			return trim(rest), true
		}
	}
	return s, false
}

// when reports whether a text tells a date at all, and whether it tells one as
// exactly as mail programs do: with a time, a year or in numbers.
func when(s string) (dated, exact bool) {
	dated = strings.ContainsAny(s, "0123456789")
	return dated, timeOfDay.MatchString(s) || numericDate.MatchString(s) || dated && yearNumber.MatchString(s)
}

// beginsWithDate reports whether a folded text's first words are a date.
func beginsWithDate(s string) bool {
	words := strings.Fields(s)
	if len(words) > 4 {
		words = words[:4]
	}
	head := strings.Join(words, " ")
	if loc := numericDate.FindStringIndex(head); loc != nil && loc[0] == 0 {
		return true
	}
	day, month := false, false
	for i, w := range words {
		w = strings.Trim(w, ".,")
		_, isMonth := phrases.month[w]
		switch {
		case isMonth:
			month = true
		case w != "" && w[0] >= '0' && w[0] <= '9':
			day = true
		case i == 0 && phrases.weekday[w]:
		case i == 0:
			return false
		}
	}
	return day && (month || numericDate.MatchString(head))
}

// header takes a message header ("From: … Sent: … To: …") that begins in this
// line and all that follows it: whatever stands below such a header may be
// somebody else's words.
func (f *finder) header() bool {
	next, ok := f.headerBlock(f.at)
	if !ok {
		return false
	}
	f.takeRest(Quoted, f.lines[f.at].start, f.startOf(next))
	return true
}

// headerLines is how many lines a message header may have, long lists of
// recipients included.
const headerLines = 24

// headerBlock reports whether a message header begins in line i, and the line
// after it.
func (f *finder) headerBlock(i int) (next int, ok bool) {
	if i >= len(f.lines) || fieldOf(f.lines[i].text) == 0 {
		return 0, false
	}
	kinds := map[field]bool{}
	text, first := "", i
	for i < len(f.lines) && i < first+headerLines {
		l := f.lines[i]
		if k := fieldOf(l.text); k != 0 && !l.blank() {
			kinds[k] = true
		} else if l.blank() {
			if n := f.next(i); n >= len(f.lines) || fieldOf(f.lines[n].text) == 0 || kinds[fieldOf(f.lines[n].text)] {
				break
			}
		} else if l.depth > 0 || kinds[fieldSubject] && fieldOf(f.lines[i-1].text) == 0 {
			break
		}
		text += " " + cut(l.text, introBytes)
		i++
	}
	return i, isHeader(kinds, text)
}

// isHeader reports whether the fields make a message header rather than
// somebody's list of when and where.
func isHeader(kinds map[field]bool, text string) bool {
	if len(kinds) < 2 {
		return false
	}
	addressed := address.MatchString(text)
	_, exact := when(text)
	switch {
	case kinds[fieldFrom] && kinds[fieldSent]:
		return addressed || exact
	case kinds[fieldFrom]:
		return addressed && len(kinds) >= 2 || len(kinds) >= 4
	case kinds[fieldSent]:
		return addressed && (kinds[fieldTo] || kinds[fieldSubject])
	}
	return false
}

// headerEnd is the byte where a header that begins at or right after line i
// ends; where there is none, the beginning of the line.
func (f *finder) headerEnd(i int) int {
	if next, ok := f.headerBlock(f.next(i)); ok {
		return f.startOf(next)
	}
	return f.lines[i].start
}

// fieldOf is the header field that a line names, or 0: "*Sent:* …", "De : …".
func fieldOf(s string) field {
	s = strings.TrimLeft(s, "*_|> \t")
	i := strings.IndexAny(s, ":：")
	if i <= 0 || i > 40 {
		return 0
	}
	return phrases.fields[fold(strings.TrimRight(s[:i], "*_ \t\u00a0"))]
}
