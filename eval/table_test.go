package eval

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
)

var update = flag.Bool("update", false, "write the tables that are expected anew, to be read over")

// sampleRuns are two runs: of one item of each sort, and of all that was annotated.
func sampleRuns(t *testing.T) (some, all Run) {
	t.Helper()
	d := loadBrindle(t)
	committee := item(throughline.KindCommittee, farAway)
	committee.Person, committee.Stance = "Ivor", throughline.StanceBlocker
	milestone := item(throughline.KindMilestone, elevenDrivers)
	wrong := item(throughline.KindRisk, farAway)
	wrong.Text = "It\trains\x1b[2J\nup there."
	h := &throughline.Handoff{
		Items: []throughline.Item{committee, milestone, wrong, item(throughline.KindStretch, lateFile), item(throughline.KindPain, lostCasks), item(throughline.KindPain, lostCasks)},
		Usage: &throughline.Usage{InputTokens: 52_000, OutputTokens: 4_100, CostUSD: 0.3625},
	}
	r := d.Score(h)
	r.Cost.Time = 90 * time.Second
	perfect := d.Score(perfectOf(d))
	perfect.Cost.Time = 20 * time.Millisecond
	return NewRun("one", []Result{r}), NewRun("two", []Result{perfect, {Deal: "elsewhere"}})
}

func TestTables(t *testing.T) {
	some, all := sampleRuns(t)
	for name, write := range map[string]func(*strings.Builder) error{
		"run.txt":        func(w *strings.Builder) error { return WriteRun(w, some, false) },
		"findings.txt":   func(w *strings.Builder) error { return WriteRun(w, some, true) },
		"comparison.txt": func(w *strings.Builder) error { return WriteComparison(w, Compare(some, all)) },
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := write(&out); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "tables", name)
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestNowhereToWrite(t *testing.T) {
	some, all := sampleRuns(t)
	for _, err := range []error{WriteRun(brokenPipe{}, some, true), WriteComparison(brokenPipe{}, Compare(some, all))} {
		if !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "writing the scores") {
			t.Errorf("it says %v", err)
		}
	}
}

func TestCompare(t *testing.T) {
	some, all := sampleRuns(t)
	c := Compare(some, all)
	if len(c.First.Results) != 1 || len(c.Second.Results) != 1 || c.Second.Total.Gold != 14 {
		t.Errorf("a deal that one run lacks is compared: %d deals and %d", len(c.First.Results), len(c.Second.Results))
	}
	d := c.Difference
	if d.Recall != 1-float64(some.Total.Recall) || d.Traps != -1 || d.Stale != -1 || d.InputTokens != -52_000 || d.Time != 20*time.Millisecond-90*time.Second {
		t.Errorf("difference: %+v", d)
	}
}
