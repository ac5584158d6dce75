package reply

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a signature, in lines that are not blank and in characters of a
// line. Company signatures with address and links reach fifteen lines.
const (
	signatureLines = 15
	signatureWidth = 90
	nameWords      = 5
)

// longLine is how many bytes a line may have that is looked at as a part of a
// signature: mottos and rows of links are long, paragraphs longer.
const longLine = 1000

// A sender is what is known of who wrote the mail.
type sender struct {
	words []string // of the name, folded
	email string   // lower case
}

func parseSender(s string) sender {
	var f sender
	if a := address.FindString(s); a != "" {
		f.email = strings.ToLower(a)
		s = strings.Replace(s, a, "", 1)
	}
	f.words = nameParts(s)
	if len(f.words) == 0 && f.email != "" {
		local, _, _ := strings.Cut(f.email, "@")
		f.words = nameParts(strings.NewReplacer(".", " ", "_", " ").Replace(local))
	}
	return f
}

func nameParts(s string) []string {
	return strings.FieldsFunc(fold(s), func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\'' && r != '-'
	})
}

// signs reports whether the line is the sender's name, or a part of it, or the
// initials: "Ann", "Ann Lee", "A.", "AL", "- ann", "Ann Lee, Buyer".
func (f sender) signs(s string) bool {
	if len(s) > longLine {
		return false
	}
	if i := strings.IndexAny(s, ",|(•·/"); i > 0 && len(nameParts(s[:i])) >= 2 {
		s = s[:i]
	}
	words := nameParts(s)
	if len(words) == 0 || len(words) > nameWords || len(f.words) == 0 || strings.ContainsAny(s, "?!:") {
		return false
	}
	if strings.Join(words, "") == f.initials() || len(words) == 1 && words[0] == f.words[0][:firstRune(f.words[0])] {
		return true
	}
	known := 0
	for _, w := range words {
		switch {
		case f.has(w):
			known++
		case utf8.RuneCountInString(w) > 1: // a middle initial may stand between
			return false
		}
	}
	return known > 0
}

// has reports whether the word is one of the sender's names, or the beginning
// of one, as Lev is of Levin.
func (f sender) has(w string) bool {
	for _, own := range f.words {
		if w == own || utf8.RuneCountInString(w) >= 3 && strings.HasPrefix(own, w) {
			return true
		}
	}
	return false
}

func (f sender) initials() string {
	var b strings.Builder
	for _, w := range f.words {
		b.WriteString(w[:firstRune(w)])
	}
	return b.String()
}

