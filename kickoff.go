package throughline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Agenda is what the kickoff is to go through: the five sections of a
// published handoff as talking points, each required.
type Agenda struct {
	Audience Audience       `json:"audience"`
	Deal     Header         `json:"deal"`
	Version  int            `json:"version"`           // of the handoff
	Opening  string         `json:"opening,omitempty"` // the CSM's first words; the team's alone
	Points   []TalkingPoint `json:"points"`            // in the order of the sections
}

// A TalkingPoint is one thing that the kickoff owes the customer: to be said
// there, or to be known before.
type TalkingPoint struct {
	// ID is made of the item's own, so that what was ticked stays ticked in a newer
	// version of the handoff: "use_case-2", "stretch-1-condition".
	ID      string    `json:"id"`
	Item    string    `json:"item"` // the item's id
	Section Section   `json:"section"`
	Kind    Kind      `json:"kind"`
	Mode    PointMode `json:"mode"`

	Person    string     `json:"person,omitempty"`    // whom it is about
	Text      string     `json:"text"`                // what to confirm, or what to know
	Ask       string     `json:"ask,omitempty"`       // a question to put, in neutral words
	Condition string     `json:"condition,omitempty"` // what the question is after; for the CSM to know
	Day       int        `json:"day,omitempty"`       // of a milestone: 30, 60 or 90
	Due       string     `json:"due,omitempty"`       // of a milestone: YYYY-MM-DD
	Words     []Evidence `json:"words,omitempty"`     // proven quotes: of a point to say, those that may be said to all who come

	// Guarded marks a point to say of which more is known than the customer's
	// people heard: it is said in the words shown, and in no others.
	Guarded bool `json:"guarded,omitempty"`
}

// PointMode says what a talking point is for.
type PointMode string

// The modes. What is to be known is never sought in the call.
const (
	PointSay  PointMode = "say"  // is talked through in the call
	PointKnow PointMode = "know" // is read by the CSM before the call
)

// Point finds a talking point by its id; false when there is none.
func (a *Agenda) Point(id string) (TalkingPoint, bool) {
	i := slices.IndexFunc(a.Points, func(p TalkingPoint) bool { return p.ID == id })
	if i < 0 {
		return TalkingPoint{}, false
	}
	return a.Points[i], true
}

// A Kickoff is the meeting: its agenda, what became of each point, and when it
// was held.
type Kickoff struct {
	Agenda Agenda     `json:"agenda"`
	Ticks  []Tick     `json:"ticks,omitempty"` // in order of time; of a point, the last one counts
	HeldAt *time.Time `json:"held_at,omitempty"`
}

// A Tick is what somebody of the seller's said of one point.
type Tick struct {
	Point  string    `json:"point"` // the point's id
	State  TickState `json:"state"`
	Reason string    `json:"reason,omitempty"` // why it was waived
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// TickState is what became of a point.
type TickState string

// The states. A point that is waived without a reason stays open.
const (
	TickCovered TickState = "covered" // was talked through: for points to say
	TickRead    TickState = "read"    // was read before the call: for points to know
	TickWaived  TickState = "waived"  // was left out, for a reason
	TickOpen    TickState = "open"    // takes an earlier tick back
)

// closes reports whether the tick settles the point.
func (t Tick) closes(p TalkingPoint) bool {
	switch t.State {
	case TickCovered:
		return p.Mode == PointSay
	case TickRead:
		return p.Mode == PointKnow
	case TickWaived:
		return strings.TrimSpace(t.Reason) != ""
	}
	return false
}

// Open lists the points that are neither covered, read nor waived with a reason,
// in the order of the agenda. Ticks of points that the agenda no longer has count
// for nothing.
func (k *Kickoff) Open() []TalkingPoint {
	last := map[string]Tick{}
	for _, t := range k.Ticks {
		last[t.Point] = t
	}
	var open []TalkingPoint
	for _, p := range k.Agenda.Points {
		if !last[p.ID].closes(p) {
			open = append(open, p)
		}
	}
	return open
}

// MarkHeld records that the kickoff took place. It errs with an [*OpenPointsError]
// while points are open, and then records nothing.
func (k *Kickoff) MarkHeld(at time.Time) error {
	if at.IsZero() {
		return errors.New("marking the kickoff as held: say when it was")
	}
	if open := k.Open(); len(open) > 0 {
		return &OpenPointsError{Points: open}
	}
	k.HeldAt = &at
	return nil
}

// OpenPointsError are what keeps a kickoff from being marked as held.
type OpenPointsError struct{ Points []TalkingPoint }

func (o *OpenPointsError) Error() string {
	ids := make([]string, len(o.Points))
	for i, p := range o.Points {
		ids[i] = p.ID
	}
	return fmt.Sprintf("marking the kickoff as held: %d of its talking points are open (%s): cover each, or waive it with a reason", len(ids), strings.Join(ids, ", "))
}
