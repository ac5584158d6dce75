package caption

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wptCue is a cue as the platform tests see it.
type wptCue struct {
	raw    rawCue
	layout Layout
}

// readAsPlatform reads a WebVTT file and keeps the text of its cues unread, as
// the platform tests compare it so.
func readAsPlatform(t *testing.T, data []byte) []wptCue {
	t.Helper()
	text, _ := decode(data)
	if !isWebVTT(text) {
		t.Fatalf("no WebVTT signature in %q", excerpt(text))
	}
	p := &vttParser{lines: lines(text), timing: strictTiming}
	p.file()
	track, _ := Parse(data)
	if len(track.Cues) != len(p.cues) {
		t.Fatalf("Parse gives %d cues, the algorithm %d", len(track.Cues), len(p.cues))
	}
	cues := make([]wptCue, len(p.cues))
	for i, r := range p.cues {
		cues[i] = wptCue{r, track.Layout(track.Cues[i])}
	}
	return cues
}

// value is the attribute of a VTTCue under its name in the platform's API, as
// encoding/json would decode it.
func (c wptCue) value(name string) any {
	number := func(n *float64) any {
		if n == nil {
			return "auto"
		}
		return *n
	}
	switch name {
	case "id":
		return c.raw.id
	case "text":
		return c.raw.text
	case "startTime":
		return c.raw.start.Seconds()
	case "endTime":
		return c.raw.end.Seconds()
	case "align":
		return c.layout.Align
	case "vertical":
		return c.layout.Vertical
	case "size":
		return c.layout.Size
	case "line":
		return number(c.layout.Line)
	case "lineAlign":
		return c.layout.LineAlign
	case "snapToLines":
		return c.layout.SnapToLines
	case "position":
		return number(c.layout.Position)
	case "positionAlign":
		return c.layout.PositionAlign
	case "region":
		return c.layout.Region
	case "region.lines":
		if c.layout.Region == nil {
			return nil
		}
		return c.layout.Region.Lines
	}
	return fmt.Sprintf("no attribute %s in this test", name)
}

var wptExpression = regexp.MustCompile(`^cues(?:\[(\d+)\])?\.([\w.]+)$`)

// eval is the value of an expression such as cues[3].line.
func eval(t *testing.T, cues []wptCue, expression string) any {
	t.Helper()
	m := wptExpression.FindStringSubmatch(expression)
	if m == nil {
		t.Fatalf("expression %q not understood", expression)
	}
	if m[1] == "" {
		return float64(len(cues))
	}
	n, _ := strconv.Atoi(m[1])
	if n >= len(cues) {
		return "no such cue"
	}
	return cues[n].value(m[2])
}

const wptDir = "../../shared/data/captions/wpt-file-parsing"

// TestPlatformFiles runs every file of the web platform tests for the parsing
// of WebVTT files. Where the collected results hold none, the values stand in
// wptOwn.
func TestPlatformFiles(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(wptDir, "expected.json"))
	if err != nil {
		t.Skipf("the platform tests' files are not beside this checkout: %v", err)
	}
	var expected map[string]json.RawMessage
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(wptDir, "*.vtt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s (%v)", wptDir, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".vtt")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cues := readAsPlatform(t, data)
			var checks [][2]any
			if err := json.Unmarshal(expected[name], &checks); err != nil {
				checks = nil // a note that no result was collected
			}
			own := wptOwn[name]
			if len(checks) == 0 && own == nil {
				t.Fatal("nothing to compare with")
			}
			for _, c := range checks {
				expression := c[0].(string)
				want := c[1]
				if other, ok := want.(string); ok && strings.HasPrefix(other, "cues[") {
					want = eval(t, cues, other) // the same object
				}
				if r, ok := want.(*Region); ok && r == nil || want == nil {
					want = (*Region)(nil)
				}
				if got := eval(t, cues, expression); got != want {
					t.Errorf("%s = %v, want %v", expression, got, want)
				}
			}
			if own != nil {
				own(t, cues)
			}
		})
	}
}

// wptOwn says what the standard gives for the files without a collected result.
var wptOwn = map[string]func(*testing.T, []wptCue){
	"regions-lines": func(t *testing.T, cues []wptCue) {
		want := []float64{0, 1, 100, 101, 65536, 4294967296, 18446744073709552000, 1e34, 2, 3, 3, 3, 3}
		compareRegions(t, cues, want, func(r *Region) float64 { return r.Lines })
	},
	"regions-regionanchor": func(t *testing.T, cues []wptCue) {
		compareRegions(t, cues, wptAnchors(), func(r *Region) [2]float64 { return [2]float64{r.AnchorX, r.AnchorY} })
	},
	"regions-viewportanchor": func(t *testing.T, cues []wptCue) {
		compareRegions(t, cues, wptAnchors(), func(r *Region) [2]float64 { return [2]float64{r.ViewportX, r.ViewportY} })
	},
	"regions-scroll": func(t *testing.T, cues []wptCue) {
		compareRegions(t, cues, []bool{false, true, true, false, false, true}, func(r *Region) bool { return r.ScrollsUpwards })
	},
	"stylesheets": func(t *testing.T, cues []wptCue) {
		ids := make([]string, len(cues))
		for i, c := range cues {
			ids[i] = c.raw.id
		}
		if diff := cmp.Diff([]string{"foo", "bar"}, ids); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
	},
}

// wptAnchors are the anchors of 20 regions, of which the last 14 are invalid.
func wptAnchors() [][2]float64 {
	anchors := [][2]float64{{0, 100}, {0, 0}, {1, 1}, {100, 0}, {0, 100}, {100, 100}}
	for len(anchors) < 20 {
		anchors = append(anchors, [2]float64{0, 100})
	}
	return anchors
}

func compareRegions[T any](t *testing.T, cues []wptCue, want []T, of func(*Region) T) {
	t.Helper()
	var got []T
	for i, c := range cues {
		if c.layout.Region == nil {
			t.Fatalf("cue %d has no region", i)
		}
		got = append(got, of(c.layout.Region))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
