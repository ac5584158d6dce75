package folder

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"throughline"
	"throughline/reply"
)

// mailReader reads mail as RFC 5322 has it (.eml, Apple's .emlx) and mailboxes
// of it (.mbox). Every message is a source of its own, also one that is
// attached to another. A message found twice is taken once.
type mailReader struct {
	messages []*mailMessage
}

func newMailReader() reader { return &mailReader{} }

// A mailMessage is one message. Whether the earlier messages that it carries
// repeat others is known only when all are read.
type mailMessage struct {
	src     *rawSource
	nested  int // how many messages it is attached within
	body    string
	zone    *time.Location // of the sender's clock
	carried []carried
}

// mailPlace is where a message stands, for problems.
type mailPlace struct {
	file   string
	line   int // of its first line, in a mailbox; else 0
	record string
	nested int
	posted time.Time // by the line that divides a mailbox; zero without
}

func (p mailPlace) problem(what string) throughline.Problem {
	return throughline.Problem{File: p.file, Line: p.line, Record: p.record, What: what}
}

func (r *mailReader) take(f *file, c *collector) bool {
	data := bytes.TrimLeft(bytes.TrimPrefix(f.data, []byte("\ufeff")), "\r\n")
	if entries := splitMailbox(data); entries != nil {
		before := bytes.Count(f.data[:len(f.data)-len(data)], []byte("\n"))
		for i, e := range entries {
			place := mailPlace{file: f.path, line: before + e.line, record: fmt.Sprintf("message %d", i+1), posted: e.posted}
			if !looksMail(e.data) {
				c.problem(place.problem("not a mail message: it has no header"))
				continue
			}
			r.read(e.data, place, c)
		}
		return true
	}
	data = withoutLength(data)
	if !looksMail(data) {
		return false
	}
	r.read(data, mailPlace{file: f.path}, c)
	return true
}

// maxNested is how deep messages attached to messages are read.
const maxNested = 5

// read reads one message and those attached to it.
func (r *mailReader) read(data []byte, place mailPlace, c *collector) {
	root, err := parseMail(data)
	if err != nil {
		c.problem(place.problem(fmt.Sprintf("damaged mail, what could be read of it is used: %v", err)))
	}
	m := &mailMessage{nested: place.nested, zone: time.UTC, src: &rawSource{kind: throughline.SourceEmail, file: place.file}}
	from := m.readHeader(root.Header, place.posted)
	if id := m.src.nativeID; id != "" {
		place.record = id
	}
	if m.src.at.IsZero() {
		c.problem(place.problem("the mail does not tell its date"))
	}
	content := contentOf(root)
	for _, what := range content.damage() {
		c.problem(place.problem("damaged mail, what could be read of it is used: " + what))
	}
	m.readBody(content, from)
	m.src.notEvidence = notEvidence(m.src.title, firstLines(m.body, 12), mailboxText(from))
	if root.Header.Get(ownHeader) != "" {
		m.src.notEvidence = ownPostReason
	}
	m.link(root.Header)
	r.messages = append(r.messages, m)

	for i, attached := range content.messages {
		inner := mailPlace{file: place.file, line: place.line, record: fmt.Sprintf("message %d attached to %s", i+1, cmp.Or(place.record, quoted(m.src.title))), nested: place.nested + 1}
		switch {
		case place.nested == maxNested:
			c.problem(inner.problem(fmt.Sprintf("left out: messages are attached within messages more than %d deep", maxNested)))
		case !looksMail(attached):
			c.problem(inner.problem("not a mail message: it has no header"))
		default:
			r.read(attached, inner, c)
		}
	}
}

var mailParser = enmime.NewParser(
	enmime.SkipMalformedParts(true),
	enmime.MultipartWOBoundaryAsSinglePart(true),
	enmime.MaxStoredPartErrors(20),
	enmime.DisableCharacterDetection(true), // where the message says what it is in
	enmime.SetCustomParseMediaType(mediaType),
	enmime.SetReadPartErrorPolicy(func(p *enmime.Part, _ error) bool { return strings.HasPrefix(p.ContentType, "text/") }),
)

