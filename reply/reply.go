package reply

import "strings"

// Kind says what a block of a mail is.
type Kind int

// The kinds of block.
const (
	Written    Kind = iota // what the writer wrote
	Quoted                 // an earlier message, with the line or header that introduces it
	Forwarded              // a message passed on, with its header
	Signature              // closing, name, contact lines, the footer of a phone or of a mailing list
	Disclaimer             // legal footer, or the warning that a mail gateway puts on top
)

// String is the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Written:
		return "written"
	case Quoted:
		return "quoted"
	case Forwarded:
		return "forwarded"
	case Signature:
		return "signature"
	case Disclaimer:
		return "disclaimer"
	}
	return "unknown"
}

// A Block is a byte range of a mail's text.
type Block struct {
	Kind       Kind
	Start, End int
	// Head is where the line or header that introduces a quoted or forwarded
	// message ends: the message itself is the range from Head to End. It is
	// Start where nothing introduces it, and in every other kind of block.
	Head int
}

// Parts is a mail's text in blocks. They are in order, touch one another and
// cover the text; none is empty.
type Parts struct {
	Text   string
	Blocks []Block
}

// Split sets a plain text apart. It is SplitFrom with an unknown sender.
func Split(text string) Parts { return SplitFrom(text, "") }

// SplitFrom is Split for a known sender, "Ann Lee <ann@example.com>" or the
// name or the address alone. Knowing the name, it finds the end of a mail that
// is signed without any closing.
func SplitFrom(text, sender string) Parts {
	return split(text, scan(text), parseSender(sender))
}

// Written is what the writer wrote, and nothing else: no signature either. Where
// quoted text stood in between, the pieces follow one another.
func (p Parts) Written() string { return p.join(Written) }

// Reply is the mail without its quoted history: what the writer wrote, the
// signature and footer, and a forwarded message, which is no history to whom it
// was forwarded.
func (p Parts) Reply() string { return p.join(Written, Signature, Disclaimer, Forwarded) }

// Signature is the signature, or "".
func (p Parts) Signature() string { return p.join(Signature) }

// Quoted is the quoted history, or "".
func (p Parts) Quoted() string { return p.join(Quoted) }

// Slice is the text of a block of p.
func (p Parts) Slice(b Block) string { return p.Text[b.Start:b.End] }

func (p Parts) join(kinds ...Kind) string {
	var b strings.Builder
	for _, bl := range p.Blocks {
		for _, k := range kinds {
			if bl.Kind == k {
				b.WriteString(p.Slice(bl))
			}
		}
	}
	return strings.TrimSpace(b.String())
}

// split finds history first, since a signature stands at the end of what the
// writer wrote rather than of the mail.
func split(text string, lines []line, from sender) Parts {
	p := Parts{Text: text}
	wrote := false
	for _, s := range findHistory(text, lines) {
		if s.kind != Written {
			p.add(Block{Kind: s.kind, Start: s.start, End: s.end, Head: s.head})
			continue
		}
		for _, b := range closing(within(text, lines, s.start, s.end), from, wrote) {
			p.add(b)
			wrote = wrote || b.Kind == Written && trim(p.Slice(b)) != ""
		}
	}
	return p
}

// add appends a block, merged into the one before it where both are of one kind
// and nothing introduces the second.
func (p *Parts) add(b Block) {
	if b.Start == b.End {
		return
	}
	if n := len(p.Blocks); n > 0 {
		last := &p.Blocks[n-1]
		if last.Kind == b.Kind && b.Head == b.Start {
			last.End = b.End
			return
		}
	}
	p.Blocks = append(p.Blocks, b)
}
