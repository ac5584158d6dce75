package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/eval"
	"throughline/twin/anthropic"
)

// annotated is the annotated deal of the tests.
const annotated = "../../eval/testdata/brindle"

func evaluated(t *testing.T, args ...string) eval.Run {
	t.Helper()
	var run eval.Run
	if err := json.Unmarshal([]byte(succeed(t, "", append([]string{"eval", annotated, "--format", "json"}, args...)...)), &run); err != nil {
		t.Fatalf("the scores are no JSON: %v", err)
	}
	return run
}

// copyOfAnnotated is the annotated deal as its owner may change it.
func copyOfAnnotated(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "deal")
	if err := os.CopyFS(dir, os.DirFS(annotated)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func replaceIn(t *testing.T, file, old, by string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), old, by, 1)
	if text == string(data) {
		t.Fatalf("%s lacks %q", file, old)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEval: what is printed is the score of what generate makes.
func TestEval(t *testing.T) {
	d, err := eval.Load(annotated)
	if err != nil {
		t.Fatal(err)
	}
	want := d.Score(generated(t, d.Native))
	if want.Recall == 0 || want.Items == 0 {
		t.Fatalf("the engine finds nothing, so this test says nothing: %+v", want)
	}
	run := evaluated(t)
	if run.Name != "builtin" || len(run.Results) != 1 {
		t.Fatalf("run %q of %d deals", run.Name, len(run.Results))
	}
	got := run.Results[0]
	if got.Cost.Time <= 0 {
		t.Errorf("time: %v", got.Cost.Time)
	}
	type figures struct {
		Deal                        string
		Must, Recall, Precision, F1 eval.Share
		Items, Quotes               int
	}
	of := func(r eval.Result) figures {
		return figures{r.Deal, r.MustRecall, r.Recall, r.Precision, r.F1, r.Items, r.Quotes}
	}
	if diff := cmp.Diff(of(want), of(got)); diff != "" {
		t.Errorf("eval prints other figures than the handoff has (-want +got):\n%s", diff)
	}
	if run.Total.F1 != got.F1 {
		t.Errorf("the total's F1 is %v, that of the only deal %v", run.Total.F1, got.F1)
	}
}

func TestEvalText(t *testing.T) {
	out := succeed(t, "", "eval", annotated)
	for _, want := range []string{"builtin\n", "  brindle  ", "  total  ", "By kind", "  champion  ", "not verbatim", "tokens in", "USD"} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "Missed") {
		t.Errorf("unasked, it lists what was missed:\n%s", out)
	}
	if out := succeed(t, "", "eval", annotated, "--misses"); !strings.Contains(out, "  Missed\n  - ") {
		t.Errorf("it does not list what was missed:\n%s", out)
	}
}

