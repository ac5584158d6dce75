package main

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/folder"
	"throughline/kickoff"
	"throughline/twin/anthropic"
)

// What the stand-in says of the kickoff that asks again: a question that was
// answered, and an answer that nobody gave.
const saysAsked = `{"referred":[],"asked":[
 {"question":{"ref":"k1.7","text":"When does your contract with Pipewright run out?"},"answer":{"ref":"c1.62","text":"December thirty-first."}},
 {"question":{"ref":"k1.5","text":"how many trucks are you running"},"answer":{"ref":"c1.28","text":"We have nine trucks."}}]}`

func atNoon() time.Time { return noon }

// modelAt has the program ask a stand-in that answers with what reply gives.
func modelAt(t *testing.T, reply func() anthropic.Reply) *anthropic.Server {
	t.Helper()
	server := &anthropic.Server{
		Model: func(anthropic.Request, int) anthropic.Reply { return reply() }, Now: atNoon, Key: "secret-of-the-test", Structured: true,
	}
	srv := httptest.NewServer(server)
	t.Cleanup(srv.Close)
	t.Setenv("ANTHROPIC_BASE_URL", srv.URL)
	t.Setenv("ANTHROPIC_API_KEY", "secret-of-the-test")
	t.Setenv("THROUGHLINE_CACHE", t.TempDir())
	return server
}

func TestKickoffCheckWithModel(t *testing.T) {
	server := modelAt(t, func() anthropic.Reply { return anthropic.Reply{Text: saysAsked} })
	args := []string{"kickoff-check", demoDir, filepath.Join(kickoffs, "reasks.txt"), "--engine", "claude", "--max-usd-month", "50"}
	var report kickoff.Report
	if err := json.Unmarshal([]byte(succeed(t, "", append(args, "--format", "json")...)), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Asked) != 1 || report.Asked[0].Answer.Quote != "December thirty-first." || len(report.LeftOut) != 1 || report.Engine.Name != "claude" {
		t.Errorf("asked %+v, left out %+v, by %+v", report.Asked, report.LeftOut, report.Engine)
	}
	if u := report.Usage; u == nil || u.Requests != 1 || u.CostUSD <= 0 {
		t.Errorf("usage %+v", u)
	}
	text := succeed(t, "", args...)
	for _, want := range []string{
		"Read by a language model.", "“When does your contract with Pipewright run out?”", "“We have nine trucks.”: no answer of the customer's was found", "1 request, $0.", "with the prices of ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if len(server.Calls) != 1 {
		t.Errorf("the same kickoff was paid for %d times", len(server.Calls))
	}
	sent := server.Calls[0].Request.Text()
	if !strings.Contains(sent, "Eleven fifty. Twenty-two terminals.") || strings.Contains(sent, "-doubt") {
		t.Error("what was sent lacks an answer of the customer's, or has a doubt")
	}
	for _, c := range []struct {
		more   []string
		status int
		says   string
	}{
		{[]string{"--effort", "low", "--max-usd", "0.001"}, exitFailed, "limit of $0.00 for this check of a kickoff would be passed"},
		{[]string{"--withhold-person", "Nobody Known"}, exitFailed, "nobody of the deal is called"},
		{[]string{"--withhold-pattern", "("}, exitUsage, "--withhold-pattern"},
		{[]string{"--batch", "--provider", "bedrock"}, exitUsage, "--batch needs"},
		{[]string{"--passes", "single"}, exitUsage, "unknown flag"},
	} {
		if r := throughlineRun(t, "", append(args, c.more...)...); r.status != c.status || !strings.Contains(r.stderr, c.says) || r.stdout != "" {
			t.Errorf("%v: exit status %d, %s", c.more, r.status, r.stderr)
		}
	}
	if len(server.Calls) != 1 {
		t.Errorf("%d requests were sent by what must send none", len(server.Calls)-1)
	}
}

// TestKickoffCheckWithholds: what is withheld reaches the model neither by the
// deal, nor by the agenda, which is drafted without it.
func TestKickoffCheckWithholds(t *testing.T) {
	server := modelAt(t, func() anthropic.Reply { return anthropic.Reply{Text: saysAsked} })
	text := succeed(t, "", "kickoff-check", demoDir, filepath.Join(kickoffs, "reasks.txt"), "--engine", "claude", "--withhold-person", "Marisol Vega", "--withhold-pattern", "(?i)pipewright")
	if !strings.Contains(text, "\nKept from the model: ") {
		t.Errorf("the text does not say what was kept:\n%s", text)
	}
	_, sent, _ := strings.Cut(server.Calls[0].Request.Text(), "<deal>\n")
	if strings.Contains(sent, "Pipewright") || strings.Contains(sent, "Marisol Vega (customer):") || !strings.Contains(sent, "Owen Brandt (customer):") {
		t.Error("what was sent is not what was to be sent")
	}
}

