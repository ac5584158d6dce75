package folder

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline"
)

// documentReader reads documents: Markdown, plain text, HTML, Word and PDF. It
// hands them over when all files are through, since who wrote one is found among
// the people whom the other files name.
type documentReader struct {
	documents []*document
	pdf       *pdfEngine // started with the first PDF
}

func newDocumentReader() reader { return &documentReader{} }

// A document is a text in blocks, and what it says of itself.
type document struct {
	file   string
	blocks []block
	plain  []string // its lines, where blocks run several together; nil elsewhere
	facts  documentFacts
}

// A block is a paragraph, list item, table row or heading.
type block struct {
	text    string
	heading int // 1 to 6; 0 for what is no heading
}

// documentFacts are what a document's properties say of it: front matter, meta
// tags, Word's core properties.
type documentFacts struct {
	title, author string
	url           string // where a person opens it
	at            time.Time
}

func (r *documentReader) take(f *file, c *collector) bool {
	if ownHandoff(f.data) {
		c.sources = append(c.sources, earlierHandoff(f))
		return true
	}
	doc, problem := r.read(f)
	if problem != "" {
		c.problem(throughline.Problem{File: f.path, What: problem})
	}
	if doc == nil {
		return problem != ""
	}
	if t := parseTranscript(doc.lines()); t != nil {
		if t.at.IsZero() {
			t.at = doc.facts.at
		}
		t.collect(f, c)
		return true
	}
	if len(doc.blocks) == 0 {
		c.problem(throughline.Problem{File: f.path, What: "a document without text"})
		return true
	}
	r.documents = append(r.documents, doc)
	return true
}

// read reads a file by what its content is; nil when it is no document.
// The problem says what was wrong with one, whether or not the rest was read.
func (r *documentReader) read(f *file) (*document, string) {
	switch {
	case bytes.HasPrefix(f.data, []byte("PK\x03\x04")):
		return readWord(f)
	case bytes.HasPrefix(bytes.TrimLeft(f.data[:min(len(f.data), 1024)], "\x00\t\r\n \xef\xbb\xbf"), []byte("%PDF-")):
		return r.readPDF(f)
	case looksJSON(f.data) && decode(f, new(any)) == nil, looksTable(f.path):
		return nil, ""
	}
	text, note, ok := fileText(f.data)
	switch {
	case !ok:
		return nil, ""
	case looksHTML(text):
		return readHTML(f.path, text), note
	case strings.HasPrefix(strings.TrimSpace(text), "{\\rtf"), looksBrokenJSON(text), looksXML(text):
		return nil, ""
	}
	facts, body := frontMatter(text)
	return &document{file: f.path, blocks: textBlocks(body), facts: facts}, note
}

