package folder

import (
	"cmp"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// transcriptReader reads transcripts in plain text or Markdown: the speaker and
// the time above what was said, or before it.
type transcriptReader struct{}

func newTranscriptReader() reader { return transcriptReader{} }

func (transcriptReader) take(f *file, c *collector) bool {
	if looksJSON(f.data) && decode(f, new(any)) == nil {
		return false
	}
	text, note, ok := fileText(f.data)
	if !ok || looksHTML(text) {
		return false
	}
	t := parseTranscript(strings.Split(text, "\n"))
	if t == nil {
		return false
	}
	if note != "" {
		c.problem(throughline.Problem{File: f.path, What: note})
	}
	t.collect(f, c)
	return true
}

func (transcriptReader) done(*collector) {}

// A transcript is what was said in a call, and what its file says besides.
type transcript struct {
	title   string
	at      time.Time
	members []mention
	pieces  []piece
	prose   []string // lines that nobody said: notes above or below the transcript
}

// collect hands over the call, and the notes that stand with it as a document of
// their own.
func (t *transcript) collect(f *file, c *collector) {
	s := &rawSource{kind: throughline.SourceCall, title: strings.TrimRight(fileLeftover.ReplaceAllString(t.title, ""), " –—-|"), file: f.path, at: t.at, duration: lastMoment(t.pieces), members: t.members}
	if s.title == "" {
		s.title = fileTitle(f.path, "Call")
	}
	if s.at.IsZero() {
		s.at = fileDate(f.path)
	}
	s.members = append(s.members, newMembers(s.members, speakers("transcript", t.pieces))...)
	s.passages = turnPassages("transcript", s.at, t.pieces)
	c.sources = append(c.sources, s)
	if notes := strings.Join(t.prose, "\n"); len(strings.Fields(notes)) >= 25 {
		d := documentSource(f.path, textBlocks(notes), documentFacts{})
		d.title, d.at = s.title+" (notes)", s.at
		if d.notEvidence == "" {
			d.notEvidence = notEvidence(cmp.Or(t.title, path.Base(f.path)), notes, "")
		}
		c.sources = append(c.sources, d)
	}
}

// newMembers are those of more whose names members does not have yet.
func newMembers(members, more []mention) []mention {
	known := map[string]bool{}
	for _, m := range members {
		known[foldName(tidy(m).name)] = true
	}
	var out []mention
	for _, m := range more {
		if !known[foldName(tidy(m).name)] {
			out = append(out, m)
		}
	}
	return out
}

// The ways in which transcripts name speaker and time.
const (
	clockForm = `(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?(?:\s?[AaPp]\.?[Mm]\b\.?)?`
	spanForm  = `(` + clockForm + `)(?:\s*(?:-->|-|–|—|to)\s*` + clockForm + `)?`
	nameForm  = `([^:\[\]<>*#\t]{1,70}?)`
	leadForm  = `^(?:#{1,6}\s+|>\s+|[-*•]\s+)?\*{0,2}`
)

var (
	aboveForms = []lineForm{
		{regexp.MustCompile(leadForm + nameForm + `\*{0,2}(?:\s+|\s*[-–—|·,@]\s*|\s*[\[(])[\[(*]{0,3}` + spanForm + `[\])*]{0,3}\s*:?\s*$`), 1, 2, 0},
		{regexp.MustCompile(leadForm + `[\[(@]?` + spanForm + `[\])]?\*{0,2}\s*[-–—|·]?\s*\*{0,2}` + nameForm + `\*{0,2}:?\*{0,2}\s*$`), 2, 1, 0},
		{regexp.MustCompile(`^\[([^\[\]]{1,70})\]\s*` + spanForm + `\s*$`), 1, 2, 0},
	}
	timedForms = []lineForm{
		{regexp.MustCompile(leadForm + `[\[(]?` + spanForm + `[\])]?\*{0,2}\s*[-–—|]?\s*\*{0,2}` + nameForm + `\*{0,2}\s?:\*{0,2}\s*(\S.*)?$`), 2, 1, 3},
		{regexp.MustCompile(leadForm + nameForm + `\*{0,2}\s*[\[(]` + spanForm + `[\])]\*{0,2}\s?:?\*{0,2}\s+(\S.*)$`), 1, 2, 3},
	}
	plainForms = []lineForm{
		{regexp.MustCompile(leadForm + nameForm + `\*{0,2}\s?:\*{0,2}(?:\s+(\S.*))?\s*$`), 1, 0, 2},
	}
	bareTime = regexp.MustCompile(`^(?:#{1,6}\s+)?\*{0,2}[\[(]?` + spanForm + `[\])]?\*{0,2}$`)
	heading  = regexp.MustCompile(`^#{1,6}\s+\S`)
)

// A lineForm is one way in which a line begins a turn; the numbers say which
// groups are speaker, time and text, 0 for what the form has none of.
type lineForm struct {
	re                 *regexp.Regexp
	speaker, when, say int
}

// A turnLine is a line that begins a turn.
type turnLine struct {
	speaker string
	when    time.Duration // -1 when the line has none
	day     bool          // the time has AM or PM: it is the time of day
	text    string
}

func matchTurn(line string, forms []lineForm) (turnLine, bool) {
	for _, f := range forms {
		m := f.re.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		t := turnLine{speaker: strings.TrimSpace(m[f.speaker]), when: -1}
		if f.when > 0 {
			t.when, t.day = clockTime(m[f.when])
		}
		if f.say > 0 {
			t.text = m[f.say]
		}
		if maySpeak(t.speaker) {
			return t, true
		}
	}
	return turnLine{}, false
}

// clockTime reads "1:02:03", "12:31", "3:05 PM"; day says that it is a time of
// day. Two numbers are minutes and seconds, unless AM or PM follows.
func clockTime(s string) (at time.Duration, day bool) {
	half := ""
	if i := strings.IndexAny(s, "AaPp"); i > 0 {
		s, half = strings.TrimSpace(s[:i]), strings.ToLower(s[i:i+1])
	}
	s, fraction, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	units := 0
	for part := range strings.SplitSeq(s, ":") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return -1, false
		}
		units = units*60 + n
	}
	if half != "" {
		if strings.Count(s, ":") == 1 {
			units *= 60
		}
		units %= 12 * 3600
		if half == "p" {
			units += 12 * 3600
		}
	}
	at = time.Duration(units) * time.Second
	if ms, err := strconv.Atoi((fraction + "000")[:3]); err == nil {
		at += time.Duration(ms) * time.Millisecond
	}
	return at, half != ""
}

