package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline/hedge"
)

func TestHedges(t *testing.T) {
	deal := demoDeal(t)
	var got []hedge.Candidate
	if err := json.Unmarshal([]byte(succeed(t, "", "hedges", demoDir, "--format", "json")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hedge.Scan(deal), got); diff != "" || len(got) == 0 {
		t.Errorf("%d candidates; they are not what the scan finds (-scan +printed):\n%s", len(got), diff)
	}
	text := succeed(t, "", "hedges", demoDir)
	for _, c := range got {
		for _, s := range []hedge.Span{c.Promise, c.Doubt} {
			if s.Ref == "" {
				continue
			}
			p := deal.Passage(s.Ref)
			if p == nil || p.Text[s.Start:s.End] != s.Text {
				t.Errorf("candidate %d: %q does not stand at %s", c.Number, s.Text, s.Ref)
				continue
			}
			if !strings.Contains(text, "“"+printable(s.Text)+"”") || !strings.Contains(text, citation(p, s.Start)) {
				t.Errorf("the text lacks candidate %d: %q, %s", c.Number, s.Text, citation(p, s.Start))
			}
		}
		if !strings.Contains(text, signalName(c.Signal)) {
			t.Errorf("the text does not say why candidate %d is listed", c.Number)
		}
	}
}

func TestHedgesNone(t *testing.T) {
	dir := writeFiles(t, map[string]string{"note.md": "# Plan\n\nThe office is on the third floor.\n"})
	if out := succeed(t, "", "hedges", dir); out != "No hedged promise was found.\n" {
		t.Errorf("said %q", out)
	}
	if out := succeed(t, "", "hedges", dir, "--format", "json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("JSON of none: %q", out)
	}
}

// TestSignalNames: every signal of the scan is said in words.
func TestSignalNames(t *testing.T) {
	for _, s := range []hedge.Signal{hedge.Hedged, hedge.Conditional, hedge.Deferred, hedge.Unanswered, hedge.InternalDoubt, hedge.Corrected} {
		if signalName(s) == string(s) {
			t.Errorf("%s has no name", s)
		}
	}
}
