package connect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"throughline"
)

// A Milestone is one of a handoff's as its task says it in every system.
type Milestone struct {
	ID      string           // the same in every version and system
	Item    throughline.Item // as the view has it
	Text    string           // in one line, as the AE corrected it
	Subject string           // in one line: "Day 30: …"
	Due     string           // YYYY-MM-DD; empty where it can't be worked out
}

// Milestones are those of a handoff, or of a view of it, but for what the AE said is
// no commitment. Of several with the same id, those after the first have a number at
// its end.
func Milestones(view *throughline.Handoff) []Milestone {
	var out []Milestone
	times := map[string]int{}
	for _, it := range view.Items {
		if _, none := it.Remarked(throughline.RemarkNotCommitment); none || it.Kind != throughline.KindMilestone {
			continue
		}
		m := Milestone{ID: MilestoneID(it), Item: it, Text: oneLine(it.Text), Due: dueOf(it, view.Deal)}
		if times[m.ID]++; times[m.ID] > 1 {
			m.ID = fmt.Sprintf("%s-%d", m.ID, times[m.ID])
		}
		if corrected, ok := it.Remarked(throughline.RemarkCorrected); ok {
			m.Text = oneLine(corrected.Text)
		}
		m.Subject = m.Text
		if it.Day > 0 {
			m.Subject = fmt.Sprintf("Day %d: %s", it.Day, m.Text)
		}
		out = append(out, m)
	}
	return out
}

// MilestoneID is the same for a milestone in every version of a handoff, for every
// audience that is shown it, and in every system: it is of the day and of the first of
// the source's words on which it stands. An item's own id is its place in one version,
// and another's in the next.
func MilestoneID(it throughline.Item) string {
	words := it.Text
	// What the company is not shown must not tell its milestones' ids from the team's.
	if i := slices.IndexFunc(it.Evidence, shownToAll); i >= 0 {
		words = it.Evidence[i].Quote
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(it.Day) + "\x00" + oneLine(words) + "\x00"))
	return "milestone-" + hex.EncodeToString(sum[:6])
}

// shownToAll reports whether a quote stands in every view that shows its milestone:
// doubts are the team's, and what is not proven is nobody's.
func shownToAll(e throughline.Evidence) bool {
	return e.As != throughline.AsDoubt && (e.Match == throughline.MatchExact || e.Match == throughline.MatchNormalised)
}

// dueOf is the day by which a milestone was promised: the one that was worked out, or
// so many days from the close or the kickoff.
func dueOf(it throughline.Item, deal throughline.Header) string {
	if _, err := time.Parse(time.DateOnly, it.Due); err == nil {
		return it.Due
	}
	from := map[throughline.Anchor]string{throughline.FromClose: deal.Close, throughline.FromKickoff: deal.Kickoff}[it.From]
	start, err := time.Parse(time.DateOnly, from)
	if err != nil || it.Day <= 0 {
		return ""
	}
	return start.AddDate(0, 0, it.Day).Format(time.DateOnly)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// A TaskChange is what a milestone's task is to say in an outside system, since
// somebody changed the milestone elsewhere.
type TaskChange struct {
	Milestone string    // its id, see [MilestoneID]
	State     TaskState // empty for the one that the task has
	Due       string    // YYYY-MM-DD; empty for the day that the task has
}

// TaskState is whether there is something to do for a task.
type TaskState string

// The states.
const (
	TaskOpen TaskState = "open"
	TaskDone TaskState = "done"
)

// TaskStateOf is that of a task that is done, or is not.
func TaskStateOf(done bool) TaskState {
	if done {
		return TaskDone
	}
	return TaskOpen
}

// Changes reports whether a task that is done, or is not, is to be the other.
func (c TaskChange) Changes(done bool) bool { return c.State != "" && c.State != TaskStateOf(done) }

// A Followed is what became of a milestone's task in an outside system.
type Followed struct {
	Milestone string    // its id, see [MilestoneID]
	Done      bool      // the task is completed there
	At        time.Time // when it was completed or last changed; zero where the system doesn't tell
	Due       string    // the day that it has there, YYYY-MM-DD; empty where it has none
	Owner     string    // email address of whose task it is; empty where that can't be told
	URL       string    // where a person opens it; empty where the vendor tells none
}