// parseMail takes a message apart. It returns at least the header and, unless it
// is in parts, the body as it stands.
func parseMail(data []byte) (root *enmime.Part, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser's code is not ours, and its input may be hostile
			root, err = bareMail(data), fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	if err := checkParts(data); err != nil {
		return bareMail(data), err
	}
	if root, err = mailParser.ReadParts(bytes.NewReader(data)); err != nil {
		return bareMail(data), err
	}
	return root, nil
}

// bareMail is a message of which only the header is understood.
func bareMail(data []byte) *enmime.Part {
	header, body := headerAndBody(data)
	p := &enmime.Part{Header: header, ContentType: "text/plain"}
	if kind := strings.ToLower(header.Get("Content-Type")); !strings.HasPrefix(strings.TrimSpace(kind), "multipart/") {
		p.Content = body
	}
	return p
}

func headerAndBody(data []byte) (textproto.MIMEHeader, []byte) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return textproto.MIMEHeader{}, nil
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		body = nil
	}
	return textproto.MIMEHeader(m.Header), body
}

// readHeader reads who wrote to whom, when and about what, and returns the
// writer. Who was sent a copy that others were not to know of is passed over.
func (m *mailMessage) readHeader(h textproto.MIMEHeader, posted time.Time) mention {
	s := m.src
	s.title = cmp.Or(headerText(h, "Subject"), "(no subject)")
	s.nativeID = messageID(h.Get("Message-Id"))
	if t := mailDate(h, posted); !t.IsZero() {
		s.at, m.zone = t.UTC(), t.Location()
	}
	var from mention
	writers := mailboxes(h["From"])
	if len(writers) == 0 {
		writers = mailboxes(h["Sender"])
	}
	if len(writers) > 0 {
		from = writers[0]
	}
	seen := map[mention]bool{}
	for _, who := range slices.Concat(writers, mailboxes(h["To"]), mailboxes(h["Cc"])) {
		key := mention{email: who.email}
		if who.email == "" {
			key.name = who.name
		}
		if !seen[key] {
			seen[key] = true
			s.members = append(s.members, who)
		}
	}
	return from
}

// link says on the first passage which message this is and which it answers.
func (m *mailMessage) link(h textproto.MIMEHeader) {
	if len(m.src.passages) == 0 {
		return
	}
	answers := messageID(h.Get("In-Reply-To"))
	if refs := strings.Fields(h.Get("References")); answers == "" && len(refs) > 0 {
		answers = messageID(refs[len(refs)-1])
	}
	m.src.passages[0].key, m.src.passages[0].replyTo = m.src.nativeID, answers
}

// messageID takes the brackets off "<1@mail.example>".
func messageID(s string) string {
	if _, after, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(after, ">")
	}
	return validText(strings.TrimSpace(s))
}

// headerText is a header's value in plain characters and on one line.
func headerText(h textproto.MIMEHeader, name string) string {
	return oneLine(validText(enmime.DecodeRFC2047(h.Get(name))))
}

// mailDate is when a message was written, in the zone of its writer's clock;
// where it does not say, when it was first received or put in the mailbox.
func mailDate(h textproto.MIMEHeader, posted time.Time) time.Time {
	dates := []string{h.Get("Date")}
	for _, hop := range slices.Backward(h["Received"]) {
		dates = append(dates, hop[strings.LastIndexByte(hop, ';')+1:])
	}
	for _, s := range dates {
		s = strings.TrimSpace(s)
		if t, err := mail.ParseDate(s); err == nil && t.Year() > 1970 {
			return t
		}
		if t := anytime(s); !t.IsZero() {
			return t
		}
	}
	return posted
}

var mailAddress = regexp.MustCompile(`[^\s<>"'()\[\],;:]+@[^\s<>"'()\[\],;:]+`)

