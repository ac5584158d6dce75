package folder

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"throughline"
)

// Why our own output proves nothing.
const (
	ownReason     = "Throughline's own earlier handoff"
	ownPostReason = "Throughline's own post"
)

// What package connect/mail puts into every mail that Throughline sends: a header,
// and the last line, which is still there where an answer quotes the mail.
const (
	ownHeader = "X-Throughline"
	ownNotice = "Sent by Throughline, not by a person."
)

//go:embed words/summaries.txt
var summaryWords string

// summarySigns are what tells a program's notes and summaries; made ready when
// first needed, as there are many.
var summarySigns = sync.OnceValue(func() *signs { return readSummarySigns(summaryWords) })

// notEvidence says why a text may prove nothing: it is our own earlier output,
// or another tool's summary. It is judged on the title or subject, the head
// (the first lines) and the sender; empty for evidence.
//
// A person who speaks of such a tool, or of what it says, is a witness all the
// same: of mail that a person sent, only lines count that a program puts into
// its own text.
func notEvidence(title, head, sender string) string {
	if strings.Contains(head, throughline.Schema) || strings.Contains(title, throughline.Schema) {
		return ownReason
	}
	name, address := splitSender(sender)
	if strings.EqualFold(name, "Throughline") {
		return ownPostReason
	}
	signs := summarySigns()
	if tool := signs.robot(address); tool != "" {
		return "an automatic message from " + tool
	}
	lines := headLines(title, head)
	for _, line := range lines {
		if signs.triggered(line) && signs.notices.MatchString(line) {
			return signs.reason(lines)
		}
	}
	if address != "" || name != "" {
		return ""
	}
	for i, line := range lines {
		if signs.triggered(line) && signs.titles.MatchString(line) && (i > 0 || len(strings.Fields(line)) <= 20) {
			return signs.reason(lines)
		}
	}
	if tool := signs.layout(lines); tool != "" {
		return "an AI summary by " + tool
	}
	return ""
}

// splitSender takes a sender apart: "Ann Lee <ann@acme.example>".
func splitSender(sender string) (name, address string) {
	sender = strings.TrimSpace(sender)
	before, after, ok := strings.Cut(sender, "<")
	switch {
	case ok:
		return strings.Trim(before, `"' `), strings.ToLower(strings.Trim(after, "<> "))
	case strings.Contains(sender, "@"):
		return "", strings.ToLower(sender)
	}
	return strings.Trim(sender, `"' `), ""
}

// headLines are the title, without marks of replies, and the first lines, without
// marks at their ends.
func headLines(title, head string) []string {
	const most = 40
	lines := []string{bareLine(replyMark.ReplaceAllString(title, ""))}
	for line := range strings.SplitSeq(head, "\n") {
		if line = bareLine(line); line != "" {
			lines = append(lines, line)
		}
		if len(lines) > most {
			break
		}
	}
	return lines
}

var replyMark = regexp.MustCompile(`(?i)^(?:(?:re|fwd?|aw|wg|tr|rv|enc|sv|vs|antw|doorst|i|r)\s?:\s*)+`)

// bareLine is a line without marks at its ends.
func bareLine(line string) string {
	mark := func(keep string) func(rune) bool {
		return func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(keep, r)
		}
	}
	return strings.TrimRightFunc(strings.TrimLeftFunc(oneLine(line), mark(`"“`)), mark(`.!?:)"”`))
}

// A signs is the lists of words/summaries.txt, made ready.
type signs struct {
	tools     []tool
	senders   map[string]string // domain to tool
	robots    *regexp.Regexp    // the part of an address before the "@"
	addresses []tool
	notices   *regexp.Regexp
	titles    *regexp.Regexp
	layouts   []layout
	triggers  map[string]bool // words without one of which no notice or title matches
}

// A tool is the name to show of one, and how it is written.
type tool struct {
	name string
	re   *regexp.Regexp
}

