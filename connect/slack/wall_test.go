package slack_test

import (
	"encoding/json"
	"testing"

	"throughline"
	"throughline/render/rendertest"
)

// TestWall: the deal channel is shown what the company may see.
func TestWall(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	c := r.client(t)
	version := 0
	rendertest.Wall(t, throughline.AudienceCompany, func(h *throughline.Handoff) string {
		version++
		next := *h
		next.Version = version // it is written, and told of in the thread
		p := r.publication(deal)
		p.Handoff = &next
		if _, err := c.Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		all, err := json.Marshal(r.twin.Messages(channelID))
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	})
}
