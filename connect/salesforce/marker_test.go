package salesforce

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"throughline"
	"throughline/connect"
)

// FuzzMarker: what is read as a marker is what writes that name, and nothing else.
func FuzzMarker(f *testing.F) {
	f.Add("throughline-deal-1.v3.0123456789ab.html")
	f.Add("throughline-a.v1.v2.0123456789ab.md")
	f.Add("throughline-.v1.0123456789ab.html")
	f.Add("throughline-a.v99999999999999999999.0123456789ab.html")
	f.Add("plan.md")
	f.Fuzz(func(t *testing.T, name string) {
		m, ok := parseMarker(name)
		if !ok {
			return
		}
		extension := name[strings.LastIndexByte(name, '.')+1:]
		again, ok := parseMarker(m.path(extension))
		if !ok || again != m || connect.CheckKey(m.key) != "" {
			t.Errorf("%q is read as %+v, and that as %+v", name, m, again)
		}
	})
}

// FuzzTaskMark: what is read as a task's mark is what writes that line, and nothing
// else.
func FuzzTaskMark(f *testing.F) {
	f.Add(taskMark{"deal-1", "milestone-0123456789ab-2", "0123456789ab", "2026-07-08"}.line() + "\n\nLive.")
	f.Add(taskMark{key: "a.v1", item: "x", digest: "0123456789ab"}.line())
	f.Add("As agreed: " + taskMark{key: "a", item: "x", digest: "0123456789ab"}.line())
	f.Fuzz(func(t *testing.T, comment string) {
		m, ours := parseTaskMark(comment)
		if !ours {
			return
		}
		again, ours := parseTaskMark(m.line() + "\r\n" + comment)
		if !ours || again != m || connect.CheckKey(m.key) != "" || !strings.HasPrefix(strings.TrimSpace(comment), m.line()) {
			t.Errorf("%q is read as %+v, and that as %+v", comment, m, again)
		}
	})
}

var tag = regexp.MustCompile(`</?[a-z]+(?: href="[^"<>]*")?>`)

// FuzzNote: whatever an item says, the note holds the elements that we write, and
// the words as they are.
func FuzzNote(f *testing.F) {
	f.Add("Load <b>all</b> nightly & \"more\"", "https://throughline.example/?a=\"><script>")
	f.Add("</li><script>alert(1)</script>", "javascript:alert(1)")
	f.Fuzz(func(t *testing.T, text, link string) {
		h := &throughline.Handoff{Version: 1, Items: []throughline.Item{{Kind: throughline.KindUseCase, Text: text}}}
		note := noteHTML(h, link)
		if strings.ContainsAny(tag.ReplaceAllString(note, ""), "<>") {
			t.Errorf("an element of its own: %s", note)
		}
		if !strings.Contains(html.UnescapeString(note), oneLine(text)) {
			t.Errorf("%q is not in %s", text, note)
		}
	})
}
