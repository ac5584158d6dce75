package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/folder"
)

// sharedDir is where the annotated deals and public test data lie beside a
// checkout, where they do.
const sharedDir = "../../../shared"

// undetected skips a test that the race detector would slow too much, and that tells it
// nothing which others don't. `make test` runs it without, as the Makefile names it.
func undetected(t *testing.T) {
	t.Helper()
	if !raced {
		return
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	without := regexp.MustCompile(`(?m)^\tgo test -run '\^\(([^)]*)\)\$\$' `).FindSubmatch(makefile)
	if without == nil || !slices.Contains(strings.Split(string(without[1]), "|"), t.Name()) {
		t.Fatal("the Makefile does not run it without the race detector")
	}
	t.Skip("make test runs it without the race detector")
}

// shared is a path below it. The test is skipped where it is absent.
func shared(t testing.TB, path string) string {
	t.Helper()
	path = filepath.Join(sharedDir, filepath.FromSlash(path))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not here: this test measures with data that is kept beside the project", path)
	}
	return path
}

// benchDeals are the annotated deals.
var benchDeals = []string{"harborline", "meridian", "quarry", "atlas"}

// A score is what the scorer finds of one handoff.
type score struct {
	Deal          string
	Quotes        int
	NotVerbatim   int `json:"not_verbatim"`
	UnprovenItems int `json:"unproven_items"`
	Items         int
	Recall        float64
	Precision     float64
}

// TestBench makes the handoffs of the annotated deals and has them scored. No
// quote may differ from its source, and no item may stand on none; how much is
// found is logged.
func TestBench(t *testing.T) {
	scorer := shared(t, "bench/score.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here, and the scorer is written in it")
	}
	args := []string{scorer}
	for _, deal := range benchDeals {
		dir := shared(t, "bench/deals/"+deal)
		file := filepath.Join(t.TempDir(), deal+".json")
		succeed(t, "", "generate", filepath.Join(dir, "native"), "--format", "json", "-o", file)
		args = append(args, dir, file)
	}
	ask := func(more ...string) []byte {
		cmd := exec.CommandContext(t.Context(), python, append(args, more...)...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("scoring: %v: %s", err, errs.String())
		}
		return out
	}
	t.Logf("\n%s", ask())
	var scores struct{ Deals []score }
	if err := json.Unmarshal(ask("--json"), &scores); err != nil {
		t.Fatal(err)
	}
	if len(scores.Deals) != len(benchDeals) {
		t.Fatalf("%d deals were scored", len(scores.Deals))
	}
	for _, s := range scores.Deals {
		if s.NotVerbatim > 0 || s.UnprovenItems > 0 || s.Quotes == 0 {
			t.Errorf("%s: of %d quotes %d are not verbatim, and %d items stand on none", s.Deal, s.Quotes, s.NotVerbatim, s.UnprovenItems)
		}
	}
}

// planted is the demo's deal with one more email, from a person of the customer's
// to the AE after all other mail.
func planted(demo fstest.MapFS, text string) fstest.MapFS {
	dir := maps.Clone(demo)
	dir["emails/99.eml"] = &fstest.MapFile{Data: fmt.Appendf(nil, "From: Owen Brandt <owen.brandt@harborline.example>\r\n"+
		"To: Caleb Whitmore <caleb.whitmore@northbeam.example>\r\nDate: Wed, 30 Sep 2026 08:00:00 +0000\r\n"+
		"Message-ID: <planted@harborline.example>\r\nSubject: One more thing\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n", strings.ReplaceAll(text, "\n", "\r\n"))}
	return dir
}

// plantedTexts are all texts of a file of test data.
func plantedTexts(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(shared(t, "data/injection/"+file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var texts []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil || c.Text == "" {
			t.Fatalf("%s: %q, %v", file, lines.Text(), err)
		}
		texts = append(texts, c.Text)
	}
	if lines.Err() != nil || len(texts) == 0 {
		t.Fatalf("%s: %d texts, %v", file, len(texts), lines.Err())
	}
	return texts
}

// TestPlantedTextChangesNothing plants texts that are aimed at a model, or only
// look so, in an email: no item changes, and the email is listed as read. Under
// the race detector, which makes it ten times slower, only some are planted.
func TestPlantedTextChangesNothing(t *testing.T) {
	for _, file := range []string{"attacks.jsonl", "benign.jsonl"} {
		t.Run(file, func(t *testing.T) {
			texts := plantedTexts(t, file)
			if raced {
				texts = everyNth(texts, 25)
			}
			demo := demoMap(t)
			want, _, err := itemsOf(t.Context(), demo)
			if err != nil {
				t.Fatal(err)
			}
			next := make(chan string)
			var workers sync.WaitGroup
			for range runtime.GOMAXPROCS(0) {
				workers.Go(func() {
					for text := range next {
						checkPlanted(t, demo, text, want)
					}
				})
			}
			for _, text := range texts {
				next <- text
			}
			close(next)
			workers.Wait()
		})
	}
}

func everyNth(texts []string, n int) []string {
	var some []string
	for i := 0; i < len(texts); i += n {
		some = append(some, texts[i])
	}
	return some
}

func checkPlanted(t *testing.T, demo fstest.MapFS, text string, want []byte) {
	got, h, err := itemsOf(t.Context(), planted(demo, text))
	if err != nil {
		t.Errorf("planted in an email, %q: %v", text, err)
		return
	}
	if !bytes.Equal(want, got) {
		t.Errorf("planted in an email, %q changes the items (-before +after):\n%s", text, cmp.Diff(heads(want), heads(got)))
	}
	for _, s := range h.Sources {
		if s.File == "emails/99.eml" {
			return
		}
	}
	t.Errorf("the email with %q is not listed as read", text)
}

// heads are a few words of each item, to tell a difference by.
func heads(items []byte) []string {
	var its []throughline.Item
	if err := json.Unmarshal(items, &its); err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, it := range its {
		lines = append(lines, shorten(it.ID+": "+it.Text, 120))
	}
	return lines
}

// BenchmarkGenerate makes the handoff of a long deal (over six hours of calls)
// from files to JSON.
func BenchmarkGenerate(b *testing.B) {
	dir := shared(b, "bench/deals/atlas/native")
	peak := watchHeap()
	b.ReportAllocs()
	for b.Loop() {
		p := startProgress(env{stderr: io.Discard})
		deal, err := folder.Read(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
		h, err := handoff(b.Context(), p, engines["builtin"], deal, noon)
		if err != nil {
			b.Fatal(err)
		}
		var doc bytes.Buffer
		if err := renderers["json"](&doc, h, h.Audience); err != nil {
			b.Fatal(err)
		}
		p.stop()
	}
	b.ReportMetric(float64(peak())/(1<<20), "peak-heap-MB")
}

// watchHeap looks every few milliseconds how much memory the heap takes, and
// gives the most it saw.
func watchHeap() (peak func() uint64) {
	stop, most := make(chan struct{}), make(chan uint64)
	runtime.GC()
	go func() {
		var high uint64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			high = max(high, m.HeapInuse)
			select {
			case <-tick.C:
			case <-stop:
				most <- high
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}
