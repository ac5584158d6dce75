package connect_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

// brightwater is a made-up deal with something of every kind.
func brightwater(t *testing.T) *throughline.Handoff {
	t.Helper()
	data, err := os.ReadFile("../render/testdata/brightwater.json")
	if err != nil {
		t.Fatal(err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	return &h
}

func milestones(h *throughline.Handoff) []*throughline.Item {
	var out []*throughline.Item
	for i := range h.Items {
		if h.Items[i].Kind == throughline.KindMilestone {
			out = append(out, &h.Items[i])
		}
	}
	return out
}

func ids(h *throughline.Handoff) []string {
	var out []string
	for _, m := range connect.Milestones(h) {
		out = append(out, m.ID)
	}
	return out
}

// TestSameForAll: a milestone has one id for the team and for the company, whatever the
// company is not shown of it, and in a version where it has another place and text.
func TestSameForAll(t *testing.T) {
	h := brightwater(t)
	want := ids(h)
	if len(want) != 2 || want[0] == want[1] || !strings.HasPrefix(want[0], "milestone-") {
		t.Fatalf("the milestones are %v", want)
	}
	all := milestones(h)
	doubt, unproven := all[0].Evidence[0], all[0].Evidence[0]
	doubt.As, doubt.Quote = throughline.AsDoubt, "I am not sure about that."
	unproven.Match, unproven.Quote = throughline.MatchNone, "Nobody said that."
	all[0].Evidence = append([]throughline.Evidence{doubt, unproven}, all[0].Evidence...)
	all[0].Evidence[2].Quote = " " + strings.ReplaceAll(all[0].Evidence[2].Quote, " ", "\n")
	all[1].Remarks = []throughline.Remark{{Kind: throughline.RemarkCorrected, Text: "Ten wards plan in Rota.", By: "Nadia Karim"}}
	for _, a := range []throughline.Audience{throughline.AudienceTeam, throughline.AudienceCompany} {
		if diff := cmp.Diff(want, ids(render.For(h, a))); diff != "" {
			t.Errorf("%s: %s", a, diff)
		}
	}
	all[0].ID, all[0].Text, *all[0], *all[1] = "milestone-9", "Said in other words.", *all[1], *all[0]
	if diff := cmp.Diff([]string{want[1], want[0]}, ids(h)); diff != "" {
		t.Error(diff)
	}
}

// TestKeptIDs: ids are in what was published; another way to make them would make every
// task a second time.
func TestKeptIDs(t *testing.T) {
	it := throughline.Item{Day: 30, Text: "Live.", Evidence: []throughline.Evidence{{Quote: "You are  live\nin four weeks.", Match: throughline.MatchExact}}}
	if got := connect.MilestoneID(it); got != "milestone-39fc7e200222" {
		t.Errorf("with a quote it is %s", got)
	}
	it.Evidence = nil
	if got := connect.MilestoneID(it); got != "milestone-67155c4a3530" {
		t.Errorf("without one it is %s", got)
	}
}

func TestMilestones(t *testing.T) {
	said := []throughline.Evidence{{Quote: "We will.", Match: throughline.MatchExact}}
	item := func(day int, due string, from throughline.Anchor, remarks ...throughline.Remark) throughline.Item {
		return throughline.Item{Kind: throughline.KindMilestone, Text: "First\n plant  live.", Day: day, Due: due, From: from, Evidence: said, Remarks: remarks}
	}
	h := &throughline.Handoff{
		Deal: throughline.Header{Close: "2026-05-29", Kickoff: "2026-06-08"},
		Items: []throughline.Item{
			{Kind: throughline.KindRisk, Text: "No milestone.", Evidence: said},
			item(30, "2026-07-08", throughline.FromKickoff),
			item(30, "", throughline.FromClose, throughline.Remark{Kind: throughline.RemarkNotCommitment, Text: "An idea."}),
			item(30, "", throughline.FromClose),
			item(30, "soon", throughline.FromKickoff, throughline.Remark{Kind: throughline.RemarkCorrected, Text: "Second\nplant live."}),
			item(60, "", throughline.FromGoLive),
			item(0, "", throughline.FromClose),
		},
	}
	type row struct{ ID, Text, Subject, Due string }
	var got []row
	for _, m := range connect.Milestones(h) {
		got = append(got, row{m.ID, m.Text, m.Subject, m.Due})
	}
	id, later, none := connect.MilestoneID(h.Items[1]), connect.MilestoneID(h.Items[5]), connect.MilestoneID(h.Items[6])
	want := []row{
		{id, "First plant live.", "Day 30: First plant live.", "2026-07-08"},
		{id + "-2", "First plant live.", "Day 30: First plant live.", "2026-06-28"},
		{id + "-3", "Second plant live.", "Day 30: Second plant live.", "2026-07-08"},
		{later, "First plant live.", "Day 60: First plant live.", ""},
		{none, "First plant live.", "First plant live.", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