func firstRune(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// closing divides a run of written lines into what was written, the signature
// and the footers, in order. wrote tells that something was written above it.
func closing(lines []line, from sender, wrote bool) []Block {
	if len(lines) == 0 {
		return nil
	}
	start, end := lines[0].start, lines[len(lines)-1].end
	body := skipBanner(lines)
	bodyEnd := footerStart(lines, body, wrote)
	sigStart, sigEnd := findSignature(lines[:bodyEnd], body, from, wrote)

	at := func(i int) int {
		if i >= len(lines) {
			return end
		}
		return lines[i].start
	}
	return []Block{
		plain(Disclaimer, start, at(body)),
		plain(Written, at(body), at(sigStart)),
		plain(Signature, at(sigStart), at(sigEnd)),
		plain(Written, at(sigEnd), at(bodyEnd)),
		plain(Disclaimer, at(bodyEnd), end),
	}
}

func plain(k Kind, start, end int) Block { return Block{Kind: k, Start: start, End: end, Head: start} }

// bannerLines is how long a gateway's warning on top may be.
const bannerLines = 6

// skipBanner is the index of the first line after a gateway's warning, which is
// the mail's first paragraph, or after its blank lines.
func skipBanner(lines []line) int {
	first := 0
	for first < len(lines) && (lines[first].blank() || ruleLine(lines[first].text)) {
		first++
	}
	end, text := first, ""
	for end < len(lines) && !lines[end].blank() && end-first <= bannerLines {
		text += " " + lines[end].text
		end++
	}
	if end == first || end-first > bannerLines || !containsAny(fold(text), phrases.banner) {
		return 0
	}
	for end < len(lines) && (lines[end].blank() || ruleLine(lines[end].text)) {
		end++
	}
	return end
}

// footerStart is the index of the line with which the legal footers begin:
// the first paragraph from which on there is one in every second paragraph at
// least. It is len(lines) where there are none, or nothing but one.
func footerStart(lines []line, body int, wrote bool) int {
	start, plainParagraphs := len(lines), 0
	for end := len(lines); end > body; {
		for end > body && lines[end-1].blank() {
			end--
		}
		first := end
		for first > body && !lines[first-1].blank() {
			first--
		}
		if first == end {
			break
		}
		if isFooter(fold(joined(lines[first:end]))) {
			start = footerLine(lines, first, end)
			plainParagraphs = 0
		} else if plainParagraphs++; plainParagraphs > 1 {
			break
		}
		end = first
	}
	if !wrote && filled(lines[body:start]) == 0 {
		return len(lines)
	}
	for start > body && start < len(lines) && ruleLine(lines[start-1].text) {
		start--
	}
	return start
}

// isFooter reports whether a folded paragraph is a legal footer.
func isFooter(s string) bool {
	if containsAny(s, phrases.disclaimer) {
		return true
	}
	n := 0
	for _, p := range phrases.confidential {
		if strings.Contains(s, p) {
			n++
		}
	}
	return n > 1 || n == 1 && containsAny(s, phrases.thisMail)
}

// footerLine is where a footer begins within its paragraph: below the line of
// the signature that it is glued to.
func footerLine(lines []line, first, end int) int {
	for i := first; i < end; i++ {
		if utf8.RuneCountInString(lines[i].text) > signatureWidth/2 || isFooter(fold(lines[i].text)) {
			return i
		}
	}
	return first
}

// findSignature finds the signature among the lines from body on: the indexes
// of its first line and of the line after it; both len(lines) where there is
// none. It takes a mail's first line only where something else was written.
func findSignature(lines []line, body int, from sender, wrote bool) (start, end int) {
	n := len(lines)
	first := body
	for first < n && lines[first].blank() {
		first++
	}
	strict := first + 1
	if wrote {
		strict = first
	}
	m := newMail(lines, from)
	for _, f := range []struct {
		find  func(*mail, int) (int, int)
		first int
	}{
		{(*mail).marked, strict},
		{(*mail).delimited, strict},
		{(*mail).closed, strict},
		{(*mail).named, first + 1},
		{(*mail).contacts, first + 1},
		{(*mail).footed, strict},
	} {
		s, e := f.find(m, f.first)
		switch {
		case s >= e:
		case end == 0, e == n && (end < n || s < start):
			start, end = s, e
		}
	}
	if end == 0 {
		return n, n
	}
	return start, end
}

// A mail is the lines among which a signature is looked for. It remembers how
// far a run of lines reached, so that a mail of nothing but signatures is gone
// through only once.
type mail struct {
	lines  []line
	by     sender
	filled []int // how many lines from this one on are not blank
	fit    run   // lines that can stand in a signature
	rules  run   // rules and blank lines
	closes run   // closings and blank lines
	card   int   // the line that signedBelow was asked for last
	signed bool  // what it said
}

// A run is the lines from first on, up to the line end, which is not of it.
type run struct{ first, end int }

// endFrom is where the run that line i stands in ends: the first line from i
// that is not of the kind. It begins at a line that was not looked at before.
func (r *run) endFrom(i int, lines []line, of func(line) bool) int {
	j := i
	for j < len(lines) {
		if r.first < r.end && j >= r.first && j <= r.end {
			j = r.end
			break
		}
		if !of(lines[j]) {
			break
		}
		j++
	}
	*r = run{i, j}
	return j
}

func newMail(lines []line, by sender) *mail {
	m := &mail{lines: lines, by: by, filled: make([]int, len(lines)+1)}
	for i := len(lines) - 1; i >= 0; i-- {
		m.filled[i] = m.filled[i+1]
		if !lines[i].blank() {
			m.filled[i]++
		}
	}
	m.card = -1
	return m
}

// marked is a signature that the HTML marks as one.
func (m *mail) marked(from int) (int, int) {
	lines := m.lines
	for i := from; i < len(lines); i++ {
		if lines[i].hint != hintSignature {
			continue
		}
		end := i
		for end < len(lines) && (lines[end].hint == hintSignature || lines[end].blank()) {
			end++
		}
		return i, end
	}
	return 0, 0
}

var (
	delimiter = regexp.MustCompile(`^(?:--|—|––|\*\*|__)$`)
	longRule  = regexp.MustCompile(`^[-_=*~–—]{3,}$`)
)

// delimited is a signature below "-- " (RFC 3676, 4.3) or a rule.
func (m *mail) delimited(from int) (int, int) {
	for i := from; i < len(m.lines); i++ {
		exact := delimiter.MatchString(m.lines[i].text)
		if !exact && !longRule.MatchString(m.lines[i].text) {
			continue
		}
		below := m.rules.endFrom(i, m.lines, isRule)
		if m.filled[below] > signatureLines {
			continue
		}
		if m.lines[i].dashes || m.signatureEnd(below) == len(m.lines) && (exact || m.signedBelow(below)) {
			return i, len(m.lines)
		}
	}
	return 0, 0
}

func isRule(l line) bool {
	return l.blank() || delimiter.MatchString(l.text) || longRule.MatchString(l.text)
}

// signedBelow is signed for the lines from i on.
func (m *mail) signedBelow(i int) bool {
	if m.card != i {
		m.card, m.signed = i, signed(m.lines[i:], m.by)
	}
	return m.signed
}

// signed reports whether lines below a rule are a signature: few, or with a
// contact or the sender's name.
func signed(lines []line, by sender) bool {
	if filled(lines) <= 2 {
		return filled(lines) > 0
	}
	for _, l := range lines {
		if isContact(l.text) || by.signs(l.text) || isClosing(l.text) {
			return true
		}
	}
	return false
}

// joined is the lines' text, in one line.
func joined(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text)
		b.WriteByte(' ')
	}
	return b.String()
}