// mailboxes reads the people that a header's values list.
func mailboxes(values []string) []mention {
	var out []mention
	for _, v := range values {
		v = oneLine(validText(v))
		list, err := enmime.ParseAddressList(v)
		if err != nil {
			out = append(out, looseMailboxes(enmime.DecodeRFC2047(v))...)
			continue
		}
		for _, a := range list {
			out = append(out, mailbox(validText(a.Name), validText(a.Address)))
		}
	}
	return slices.DeleteFunc(out, mention.none)
}

// looseMailboxes reads a list that breaks the rules: "Lee, Ann; Bob Ray
// <bob@buyer.example>".
func looseMailboxes(s string) []mention {
	sep := ","
	if strings.Contains(s, ";") {
		sep = ";"
	}
	var out []mention
	for one := range strings.SplitSeq(s, sep) {
		email := mailAddress.FindString(one)
		name, _, _ := strings.Cut(mailAddress.ReplaceAllString(one, ""), "<")
		out = append(out, mailbox(name, email))
	}
	return out
}

func mailbox(name, email string) mention {
	email = strings.ToLower(strings.TrimSpace(email))
	if !strings.Contains(email, "@") {
		email = ""
	}
	name = cleanName(strings.Trim(name, " \t\"'<>:"))
	if strings.Contains(name, "@") || strings.HasPrefix(strings.ToLower(name), "undisclosed") {
		name = ""
	}
	if full := nameOf(email); !strings.Contains(name, " ") && strings.HasPrefix(foldName(full), foldName(name)+" ") {
		name = full // "Bo <bo.karlsson@buyer.example>"
	}
	return mention{system: "mail", name: name, email: email}
}

// mailboxText is a person as a mail header has them.
func mailboxText(m mention) string {
	if m.email == "" {
		return m.name
	}
	return strings.TrimSpace(m.name + " <" + m.email + ">")
}

func firstLines(s string, n int) string {
	lines := strings.SplitAfterN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "")
}

// readBody makes passages of what stands in a message.
func (m *mailMessage) readBody(content mailContent, from mention) {
	sender := mailboxText(from)
	for _, s := range content.texts {
		own := writer{by: from, evidence: true}
		switch {
		case s.attached != "":
			summary := notEvidence(s.attached, firstLines(s.text, 12), "") != ""
			m.addParagraphs(s.text, wrapWidth(s.text), rawPassage{label: s.attached, history: summary})
		case s.html:
			parts := reply.SplitHTMLFrom(s.text, sender)
			m.body += parts.Text
			m.addParts(parts, 0, own, nil, 0)
		default:
			parts := reply.SplitFrom(s.text, sender)
			m.body += parts.Text
			m.addParts(parts, wrapWidth(s.text), own, nil, 0)
		}
	}
}

func (r *mailReader) done(c *collector) {
	kept := r.distinct()
	resolveCarried(kept)
	for _, m := range kept {
		c.sources = append(c.sources, m.src)
	}
}

// distinct is each message once, in the order in which they were read. Of two
// copies the one that is not attached to another message is kept.
func (r *mailReader) distinct() []*mailMessage {
	best := map[string]*mailMessage{}
	for _, m := range r.messages {
		if other, ok := best[m.identity()]; !ok || m.nested == 0 && other.nested > 0 {
			best[m.identity()] = m
		}
	}
	return slices.DeleteFunc(slices.Clone(r.messages), func(m *mailMessage) bool { return best[m.identity()] != m })
}

// identity is the message's id, or what it holds where it has none.
func (m *mailMessage) identity() string {
	if m.src.nativeID != "" {
		return "id " + m.src.nativeID
	}
	from := mention{}
	if len(m.src.members) > 0 {
		from = m.src.members[0]
	}
	return strings.Join([]string{"content", m.src.at.String(), mailboxText(from), m.src.title, m.body}, "\x00")
}