// parseTranscript reads lines as a transcript; nil when they are none. The forms
// that say most are tried first.
func parseTranscript(lines []string) *transcript {
	lines = joinSplitHeads(lines)
	for _, form := range []struct {
		forms []lineForm
		fits  func(turnStats) bool
	}{
		{aboveForms, turnStats.fitsAbove},
		{timedForms, turnStats.fitsTimed},
		{plainForms, turnStats.fitsPlain},
	} {
		speakers, first := turnSpeakers(lines, form.forms)
		if len(speakers) < 2 {
			continue
		}
		t := readTurns(lines, first, form.forms, speakers)
		if form.fits(statsOf(t, lines[first:])) {
			t.readHead(lines[:first])
			return t
		}
	}
	return nil
}

// joinSplitHeads brings speaker and time that stand on two lines onto one, as
// when they were copied from a page.
func joinSplitHeads(lines []string) []string {
	out := make([]string, 0, len(lines))
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(strings.Map(plainSpace, lines[i]))
		last := len(out) - 1
		switch {
		case !bareTime.MatchString(line):
			out = append(out, line)
		case last >= 0 && aloneName(out[last]):
			out[last] += "  " + line
		case i+1 < len(lines) && aloneName(strings.TrimSpace(lines[i+1])):
			out = append(out, strings.TrimSpace(lines[i+1])+"  "+line)
			i++
		default:
			out = append(out, line)
		}
	}
	return out
}

// plainSpace makes a space of what looks like one, and drops what looks like
// nothing.
func plainSpace(r rune) rune {
	switch r {
	case '\u00a0', '\u202f', '\u2007', '\u2009':
		return ' '
	case '\u200b', '\u200e', '\u200f', '\ufeff', '\u2060':
		return -1
	}
	return r
}

