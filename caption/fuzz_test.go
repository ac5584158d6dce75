package caption

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzWebVTT(f *testing.F) {
	seed(f, "testdata/*.vtt", wptDir+"/*.vtt", astisubDir+"/*.vtt")
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, data)
		check(t, append([]byte("WEBVTT\n\n"), data...))
	})
}

func FuzzSRT(f *testing.F) {
	seed(f, "testdata/*.srt", astisubDir+"/*.srt")
	f.Add([]byte("0:000-->"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, data)
		check(t, append([]byte("1\n00:00:00,000 --> 00:00:01,000\n"), data...))
	})
}

func seed(f *testing.F, patterns ...string) {
	f.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

// check asserts what holds of any input.
func check(t *testing.T, data []byte) {
	t.Helper()
	track, problems := Parse(data)
	if recognised := IsCaption(data); recognised != (track != nil) {
		t.Fatalf("IsCaption is %v, track %v", recognised, track)
	}
	if track == nil && len(problems) == 0 {
		t.Fatal("neither a track nor a problem")
	}
	count := len(lines(string(data))) + 1
	for _, p := range problems {
		if p.Line < 0 || p.Line > 2*count || p.What == "" {
			t.Fatalf("problem %+v in %d lines", p, count)
		}
	}
	if track == nil {
		return
	}
	last := 0
	for _, c := range track.Cues {
		if c.Line <= last {
			t.Fatalf("cue of line %d after that of line %d", c.Line, last)
		}
		last = c.Line
		if c.Start < 0 || c.End < 0 {
			t.Fatalf("negative time in %+v", c)
		}
		track.Layout(c)
		var texts []string
		for _, s := range c.Spans {
			texts = append(texts, s.Text)
		}
		if c.Spans != nil && strings.Join(texts, "\n") != c.Text {
			t.Fatalf("spans are not the text: %+v", c)
		}
	}
}
