package throughline

import (
	"strconv"
	"strings"
	"time"
)

// A Deal is everything that was said and written while one sale was made, as
// far as it could be read.
type Deal struct {
	ID       string
	Name     string // as the CRM calls it, or "Customer - Product"
	Seller   Company
	Customer Company
	Amount   string // decimal, as the CRM gives it; empty when unknown
	Currency string // ISO 4217
	Close    time.Time
	Kickoff  time.Time // zero when not known
	AE       *Person   // nil when not known
	CSM      *Person   // nil when not yet assigned
	People   []*Person
	Sources  []*Source
	Problems []Problem // what could not be read, each naming its file and place
	Notes    []string  // how sides and dates were worked out where no record said so
}

// Company is one side of the deal.
type Company struct {
	Name      string `json:"company,omitempty"`
	Product   string `json:"product,omitempty"`
	Domain    string `json:"domain,omitempty"`
	Industry  string `json:"industry,omitempty"`
	Employees int    `json:"employees,omitempty"`
	Region    string `json:"region,omitempty"`
}

// Side says for whom a person speaks.
type Side string

// A person whose side no evidence tells stays [SideUnknown]; such a person
// witnesses neither a pain nor a promise.
const (
	SideSeller   Side = "seller"
	SideCustomer Side = "customer"
	SideUnknown  Side = ""
)

// A Person is one human being, however many systems know them.
type Person struct {
	ID      string // stable within the deal: p1, p2, …
	Name    string
	Title   string
	Email   string // lower case
	Side    Side
	Role    string   // on the deal: AE, CSM, SE, Manager, or empty
	CRMRole string   // the contact role that the CRM records, in its words
	Aliases []string // other names the sources use for this person
}

// FirstName is the name people call the person by in conversation.
func (p *Person) FirstName() string {
	first, _, _ := strings.Cut(p.Name, " ")
	return first
}

// SourceKind says what sort of thing was read.
type SourceKind string

// The five kinds of source.
const (
	SourceCall     SourceKind = "call"
	SourceEmail    SourceKind = "email"
	SourceChat     SourceKind = "chat"
	SourceCRM      SourceKind = "crm"
	SourceDocument SourceKind = "document"
)

// A Source is one recorded call, one email, one chat channel, the CRM's record
// of the deal, or one document.
type Source struct {
	ID       string // c1, e1, s1, r1, d1: kind and number, in order of time
	Kind     SourceKind
	Title    string
	NativeID string // the id in the system it came from: a call id, a Message-ID, a record id
	File     string // path within the folder that was read
	URL      string // where a person opens it; empty when the source tells none
	At       time.Time
	Duration time.Duration // of a call; zero when unknown
	Language string        // ISO 639-1 when the source tells or it could be told; else empty

	// People are those who took part: attendees, sender and recipients, members.
	People []*Person
	// Internal is true when nobody of the customer's was party to it.
	Internal bool
	// Shared marks a chat channel that the customer's company is in.
	Shared bool
	// Private marks what its system restricts: a private call or channel.
	Private bool

	// NotEvidence says why nothing in this source may prove anything: it is our
	// own earlier output, or another tool's summary. Empty for evidence.
	NotEvidence string

	Passages []*Passage
}

// Words counts the words of a source's passages.
func (s *Source) Words() int {
	n := 0
	for _, p := range s.Passages {
		n += len(strings.Fields(p.Text))
	}
	return n
}

// A Passage is the smallest citable piece: a speaker's turn, a paragraph of an
// email or document, a chat message, a CRM field.
type Passage struct {
	Ref    string // the address shown to people: c3.142
	Source *Source
	Index  int // position within Source.Passages; the ref shows Index+1

	// Text is the source's own text. Quotes are byte ranges of it.
	Text string
	// Label names what the text stands in: a CRM field's label, a heading.
	Label string

	Speaker *Person // who said or wrote it; nil when unknown
	Name    string  // the speaker as the source names them, also when unknown
	At      time.Time
	Offset  time.Duration // from the start of a call; -1 when the source tells none
	Marks   []Mark        // when each sentence of a turn begins, where the source tells it
	URL     string        // opens the source at this passage; empty when there is no such link

	// Heard lists who is known to have seen or heard this passage, speaker
	// included. It errs on the side of fewer: of a call, a person counts from
	// their first turn to their last.
	Heard []*Person

	// History marks text that repeats what stands elsewhere: quoted mail,
	// a signature, a disclaimer. It is kept to be read, and is never evidence.
	History bool
	// Thread is the ref of the message that this one replies to.
	Thread string
}

// A Mark ties a byte position of a passage's text to a moment of the recording.
type Mark struct {
	Byte   int
	Offset time.Duration
}

// Side is the speaker's side; unknown where the speaker is.
func (p *Passage) Side() Side {
	if p.Speaker == nil {
		return SideUnknown
	}
	return p.Speaker.Side
}

// Evidence reports whether the passage may prove anything.
func (p *Passage) Evidence() bool {
	return !p.History && p.Source.NotEvidence == ""
}

// OffsetAt is the moment of the recording at which the byte pos of the text was
// said, from the nearest mark before it; -1 when the source tells no time.
func (p *Passage) OffsetAt(pos int) time.Duration {
	at := p.Offset
	for _, m := range p.Marks {
		if m.Byte > pos {
			break
		}
		at = m.Offset
	}
	return at
}

// HeardBy counts the people of one side who saw or heard the passage.
func (p *Passage) HeardBy(side Side) int {
	n := 0
	for _, h := range p.Heard {
		if h.Side == side {
			n++
		}
	}
	return n
}

// A Problem is something that could not be read, said so that a person can find
// it: the file, the line or byte where it is known, and what was wrong.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Offset int64  `json:"offset,omitempty"` // bytes from the start, where a line makes no sense
	Record string `json:"record,omitempty"` // the record's id within the file
	What   string `json:"what"`
}

// Passage finds a passage by its ref, "c3.142": the 142nd passage of source c3;
// nil when there is none.
func (d *Deal) Passage(ref string) *Passage {
	id, number, ok := strings.Cut(ref, ".")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return nil
	}
	s := d.Source(id)
	if s == nil || n < 1 || n > len(s.Passages) {
		return nil
	}
	return s.Passages[n-1]
}

// Source finds a source by its id; nil when there is none.
func (d *Deal) Source(id string) *Source {
	for _, s := range d.Sources {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Passages yields every passage of the deal, source by source.
func (d *Deal) Passages(yield func(*Passage) bool) {
	for _, s := range d.Sources {
		for _, p := range s.Passages {
			if !yield(p) {
				return
			}
		}
	}
}

// Person finds somebody of the deal by name or alias, letter case aside; nil
// when nobody, or more than one person, is so named.
func (d *Deal) Person(name string) *Person {
	var found *Person
	for _, p := range d.People {
		if !p.named(name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = p
	}
	return found
}

func (p *Person) named(name string) bool {
	if strings.EqualFold(p.Name, name) {
		return true
	}
	for _, a := range p.Aliases {
		if strings.EqualFold(a, name) {
			return true
		}
	}
	return false
}
