package folder

import (
	"cmp"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"throughline/reply"
)

// A writer is whose words a text is, and when they were written.
type writer struct {
	by       mention
	at       time.Time
	evidence bool // as far as can be told at once
}

// carried is an earlier message that stands in another, quoted or forwarded:
// which of that one's passages it makes, and by whom its header says they are.
type carried struct {
	writer
	forwarded bool
	own       bool // Throughline wrote it
	passages  []int
}

// maxCarried is how deep messages are quoted within one another and still told
// apart; what stands deeper is history by nobody.
const maxCarried = 8

// addParts makes passages of a mail's text: what its writer wrote is evidence,
// signature and footers are history, and of the messages that it carries the
// same is to be said later, when all are read. into is the carried message that
// the text is, nil for the mail's own.
func (m *mailMessage) addParts(parts reply.Parts, width int, w writer, into *carried, depth int) {
	for _, b := range parts.Blocks {
		if into != nil && b.Kind != reply.Quoted && b.Kind != reply.Forwarded && strings.Contains(oneLine(parts.Slice(b)), ownNotice) {
			into.own = true
		}
		switch b.Kind {
		case reply.Written:
			first := len(m.src.passages)
			m.addParagraphs(parts.Slice(b), width, rawPassage{by: w.by, at: w.at, history: !w.evidence})
			if into != nil {
				for i := first; i < len(m.src.passages); i++ {
					into.passages = append(into.passages, i)
				}
			}
		case reply.Quoted, reply.Forwarded:
			m.addCarried(parts, b, depth+1)
		default:
			m.addParagraphs(parts.Slice(b), width, rawPassage{by: w.by, at: w.at, history: true})
		}
	}
}

// addCarried makes passages of a quoted or forwarded message, with the line or
// header above it. Where nothing names the writer, as between answers that are
// written into a quote, it is the writer of the quote's first piece.
func (m *mailMessage) addCarried(parts reply.Parts, b reply.Block, depth int) {
	m.addParagraphs(parts.Text[b.Start:b.Head], 0, rawPassage{history: true})
	body := parts.Text[b.Head:b.End]
	marked := strings.HasPrefix(strings.TrimLeftFunc(body, unicode.IsSpace), ">")
	if depth > maxCarried {
		m.addParagraphs(body, 0, rawPassage{history: true})
		return
	}
	one := carried{forwarded: b.Kind == reply.Forwarded, writer: m.attributed(parts, b)}
	if n := len(m.carried); one.by.none() && b.Head == b.Start && marked && depth == 1 && n > 0 && !m.carried[n-1].forwarded {
		one.writer = m.carried[n-1].writer
	}
	if marked {
		body = reply.Unquote(body)
	}
	i := len(m.carried)
	m.carried = append(m.carried, one)
	m.addParts(reply.SplitFrom(body, mailboxText(one.by)), wrapWidth(body), one.writer, &one, depth)
	m.carried[i] = one
}

// attributed is whose a carried message is by the line or header above it. What
// it tells of the time must lie before the mail that carries it.
func (m *mailMessage) attributed(parts reply.Parts, b reply.Block) writer {
	a := parts.Attribution(b, m.zone)
	name, _, _ := strings.Cut(a.Name, "/") // Lotus Notes adds the department
	w := writer{by: mailbox(name, a.Email), at: a.At.UTC()}
	if a.At.IsZero() || !m.src.at.IsZero() && w.at.After(m.src.at) {
		w.at = time.Time{}
	}
	if w.by.name == "" && w.by.email == "" {
		w.by = mention{}
	}
	return w
}

// addParagraphs makes a passage of each paragraph of a text, like p.
func (m *mailMessage) addParagraphs(text string, width int, p rawPassage) {
	for _, lines := range mailParagraphs(text) {
		p.text = unwrapMail(lines, width)
		p.offset = -1
		one := p
		one.history = p.history || imageOnly.MatchString(p.text)
		m.src.passages = append(m.src.passages, one)
	}
}

// imageOnly is what mail programs write where an image stood.
var imageOnly = regexp.MustCompile(`^\[(?:cid:|image:|https?:)[^\]\s]*[^\]]*\]$`)

// mailParagraphs divides a text at its blank lines.
func mailParagraphs(text string) [][]string {
	var out [][]string
	var open []string
	for l := range strings.Lines(text + "\n") {
		if l = strings.TrimRightFunc(l, unicode.IsSpace); strings.TrimFunc(l, invisible) != "" {
			open = append(open, l)
			continue
		}
		if len(open) > 0 {
			open[0] = strings.TrimLeftFunc(open[0], invisible)
			out, open = append(out, open), nil
		}
	}
	if len(open) > 0 {
		open[0] = strings.TrimLeftFunc(open[0], invisible)
		out = append(out, open)
	}
	return out
}