// A layout is headings in the order in which a tool writes them.
type layout struct {
	tool     string
	headings []string
}

func readSummarySigns(text string) *signs {
	lists := readWords(text)
	s := &signs{senders: map[string]string{}, triggers: wordSet(lists["triggers"])}
	var plain, all []string
	for _, entry := range lists["tools"] {
		name, form := entryOf(entry)
		name, common := strings.CutPrefix(name, "!")
		all = append(all, form)
		for written := range strings.SplitSeq(form, "|") {
			if words := letterRuns(written); len(words) > 0 {
				s.triggers[words[0]] = true
			}
		}
		if !common {
			plain = append(plain, form)
		}
		s.tools = append(s.tools, tool{name, wholeWord(form)})
	}
	for _, entry := range lists["senders"] {
		domain, name := entryOf(entry)
		s.senders[domain] = name
	}
	for _, entry := range lists["robot addresses"] {
		form, name := entryOf(entry)
		s.addresses = append(s.addresses, tool{name, wholeLine([]string{form}, nil)})
	}
	for _, entry := range lists["layouts"] {
		name, headings := entryOf(entry)
		s.layouts = append(s.layouts, layout{name, strings.Split(headings, " > ")})
	}
	fill := strings.NewReplacer("<tool>", anyOf(plain), "<anytool>", anyOf(all), "<ai>", anyOf(lists["ai"]), "<summary>", anyOf(lists["summary"]))
	s.robots = wholeLine(lists["robots"], nil)
	s.notices = wholeLine(lists["notices"], fill)
	s.titles = wholeLine(lists["titles"], fill)
	return s
}

// entryOf splits "a = b".
func entryOf(entry string) (left, right string) {
	left, right, _ = strings.Cut(entry, " = ")
	return strings.TrimSpace(left), strings.TrimSpace(right)
}

func anyOf(forms []string) string { return `(?:` + strings.Join(forms, "|") + `)` }

func wholeWord(form string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL\d])(?:` + form + `)(?:$|[^\pL\d])`)
}

// wholeLine matches a line that is one of the forms.
func wholeLine(forms []string, fill *strings.Replacer) *regexp.Regexp {
	re := anyOf(forms)
	if fill != nil {
		re = fill.Replace(re)
	}
	return regexp.MustCompile(`(?i)^` + re + `$`)
}

// triggered reports whether a line has one of the words without which no notice
// or title matches; it spares most lines the long expressions.
func (s *signs) triggered(line string) bool {
	for _, word := range letterRuns(line) {
		if s.triggers[word] {
			return true
		}
	}
	return false
}

// letterRuns are the words of a text, in lower case.
func letterRuns(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
}

// robot is the tool whose own address this is; empty for a person's.
func (s *signs) robot(address string) string {
	for _, a := range s.addresses {
		if a.re.MatchString(address) {
			return a.name
		}
	}
	local, domain, ok := strings.Cut(address, "@")
	if !ok || !s.robots.MatchString(local) {
		return ""
	}
	for domain != "" {
		if name := s.senders[domain]; name != "" {
			return name
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return ""
}

// reason names the tool that the lines name first.
func (s *signs) reason(lines []string) string {
	for _, line := range lines {
		if !s.notices.MatchString(line) && !s.titles.MatchString(line) {
			continue
		}
		for _, t := range s.tools {
			if t.re.MatchString(line) {
				return "an AI summary by " + t.name
			}
		}
	}
	return "an AI summary"
}

// layout is the tool whose headings stand in the lines, in order; empty for none.
func (s *signs) layout(lines []string) string {
	for _, l := range s.layouts {
		next := 0
		for _, line := range lines {
			if next < len(l.headings) && strings.EqualFold(strings.TrimRight(line, ":"), l.headings[next]) {
				next++
			}
		}
		if next == len(l.headings) {
			return l.tool
		}
	}
	return ""
}
