package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/twin/anthropic"
)

// What the stand-in for the model says: an item with a quote of the demo's deal,
// and one whose quote stands nowhere.
const (
	saysItems = `{"items":[
 {"kind":"pain","text":"The bill is the trigger.","label":"stated","quotes":[{"ref":"r1.6","text":"real pain is ops doesn't trust the data"}]},
 {"kind":"risk","text":"One engineer.","label":"stated","area":"resourcing","quotes":[{"ref":"r1.6","text":"Owen is the only data engineer"}]},
 {"kind":"risk","text":"Two engineers.","label":"stated","area":"resourcing","quotes":[{"ref":"r1.6","text":"Owen is one of two data engineers"}]}],"dismissed":[],"questions":[]}`
	saysRepair    = `{"quotes":[{"number":1,"ref":"","text":""}]}`
	saysReconcile = `{"merge":[],"replaced":[],"drop":[],"contradictions":[],"questions":[{"text":"Who stands in for Owen?","item":1}]}`
)

func says(text string) string {
	switch {
	case strings.HasPrefix(text, "# Quotes that were not found"):
		return saysRepair
	case strings.HasPrefix(text, "# Reconcile"):
		return saysReconcile
	}
	return saysItems
}

// checkModelHandoff checks what comes of the stand-in's answers.
func checkModelHandoff(t *testing.T, h throughline.Handoff) {
	t.Helper()
	if len(h.Items) != 1 || h.Items[0].Kind != throughline.KindRisk || h.Items[0].Evidence[0].Quote != "Owen is the only data engineer" {
		t.Errorf("items %+v", h.Items)
	}
	left := ""
	for _, l := range h.LeftOut {
		left += l.Text + l.Quote + l.Reason + "\n"
	}
	for _, want := range []string{"Two engineers.", "The bill is the trigger."} { // unproven; not witnessed by the customer
		if !strings.Contains(left, want) {
			t.Errorf("%q is not listed as left out: %s", want, left)
		}
	}
	if len(h.Questions) != 1 || h.Engine.Name != "claude" || h.Usage == nil || h.Usage.Passes == "" {
		t.Errorf("questions %+v, engine %+v, usage %+v", h.Questions, h.Engine, h.Usage)
	}
}

func TestGenerateWithModel(t *testing.T) {
	server := &anthropic.Server{
		Model: func(r anthropic.Request, _ int) anthropic.Reply { return anthropic.Reply{Text: says(r.Text())} },
		Now:   time.Now, Key: "secret-of-the-test", Structured: true,
	}
	srv := httptest.NewServer(server)
	defer srv.Close()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("secret-of-the-test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	t.Setenv("ANTHROPIC_BASE_URL", srv.URL)
	t.Setenv("ANTHROPIC_API_KEY", "")
	t.Setenv("ANTHROPIC_API_KEY_FILE", key)
	t.Setenv("THROUGHLINE_CACHE", cache)
	h := generated(t, demoDir, "--engine", "claude", "--max-usd-month", "50")
	checkModelHandoff(t, *h)
	if h.Usage.CostUSD <= 0 || h.Usage.Requests != len(server.Calls) {
		t.Errorf("usage %+v of %d calls", h.Usage, len(server.Calls))
	}
	calls := len(server.Calls)
	if generated(t, demoDir, "--engine", "claude"); len(server.Calls) != calls {
		t.Errorf("the same deal was paid for again: %d more calls", len(server.Calls)-calls)
	}
	if err := filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "secret-of-the-test") {
			t.Errorf("the key stands in %s", path)
		}
		if info, _ := d.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v", path, info.Mode())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r := throughlineRun(t, "", "generate", demoDir, "--engine", "claude", "--max-usd", "0.001", "--effort", "low")
	if r.status != exitFailed || !strings.Contains(r.stderr, "limit of $0.00 for this handoff would be passed") {
		t.Errorf("status %d, %s", r.status, r.stderr)
	}
}

func TestGenerateWithoutKey(t *testing.T) {
	t.Setenv("ANTHROPIC_API_KEY", "")
	t.Setenv("ANTHROPIC_API_KEY_FILE", "")
	t.Setenv("THROUGHLINE_CACHE", t.TempDir())
	r := throughlineRun(t, "", "generate", demoDir, "--engine", "claude")
	if r.status != exitFailed || !strings.Contains(r.stderr, "ANTHROPIC_API_KEY") {
		t.Errorf("status %d, %s", r.status, r.stderr)
	}
}

