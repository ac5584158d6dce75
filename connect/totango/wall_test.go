package totango_test

import (
	"fmt"
	"strings"
	"testing"

	"throughline"
	"throughline/render/rendertest"
)

// TestWall: touchpoint, subject and tasks show to each audience what it may see.
func TestWall(t *testing.T) {
	for a := range rendertest.MaySee {
		t.Run(string(a), func(t *testing.T) {
			rendertest.Wall(t, a, func(h *throughline.Handoff) string {
				r := newRig(t)
				p := publication(h)
				p.Audience = a
				if _, err := r.c.Publish(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				return r.all()
			})
		})
	}
}

// TestWallOfTasks: the tasks alone are held to the wall as well, where they would be
// lost in the touchpoint's text.
func TestWallOfTasks(t *testing.T) {
	rendertest.Wall(t, throughline.AudienceCompany, func(h *throughline.Handoff) string {
		r := newRig(t)
		if _, err := r.c.Publish(t.Context(), publication(h)); err != nil {
			t.Fatal(err)
		}
		return h.Deal.Customer.Name + fmt.Sprintf("%+v", r.twin.Tasks())
	})
}

// all is everything that Totango holds of what was written.
func (r *rig) all() string {
	var all strings.Builder
	for _, n := range r.twin.Touchpoints() {
		fmt.Fprintf(&all, "%+v\n", n)
	}
	for _, task := range r.twin.Tasks() {
		fmt.Fprintf(&all, "%+v\n", task)
	}
	return all.String()
}

// TestTasksOfTheView: tasks are made of what the audience sees: no milestone that the
// AE said is none, corrections instead of what was drafted, and no doubt.
func TestTasksOfTheView(t *testing.T) {
	r := newRig(t)
	h := brightwater(t)
	all := milestones(h)
	all[0].Remarks = []throughline.Remark{{Kind: throughline.RemarkNotCommitment, Text: "Only an idea.", By: "Nadia Karim"}}
	all[1].Remarks = []throughline.Remark{{Kind: throughline.RemarkCorrected, Text: "Ten wards plan in Rota.", By: "Nadia Karim"}}
	doubt := all[1].Evidence[0]
	doubt.As, doubt.Quote = throughline.AsDoubt, "I am not sure about that."
	all[1].Evidence = append([]throughline.Evidence{doubt}, all[1].Evidence...)
	r.publish(t, h)
	tasks := r.twin.Tasks()
	if len(tasks) != 1 || tasks[0].Title != "Day 60: Ten wards plan in Rota." || strings.Contains(tasks[0].Description, "not sure") || !strings.Contains(tasks[0].Description, "“After sixty days") {
		t.Errorf("got %+v", tasks)
	}
}
