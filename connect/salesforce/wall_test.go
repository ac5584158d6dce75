package salesforce_test

import (
	"encoding/json"
	"strings"
	"testing"

	"throughline"
	"throughline/connect/salesforce"
	"throughline/render/rendertest"
)

// TestWall: file, note, tasks and fields show to each audience what it may see.
func TestWall(t *testing.T) {
	for a := range rendertest.MaySee {
		for _, format := range []string{salesforce.FormatHTML, salesforce.FormatMarkdown} {
			t.Run(string(a)+" "+format, func(t *testing.T) {
				rendertest.Wall(t, a, func(h *throughline.Handoff) string {
					b := newPress(t)
					b.config.Writing.Format, b.config.Writing.Tasks = format, true
					p := publication(1)
					p.Handoff, p.Audience = h, a
					if _, err := b.org(t).Publish(t.Context(), p); err != nil {
						t.Fatal(err)
					}
					return b.all(t)
				})
			})
		}
	}
}

// all is everything that the org holds of what was written.
func (b *bench) all(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, object := range []string{"Opportunity", "ContentVersion", "ContentDocument", "ContentDocumentLink", "ContentNote", "Task"} {
		records, err := json.Marshal(b.twin.All(object))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(records)
	}
	file, note := b.latest(t)
	return all.String() + file + note
}