func filled(lines []line) int {
	n := 0
	for _, l := range lines {
		if !l.blank() {
			n++
		}
	}
	return n
}

// closed is a signature that begins with a closing ("Best regards,").
func (m *mail) closed(from int) (int, int) {
	for i := from; i < len(m.lines); i++ {
		alone := isClosing(m.lines[i].text)
		if !alone && !closingWithName(m.lines[i].text) {
			continue
		}
		name := m.closes.endFrom(i+1, m.lines, func(l line) bool { return l.blank() || isClosing(l.text) })
		if name == len(m.lines) {
			return i, name
		}
		s := m.lines[name].text
		own := m.by.signs(s)
		if alone && !own && !isName(s) && !isContact(s) && !isMobile(s) && !delimiter.MatchString(s) {
			continue
		}
		end := m.signatureEnd(name)
		if end < len(m.lines) && !isPostscript(m.lines[end].text) && (!own || end == name) {
			continue
		}
		return i, end
	}
	return 0, 0
}

// named is a signature that begins with nothing but the sender's name.
func (m *mail) named(from int) (int, int) {
	for i := from; i < len(m.lines); i++ {
		own := m.by.signs(m.lines[i].text)
		if !own && !dashedName(m.lines, i, m.by) || own && bullet(m.lines, i) {
			continue
		}
		end := m.signatureEnd(i + 1)
		if end == len(m.lines) || isPostscript(m.lines[end].text) && own {
			return i, end
		}
	}
	return 0, 0
}

// dashedName reports whether line i is "- ann" or "-Lev.", and no point of a
// list.
func dashedName(lines []line, i int, by sender) bool {
	s := lines[i].text
	name := strings.TrimLeft(s, "-–—~ ")
	if name == s || strings.HasPrefix(s, "--") || len(strings.Fields(name)) > 2 || bullet(lines, i) {
		return false
	}
	if len(by.words) > 0 && !by.signs(name) && (!isName(name) || len(strings.Fields(name)) != 1) {
		return false
	}
	return nameOnly.MatchString(name)
}

// nameOnly is one or two words that may be a name in small letters too.
var nameOnly = regexp.MustCompile(`^\p{L}[\p{L}'’.-]*(?: \p{L}[\p{L}'’.-]*)?$`)

// bullet reports whether line i is a point of a list: another stands right
// above it or below it, or a colon announces the list.
func bullet(lines []line, i int) bool {
	if !isBullet(lines[i].text) {
		return false
	}
	if i+1 < len(lines) && isBullet(lines[i+1].text) {
		return true
	}
	for j := i - 1; j >= 0; j-- {
		if !lines[j].blank() {
			return isBullet(lines[j].text) || strings.HasSuffix(lines[j].text, ":")
		}
	}
	return false
}

func isBullet(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	switch r {
	case '-', '–', '—', '•', '·':
		return n < len(s) && !strings.HasPrefix(s, "--")
	case '*':
		return strings.HasPrefix(s, "* ")
	}
	return numbered.MatchString(s)
}

