package hubspot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"throughline"
)

// A marker tells which handoff a note is, or which milestone a task is for. It
// stands in the text's first line, where people see it: HubSpot has no place for it
// that stays, can be read back with the record, and is of no account to people.
type marker struct {
	key     string
	version int    // of a note
	item    string // of a task
	digest  string // of what was written
	due     string // of a task: the day that it was given, YYYY-MM-DD
}

func (m marker) String() string {
	if m.item != "" {
		due := m.due
		if due != "" {
			due = "." + due
		}
		return fmt.Sprintf("throughline-%s/%s.%s%s", m.key, m.item, m.digest, due)
	}
	return fmt.Sprintf("throughline-%s.v%d.%s", m.key, m.version, m.digest)
}

// firstLine begins each text of ours. It names the schema, by which our own words
// are known again and prove nothing.
const firstLine = "Written by Throughline (" + throughline.Schema + ")."

// line is the first line with the marker, as HTML.
func (m marker) line() string {
	return "<p>" + html.EscapeString(firstLine+" Reference: "+m.String()) + "</p>"
}

var markerForm = regexp.MustCompile(`^Reference: throughline-([A-Za-z0-9._-]{1,64})(?:\.v([0-9]{1,9})|/([A-Za-z0-9._-]{1,64}))\.([0-9a-f]{12})(?:\.(\d{4}-\d{2}-\d{2}))?(?:[^A-Za-z0-9._/-]|$)`)

// markerIn reads the marker of a text that we wrote: HTML, which HubSpot may have
// put into other elements. A text that quotes ours further down is not ours.
func markerIn(body string) (marker, bool) {
	const most = 4096 // the line, with whatever elements stand around its words
	if len(body) > most {
		body = body[:most]
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(stripped(body)), firstLine)
	if !ok {
		return marker{}, false
	}
	m := markerForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return marker{}, false
	}
	version, err := strconv.Atoi(m[2])
	if err != nil && m[3] == "" {
		return marker{}, false
	}
	return marker{key: m[1], version: version, item: m[3], digest: m[4], due: m[5]}, true
}

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	closes = regexp.MustCompile(`(?i)</?(?:p|div|br|li|ul)\b[^>]*>`)
	spaces = regexp.MustCompile(`[\s\x{00a0}]+`)
)

// stripped is the text of HTML, the ends of paragraphs as spaces.
func stripped(s string) string {
	s = tag.ReplaceAllString(closes.ReplaceAllString(s, " "), "")
	return spaces.ReplaceAllString(html.UnescapeString(s), " ")
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
