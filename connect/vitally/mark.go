package vitally

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"strconv"

	"throughline"
)

// A mark is the line by which a note or task of ours is known again: what it holds,
// and of which version of the handoff.
type mark struct {
	version int
	what    string // of a note its audience; of a task, markMilestone or markWithdrawn
	digest  string
	due     string // of a task: the day that it was given, YYYY-MM-DD; empty for none
}

// What a task's mark says it holds.
const (
	markMilestone = "milestone"
	markWithdrawn = "withdrawn" // a milestone that the handoff has no longer
)

// html is the first line of what is marked. That line names the schema, by which
// our own words are known again wherever Vitally copies them to, and prove nothing.
func (m mark) html(told string) string {
	due := m.due
	if due != "" {
		due = " · due " + due
	}
	return fmt.Sprintf("<p><em>%s (%s · version %d · %s · %s%s)</em></p>", told, throughline.Schema, m.version, m.what, m.digest, due)
}

var markForm = regexp.MustCompile(regexp.QuoteMeta(throughline.Schema) + `\s+·\s+version\s+(\d{1,9})\s+·\s+([a-z]+)\s+·\s+([0-9a-f]{16})\b(?:\s+·\s+due\s+(\d{4}-\d{2}-\d{2}))?`)

// markIn is the first mark in what stands in Vitally; false where people left none.
func markIn(markup string) (mark, bool) {
	m := markForm.FindStringSubmatch(html.UnescapeString(markup))
	if m == nil {
		return mark{}, false
	}
	version, err := strconv.Atoi(m[1])
	return mark{version, m[2], m[3], m[4]}, err == nil
}

// digest tells one content from another.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