func TestDryRunCountsWithKey(t *testing.T) {
	server := &anthropic.Server{Model: func(anthropic.Request, int) anthropic.Reply { return anthropic.Reply{Status: 500} }, Now: time.Now, Key: "k"}
	srv := httptest.NewServer(server)
	defer srv.Close()
	t.Setenv("ANTHROPIC_BASE_URL", srv.URL)
	t.Setenv("ANTHROPIC_API_KEY", "k")
	out := succeed(t, "", "generate", demoDir, "--engine", "claude", "--dry-run", "--passes", "focused")
	if !strings.Contains(out, "counted by the provider") || len(server.Calls) != 0 {
		t.Errorf("%d messages were asked for; it says %.300s", len(server.Calls), out[len(out)-300:])
	}
}

func TestDryRun(t *testing.T) {
	t.Setenv("ANTHROPIC_API_KEY", "")
	t.Setenv("ANTHROPIC_API_KEY_FILE", "")
	out := succeed(t, "", "generate", demoDir, "--engine", "claude", "--dry-run", "--passes", "focused")
	for _, want := range []string{"### 05-risks: about", "Owen is the only data engineer", "Nothing was sent.", "focused: asked for"} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run doesn't show %q", want)
		}
	}
	if r := throughlineRun(t, "", "generate", demoDir, "--dry-run"); r.status != exitUsage {
		t.Errorf("a dry run of the built-in engine: status %d", r.status)
	}
}

// TestCarriedByHand plays the one who carries requests and answers to a model.
func TestCarriedByHand(t *testing.T) {
	for _, passes := range []string{"single", "focused"} {
		t.Run(passes, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "requests")
			r := throughlineRun(t, "", "prompt", demoDir, "-o", dir, "--passes", passes)
			if r.status != exitDone {
				t.Fatal(r.stderr)
			}
			file := filepath.Join(t.TempDir(), "handoff.json")
			rounds := 0
			for ; rounds < 10; rounds++ {
				r := throughlineRun(t, "", "assemble", demoDir, dir, "-o", file, "--format", "json")
				if r.status != exitDone {
					t.Fatal(r.stderr)
				}
				if _, err := os.Stat(file); err == nil {
					break
				}
				answerAll(t, dir, rounds)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var h throughline.Handoff
			if err := json.Unmarshal(data, &h); err != nil {
				t.Fatal(err)
			}
			checkModelHandoff(t, h)
			if rounds != 3 {
				t.Errorf("%d rounds; sections, quotes and reconciling are 3", rounds)
			}
		})
	}
}

// answerAll puts an answer beside every request that has none: bare, fenced, or as
// the API's body, in turn.
func answerAll(t *testing.T, dir string, n int) {
	t.Helper()
	requests, err := filepath.Glob(filepath.Join(dir, "*.request.md"))
	if err != nil || len(requests) == 0 {
		t.Fatalf("no requests: %v", err)
	}
	for _, name := range requests {
		response := strings.TrimSuffix(name, ".request.md") + ".response.json"
		if _, err := os.Stat(response); err == nil {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out := says(string(text))
		switch n {
		case 1:
			out = "Here it is.\n```json\n" + out + "\n```\n"
		case 2:
			body, err := json.Marshal(map[string]any{"type": "message", "content": []any{map[string]any{"type": "text", "text": out}}, "stop_reason": "end_turn"})
			if err != nil {
				t.Fatal(err)
			}
			out = string(body)
		}
		if err := os.WriteFile(response, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAssembleSaysWhatIsWrong(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "requests")
	if r := throughlineRun(t, "", "assemble", demoDir, dir); r.status != exitFailed || !strings.Contains(r.stderr, "holds no requests") {
		t.Errorf("status %d, %s", r.status, r.stderr)
	}
	succeedOrSay(t, "prompt", demoDir, "-o", dir)
	if r := throughlineRun(t, "", "prompt", demoDir, "-o", dir, "--passes", "focused"); r.status != exitFailed || !strings.Contains(r.stderr, "another run") {
		t.Errorf("a second run in one directory: status %d, %s", r.status, r.stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "01.response.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := throughlineRun(t, "", "assemble", demoDir, dir); r.status != exitFailed || !strings.Contains(r.stderr, "01.response.json") {
		t.Errorf("an empty answer: status %d, %s", r.status, r.stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "01.request.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := throughlineRun(t, "", "assemble", demoDir, dir); r.status != exitFailed || !strings.Contains(r.stderr, "not the request that this run asks") {
		t.Errorf("another request: status %d, %s", r.status, r.stderr)
	}
}

func succeedOrSay(t *testing.T, args ...string) {
	t.Helper()
	if r := throughlineRun(t, "", args...); r.status != exitDone {
		t.Fatal(r.stderr)
	}
}