// looksTable reports whether a file's name says that it is data.
func looksTable(name string) bool {
	return slices.Contains([]string{".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".log"}, strings.ToLower(path.Ext(name)))
}

// looksBrokenJSON reports whether a text begins as JSON does, though it can't be
// decoded.
func looksBrokenJSON(text string) bool { return jsonStart.MatchString(text[:min(len(text), 1024)]) }

func looksXML(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "<?xml") }

var jsonStart = regexp.MustCompile(`^\s*(?:\{\s*(?:"[^"\n]{1,80}"\s*:|\})|\[\s*(?:[{\["\d]|\]))`)

// lines are the document's blocks as lines of text, headings marked as in
// Markdown.
func (d *document) lines() []string {
	if d.plain != nil {
		return d.plain
	}
	out := make([]string, 0, len(d.blocks))
	for _, b := range d.blocks {
		text := b.text
		if b.heading > 0 {
			text = strings.Repeat("#", b.heading) + " " + text
		}
		out = append(out, text, "")
	}
	return out
}

// done makes sources of the documents.
func (r *documentReader) done(c *collector) {
	r.pdf.close()
	r.pdf = nil
	known := knownPeople(c)
	for _, d := range r.documents {
		s := documentSource(d.file, d.blocks, d.facts)
		s.settlePeople(known, c)
		s.settleYear(d, c)
		c.sources = append(c.sources, s)
	}
}

// documentSource makes a source of a document's blocks: each that is no heading
// is a passage, under the heading above it.
func documentSource(file string, blocks []block, facts documentFacts) *rawSource {
	head := readDocumentHead(file, blocks, facts)
	s := &rawSource{
		kind: throughline.SourceDocument, title: head.title, file: file, url: facts.url, at: head.at,
		sellerOnly: !head.shared, notEvidence: notEvidence(head.title, head.text, ""),
	}
	for _, name := range head.sharedWith {
		s.members = append(s.members, mention{system: "document", name: name})
	}
	label := ""
	for i, b := range blocks {
		if b.heading > 0 {
			label = b.text
			if i == head.titleBlock || len(strings.Fields(b.text)) < longHeading {
				continue
			}
		}
		p := rawPassage{text: b.text, label: label, offset: -1, by: mention{system: "document", name: head.author}}
		if b.heading > 0 {
			p.label = ""
		}
		if m := saidBy.FindStringSubmatch(b.text); m != nil && fullName(m[1]) && !isLabel(m[1]) {
			p.by.name = m[1]
		}
		if p.by.name == "" {
			p.by = mention{}
		}
		s.passages = append(s.passages, p)
	}
	return s
}

// longHeading is the number of words from which a heading says something of its
// own, and is a passage too.
const longHeading = 6

// saidBy is a line that quotes somebody: a name, a colon and a quotation mark.
var saidBy = regexp.MustCompile(`^\*{0,2}([^:"“„«]{3,60}?)\*{0,2}\s?:\*{0,2}\s*["“„«]`)

// A documentHead is what the first lines of a document tell of it.
type documentHead struct {
	title, author string
	at            time.Time
	shared        bool     // with the customer
	sharedWith    []string // by name
	text          string   // the first lines, for judging what it is
	titleBlock    int      // the heading that is the title; -1 for none
}

// The head of a document is its title and at most headBlocks more.
const headBlocks = 8

func readDocumentHead(file string, blocks []block, facts documentFacts) documentHead {
	h := documentHead{author: facts.author, titleBlock: -1}
	for i, b := range blocks[:min(len(blocks), 3)] {
		if b.heading > 0 && (i == 0 || facts.title == "") {
			h.title, h.titleBlock = b.text, i
			break
		}
	}
	if h.title == "" {
		h.title = facts.title
	}
	if h.title == "" && len(blocks) > 1 && titleLike(blocks[0].text) && !strings.Contains(blocks[0].text, " | ") {
		if label, _ := cutLabel(blocks[0].text); label == "" {
			h.title = blocks[0].text
		}
	}
	if h.title == "" {
		h.title = fileTitle(file, "Document")
	}
	var text strings.Builder
	for i, b := range blocks[:min(len(blocks), headBlocks)] {
		text.WriteString(b.text + "\n")
		if b.heading > 0 && i > h.titleBlock && i > 1 {
			break // the head ends where the first chapter begins
		}
		h.line(b.text, i == h.titleBlock)
	}
	h.text = text.String()
	if h.at.IsZero() {
		h.at = fileDate(file)
	}
	if h.at.IsZero() {
		h.at = facts.at
	}
	h.title = strings.Trim(h.title, "*_ ")
	h.judge(file)
	return h
}

// line takes from one line of the head what it tells: date, author, with whom it
// was shared.
func (h *documentHead) line(text string, title bool) {
	label, value := cutLabel(text)
	stated := title || dateLabels[label] || authorLabels[label] || len(strings.Fields(text)) <= 12 || byline.MatchString(text) || givenTo.MatchString(text)
	if at, ok := dateIn(text); ok && stated && h.at.IsZero() {
		h.at = at
	}
	if h.author == "" {
		switch m := byline.FindStringSubmatch(text); {
		case authorLabels[label] && nameAtStart(value) != "":
			h.author = nameAtStart(value)
		case m != nil:
			h.author = nameAtStart(m[1])
		}
	}
	if m := givenTo.FindStringSubmatch(text); m != nil {
		if name := nameAtStart(m[1]); name != "" {
			h.sharedWith = append(h.sharedWith, name)
		}
	}
}

var (
	byline  = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:prepared by|written by|drafted by|compiled by|author|reviewer|rédigé par|préparé par|établi par|auteur|erstellt von|verfasst von|autor|autorin|verfasser|verfasserin|elaborado por|preparado por|redactado por|autora)\s?:?\*{0,2}\s+(\S.*)`)
	givenTo = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:shared with|sent to|partagé avec|envoyé à|transmis à|geteilt mit|gesendet an|compartido con|enviado a)\s+(\S.*)`)
)

