package vitally_test

import (
	"encoding/json"
	"testing"

	"throughline"
	"throughline/render/rendertest"
)

// TestWall: note, subject and tasks show to each audience what it may see.
func TestWall(t *testing.T) {
	for a := range rendertest.MaySee {
		t.Run(string(a), func(t *testing.T) {
			tasks := 0
			rendertest.Wall(t, a, func(h *throughline.Handoff) string {
				r := newRig(t)
				p := publication(h)
				p.Audience = a
				if _, err := r.client(t).Publish(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				tasks += len(r.twin.Tasks())
				all, err := json.Marshal([]any{r.twin.Notes(), r.twin.Tasks()})
				if err != nil {
					t.Fatal(err)
				}
				return string(all)
			})
			if tasks == 0 {
				t.Error("no task was ever made")
			}
		})
	}
}
