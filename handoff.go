package throughline

import "time"

// Schema names the version of the handoff's JSON. It changes when a reader of
// the old one would misread the new one.
const Schema = "throughline.handoff/v1"

// Status is where a handoff stands in its life.
type Status string

// The statuses that a document can show.
const (
	StatusDraft     Status = "draft"
	StatusInReview  Status = "in_review"
	StatusPublished Status = "published"
)

// A Handoff is the document: what the CSM needs to know, each item standing on
// quotes proven in the deal's sources. Its JSON is public and versioned.
type Handoff struct {
	Schema         string          `json:"schema"`
	Version        int             `json:"version"`
	Status         Status          `json:"status"`
	Audience       Audience        `json:"audience"`
	Language       string          `json:"language"`
	Deal           Header          `json:"deal"`
	Engine         Engine          `json:"engine"`
	GeneratedAt    time.Time       `json:"generated_at"`
	Review         Review          `json:"review"`
	Thin           []string        `json:"thin,omitempty"` // why there is too little to go on, said at the top
	Items          []Item          `json:"items"`
	Remarks        []Remark        `json:"remarks,omitempty"` // context that AE and CSM added
	Contradictions []Contradiction `json:"contradictions"`
	Questions      []Question      `json:"questions"`
	LeftOut        []LeftOut       `json:"left_out"`
	Sources        []SourceNote    `json:"sources"`
	Problems       []Problem       `json:"problems,omitempty"`
	Notes          []string        `json:"notes,omitempty"` // how sides and dates were worked out
	Usage          *Usage          `json:"usage,omitempty"`
}

// Header is the deal as the document's head shows it.
type Header struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Seller   Company      `json:"seller"`
	Customer Company      `json:"customer"`
	Amount   string       `json:"amount,omitempty"`
	Currency string       `json:"currency,omitempty"`
	Close    string       `json:"close_date,omitempty"`   // YYYY-MM-DD
	Kickoff  string       `json:"kickoff_date,omitempty"` // YYYY-MM-DD
	AE       *PersonNote  `json:"ae,omitempty"`
	CSM      *PersonNote  `json:"csm,omitempty"`
	People   []PersonNote `json:"people,omitempty"`
}

// PersonNote is a person as the document names them.
type PersonNote struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Email   string `json:"email,omitempty"`
	Side    Side   `json:"side,omitempty"`
	Role    string `json:"role,omitempty"`
	CRMRole string `json:"crm_role,omitempty"`
}

// Note is the person as a document names them.
func (p *Person) Note() PersonNote {
	return PersonNote{Name: p.Name, Title: p.Title, Email: p.Email, Side: p.Side, Role: p.Role, CRMRole: p.CRMRole}
}

// Engine says what wrote the document, and what it can and can't do.
type Engine struct {
	Name   string `json:"name"`
	Model  string `json:"model,omitempty"`
	Limits string `json:"limits,omitempty"` // one or two sentences for the reader
}

// Review is the AE's part.
type Review struct {
	State string     `json:"state"` // reviewed, not_reviewed
	By    string     `json:"by,omitempty"`
	At    *time.Time `json:"at,omitempty"`
}

// The review states.
const (
	Reviewed    = "reviewed"
	NotReviewed = "not_reviewed"
)

// An Item is one thing the CSM should know. Only the fields that apply to its
// kind are set.
type Item struct {
	ID      string  `json:"id"`
	Section Section `json:"section"`
	Kind    Kind    `json:"kind"`
	Text    string  `json:"text"` // one or two plain sentences

	Person string `json:"person,omitempty"`
	Title  string `json:"title,omitempty"`
	Role   string `json:"role,omitempty"`
	Why    string `json:"why,omitempty"` // champion: why they bought
	Stance Stance `json:"stance,omitempty"`

	Vendor   string `json:"vendor,omitempty"`
	Function string `json:"function,omitempty"`

	Day  int    `json:"day,omitempty"`  // 30, 60 or 90: the bucket
	Due  string `json:"due,omitempty"`  // YYYY-MM-DD, where it can be worked out
	From Anchor `json:"from,omitempty"` // what day or due counts from

	Area Area `json:"area,omitempty"`

	Promise   string `json:"promise,omitempty"`
	Doubt     string `json:"doubt,omitempty"`
	Condition string `json:"condition,omitempty"`
	NextStep  string `json:"next_step,omitempty"`

	Label      Label      `json:"label,omitempty"`
	Remarks    []Remark   `json:"remarks,omitempty"` // what AE and CSM said of it, in order of time
	Superseded []Earlier  `json:"superseded,omitempty"`
	Evidence   []Evidence `json:"evidence"`
}

// A Remark is what somebody of the seller's said in review or when accepting, of
// an item or of the whole handoff. It is their own word: no quote stands behind it.
type Remark struct {
	Kind RemarkKind `json:"kind"`
	Text string     `json:"text,omitempty"`
	By   string     `json:"by"`
	Role string     `json:"role,omitempty"` // AE, CSM
	At   time.Time  `json:"at"`
}

// RemarkKind says what a remark does.
type RemarkKind string

// The kinds of remark. An item that is no commitment stays, with the reason.
const (
	RemarkConfirmed     RemarkKind = "confirmed"
	RemarkCorrected     RemarkKind = "corrected"
	RemarkNotCommitment RemarkKind = "not_commitment"
	RemarkAdded         RemarkKind = "added"
)

// RemarkWording is how the CSM words an item for the customer, where the customer may
// see the item at all. It is the CSM's to give, and no part of a review.
const RemarkWording RemarkKind = "wording"