// nameAtStart is the name with which a text begins: "Ann Lee, reviewed with …",
// "A. Lee. Presented by …"; empty when it begins with none.
func nameAtStart(s string) string {
	var words []string
	for i, w := range strings.Fields(strings.TrimLeft(s, "*_ ")) {
		bare := strings.TrimRight(w, ".,;:)(*_")
		initial := len([]rune(bare)) == 1 && strings.HasSuffix(w, ".")
		particle := nameParticles[strings.ToLower(bare)] && i > 0
		if !particle && !nameWord(bare) || isDigits(bare) {
			break
		}
		if initial {
			bare += "."
		}
		if words = append(words, bare); bare != w || len(words) == 4 {
			break
		}
	}
	for len(words) > 0 && nameParticles[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	name := strings.Join(words, " ")
	if !looksLikeName(name) || isLabel(name) || monthNumbers[strings.ToLower(strings.Fields(name + " ")[0])] > 0 {
		return ""
	}
	return name
}

// judge says whether the customer sees the document. One found in the seller's
// folder is the seller's own, unless it is of a kind that both sides see or says
// that it was given to them; "internal" settles it.
func (h *documentHead) judge(file string) {
	name := strings.TrimSuffix(path.Base(file), path.Ext(file))
	switch {
	case internalPhrases.MatchString(h.title), internalPhrases.MatchString(name), internalPhrases.MatchString(h.text):
	default:
		h.shared = sharedNames.MatchString(h.title) || sharedNames.MatchString(name) || sharedPhrases.MatchString(h.text)
	}
}

// knownPeople are the people whom the other files name in full.
func knownPeople(c *collector) []mention {
	var out []mention
	for _, m := range c.allMentions() {
		if m = tidy(m); fullName(m.name) && !strings.HasSuffix(strings.Fields(m.name)[0], ".") && m.system != "document" {
			out = append(out, m)
		}
	}
	return out
}

// settlePeople finds who is meant by the author and the others whom a document
// names, which documents do in short. Who can't be told is left out: a document
// is no place to learn of somebody new by half a name.
func (s *rawSource) settlePeople(known []mention, c *collector) {
	found := map[string]mention{}
	settle := func(m mention) mention {
		if m.none() {
			return m
		}
		to, ok := found[m.name]
		if !ok {
			to = whoIs(m.name, known)
			found[m.name] = to
		}
		return to
	}
	for i := range s.passages {
		p := &s.passages[i]
		p.by = settle(p.by)
		if other := voice(p.label, known); !other.none() && other.name != p.by.name {
			p.by = mention{}
		}
		if other := voice(p.text, known); !other.none() && other.name != p.by.name {
			p.by = mention{}
		}
	}
	var members []mention
	for _, m := range s.members {
		if m = settle(m); !m.none() {
			members = append(members, m)
		}
	}
	s.members = members
	for _, m := range found {
		if ofCustomer(m, known, c) && s.notEvidence == "" {
			s.sellerOnly = false
		}
	}
}

// settleYear dates a document whose title or first line says the day and not the
// year, by the deal's close. What was worked out is said.
func (s *rawSource) settleYear(d *document, c *collector) {
	const afterClose = 60 * 24 * time.Hour // documents of the start of delivery
	end := firstTime(c.stated.close, c.recorded.close)
	if !s.at.IsZero() || end.IsZero() {
		return
	}
	lines := []string{s.title}
	if first := slices.IndexFunc(d.blocks, func(b block) bool { return b.heading == 0 }); first >= 0 && len(strings.Fields(d.blocks[first].text)) <= 12 {
		lines = append(lines, d.blocks[first].text)
	}
	for _, line := range lines {
		if at, ok := dayBefore(end.Add(afterClose), line); ok {
			s.at = at
			c.notes = append(c.notes, fmt.Sprintf("%s names its day without a year: it was taken for %s, by the deal's close.", s.file, at.Format(time.DateOnly)))
			return
		}
	}
}

// otherVoice is a line or heading that gives somebody's words or view: "Ann: …",
// "Ann's comments in red".
var otherVoice = regexp.MustCompile(`^\*{0,2}(\p{Lu}[\pL'’-]*(?: \p{Lu}[\pL'’-]*)??)(?:['’]s\s+(?:comment|note|view|take|question|remark|reply|answer|addition)s?\b|\*{0,2}\s?:)`)

// voice is the known person whose words a line gives; none when it gives nobody's
// but the author's.
func voice(text string, known []mention) mention {
	m := otherVoice.FindStringSubmatch(text)
	if m == nil || isLabel(m[1]) {
		return mention{}
	}
	if who := whoIs(m[1], known); !who.none() && isKnown(who, known) {
		return who
	}
	return mention{}
}

func isKnown(m mention, known []mention) bool {
	return slices.ContainsFunc(known, func(k mention) bool { return foldName(k.name) == foldName(m.name) })
}

// whoIs finds the one known person whom a name means: whole, by the first name
// alone, or by initial and family name. A full name that nobody has yet stands
// for itself.
func whoIs(name string, known []mention) mention {
	words := strings.Fields(name)
	short := len(words) == 1 || strings.HasSuffix(words[0], ".")
	var found mention
	for _, m := range known {
		if !nameMeans(words, strings.Fields(m.name)) {
			continue
		}
		if !found.none() && foldName(found.name) != foldName(m.name) {
			return mention{}
		}
		if found.none() || m.email != "" {
			found = mention{system: "document", name: m.name, email: m.email}
		}
	}
	if found.none() && !short {
		return mention{system: "document", name: name}
	}
	return found
}

// nameMeans reports whether a name, perhaps in short, may be that full name.
func nameMeans(short, full []string) bool {
	first, last := foldName(short[0]), foldName(short[len(short)-1])
	switch {
	case len(short) == 1:
		return first == foldName(full[0])
	case strings.HasSuffix(short[0], "."):
		return last == foldName(full[len(full)-1]) && strings.HasPrefix(foldName(full[0]), first)
	}
	return foldName(strings.Join(short, " ")) == foldName(strings.Join(full, " "))
}

// ofCustomer reports whether somebody is known to be the customer's.
func ofCustomer(m mention, known []mention, c *collector) bool {
	if m.none() {
		return false
	}
	domain := hostOf(firstOf(c.stated.customer.Domain, c.recorded.customer.Domain))
	for _, k := range known {
		if foldName(k.name) != foldName(m.name) {
			continue
		}
		if k.side == throughline.SideCustomer || domain != "" && k.email != "" && related(domainOf(k.email), domain) {
			return true
		}
	}
	return false
}

// ownHandoff reports whether a file is a handoff that Throughline wrote, in any
// of its formats.
func ownHandoff(data []byte) bool { return bytes.Contains(data, []byte(throughline.Schema)) }

// earlierHandoff is such a handoff as a source: listed, and no evidence. Its
// passages are not read, since all they say stands in the deal's own sources.
func earlierHandoff(f *file) *rawSource {
	s := &rawSource{
		kind: throughline.SourceDocument, title: fileTitle(f.path, "Handoff"), file: f.path, at: fileDate(f.path),
		sellerOnly: true, notEvidence: ownReason,
	}
	var h throughline.Handoff
	if looksJSON(f.data) && decode(f, &h) == nil && h.Schema != "" {
		if s.at = h.GeneratedAt.UTC(); h.Deal.Name != "" {
			s.title = fmt.Sprintf("Handoff: %s", h.Deal.Name)
		}
	}
	return s
}
