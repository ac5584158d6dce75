package connect

// An About says what a connector is to those who choose, connect and run it:
// docs/connectors.md and 'throughline connectors' are made of nothing else. Texts
// are phrases or sentences in Markdown, without a line break.
type About struct {
	System string   // as people call it: "Gong"
	For    string   // what it is there for, in a few words: "recorded calls"
	Reads  []string // what of a deal it reads; empty where it only writes
	Writes []string // what it writes; empty where it only reads
	// Needs are the credentials, scopes and settings, by the vendor's own names,
	// and where a person sets them.
	Needs  []string
	Limits []string // the vendor's limits, and how they are kept
	Calls  []Calls
	Facts  []Fact
	// Notes are further paragraphs in Markdown, without headings above the third
	// level.
	Notes string
}

// Calls say how many calls of a vendor's API something takes, with retries left
// out. Tests count them.
type Calls struct {
	For   string // "a deal"
	Count string // "three, and one for each file"
}

// A Fact is something about a vendor's API that a connector rests on.
type Fact struct {
	What string
	// Source is how it is known, or what is done where it is not.
	Source string
	// Unconfirmed says that no vendor's own text was found for it.
	Unconfirmed bool
}
