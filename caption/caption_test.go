package caption

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// golden is what Parse gives for a vector.
type golden struct {
	Track    *Track
	Problems []Problem
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.[vs][tr]t")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got golden
			got.Track, got.Problems = Parse(data)
			if *update {
				writeGolden(t, file+".json", got)
			}
			text, err := os.ReadFile(file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want golden
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !IsCaption(data) {
				t.Error("IsCaption is false")
			}
		})
	}
}

func writeGolden(t *testing.T, name string, g golden) {
	t.Helper()
	text, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestIsCaption(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want bool
	}{
		"signature alone":              {"WEBVTT", true},
		"byte order mark":              {"\ufeffWEBVTT\n", true},
		"signature runs on":            {"WEBVTTX\n", false},
		"lower case":                   {"webvtt\n", false},
		"empty":                        {"", false},
		"srt":                          {"1\n00:00:01,000 --> 00:00:02,000\nhello\n", true},
		"srt without numbers":          {"\n\n00:01 --> 00:02\nhello\n", true},
		"prose":                        {"We talked.\n\nThen we went home.\n", false},
		"prose with arrows":            {"We move CSV --> warehouse\nand from 9:00 to 10:00.\n", false},
		"document that shows one line": {"# How to\n\nWrite:\n\n00:00:01,000 --> 00:00:02,000\n\nand so on.\n", false},
		"plain transcript":             {"Ana  00:12\nHello.\n\nBen  00:15\nHi.\n", false},
	} {
		if got := IsCaption([]byte(c.data)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestParseOther(t *testing.T) {
	track, problems := Parse([]byte("dear all"))
	if track != nil || len(problems) != 1 {
		t.Errorf("got %v, %v; want no track and one problem", track, problems)
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string][]Span{
		"<v Ana>Hi":                         {{"Ana", "Hi"}},
		"<v Ana>Hi <v Ben>there":            {{"Ana", "Hi"}, {"Ben", "there"}},
		"<v Ana>Hi <v Ben>there</v> again":  {{"Ana", "Hi"}, {"Ben", "there"}, {"Ana", "again"}},
		"<v Ana>one</v>\n<v Ana>two</v>":    {{"Ana", "one two"}},
		"<v  Ana\tMaria >x</v>":             {{"Ana Maria", "x"}},
		"<v.first.loud Ana>x</v>":           {{"Ana", "x"}},
		"<v>x</v>":                          {{"", "x"}},
		"</v>x":                             {{"", "x"}},
		"<c.yellow.bg_blue>x</c> <lang en>": {{"", "x"}},
		"<00:00:01.000>one <00:02.000>two":  {{"", "one two"}},
		"a < b, b > c":                      {{"", "a < b, b > c"}},
		"we need <":                         {{"", "we need <"}},
		"R&amp;D &#8211; &eacute;t&eacute;": {{"", "R&D – été"}},
		"  two\n   lines ":                  {{"", "two lines"}},
		"- one\n- two":                      {{"", "- one\n- two"}},
		"it was\n- more or less - done":     {{"", "it was - more or less - done"}},
		">> one\n>> two":                    {{"", ">> one\n>> two"}},
		"Ana Ruiz (Guest): one\nBen: two":   {{"", "Ana Ruiz (Guest): one\nBen: two"}},
		"we say this:\nand this: no":        {{"", "we say this: and this: no"}},
		"<i></i>":                           nil,
	} {
		if diff := cmp.Diff(want, readText(text, vttTags)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestTiming(t *testing.T) {
	ms := time.Millisecond
	for line, want := range map[string]timing{
		"00:00:01,000 --> 00:00:02,500":       {1000 * ms, 2500 * ms, ""},
		"0:0:1.5-->0:0:2":                     {1500 * ms, 2000 * ms, ""},
		" 01:02 --> 03:04 X1:5 Y1:6":          {62_000 * ms, 184_000 * ms, "X1:5 Y1:6"},
		"100:00:00,001 --> 100:00:00,0019999": {},
		"00:61:00,000 --> 00:62:00,000":       {},
		"00:00:01,000 -> 00:00:02,000":        {},
		"00:00:01,000 --> ":                   {},
		"from 00:00:01,000 --> 00:00:02,000":  {},
	} {
		got, ok := looseTiming(line)
		if got != want || ok != (want != timing{}) {
			t.Errorf("%q: %v %v, want %v", line, got, ok, want)
		}
	}
}

const astisubDir = "../../shared/data/captions/go-astisub"

// TestSamePairs reads files that hold the same cues in two ways: another
// format, encoding or end of line, or as another program wrote them out again.
func TestSamePairs(t *testing.T) {
	if _, err := os.Stat(astisubDir); err != nil {
		t.Skipf("the caption samples are not beside this checkout: %v", err)
	}
	for _, pair := range [][2]string{
		{"example-in.srt", "example-out.srt"},
		{"example-in.srt", "example-in.vtt"},
		{"example-in.srt", "missing-sequence-in.srt"},
		{"example-in.srt", "example-in-non-utf8.srt"},
		{"example-in.vtt", "example-out.vtt"},
		{"example-in.vtt", "example-in-non-utf8.vtt"},
		{"example-in-carriage-return.srt", "example-in-carriage-return.vtt"},
		{"example-in-html-entities.srt", "example-in-html-entities.vtt"},
		{"example-in-html-entities.srt", "example-out-html-entities.srt"},
		{"example-in-html-entities.vtt", "example-out-html-entities.vtt"},
		{"example-in-styled.srt", "example-out-styled.srt"},
		{"example-out-styled.srt", "example-out-styled.vtt"},
	} {
		t.Run(strings.Join(pair[:], " and "), func(t *testing.T) {
			one, other := said(t, pair[0]), said(t, pair[1])
			if len(one) < 3 {
				t.Fatalf("only %d cues", len(one))
			}
			if diff := cmp.Diff(one, other); diff != "" {
				t.Errorf("(-%s +%s):\n%s", pair[0], pair[1], diff)
			}
		})
	}
	if track, problems := Parse(read(t, "broken-1-in.vtt")); track != nil || len(problems) == 0 {
		t.Errorf("broken-1-in.vtt: got %v, %v; want no track and a problem", track, problems)
	}
}

// said is what a file's cues say and when.
func said(t *testing.T, name string) []Cue {
	t.Helper()
	track, _ := Parse(read(t, name))
	if track == nil {
		t.Fatalf("%s is not recognised", name)
	}
	cues := make([]Cue, len(track.Cues))
	for i, c := range track.Cues {
		cues[i] = Cue{Start: c.Start, End: c.End, Text: c.Text}
	}
	return cues
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(astisubDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
