package main

import (
	"strings"
	"testing"

	"throughline/survey"
)

// TestCheckSurvey: what keeps the customer's people from being asked is said, with the
// key to change, and keeps nothing else from working.
func TestCheckSurvey(t *testing.T) {
	b := playBed(t)
	whole := b.config
	for name, c := range map[string]struct {
		spoil func(*config)
		says  string // empty where they are asked
	}{
		"all there":         {func(c *config) { c.Serve.PublicURL = "https://handoff.example.com" }, ""},
		"switched off":      {func(c *config) { c.Serve.PublicURL, c.Survey.Off = "https://handoff.example.com", true }, "survey.off"},
		"no mail":           {func(c *config) { c.Mail = nil }, "section mail"},
		"no public address": {func(c *config) { c.Serve.PublicURL = "" }, "serve.public_url"},
		"nobody listens":    {func(c *config) { c.Serve.PublicListen = "" }, "serve.public_listen"},
		"not encrypted":     {func(c *config) { c.Serve.PublicURL = "http://handoff.example.com" }, "https"},
		"a path in it":      {func(c *config) { c.Serve.PublicURL = "https://handoff.example.com/a" }, "without a path"},
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := *whole
			spoiled.file = b.file
			c.spoil(&spoiled)
			n := connectAll(t.Context(), &spoiled, tools{env: env{now: b.now}})
			defer n.close()
			for _, p := range spoiled.checkPlay(t.Context(), n, b.now()) {
				if p.Name != "Survey" {
					continue
				}
				if p.OK != (c.says == "") || !p.Optional || !strings.Contains(p.Problem, c.says) {
					t.Errorf("it says %+v, want %q", p, c.says)
				}
				return
			}
			t.Error("nothing is said of the survey")
		})
	}
}

// TestBaseline imports answers of the time before: the same file twice counts once, and
// rows that can't be read are named.
func TestBaseline(t *testing.T) {
	b := playBed(t)
	b.write(t)
	file := writeInto(t, t.TempDir(), "before.csv", "date,score,deal\n2025-03-01,9,a\n2025-03-02,eleven,b\n2025-04-01,4,c\n")
	for range 2 {
		r := b.run(t, "baseline", file)
		if r.status != exitDone || !strings.Contains(r.stdout, "The baseline has 2 answers now; 1 row was left out") || !strings.Contains(r.stdout, "before.csv, line 3") {
			t.Fatalf("%d: %s%s", r.status, r.stdout, r.stderr)
		}
	}
	c, err := loadConfig(b.file)
	if err != nil {
		t.Fatal(err)
	}
	n := connectAll(t.Context(), c, tools{env: env{now: b.now}})
	defer n.close()
	got, err := n.db.Baseline(t.Context())
	if err != nil || survey.NPS(got).Answers != 2 {
		t.Errorf("kept are %+v, %v", got, err)
	}
	if r := b.run(t, "baseline", file+".none"); r.status != exitFailed {
		t.Errorf("a file that is none: %+v", r)
	}
}