// TestEvalKeepAndCompare: handoffs that were kept score as they did when they were
// made, and beside another set of handoffs the difference is told.
func TestEvalKeepAndCompare(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "before")
	made := evaluated(t, "--keep", kept)
	found := evaluated(t, "--handoffs", kept)
	if found.Name != kept || found.Total.F1 != made.Total.F1 || found.Total.Quotes != made.Total.Quotes {
		t.Errorf("of %s, F1 %v and %d quotes; when made, F1 %v and %d", found.Name, found.Total.F1, found.Total.Quotes, made.Total.F1, made.Total.Quotes)
	}
	if found.Total.Cost.Time != 0 {
		t.Errorf("handoffs that were not made took %v", found.Total.Cost.Time)
	}
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "brindle.json"), []byte(`{"items": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var c eval.Comparison
	if err := json.Unmarshal([]byte(succeed(t, "", "eval", annotated, "--handoffs", empty, "--compare", "builtin", "--format", "json")), &c); err != nil {
		t.Fatal(err)
	}
	if c.First.Name != empty || c.Second.Name != "builtin" || c.First.Total.F1 != 0 || c.Difference.F1 != float64(made.Total.F1) {
		t.Errorf("%s and %s, difference %+v", c.First.Name, c.Second.Name, c.Difference)
	}
	out := succeed(t, "", "eval", annotated, "--compare", kept)
	if !strings.Contains(out, "builtin → ") || !strings.Contains(out, "+0.00") {
		t.Errorf("the comparison:\n%s", out)
	}
	if out := succeed(t, "", "eval", annotated, "--compare", empty, "--misses"); strings.Count(out, "  Missed\n") != 2 {
		t.Errorf("what each missed is not listed:\n%s", out)
	}
}

// TestEvalNamesWhatFails: one deal that can't be measured with is named, the rest
// is measured, and the exit status is 1.
func TestEvalNamesWhatFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string
	}{
		{"no native", func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "native")); err != nil {
				t.Fatal(err)
			}
		}, "put the deal there as tools export it"},
		{"no gold", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "gold.json")); err != nil {
				t.Fatal(err)
			}
		}, "is no annotated deal: open gold.json"},
		{"broken call", func(t *testing.T, dir string) {
			replaceIn(t, filepath.Join(dir, "calls", "01.txt"), "[00:00:08]", "[00:00:08")
		}, "calls/01.txt, line 5: not a turn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyOfAnnotated(t)
			replaceIn(t, filepath.Join(dir, "deal.yaml"), "id: brindle", "id: other")
			c.spoil(t, dir)
			r := throughlineRun(t, "", "eval", dir, annotated)
			if r.status != exitFailed || !strings.Contains(r.stderr, c.want) || !strings.Contains(r.stderr, "could not be scored: 1") {
				t.Errorf("exit status %d; it says %q, want %q", r.status, r.stderr, c.want)
			}
			if !strings.Contains(r.stdout, "  brindle  ") || strings.Contains(r.stdout, "  other  ") {
				t.Errorf("the rest was not measured:\n%s", r.stdout)
			}
		})
	}
}

// TestEvalSaysWhatIsWrongWithTheAnnotation, and measures all the same.
func TestEvalSaysWhatIsWrongWithTheAnnotation(t *testing.T) {
	dir := copyOfAnnotated(t)
	replaceIn(t, filepath.Join(dir, "gold.json"), "We lost forty casks", "We lost fifty casks")
	r := throughlineRun(t, "", "eval", dir)
	if r.status != exitDone || !strings.Contains(r.stderr, `pain-1: "We lost fifty casks last autumn." does not stand in calls/01`) {
		t.Errorf("exit status %d; it says %q", r.status, r.stderr)
	}
	if !strings.Contains(r.stdout, "  brindle  ") {
		t.Errorf("it was not measured:\n%s", r.stdout)
	}
}

func TestEvalFailures(t *testing.T) {
	broken, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	for name, text := range map[string]string{filepath.Join(broken, "brindle.json"): `{"items": [{"day": "soon"}]}`, file: ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		args []string
		want string
		exit int
	}{
		{"no deal", nil, "name the folders of the annotated deals", exitUsage},
		{"nothing there", []string{"gone"}, "gone is no annotated deal", exitFailed},
		{"twice", []string{annotated, copyOfAnnotated(t)}, "have the same id, brindle", exitFailed},
		{"no such engine", []string{annotated, "--engine", "oracle"}, "it must be one of: builtin, claude", exitUsage},
		{"nothing to compare with", []string{annotated, "--compare", "oracle"}, "neither an engine (builtin, claude) nor a directory", exitFailed},
		{"no handoffs", []string{annotated, "--handoffs", "gone"}, "gone is no directory of handoffs", exitFailed},
		{"no handoff of the deal", []string{annotated, "--handoffs", t.TempDir()}, "brindle.json: no such file", exitFailed},
		{"handoff of another form", []string{annotated, "--handoffs", broken}, "brindle.json: reading a handoff's JSON", exitFailed},
		{"handoffs and engine", []string{annotated, "--handoffs", broken, "--engine", "builtin"}, "--engine and --keep are for making them", exitUsage},
		{"handoffs and keep", []string{annotated, "--handoffs", broken, "--keep", broken}, "--engine and --keep are for making them", exitUsage},
		{"kept nowhere", []string{annotated, "--keep", file}, "keeping the handoff", exitFailed},
		{"dry run of what sends nothing", []string{annotated, "--dry-run"}, "--dry-run is for --engine claude", exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := throughlineRun(t, "", append([]string{"eval"}, c.args...)...)
			if r.status != c.exit || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("exit status %d, said %q, want %q; printed %q", r.status, r.stderr, c.want, r.stdout)
			}
		})
	}
}

// TestEvalDryRun: what an evaluation would send is shown for each deal.
func TestEvalDryRun(t *testing.T) {
	out := succeed(t, "", "eval", annotated, "--engine", "claude", "--dry-run")
	if !strings.HasPrefix(out, "# brindle\n") || !strings.Contains(out, "Nothing was sent.") {
		t.Errorf("the dry run:\n%.500s", out)
	}
}

// TestEvalBench measures the builtin engine on the annotated deals beside the
// checkout; how it does is logged. Under the race detector that takes long.
func TestEvalBench(t *testing.T) {
	args := []string{"eval"}
	for _, deal := range benchDeals {
		args = append(args, shared(t, "bench/deals/"+deal))
	}
	if raced {
		args = args[:2]
	}
	var run eval.Run
	if err := json.Unmarshal([]byte(succeed(t, "", append(args, "--format", "json")...)), &run); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := eval.WriteRun(&out, run, false); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", out.String())
	if run.Total.NotVerbatim > 0 || run.Total.Unproven > 0 || run.Total.Quotes == 0 || len(run.Total.Kinds) != len(throughline.Kinds) && !raced {
		t.Errorf("%+v", run.Total)
	}
}

// TestEvalWithModel sets the builtin engine beside a model, or what stands in for
// one: what the model's answers come to is scored, with their tokens and money.
func TestEvalWithModel(t *testing.T) {
	const risk = `{"items":[{"kind":"risk","text":"No signal in the cold store.","label":"stated","area":"technical",
		"quotes":[{"ref":"c2.5","text":"There's no signal in there at all, and the scanner needs it."}]}],"dismissed":[],"questions":[]}`
	srv := httptest.NewServer(&anthropic.Server{
		Model: func(r anthropic.Request, _ int) anthropic.Reply {
			if strings.HasPrefix(r.Text(), "# Reconcile") {
				return anthropic.Reply{Text: `{"merge":[],"replaced":[],"drop":[],"contradictions":[],"questions":[]}`}
			}
			return anthropic.Reply{Text: risk}
		},
		Now: time.Now, Key: "secret-of-the-test", Structured: true,
	})
	defer srv.Close()
	t.Setenv("ANTHROPIC_BASE_URL", srv.URL)
	t.Setenv("ANTHROPIC_API_KEY", "secret-of-the-test")
	t.Setenv("THROUGHLINE_CACHE", t.TempDir())
	var c eval.Comparison
	out := succeed(t, "", "eval", annotated, "--compare", "claude", "--passes", "single", "--format", "json")
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	got := c.Second.Total
	if !strings.HasPrefix(c.Second.Name, "claude ") || got.Items != 1 || got.Sums.Good != 1 || got.Kinds[throughline.KindRisk].Recall != 0.5 {
		t.Errorf("%s: %+v", c.Second.Name, got)
	}
	if got.Cost.Requests == 0 || got.Cost.InputTokens == 0 || got.Cost.OutputTokens == 0 || got.Cost.USD <= 0 || c.Difference.USD != got.Cost.USD {
		t.Errorf("cost %+v, difference %+v", got.Cost, c.Difference)
	}
}