func TestKickoffCheckDryRun(t *testing.T) {
	t.Setenv("ANTHROPIC_API_KEY", "")
	t.Setenv("ANTHROPIC_API_KEY_FILE", "")
	call := filepath.Join(kickoffs, "good.vtt")
	out := succeed(t, "", "kickoff-check", demoDir, call, "--engine", "claude", "--dry-run")
	for _, want := range []string{"### 01-kickoff: about", "Marisol Vega (customer): Barely. My dog refuses to go outside.", "<point id=", "Nothing was sent."} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run doesn't show %q", want)
		}
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"by rules":        {[]string{"--dry-run"}, exitUsage, "--dry-run is for --engine claude"},
		"without a key":   {[]string{"--engine", "claude"}, exitFailed, "ANTHROPIC_API_KEY"},
		"in a tiny model": {[]string{"--engine", "claude", "--dry-run", "--window", "4000"}, exitUsage, "choose a model with a larger one"},
	} {
		t.Run(name, func(t *testing.T) {
			r := throughlineRun(t, "", append([]string{"kickoff-check", demoDir, call}, c.args...)...)
			if r.status != c.status || !strings.Contains(r.stderr, c.says) || r.stdout != "" {
				t.Errorf("exit status %d, %s", r.status, r.stderr)
			}
		})
	}
}

// TestKickoffEngineOfTheConfiguration: kickoffs are read by what drafts; where the
// model declines, by rules, which the report says.
func TestKickoffEngineOfTheConfiguration(t *testing.T) {
	reply := anthropic.Reply{Text: saysAsked}
	server := modelAt(t, func() anthropic.Reply { return reply })
	deal, err := folder.Read(t.Context(), demoDir)
	if err != nil {
		t.Fatal(err)
	}
	call, _, err := folder.ReadCall(t.Context(), filepath.Join(kickoffs, "reasks.txt"), deal)
	if err != nil {
		t.Fatal(err)
	}
	h, err := handoff(t.Context(), startProgress(env{stderr: nowhere{}}), engines["builtin"], deal, noon)
	if err != nil {
		t.Fatal(err)
	}
	with := tools{env: env{now: atNoon}}
	check := func(c *config) (*kickoff.Report, error) {
		t.Helper()
		eng, err := c.kickoffEngine(t.Context(), with)
		if err != nil {
			return nil, err
		}
		return kickoff.Check(t.Context(), eng, kickoff.Agenda(h, throughline.AudienceTeam), call, deal)
	}
	rules, err := check(&config{})
	if err != nil || rules.Engine.Name != "builtin" || len(rules.Asked) == 0 || len(server.Calls) != 0 {
		t.Fatalf("by rules: %+v, %v, %d requests", rules, err, len(server.Calls))
	}
	byModel := &config{}
	byModel.Engine.Name = "claude"
	byModel.Engine.WithholdPeople = []string{"Somebody of another deal"}
	got, err := check(byModel)
	if err != nil || got.Engine.Name != "claude" || len(got.Asked) != 1 || len(server.Calls) != 1 {
		t.Fatalf("by a model: %+v, %v, %d requests", got, err, len(server.Calls))
	}
	reply = anthropic.Reply{Stop: "refusal"}
	byModel.Engine.Effort = "low" // which is another request
	got, err = check(byModel)
	if err != nil || got.Engine.Name != "builtin" || len(got.Asked) != len(rules.Asked) || !strings.HasSuffix(got.Engine.Limits, declined) {
		t.Errorf("by a model that declines: %+v, %v", got, err)
	}
	byModel.Engine.MaxUSD = 0.0001
	byModel.Engine.Effort = "high"
	if _, err := check(byModel); err == nil || !strings.Contains(err.Error(), "would be passed") {
		t.Errorf("beyond the limit: %v", err)
	}
	byModel.Engine.Name = "oracle"
	if _, err := check(byModel); err == nil || !strings.Contains(err.Error(), "engine.name") {
		t.Errorf("by an engine that there is none of: %v", err)
	}
}
