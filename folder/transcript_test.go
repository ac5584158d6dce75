package folder

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTranscriptReader(t *testing.T) {
	testOutlines(t, "transcripts", newTranscriptReader)
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"Ann Lee":                "Ann Lee",
		"Ann Lee (Acme)":         "Ann Lee",
		"Ann Lee | Acme":         "Ann Lee",
		"Ann Lee - Acme Corp":    "Ann Lee",
		"Ann Lee [she/her]":      "Ann Lee",
		"Lee, Ann":               "Ann Lee",
		"van der Berg, Jan":      "Jan van der Berg",
		"Lee, Ann (Acme)":        "Ann Lee",
		"Ann Lee, PhD":           "Ann Lee, PhD",
		"Ann Lee, Acme":          "Ann Lee, Acme",
		"Anne-Marie O’Neill":     "Anne-Marie O’Neill",
		"Speaker 3":              "Speaker 3",
		"(unknown)":              "(unknown)",
		"  Ann   Lee  ":          "Ann Lee",
		"Jean-Luc d'Arcy @ Acme": "Jean-Luc d'Arcy",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLooksLikeName(t *testing.T) {
	for in, want := range map[string]bool{
		"Ann":                      true,
		"Ann Lee":                  true,
		"Jan van der Berg":         true,
		"María José de la Cruz":    true,
		"Anne-Marie O’Neill":       true,
		"李 雷":                      true,
		"Speaker 1":                true,
		"d'Arcy":                   true,
		"one thing":                false,
		"The key is":               false,
		"Ann Lee Bo Ray Cleo":      false,
		"5M rows":                  false,
		"":                         false,
		"Ann,":                     false,
		"de":                       false,
		"What about the price?":    false,
		"https//x.example/A":       false,
		strings.Repeat("Long", 30): false,
	} {
		if got := looksLikeName(in); got != want {
			t.Errorf("looksLikeName(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestAttendees(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"Ann Lee, Bo Ray", []string{"Ann Lee", "Bo Ray"}},
		{"Ann Lee (Acme); Bo Ray, VP Operations; Cleo", []string{"Ann Lee", "Bo Ray, VP Operations"}},
		{"Ann Lee, Chief Financial Officer, Bo Ray", []string{"Ann Lee, Chief Financial Officer", "Bo Ray"}},
		{"Ann Lee and Bo Ray", []string{"Ann Lee", "Bo Ray"}},
		{"Acme: Ann Lee, Bo Ray", []string{"Ann Lee", "Bo Ray"}},
		{"Ann Lee <ann@acme.example>, bo@brook.example", []string{"Ann Lee <ann@acme.example>", " <bo@brook.example>"}},
		{"the whole team", nil},
	} {
		var got []string
		for _, m := range attendees(tt.in) {
			got = append(got, mentionText(m))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("attendees(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func FuzzTranscriptReader(f *testing.F) {
	seed(f, "transcripts")
	f.Add([]byte("A B 1:99\n:\nC D 0:00 pm\n[x] 99:99:99.9\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &collector{}
		if newTranscriptReader().take(&file{path: "call.txt", data: data}, c) {
			checkSources(t, c)
		}
	})
}