var numbered = regexp.MustCompile(`^\(?(?:\d{1,2}|[a-zA-Z])[.)]\s`)

// contacts is a signature without any closing: the last paragraph or two, short
// lines of which some are ways to reach the sender, under a name.
func (m *mail) contacts(from int) (int, int) {
	lines, best := m.lines, 0
	for i := len(lines) - 1; i >= from; i-- {
		if lines[i].blank() {
			continue
		}
		if m.signatureEnd(i) < len(lines) || m.filled[i] > signatureLines {
			break
		}
		if lines[i-1].blank() && reachable(lines[i:], m.by) {
			best = i
		}
	}
	if best == 0 {
		return 0, 0
	}
	return best, len(lines)
}

// reachable reports whether the lines are a visiting card: under a name, or with
// the sender's own address.
func reachable(lines []line, by sender) bool {
	own := by.email != "" && slices.ContainsFunc(lines, func(l line) bool { return strings.Contains(strings.ToLower(l.text), by.email) })
	headed := isName(lines[0].text) && !isContact(lines[0].text)
	if !own && !headed {
		return false
	}
	n, total := 0, filled(lines)
	for _, l := range lines {
		if isContact(l.text) {
			n++
		}
	}
	return n > 0 && total >= 2 && n*4 >= total && (headed || n >= 2)
}

// footed is the footer of a phone, of a mailing list, or both.
func (m *mail) footed(from int) (int, int) {
	lines := m.lines
	start := len(lines)
	for i := len(lines) - 1; i >= from; i-- {
		switch {
		case lines[i].blank():
			continue
		case isMobile(lines[i].text):
			start = i
			continue
		}
		break
	}
	if i := listFooter(lines, from); i > 0 && i < start {
		start = i
	}
	for start > from && start < len(lines) {
		above := start - 1
		for above > from && lines[above].blank() {
			above--
		}
		if above < from || !isMobile(lines[above].text) {
			break
		}
		start = above
	}
	if start == len(lines) {
		return 0, 0
	}
	return start, len(lines)
}

// listFooterLines is how long the footer of a mailing list may be.
const listFooterLines = 6

// listFooter is the index of the rule above the footer of a mailing list, or 0.
func listFooter(lines []line, from int) int {
	for i := len(lines) - 1; i >= from; i-- {
		if !longRule.MatchString(lines[i].text) || len(lines[i].text) < 20 {
			continue
		}
		below := lines[i+1:]
		if n := filled(below); n == 0 || n > listFooterLines {
			return 0
		}
		for _, l := range below {
			if address.MatchString(l.text) || link.MatchString(l.text) {
				return i
			}
		}
	}
	return 0
}

// signatureEnd is the index of the first line from i that can't stand in a
// signature; that after the last where all can.
func (m *mail) signatureEnd(i int) int {
	return m.fit.endFrom(i, m.lines, func(l line) bool { return l.blank() || inSignature(l.text) })
}

var (
	link      = regexp.MustCompile(`(?i)\bhttps?://|\bwww\.[a-z0-9-]+\.|<mailto:`)
	phoneLike = regexp.MustCompile(`(?:\+|\(|\b)\d[\d\s().\-/–]{6,}\d`)
	sentence  = regexp.MustCompile(`[.!]["')]*$`)
	listed    = regexp.MustCompile(`^[^:]{1,40}:\s`)
)

// inSignature reports whether a line may stand in a signature: short, no
// question, no sentence, no point of a list, no "topic: …".
func inSignature(s string) bool {
	if len(s) > longLine {
		return false
	}
	if isMobile(s) || isContact(s) || isClosing(s) || delimiter.MatchString(s) || longRule.MatchString(s) {
		return true
	}
	words := len(strings.Fields(s))
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case strings.ContainsRune("\"“„«", r):
		return words <= 25 // a motto
	case utf8.RuneCountInString(s) > signatureWidth, strings.HasSuffix(s, "?"), strings.HasSuffix(s, ":"):
		return false
	case isPostscript(s), numbered.MatchString(s) || isBullet(s) && words > 3:
		return false
	case sentence.MatchString(s) && words > 4 && !strings.ContainsAny(s, "|·•"):
		return false
	case listed.MatchString(s):
		return false
	}
	return words <= 14 && !clause(s)
}

