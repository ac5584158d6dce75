package folder

import (
	"time"

	"throughline"
)

// A reader understands the files of one system or format. Each file of the
// folder is offered to the readers in turn until one takes it; when all files
// are through, each reader hands over what it read. One reader serves one call
// of Read, so it may keep what waits for its other half in another file.
type reader interface {
	// take reads the file and reports whether it was of the reader's kind. What
	// was wrong inside a file that it takes, it reports to c and goes on.
	take(f *file, c *collector) bool
	// done hands over what needed more than one file.
	done(c *collector)
}

// A file is one file of the folder, whole.
type file struct {
	path string // slash-separated, within the folder
	data []byte
}

// A collector gathers what the readers found, in the systems' own terms. The
// cast then makes people of the mentions.
type collector struct {
	stated   facts // by deal.json
	recorded facts // by the CRM
	sources  []*rawSource
	mentions []mention // people known to a system whether or not they spoke: contacts, users, owners
	problems []throughline.Problem
	notes    []string
}

func (c *collector) problem(p throughline.Problem) { c.problems = append(c.problems, p) }

// facts are what a source says of the deal itself. deal.json outranks the CRM.
type facts struct {
	id, name         string
	seller, customer throughline.Company
	amount, currency string
	close, kickoff   time.Time
	ae, csm          mention
}

// A mention is a person as one system knows them.
type mention struct {
	system  string // gong, slack, salesforce, …: the id counts within it
	id      string
	name    string
	email   string
	title   string
	side    throughline.Side // as the system says; unknown where it does not
	role    string           // AE, CSM, SE, …, where the system says
	crmRole string
}

// none reports whether nothing is known of the person.
func (m mention) none() bool { return m.id == "" && m.name == "" && m.email == "" }

// A rawSource is a throughline.Source whose people are still mentions.
type rawSource struct {
	kind        throughline.SourceKind
	title       string
	nativeID    string
	file        string
	url         string
	at          time.Time
	duration    time.Duration
	language    string
	members     []mention // attendees; sender and visible recipients; a channel's members
	shared      bool
	private     bool
	sellerOnly  bool // internal whoever is named in it: a CRM record, an internal document or channel
	notEvidence string
	passages    []rawPassage
}

// A rawPassage is a throughline.Passage whose people are still mentions.
type rawPassage struct {
	text    string
	label   string
	by      mention // none when unknown
	at      time.Time
	offset  time.Duration // -1 when the source tells none
	marks   []throughline.Mark
	url     string
	history bool
	key     string // the message's own id, for replyTo
	replyTo string // key of the message this one answers, in this source
}
