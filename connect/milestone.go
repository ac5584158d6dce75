package connect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"throughline"
)

// MilestoneID is the same for a milestone in every version of a handoff and in every
// system: it is of the day and of the source's words on which it stands. An item's
// own id is its place in one version, and another's in the next.
func MilestoneID(it throughline.Item) string {
	words := it.Text
	if len(it.Evidence) > 0 {
		words = it.Evidence[0].Quote
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(it.Day) + "\x00" + strings.Join(strings.Fields(words), " ")))
	return "milestone-" + hex.EncodeToString(sum[:6])
}

// A Followed is what became of a milestone's task in an outside system.
type Followed struct {
	Milestone string    // its id, see [MilestoneID]
	Done      bool      // the task is completed there
	At        time.Time // when it was completed or last changed; zero where the system doesn't tell
	Due       string    // the day that it has there, YYYY-MM-DD; empty where it has none
	Owner     string    // email address of whose task it is; empty where that can't be told
	URL       string    // where a person opens it; empty where the vendor tells none
}