// clause reports whether a line of some length reads like a part of a sentence:
// most of its words begin with a small letter.
func clause(s string) bool {
	small, words := 0, 0
	for _, w := range strings.Fields(s) {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsLetter(r) {
			continue
		}
		words++
		if unicode.IsLower(r) {
			small++
		}
	}
	return words >= 6 && small*2 > words
}

// isContact reports whether a line tells how to reach somebody, and little else.
func isContact(s string) bool {
	if len(s) > longLine {
		return false
	}
	words := len(strings.Fields(s))
	if words > 12 || strings.HasSuffix(s, "?") {
		return false
	}
	label, _, ok := strings.Cut(s, ":")
	if !ok || len(label) > 24 {
		label, _, _ = strings.Cut(s, " ")
	}
	labelled := phrases.contact[strings.TrimRight(fold(strings.Trim(label, "*_•|#[]() ")), ". ")]
	reach := address.MatchString(s) || link.MatchString(s) || phoneLike.MatchString(s)
	switch {
	case labelled && (reach || ok && words <= 4):
		return true
	case reach:
		return words <= 4 || strings.ContainsAny(s, "|·•/") && words <= 10
	}
	return false
}

// isClosing reports whether a line is a closing, or two ("Thanks and best
// regards,").
func isClosing(s string) bool {
	if len(s) > 60 {
		return false
	}
	return closingText(strings.Trim(fold(s), " ,.!*_-~;:)("))
}

func closingText(s string) bool {
	if phrases.closing[s] {
		return true
	}
	seps := []string{", ", "! ", ". ", " / "}
	for _, a := range phrases.and {
		seps = append(seps, " "+a+" ")
	}
	for _, sep := range seps {
		if a, b, ok := strings.Cut(s, sep); ok && phrases.closing[strings.Trim(a, " ,.!")] && closingText(strings.Trim(b, " ,.!")) {
			return true
		}
	}
	return false
}

// closingWithName reports whether a line is a closing and a name: "Thanks, Bob".
func closingWithName(s string) bool {
	i := strings.LastIndexAny(s, ",!-–—")
	if i < 0 {
		return false
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	name := trim(s[i+n:])
	return isClosing(s[:i]) && name != "" && len(strings.Fields(name)) <= 3 && isName(name)
}

// isName reports whether a line may be a person's name: few words, each with a
// capital (particles aside), credentials and all.
func isName(s string) bool {
	if len(s) > longLine {
		return false
	}
	s = strings.Trim(s, "*_-–—~.,# ")
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > nameWords || strings.ContainsAny(s, "?!:0123456789") {
		return false
	}
	capitals := 0
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(\"'#"))
		switch {
		case unicode.IsUpper(r):
			capitals++
		case unicode.IsLower(r) && utf8.RuneCountInString(w) <= 3:
		case strings.HasPrefix(w, "(") || strings.HasPrefix(w, "#"):
		default:
			return false
		}
	}
	return capitals > 0
}

// isMobile reports whether a line is the footer of a phone or a mail program:
// "Sent from my iPhone", but not "Sent from my desk, which is tidy now."
func isMobile(s string) bool {
	if len(s) > longLine {
		return false
	}
	folded := strings.TrimRight(fold(s), " .!")
	folded = strings.TrimLeft(folded, "*_-<([ ")
	for _, p := range phrases.mobile {
		rest, ok := strings.CutPrefix(folded, p)
		if !ok || !boundary(rest, true) && !strings.HasSuffix(p, "'") {
			continue
		}
		words := strings.Fields(rest)
		device := false
		for _, w := range words {
			device = device || phrases.device[strings.Trim(w, ".,()<>®[]")] || deviceIn(w)
		}
		switch {
		case containsAny(rest, phrases.excuse):
			return true
		case strings.Contains(rest, ","):
			continue
		case len(words) == 0, device && len(words) <= 12, len(words) <= 4 && !strings.Contains(rest, " is "):
			return true
		}
	}
	return false
}

// deviceIn reports whether a device's name is a part of the word, as in
// "BlackBerry®" or "iPhone'a".
func deviceIn(w string) bool {
	for d := range phrases.device {
		if len(d) >= 6 && strings.HasPrefix(w, d) {
			return true
		}
	}
	return false
}

// isPostscript reports whether a line begins a postscript.
func isPostscript(s string) bool {
	folded := fold(cut(s, 40))
	for _, p := range phrases.postscript {
		rest, ok := strings.CutPrefix(folded, p)
		if ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, " ")) {
			return true
		}
	}
	return false
}