// invisible reports whether a character shows nothing.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r == '\u00ad' || r >= '\u200b' && r <= '\u200f' || r == '\u2060' || r == '\ufeff'
}

// Programs that break lines do so at 60 to 80 characters.
const (
	narrowest = 60
	widest    = 80
)

// wrapWidth is at how many bytes the lines of a text are broken; 0 where they
// are not: where they are all short, or some longer than any program breaks at.
func wrapWidth(text string) int {
	longest := 0
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, " \r\n")
		if strings.HasPrefix(l, ">") || !strings.Contains(l, " ") {
			continue
		}
		longest = max(longest, len(l))
	}
	if longest < narrowest || longest > widest {
		return 0
	}
	return longest
}

// unwrapMail joins the lines of a paragraph again that were broken only because
// the next word did not fit.
func unwrapMail(lines []string, width int) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			before := lines[i-1]
			first, _, _ := strings.Cut(strings.TrimLeft(l, " "), " ")
			if width > 0 && len(before)+1+len(first) > width && !strings.HasSuffix(before, ":") && !listPoint.MatchString(l) {
				b.WriteByte(' ')
				l = strings.TrimLeft(l, " ")
			} else {
				b.WriteByte('\n')
			}
		}
		b.WriteString(l)
	}
	return b.String()
}

var listPoint = regexp.MustCompile(`^\s*(?:[-*•·–—>]|\(?[0-9a-zA-Z]{1,2}[.)])\s`)

// resolveCarried says of each carried message whether it is history. It is where
// it is Throughline's own or repeats what stands elsewhere in the folder, and a
// quote is where nothing names who wrote it. What stands nowhere else counts once,
// as its writer's.
func resolveCarried(messages []*mailMessage) {
	known := shingles{}
	for _, m := range messages {
		inside := map[int]bool{}
		for _, c := range m.carried {
			for _, i := range c.passages {
				inside[i] = true
			}
		}
		for i, p := range m.src.passages {
			if !inside[i] {
				known.add(p.text)
			}
		}
	}
	byTime := slices.Clone(messages)
	slices.SortStableFunc(byTime, func(a, b *mailMessage) int {
		return cmp.Or(compareBool(a.src.at.IsZero(), b.src.at.IsZero()), a.src.at.Compare(b.src.at))
	})
	for _, m := range byTime {
		for _, c := range m.carried {
			c.resolve(m.src, known)
		}
	}
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (c carried) resolve(src *rawSource, known shingles) {
	ps := make([]*rawPassage, len(c.passages))
	texts := make([]string, len(c.passages))
	for i, at := range c.passages {
		ps[i], texts[i] = &src.passages[at], src.passages[at].text
		ps[i].history = true
	}
	if c.own || c.by.none() && !c.forwarded || known.hold(texts...) {
		return
	}
	for i, p := range ps {
		p.history = known.hold(texts[i]) || imageOnly.MatchString(texts[i])
	}
	for _, s := range texts {
		known.add(s)
	}
}

// shingleWords is how many words in a row make two texts the same there: fewer
// stand together by chance.
const shingleWords = 5

// shingles are the runs of words of some texts, hashed; texts with fewer words
// whole. They tell whether a text stands among them even where it was broken
// into lines and paragraphs in another way, or cut short.
type shingles map[uint64]struct{}

var shingleSeed = maphash.MakeSeed()

func (s shingles) add(text string) {
	for _, h := range hashes(text) {
		s[h] = struct{}{}
	}
}

// hold reports whether half of the texts' runs of words, or more, are known.
func (s shingles) hold(texts ...string) bool {
	n, found := 0, 0
	for _, t := range texts {
		for _, h := range hashes(t) {
			n++
			if _, ok := s[h]; ok {
				found++
			}
		}
	}
	return n == 0 || 2*found >= n
}

func hashes(text string) []uint64 {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return nil
	}
	var out []uint64
	for i := 0; i == 0 || i+shingleWords <= len(words); i++ {
		var h maphash.Hash
		h.SetSeed(shingleSeed)
		for _, w := range words[i:min(i+shingleWords, len(words))] {
			h.WriteString(w)
			h.WriteByte(0)
		}
		out = append(out, h.Sum64())
	}
	return out
}
