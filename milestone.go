package throughline

import (
	"slices"
	"strings"
	"time"
)

// A Milestone is one promise of the 30/60/90 as work: somebody owns it, it is due on a
// day, and something shows that it was delivered.
type Milestone struct {
	ID    string `json:"id"`   // the same in every version of the handoff
	Item  string `json:"item"` // the item's id in the newest version that has it
	Day   int    `json:"day,omitempty"`
	Text  string `json:"text"`
	Owner string `json:"owner,omitempty"` // email address; empty for the CSM

	// Promised is the day that follows from what the customer was told, and Due the
	// day that counts now: YYYY-MM-DD, empty where none is known.
	Promised string `json:"promised,omitempty"`
	Due      string `json:"due,omitempty"`

	Status   MilestoneStatus `json:"status"`
	Met      *time.Time      `json:"met,omitempty"`      // when it was
	Evidence string          `json:"evidence,omitempty"` // what shows that it was delivered, in somebody's words
	Link     string          `json:"link,omitempty"`     // where it shows; an http or https address

	// Withdrawn says that the newest version of the handoff does not have it.
	Withdrawn bool `json:"withdrawn,omitempty"`

	Changes []MilestoneChange `json:"changes,omitempty"` // in order of time
}

// MilestoneStatus is how far a milestone is.
type MilestoneStatus string

// The statuses.
const (
	MilestoneOpen    MilestoneStatus = "open"
	MilestoneStarted MilestoneStatus = "started"
	MilestoneMet     MilestoneStatus = "met"
	MilestoneDropped MilestoneStatus = "dropped" // agreed with the customer not to be done
)

// MilestoneStatuses are all of them.
var MilestoneStatuses = []MilestoneStatus{MilestoneOpen, MilestoneStarted, MilestoneMet, MilestoneDropped}

// A MilestoneChange is one thing that became of a milestone.
type MilestoneChange struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`   // an email address, or the system that it was followed back from
	What string    `json:"what"` // in a sentence
}

// Pending reports whether there is something to do for it.
func (m Milestone) Pending() bool {
	return !m.Withdrawn && m.Status != MilestoneMet && m.Status != MilestoneDropped
}

// Slipping reports whether it is pending after the day on which it is due, or is due
// later than was promised or on no day any more, as of a day (YYYY-MM-DD).
func (m Milestone) Slipping(today string) bool {
	return m.Pending() && (m.Due != "" && m.Due < today || m.Promised != "" && (m.Due == "" || m.Due > m.Promised))
}

// OnTime reports whether it was met by the day that follows from what the customer
// was told; false where none does.
func (m Milestone) OnTime() bool {
	return m.Status == MilestoneMet && m.Met != nil && m.Promised != "" && m.Met.UTC().Format(time.DateOnly) <= m.Promised
}

// Promises are those of an item's quotes that the customer heard from the seller's
// side: what was promised to them, in the words that were used.
func (it Item) Promises() []Evidence {
	var out []Evidence
	for _, e := range it.Evidence {
		if e.Side == SideSeller && !e.Internal && e.CustomersHeard > 0 && e.As != AsDoubt {
			out = append(out, e)
		}
	}
	return slices.Clip(out)
}

// ParseMilestoneStatus reads a status as people and forms write it; false for what
// is none.
func ParseMilestoneStatus(s string) (MilestoneStatus, bool) {
	status := MilestoneStatus(strings.ToLower(strings.TrimSpace(s)))
	return status, slices.Contains(MilestoneStatuses, status)
}