// aloneName reports whether a line is a speaker's name and nothing else.
func aloneName(line string) bool {
	name := cleanName(strings.Trim(line, "*"))
	return (looksLikeName(name) && maySpeak(name) || genericSpeaker(name)) && !strings.HasSuffix(line, ".")
}

// turnSpeakers are the speakers whom the lines name in one of the forms, with
// their counts, and the line at which the first of them speaks.
func turnSpeakers(lines []string, forms []lineForm) (counts map[string]int, first int) {
	all := map[string]int{}
	for _, line := range lines {
		if t, ok := matchTurn(line, forms); ok {
			all[t.speaker]++
		}
	}
	counts = map[string]int{}
	for name, n := range all {
		if looksLikeName(cleanName(name)) || genericSpeaker(name) || address.MatchString(name) || n >= 3 && len(strings.Fields(name)) <= 3 {
			counts[name] = n
		}
	}
	return counts, firstTurn(lines, forms, counts)
}

// firstTurn is the line at which a transcript begins: with somebody who speaks
// again, or with a first and a family name right above that. A label of the head
// that nobody knows comes once.
func firstTurn(lines []string, forms []lineForm, counts map[string]int) int {
	first := -1
	for i, line := range lines {
		t, ok := matchTurn(line, forms)
		switch {
		case ok && counts[t.speaker] >= 2 || ok && t.when >= 0 && counts[t.speaker] > 0:
			if first < 0 {
				first = i
			}
			return first
		case ok && counts[t.speaker] > 0 && (fullName(cleanName(t.speaker)) || genericSpeaker(t.speaker)):
			if first < 0 {
				first = i
			}
		case line != "":
			first = -1
		}
	}
	return 0
}

// readTurns reads the lines from the first turn on. A heading ends what was
// said; what follows it, up to the next turn, nobody said.
func readTurns(lines []string, first int, forms []lineForm, speakers map[string]int) *transcript {
	t := &transcript{}
	current := turnLine{when: -1}
	speaking := false
	stamp := time.Duration(-1) // of a line that is only a time
	say := func(text string) {
		if text = oneLine(text); text != "" {
			t.pieces = append(t.pieces, piece{speaker: current.speaker, text: text, start: current.when, end: -1})
		}
	}
	wall := false
	for _, line := range lines[first:] {
		turn, ok := matchTurn(line, forms)
		switch m := bareTime.FindStringSubmatch(line); {
		case ok && speakers[turn.speaker] > 0:
			if turn.when < 0 {
				turn.when, stamp = stamp, -1
			}
			current, speaking, wall = turn, true, wall || turn.day
			say(turn.text)
		case line == "" || leftover.MatchString(line):
		case m != nil:
			stamp, _ = clockTime(m[1])
		case heading.MatchString(line):
			speaking = false
			t.prose = append(t.prose, line)
		case !speaking:
			t.prose = append(t.prose, line)
		default:
			say(strings.TrimLeft(line, "> "))
		}
	}
	t.fromStart(wall)
	return t
}

// leftover are lines that tools add and nobody says.
var leftover = regexp.MustCompile(`(?i)^(?:[-*_=]{3,}$|\*{0,2}(?:transcri(?:pt|ption|bed)\b.{0,60}\b(?:ended|stopped|otter|generated|by\b|https?:)|meeting ended|end of transcript|this editable transcript was|people can also change the text)|.{1,60} (?:started|stopped) (?:the )?transcription\b)`)

// fromStart turns times of day into times from the first one: those of a clock
// with AM and PM, and those that begin later than any call lasts.
func (t *transcript) fromStart(wall bool) {
	const longestCall = 6 * time.Hour
	start := time.Duration(-1)
	for _, p := range t.pieces {
		if p.start >= 0 {
			start = p.start
			break
		}
	}
	if !wall && start < longestCall {
		return
	}
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.start < 0 {
			continue
		}
		if p.start -= start; p.start < 0 && wall {
			p.start += 24 * time.Hour // past midnight
		}
		p.start = max(p.start, 0)
	}
}

