package render

import (
	"strings"
	"testing"

	"throughline"
	"throughline/render/rendertest"
)

// TestWall holds every renderer to the wall between audiences, as other packages
// are held to it that show a handoff.
func TestWall(t *testing.T) {
	for format := range renderers {
		for a := range rendertest.MaySee {
			t.Run(string(a)+"."+format, func(t *testing.T) {
				rendertest.Wall(t, a, func(h *throughline.Handoff) string { return rendered(t, format, h, a) })
			})
		}
	}
}

// TestHostileEngine plants a text in every string of a handoff, one at a time,
// and renders it in every way for those who may not see all. The text comes
// through only where the table above lets it; each line of the table is needed.
func TestHostileEngine(t *testing.T) {
	asItIs, full, worded := rendertest.Handoff(t), rendertest.Filled(rendertest.Handoff(t)), rendertest.Worded(rendertest.Handoff(t))
	usual := map[string]bool{}
	for _, s := range rendertest.Texts(asItIs) {
		usual[s.Field] = true
	}
	for a, table := range rendertest.MaySee {
		came := map[string]bool{}
		for _, h := range []*throughline.Handoff{asItIs, full, worded} {
			t.Run(string(a), func(t *testing.T) {
				for _, s := range rendertest.Texts(h) {
					if h == full && usual[s.Field] || h == worded && !strings.HasPrefix(s.Field, "Items[].Remarks[].") {
						continue
					}
					was := s.Value.String()
					allowed := s.Allowed(h, a)
					s.Value.SetString(rendertest.Planted)
					for format := range renderers {
						if !strings.Contains(rendered(t, format, h, a), rendertest.Planted) {
							continue
						}
						came[s.Field] = true
						if !allowed {
							t.Errorf("%s in %s comes through to %s", s.Place, format, a)
						}
					}
					s.Value.SetString(was)
				}
			})
		}
		for field := range table {
			if !came[field] {
				t.Errorf("%s may come through to %s, and does not", field, a)
			}
		}
	}
}

// TestTeamSeesEveryText: what is planted comes through to the team in every
// format that says it all, and so would in the test above if it were let.
func TestTeamSeesEveryText(t *testing.T) {
	h := rendertest.Filled(rendertest.Handoff(t))
	for _, s := range rendertest.Texts(h) {
		if s.Field == "Schema" || s.Field == "Audience" {
			continue // are the renderer's
		}
		was := s.Value.String()
		s.Value.SetString(rendertest.Planted)
		if !strings.Contains(rendered(t, "json", h, throughline.AudienceTeam), rendertest.Planted) {
			t.Errorf("%s does not come through to the team", s.Place)
		}
		s.Value.SetString(was)
	}
}

// TestEveryTextIsReached holds rendertest.Filled to its word.
func TestEveryTextIsReached(t *testing.T) {
	reached := map[string]bool{}
	for _, s := range rendertest.Texts(rendertest.Filled(&throughline.Handoff{})) {
		reached[s.Field] = true
	}
	for _, field := range []string{
		"Items[].Text", "Items[].Superseded[].Evidence[].URL", "Contradictions[].Sides[].Evidence[].Quote",
		"Usage.Candidates.Dismissed[].Reason", "Usage.Stats[].Name", "Deal.CSM.Email", "Sources[].People[]", "Review.By", "Problems[].What",
	} {
		if !reached[field] {
			t.Errorf("%s is not reached", field)
		}
	}
}
