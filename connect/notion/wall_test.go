package notion_test

import (
	"encoding/json"
	"testing"

	"throughline"
	"throughline/render/rendertest"
)

// TestWall: a page shows to each audience what it may see.
func TestWall(t *testing.T) {
	for a := range rendertest.MaySee {
		t.Run(string(a), func(t *testing.T) {
			rendertest.Wall(t, a, func(h *throughline.Handoff) string {
				r := newQuickRig(t)
				p := publication(h)
				p.Audience = a
				if _, err := r.c.Publish(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				all, err := json.Marshal(r.twin.Pages())
				if err != nil {
					t.Fatal(err)
				}
				return string(all)
			})
		})
	}
}