// turnStats tell a transcript from a document whose lines happen to look like
// one.
type turnStats struct {
	turns    int // lines that begin one
	speakers int
	repeated bool // somebody speaks twice
	lines    int  // all that are not blank
	backward int  // times that go back
	talk     int  // turns with words of people who talk to each other
	words    int
	full     bool // every speaker has a first and a family name
	changes  int  // of speaker
}

func statsOf(t *transcript, lines []string) turnStats {
	s := turnStats{full: true}
	for _, line := range lines {
		if line != "" {
			s.lines++
		}
	}
	counts := map[string]int{}
	last := piece{start: -1}
	for i, p := range t.pieces {
		s.words += len(strings.Fields(p.text))
		if talks(p.text) {
			s.talk++
		}
		if p.start >= 0 && p.start < last.start {
			s.backward++
		}
		if i == 0 || p.speaker != last.speaker || p.start != last.start {
			s.turns++
			counts[p.speaker]++
		}
		if i > 0 && p.speaker != last.speaker {
			s.changes++
		}
		last = p
	}
	s.speakers = len(counts)
	for name, n := range counts {
		s.repeated = s.repeated || n >= 2
		s.full = s.full && (fullName(cleanName(name)) || genericSpeaker(name))
	}
	return s
}

// talks reports whether a text has a question or a word such as "I" or "you".
func talks(text string) bool {
	if strings.ContainsAny(text, "?¿") {
		return true
	}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" ,.;:!…\"()-–—", r) }) {
		if pronouns[strings.ReplaceAll(w, "’", "'")] {
			return true
		}
	}
	return false
}

// dialogue is what every transcript has: four turns of two people, one of whom
// speaks again, at times that go forward.
func (s turnStats) dialogue() bool {
	return s.turns >= 4 && s.speakers >= 2 && s.repeated && s.changes >= 2 && s.backward*10 <= s.turns
}

// fitsAbove: speaker and time above the text; a turn has ten lines at most on
// average. A short one must also read like talk, or it may be an agenda.
func (s turnStats) fitsAbove() bool {
	return s.dialogue() && s.turns*10 >= s.lines && s.words >= 2*s.turns && (s.turns >= 8 || s.full || s.talk*4 >= s.turns)
}

// fitsTimed: each turn begins with its time.
func (s turnStats) fitsTimed() bool {
	return s.dialogue() && s.turns*4 >= s.lines && (s.turns >= 8 || s.full || s.talk*4 >= s.turns)
}

// fitsPlain: without times, most lines must begin with a speaker, and what they
// say must read like talk: lists of "Owner: Ann" look the same otherwise.
func (s turnStats) fitsPlain() bool {
	return s.dialogue() && s.turns*5 >= s.lines*2 && s.talk*3 >= s.turns && s.words >= 4*s.turns && s.speakers*2 <= s.turns+1
}

// readHead reads what stands above the first turn: title, date, who took part.
// The rest is prose.
func (t *transcript) readHead(lines []string) {
	var prose []string
	listing := false // the lines that follow name who took part
	for _, line := range lines {
		bare := strings.TrimSpace(strings.Trim(strings.TrimLeft(line, "#>-*• \t"), "*_"))
		label, value := cutLabel(bare)
		switch at, dated := dateIn(bare); {
		case bare == "":
			listing = listing && len(t.members) == 0
		case attendeeLabels[label]:
			listing = value == ""
			t.members = append(t.members, attendees(value)...)
		case titleLabels[label] && value != "" && t.title == "":
			t.title, listing = value, false
		case dated && (dateLabels[label] || len(strings.Fields(cutDate(bare))) <= 6) && t.at.IsZero():
			t.at, listing = at, false
			if t.title == "" && label == "" {
				t.title = headTitle(bare)
			}
		case listing && len(attendees(bare)) > 0:
			t.members = append(t.members, attendees(bare)...)
		case fieldLabels[label], titleLabels[bareLabel(bare)], transcriptWord.MatchString(bare):
			listing = false
		case t.title == "" && len(strings.Fields(bare)) <= 15 && !strings.HasSuffix(bare, "."):
			t.title, listing = bare, false
		default:
			listing = false
			prose = append(prose, line)
		}
	}
	t.prose = append(prose, t.prose...)
}