// RemarkKinds are the kinds of remark that a review has.
var RemarkKinds = []RemarkKind{RemarkConfirmed, RemarkCorrected, RemarkNotCommitment, RemarkAdded}

// Remarked is the item's last remark of a kind; false where it has none.
func (it Item) Remarked(k RemarkKind) (Remark, bool) {
	for i := len(it.Remarks) - 1; i >= 0; i-- {
		if it.Remarks[i].Kind == k {
			return it.Remarks[i], true
		}
	}
	return Remark{}, false
}

// Earlier is what an item replaced: said before, no longer true.
type Earlier struct {
	Text     string     `json:"text,omitempty"`
	Evidence []Evidence `json:"evidence"`
}

// Match says how a quote was found in its source.
type Match string

// The matches. No similarity score makes a proof: what is neither exact nor
// normalised is not proven.
const (
	MatchExact      Match = "exact"
	MatchNormalised Match = "normalised" // case, white space, quotation marks, dashes, punctuation and elisions aside
	MatchNone       Match = "none"
)

// Evidence is a proven quote: the source's own words and where they stand.
type Evidence struct {
	Source   string     `json:"source"`
	Ref      string     `json:"ref"`
	Quote    string     `json:"quote"` // the source's own text, never the engine's
	As       QuoteRole  `json:"as,omitempty"`
	Speaker  string     `json:"speaker,omitempty"`
	Side     Side       `json:"side,omitempty"`
	At       *time.Time `json:"at,omitempty"`
	OffsetMS *int64     `json:"offset_ms,omitempty"`
	URL      string     `json:"url,omitempty"`
	Match    Match      `json:"match"`
	Internal bool       `json:"internal,omitempty"` // nobody of the customer's was party to it
	// CustomersHeard counts the customer's people known to have seen or heard
	// it. Two are needed before it may be shown to the customer.
	CustomersHeard int `json:"customers_heard"`
}

// QuoteRole says what a quote does for its item.
type QuoteRole string

// The roles; most quotes have none.
const (
	AsPromise   QuoteRole = "promise"
	AsDoubt     QuoteRole = "doubt"
	AsCondition QuoteRole = "condition"
)

// A Contradiction is printed with both sides, and nobody's side is taken.
type Contradiction struct {
	ID    string              `json:"id"`
	Text  string              `json:"text"`
	Sides []ContradictionSide `json:"sides"` // two or more
}

// ContradictionSide is one of the statements that do not go together.
type ContradictionSide struct {
	Text     string     `json:"text,omitempty"`
	Evidence []Evidence `json:"evidence"`
}

// A Question is for the AE: a gap that nothing read could fill.
type Question struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`
	Kind   Kind     `json:"kind,omitempty"`   // what the answer would fill
	Item   string   `json:"item,omitempty"`   // the item it is about
	Answer string   `json:"answer,omitempty"` // given in review
	Refs   []string `json:"refs,omitempty"`   // passages that raised it
}

// LeftOut is something an engine proposed that could not be shown, and why.
type LeftOut struct {
	Kind   Kind   `json:"kind,omitempty"`
	Text   string `json:"text,omitempty"`
	Quote  string `json:"quote,omitempty"` // as the engine gave it; not the source's words
	Ref    string `json:"ref,omitempty"`
	Reason string `json:"reason"`
}

// SourceNote is a source as the document's last section lists it.
type SourceNote struct {
	ID          string     `json:"id"`
	Kind        SourceKind `json:"kind"`
	Title       string     `json:"title"`
	File        string     `json:"file,omitempty"`
	URL         string     `json:"url,omitempty"`
	At          *time.Time `json:"at,omitempty"`
	Language    string     `json:"language,omitempty"` // ISO 639-1, where it is known
	Minutes     int        `json:"minutes,omitempty"`
	Passages    int        `json:"passages"`
	Words       int        `json:"words"`
	People      []string   `json:"people,omitempty"`
	Internal    bool       `json:"internal,omitempty"`
	Cited       int        `json:"cited"` // quotes in this document that stand in it
	NotEvidence string     `json:"not_evidence,omitempty"`
}

// Usage accounts for what making the document took, and for every hedged
// promise that the deterministic scan listed.
type Usage struct {
	Requests         int         `json:"requests,omitempty"`
	InputTokens      int64       `json:"input_tokens,omitempty"`
	CacheWriteTokens int64       `json:"cache_write_tokens,omitempty"`
	CacheReadTokens  int64       `json:"cache_read_tokens,omitempty"`
	OutputTokens     int64       `json:"output_tokens,omitempty"`
	CostUSD          float64     `json:"cost_usd,omitempty"`
	Prices           string      `json:"prices,omitempty"` // date of the price list that the cost stands on
	Passes           string      `json:"passes,omitempty"` // the plan of passes, and why it was chosen
	Candidates       Candidates  `json:"candidates"`
	Kept             []string    `json:"kept_from_model,omitempty"` // what configuration kept from the model
	Stats            []StatCount `json:"stats,omitempty"`
}

// Candidates accounts for the hedge scan: found = taken + dismissed.
type Candidates struct {
	Found     int         `json:"found"`
	Taken     int         `json:"taken"`
	Dismissed []Dismissal `json:"dismissed,omitempty"`
}

// A Dismissal is a hedged promise that the engine did not take up, and why.
type Dismissal struct {
	Candidate int    `json:"candidate"` // its number in the scan, from 1
	Ref       string `json:"ref"`
	Quote     string `json:"quote"`
	Reason    string `json:"reason"`
}

// StatCount is one named figure of the accounting.
type StatCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}
