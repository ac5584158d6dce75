package folder

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// outline writes what a reader made of a file as text, to compare with a file.
func outline(c *collector) string {
	var b strings.Builder
	for _, s := range c.sources {
		fmt.Fprintf(&b, "%s %q", s.kind, s.title)
		if !s.at.IsZero() {
			fmt.Fprintf(&b, " at %s", s.at.Format(time.RFC3339))
		}
		if s.duration > 0 {
			fmt.Fprintf(&b, " for %s", s.duration)
		}
		if s.language != "" {
			fmt.Fprintf(&b, " in %s", s.language)
		}
		if s.sellerOnly {
			b.WriteString(" seller only")
		}
		if s.notEvidence != "" {
			fmt.Fprintf(&b, " no evidence: %s", s.notEvidence)
		}
		b.WriteByte('\n')
		for _, m := range s.members {
			fmt.Fprintf(&b, "  member %s\n", mentionText(m))
		}
		for _, p := range s.passages {
			b.WriteString("  ")
			if p.offset >= 0 {
				fmt.Fprintf(&b, "[%s] ", p.offset)
			}
			if p.label != "" {
				fmt.Fprintf(&b, "{%s} ", p.label)
			}
			if !p.by.none() {
				fmt.Fprintf(&b, "%s: ", mentionText(p.by))
			}
			fmt.Fprintf(&b, "%q", p.text)
			for _, m := range p.marks {
				fmt.Fprintf(&b, " %d@%s", m.Byte, m.Offset)
			}
			if p.history {
				b.WriteString(" history")
			}
			b.WriteByte('\n')
		}
	}
	for _, p := range c.problems {
		fmt.Fprintf(&b, "problem %s:%d: %s\n", p.File, p.Line, p.What)
	}
	return b.String()
}

func mentionText(m mention) string {
	out := m.name
	if m.email != "" {
		out += " <" + m.email + ">"
	}
	if m.title != "" {
		out += ", " + m.title
	}
	return out
}

// testOutlines reads every file of a folder of testdata and compares what came
// of it with the file of the same name and ".want".
func testOutlines(t *testing.T, dir string, newReader func() reader) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, name := range files {
		if strings.HasSuffix(name, ".want") {
			continue
		}
		tried++
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			c := &collector{}
			r := newReader()
			got := "not taken\n"
			if r.take(&file{path: filepath.Base(name), data: data}, c) {
				r.done(c)
				got = outline(c)
			}
			wantText(t, name+".want", got)
		})
	}
	if tried == 0 {
		t.Fatalf("no files in testdata/%s", dir)
	}
}

func wantOutline(t *testing.T, name string, c *collector) {
	t.Helper()
	wantText(t, name, outline(c))
}

// wantText compares with a file of testdata; with UPDATE set in the environment
// it writes the file first, to be read over by a person.
func wantText(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestCaptionReader(t *testing.T) {
	testOutlines(t, "captions", newCaptionReader)
}

func TestFileTitleAndDate(t *testing.T) {
	for _, tt := range []struct {
		file, title, at string
	}{
		{"calls/2026-03-14 Brook & Sons - intro.vtt", "Brook & Sons - intro", "2026-03-14T00:00:00Z"},
		{"GMT20260314-150000_Recording.transcript.vtt", "Call", "2026-03-14T15:00:00Z"},
		{"2026-03-14 10.02.11 Weekly sync 81234567890/closed_caption.txt", "Weekly sync", "2026-03-14T10:02:11Z"},
		{"20260314_kick-off_call.srt", "Kick-off call", "2026-03-14T00:00:00Z"},
		{"acme-discovery-call.vtt", "Acme discovery call", ""},
		{"Pricing review-20260314_150530-Meeting Recording.vtt", "Pricing review", "2026-03-14T15:05:30Z"},
		{"Vertragsgespräch 14.03.2026.txt", "Vertragsgespräch", "2026-03-14T00:00:00Z"},
		{"Revue du 14 mars 2026.txt", "Revue du", "2026-03-14T00:00:00Z"},
		{"Acme intro - 2026_03_14 15_02 GMT-05_00 - Transcript.txt", "Acme intro", "2026-03-14T20:02:00Z"},
		{"2026-03-14 We decide.txt", "We decide", "2026-03-14T00:00:00Z"},
		{"scope (2).vtt", "Scope (2)", ""},
		{"deal-review-2026-05.md", "Deal review 2026 05", ""},
		{"abc/xyz-mnop-qrs (2026-03-14 at 15 02 GMT+1).txt", "Xyz-mnop-qrs", "2026-03-14T14:02:00Z"},
	} {
		at := ""
		if d := fileDate(tt.file); !d.IsZero() {
			at = d.Format(time.RFC3339)
		}
		if diff := cmp.Diff([2]string{tt.title, tt.at}, [2]string{fileTitle(tt.file, "Call"), at}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.file, diff)
		}
	}
}

func TestDateIn(t *testing.T) {
	for in, want := range map[string]string{
		"Date: 2026-03-12":                 "2026-03-12T00:00:00Z",
		"2026-03-12T16:30:00Z":             "2026-03-12T16:30:00Z",
		"2026-03-12T16:30:00+02:00":        "2026-03-12T14:30:00Z",
		"Recorded March 3, 2026, 4:15 PM":  "2026-03-03T16:15:00Z",
		"3 March 2026 at 12:05 am":         "2026-03-03T00:05:00Z",
		"le 1er août 2026":                 "2026-08-01T00:00:00Z",
		"3. März 2026":                     "2026-03-03T00:00:00Z",
		"3 de marzo de 2026":               "2026-03-03T00:00:00Z",
		"11 Aug 2026":                      "2026-08-11T00:00:00Z",
		"12.3.2026":                        "2026-03-12T00:00:00Z",
		"3/14/2026":                        "2026-03-14T00:00:00Z",
		"14/3/2026":                        "2026-03-14T00:00:00Z",
		"3/4/2026":                         "", // either order
		"2026-02-30":                       "",
		"version 12.3.4":                   "",
		"May 2026":                         "",
		"call 20261399":                    "",
		"3 people 2026":                    "",
		"order 920260314":                  "",
		"approved on Thursday, 12.03.2026": "2026-03-12T00:00:00Z",
	} {
		got := ""
		if d, ok := dateIn(in); ok {
			got = d.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("dateIn(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCaptionReader(f *testing.F) {
	seed(f, "captions")
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v>\n: \n>>\n- a\n- b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &collector{}
		if newCaptionReader().take(&file{path: "call.vtt", data: data}, c) {
			checkSources(t, c)
		}
	})
}

// seed adds the files of a folder of testdata to a fuzz test.
func seed(f *testing.F, dir string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if !strings.HasSuffix(name, ".want") && len(data) < 1<<16 {
			f.Add(data)
		}
	}
}

// checkSources fails where a source breaks what the rest of the program relies on.
func checkSources(t *testing.T, c *collector) {
	t.Helper()
	for _, s := range c.sources {
		for _, p := range s.passages {
			if strings.TrimSpace(p.text) == "" {
				t.Fatalf("a passage without text in %q", s.title)
			}
			last := -1
			for _, m := range p.marks {
				if m.Byte <= last || m.Byte >= len(p.text) {
					t.Fatalf("marks %v of a passage of %d bytes", p.marks, len(p.text))
				}
				last = m.Byte
			}
			if bytes.ContainsRune([]byte(p.text), 0) {
				t.Fatalf("a NUL in %q", p.text)
			}
		}
	}
}