// headTitle is the title in a line that has a date as well; empty when there is
// nothing else.
func headTitle(line string) string {
	title := strings.Trim(emptyBrackets.ReplaceAllString(cutDate(line), ""), " -–—|,.:")
	if m := clockOnly.FindString(title); m == title || weekdayOnly.MatchString(title) {
		return ""
	}
	return title
}

var (
	clockOnly      = regexp.MustCompile(`(?i)^[\d:. ]*(?:[ap]\.?m\.?)?[ ,]*(?:[A-Z]{2,4}(?:[+-][\d:]+)?)?`)
	weekdayOnly    = regexp.MustCompile(`(?i)^(?:recorded|recorded on|on|date|am|le|el|vom|du|del)?,? ?(?:\pL{2,9}(?:day|di|tag|och|abend)|lunes|martes|miércoles|jueves|viernes|sábado|domingo|mon|tue|wed|thu|fri|sat|sun)?\.?,?$`)
	transcriptWord = regexp.MustCompile(`(?i)^(?:full |meeting |call )?(?:transcript|transcription|transkript|mitschrift|transcripción|trascrizione)\b.{0,20}$`)
)

// cutLabel splits "Label: value"; the label is in lower case, without marks.
func cutLabel(line string) (label, value string) {
	before, after, ok := strings.Cut(line, ":")
	if !ok || len(before) > 40 {
		return bareLabel(line), ""
	}
	if label = bareLabel(before); label != "" {
		return label, strings.TrimSpace(strings.Trim(after, "*_ "))
	}
	return "", ""
}

// bareLabel is a line as a label if it is one of those known; else empty.
func bareLabel(line string) string {
	label := strings.ToLower(strings.TrimSpace(strings.Trim(strings.TrimLeft(line, "#>-*• "), "*_: ")))
	if i := strings.IndexByte(label, '('); i > 0 { // "Attendees (4)"
		label = strings.TrimSpace(label[:i])
	}
	if isLabel(label) {
		return label
	}
	return ""
}

// attendees reads a list of people: separated by semicolons, or else by commas,
// where a part that is a job title belongs to the person before it.
func attendees(list string) []mention {
	sep := ","
	if strings.Contains(list, ";") {
		sep = ";"
	}
	var out []mention
	for part := range strings.SplitSeq(list, sep) {
		for _, name := range andNames(part) {
			out = appendAttendee(out, strings.Trim(name, " *_"))
		}
	}
	return out
}

// andNames splits "Ann Lee and Bo Ray" where both are names.
func andNames(part string) []string {
	for _, and := range []string{" and ", " & ", " et ", " und ", " y ", " e "} {
		if a, b, ok := strings.Cut(part, and); ok && looksLikeName(cleanName(a)) && looksLikeName(cleanName(b)) {
			return []string{a, b}
		}
	}
	return []string{part}
}

var angleAddress = regexp.MustCompile(`[<(\[]?([^\s<>()\[\]@,;]+@[^\s<>()\[\]@,;]+\.\pL{2,})[>)\]]?`)

func appendAttendee(list []mention, entry string) []mention {
	m := mention{system: "transcript"}
	if at := angleAddress.FindStringSubmatch(entry); at != nil {
		m.email = strings.ToLower(at[1])
		entry = strings.TrimSpace(strings.Replace(entry, at[0], "", 1))
	}
	if before, after, ok := strings.Cut(entry, ": "); ok && !fullName(before) {
		entry = after // "Acme: Ann Lee"
	}
	title, hasTitle := "", false
	if first, rest, ok := strings.Cut(entry, ","); ok && jobTitle(rest) {
		entry, title, hasTitle = first, strings.TrimSpace(rest), true
	}
	switch {
	case jobTitle(entry) && m.email == "":
		if len(list) > 0 && list[len(list)-1].title == "" {
			list[len(list)-1].title = entry
		}
		return list
	case fullName(cleanName(entry)):
		m.name = cleanName(entry)
	}
	if hasTitle {
		m.title = title
	}
	if m.name == "" && m.email == "" {
		return list
	}
	return append(list, m)
}

// jobTitle reports whether s reads like one: "VP Operations".
func jobTitle(s string) bool {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" ,/&().", r) })
	for _, w := range words {
		if titleJobWords[w] {
			return len(words) <= 7
		}
	}
	return false
}
