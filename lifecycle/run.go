package lifecycle

import (
	"fmt"
	"strings"
	"time"

	"throughline"
	"throughline/connect"
)

// A Stage is where a run stands.
type Stage string

// The stages. A run goes through them in this order, but that it may be returned
// and accepted later, and that it is cancelled from any of them when the deal is
// reopened before its kickoff.
const (
	StageDetected   Stage = "detected"
	StageCollecting Stage = "collecting"
	StageDrafted    Stage = "drafted"
	StageInReview   Stage = "in_review"
	StagePublished  Stage = "published"
	StageReturned   Stage = "returned"
	StageAccepted   Stage = "accepted"
	StageKickoff    Stage = "kickoff"
	StageClosed     Stage = "closed"
	StageCancelled  Stage = "cancelled"
)

// A Run is the play of one Closed Won. Times are zero until what they are of has
// happened.
type Run struct {
	ID    string // the same for every detection of the same win, see [RunID]
	Stage Stage
	Deal  connect.Record
	Won   time.Time
	// Again says that the deal had been won before, was moved back and won anew.
	Again bool
	// Quiet runs are made for past deals: nobody is told, nothing is published.
	Quiet bool

	Detected time.Time

	// Collections counts how often the deal was collected; NextCollection is when
	// it is to be again, while something is still expected.
	Collections    int
	NextCollection time.Time
	Collected      time.Time // when all had settled, or the wait was over
	Looked         time.Time // when the newest collection began
	Changed        time.Time // of the deal's record, by the CRM's clock; see [Service.Changed]
	Waiting        []string  // what is still expected, in words

	Version      int       // of the latest draft; 0 before the first
	Drafted      time.Time // when the latest was made
	FirstDrafted time.Time
	Drafts       int    // how many were asked for, with those that said nothing new
	Print        string // of the newest collection, see [Collection]
	DraftPrint   string // of the collection that was last drafted from
	Stale        bool   // the deal has more to tell than the latest draft knows

	Reviewed      time.Time
	ReviewedBy    string
	ReviewedRound int // of which asking: 1 at first, 2 after a return

	Published        time.Time // when the handoff first went out
	PublishedVersion int

	// Reissued counts how often what people said changed a handoff that is out, and
	// GatherUntil is until when more of the same is waited for.
	Reissued    int
	GatherUntil time.Time

	Returns      int // how often the CSM returned it
	Returned     time.Time
	ReturnReason Reason
	ReturnNote   string
	Answered     time.Time // when it came back from the last return; zero until then

	Accepted        time.Time
	AcceptedBy      string
	AcceptedVersion int
	AcceptedFor     string // address of whom the handoff was with; a later CSM is told anew

	Kickoff     time.Time
	KickoffFrom string // "crm", "call" or "hand", which the others don't move

	// Ready says that the CSM had accepted a handoff when the kickoff began.
	Ready bool
	// Ticks are what became of the agenda's points, of each the last; see
	// [Service.Kickoff].
	Ticks    []throughline.Tick `json:",omitempty"`
	Held     time.Time          // when somebody said that the kickoff was held; it began at Kickoff
	HeldBy   string
	Listened int       // how often its recording was looked for
	Recorded time.Time // when its recording begins
	Asked    int       // what was asked there that the customer had answered in the sale
	// Points are how many talking points there were to say, and Covered how many of
	// them were: as they were ticked when the kickoff was marked as held, else as its
	// recording shows.
	Points, Covered int
	// Attendees are those of the customer's people who were there; by whom they were
	// chosen is empty where the recording names them.
	Attendees   []Person `json:",omitempty"`
	AttendeesBy string
	Survey      *throughline.Survey `json:",omitempty"` // nil until the kickoff is known to have been

	Milestones []Milestone         `json:",omitempty"` // the promises of the 30/60/90 as work
	Followed   map[string]Followed `json:",omitempty"` // by destination, how their tasks were looked at

	AE, CSM Person
	AEKnown time.Time // since when this AE is the deal's

	Said    int      // how many words people said; see [Word]
	Readers []Reader // the latest last

	Closed, Cancelled time.Time
}

// A Followed is how often the tasks in a system were looked at, and when last.
type Followed struct {
	Times int
	At    time.Time
}

// RunID names the run of a win: a poll and a change event that tell of the same
// win, whenever they come, come to the same name.
func RunID(opportunity string, won time.Time) string {
	return fmt.Sprintf("%s-%d", opportunity, won.Unix())
}

// A Person is whom messages go to.
type Person struct {
	Name  string
	Email string // lower case; empty where nobody is known
	Zone  string // IANA name: "Europe/Berlin"; empty for that of the rules
}

// A Reason is why a CSM returned a handoff.
type Reason string

// The reasons.
const (
	ReasonMissingContext Reason = "missing_context" // something the CSM needs is not there
	ReasonUnclear        Reason = "unclear"         // something is there but can't be acted on
	ReasonIncorrect      Reason = "incorrect"       // something is not as the CSM knows it
	ReasonWrongCSM       Reason = "wrong_csm"       // somebody else takes the account
)

// Reasons are all of them, in the order in which they are offered.
var Reasons = []Reason{ReasonMissingContext, ReasonUnclear, ReasonIncorrect, ReasonWrongCSM}

// A Duty is one thing to do for a run.
type Duty struct {
	Name string    // one of the names of duties
	For  string    // a destination, a way to a person, a person; empty where there is but one
	N    int       // of several: a version, the number of a reminder
	Due  time.Time // not before
}

// Key names the duty within its run: letters, digits, dots, at signs, hyphens
// and slashes.
func (d Duty) Key() string {
	return strings.Join([]string{d.Name, d.For, fmt.Sprint(d.N)}, "/")
}

// A Move is a row of the audit trail.
type Move struct {
	At   time.Time
	Who  string // an email address, or "throughline"
	What string // "published", "accepted", "csm_changed", …
	From Stage
	To   Stage
	Why  string // in a sentence
}

// TaskState is how far a task is.
type TaskState string

// The states of tasks.
const (
	TaskOpen    TaskState = "open"
	TaskDone    TaskState = "done"
	TaskParked  TaskState = "parked"  // it kept failing, and waits for a person
	TaskDropped TaskState = "dropped" // the story went on without it
)

// A Task is a duty as a row.
type Task struct {
	Run string
	Duty
	State     TaskState
	Tries     int
	NotBefore time.Time // after a failure
	Error     string    // of the last failure; holds no content
	Done      time.Time
}
