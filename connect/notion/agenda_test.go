package notion_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"throughline"
	"throughline/connect"
	"throughline/kickoff"
	"throughline/render/rendertest"
	twin "throughline/twin/notion"
)

func (r *rig) publishAgenda(t *testing.T, p connect.Publication) connect.Copy {
	t.Helper()
	copied, err := r.c.PublishAgenda(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// agendaOf is the page of the agenda, of those there are.
func (r *rig) agendaOf(t *testing.T) twin.Page {
	t.Helper()
	pages := slices.DeleteFunc(r.twin.Published(), func(p twin.Page) bool { return !strings.HasPrefix(p.Title, "Kickoff: ") })
	if len(pages) != 1 {
		t.Fatalf("there are %d pages of the agenda", len(pages))
	}
	return pages[0]
}

// TestAgenda: the agenda is a page of its own, once, in the form that the audience may
// have, and goes without the handoff's.
func TestAgenda(t *testing.T) {
	h := brightwater(t)
	for _, a := range throughline.Audiences {
		t.Run(string(a), func(t *testing.T) {
			r := newRig(t)
			r.twin.SetColumn("Document", "select")
			r.twin.SetColumn("Link", "url")
			handoff := r.publish(t, h)
			p := publication(h)
			p.Audience, p.Link = a, "https://handoffs.example/d/1/kickoff"
			copied := r.publishAgenda(t, p)
			again := r.publishAgenda(t, p)
			page := r.agendaOf(t)
			if !copied.Made || again.Made || copied.ID != again.ID || copied.ID != page.ID || copied.ID == handoff.ID {
				t.Errorf("made %+v, then %+v, beside %s", copied, again, handoff.ID)
			}
			if pages := r.twin.Published(); len(pages) != 2 {
				t.Errorf("there are %d pages", len(pages))
			}
			link := map[throughline.Audience]string{throughline.AudienceTeam: p.Link}[a]
			if got := page.Properties; got["Document"] != "Kickoff agenda" || got["External ID"] != p.Key+".kickoff" || got["Link"] != link {
				t.Errorf("its properties are %v", got)
			}
			_, want, err := kickoff.Blocks(h, kickoff.Audience(a))
			if err != nil {
				t.Fatal(err)
			}
			above := 1
			if link != "" {
				above = 2 // and the link
				if got := page.Blocks[1]; !slices.Equal(got.Links, []string{link}) {
					t.Errorf("above the agenda stands %+v", got)
				}
			}
			compare(t, page.Blocks[above:], want)
			if err := r.c.Remove(t.Context(), copied.ID); err != nil {
				t.Fatal(err)
			}
			if left := r.only(t); left.ID != handoff.ID {
				t.Errorf("what is left is %s", left.Title)
			}
		})
	}
}

// TestAgendaKeepsTicks: a point that people ticked stays ticked, and their notes under
// it stay, when a version says it in other words.
func TestAgendaKeepsTicks(t *testing.T) {
	r := newRig(t)
	r.publishAgenda(t, publication(small(t)))
	risk := find(t, r.agendaOf(t).Blocks, "Single sign-on has not been tested")
	if risk.Kind != "to_do" || risk.Ticked {
		t.Fatalf("the point is %+v", risk)
	}
	r.twin.Tick(risk.ID)
	r.twin.AddBlock(risk.ID, twin.NewBlock("paragraph", "Sanne is on it"))
	r.publishAgenda(t, publication(next(t)))
	now := find(t, r.agendaOf(t).Blocks, "Single sign-on has been tested once")
	if now.ID != risk.ID || !now.Ticked || !find(t, now.Children, "Sanne is on it").ByPerson {
		t.Errorf("the point is %+v", now)
	}
	if first := r.agendaOf(t).Blocks[0].Text; !strings.Contains(first, "version 2 · team") || !strings.HasSuffix(first, "complete") {
		t.Errorf("the page begins with %q", first)
	}
}

// TestAgendaWall: whoever is not of the team is shown the customer's agenda, and
// nothing of what the customer may not see, in the page or its properties.
func TestAgendaWall(t *testing.T) {
	for _, a := range []throughline.Audience{throughline.AudienceCompany, throughline.AudienceCustomer} {
		t.Run(string(a), func(t *testing.T) {
			rendertest.Wall(t, throughline.AudienceCustomer, func(h *throughline.Handoff) string {
				r := newQuickRig(t)
				full(r)
				p := publication(h)
				p.Audience, p.Link = a, "https://handoffs.example/internal/kickoff"
				r.publishAgenda(t, p)
				all, err := json.Marshal(r.twin.Pages())
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(all), "internal/kickoff") {
					t.Error("the page leads to the team's")
				}
				return string(all)
			})
		})
	}
}
