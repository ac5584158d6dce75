package survey

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"throughline/internal/npmtest"
)

// programs are the mail programs that the mail is made for, as caniemail.com names
// them: those of companies, and the free ones that answer most surveys.
var programs = []string{
	"gmail.desktop-webmail", "gmail.mobile-webmail", "gmail.android", "gmail.ios",
	"outlook.windows", "outlook.windows-mail", "outlook.macos", "outlook.outlook-com", "outlook.android", "outlook.ios",
	"apple-mail.macos", "apple-mail.ios", "yahoo.desktop-webmail", "yahoo.android", "yahoo.ios", "samsung-email.android", "thunderbird.macos",
	"protonmail.desktop-webmail", "protonmail.android", "protonmail.ios", "fastmail.desktop-webmail",
	"gmx.desktop-webmail", "gmx.android", "gmx.ios", "web-de.desktop-webmail", "web-de.android", "web-de.ios",
}

// lackable are the features that some of the programs lack, and why the mail is as
// good without.
var lackable = map[string]string{
	"color-scheme meta tag": "the program decides about dark by itself; all colours that are set are set with what is behind them",
	"<body> element":        "nothing but its margin stands on it",
	"border-radius":         "corners are square",
	"text-decoration":       "the scores are underlined",
	"lang attribute":        "it is read aloud as the program has it",
	"role attribute":        "tables are announced as such; each has one line",
	"dir attribute":         "a name in letters from right to left stands on the left",
}

// lacking is what programs lack of what a mail needs, with the programs.
func lacking(t *testing.T, mail string) map[string][]string {
	t.Helper()
	node := npmtest.Install(t)
	script, err := filepath.Abs("testdata/mailprograms.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node.Path, append([]string{script, node.Modules}, programs...)...)
	cmd.Stdin = strings.NewReader(mail)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("checking the mail: %v\n%s", err, said.String())
	}
	var found map[string][]string
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestMailPrograms holds the mail, in each language, first and again, to what mail
// programs support.
func TestMailPrograms(t *testing.T) {
	t.Parallel()
	for _, language := range Languages {
		for _, again := range []bool{false, true} {
			s, l := sample(language)
			if again {
				s.Respondents[0].AskedAt = &s.Kickoff
			}
			m, err := l.Mail(s, s.Respondents[0])
			if err != nil {
				t.Fatal(err)
			}
			found := lacking(t, m.HTML)
			if d := cmp.Diff(slices.Sorted(maps.Keys(lackable)), slices.Sorted(maps.Keys(found))); d != "" {
				t.Errorf("%s: what some program lacks, -allowed +found:\n%s%v", language, d, found)
			}
		}
	}
}

// TestMailProgramsAreChecked: what programs do lack is found.
func TestMailProgramsAreChecked(t *testing.T) {
	t.Parallel()
	found := lacking(t, `<!DOCTYPE html><html><body><form action="https://example.com/"><div style="display:flex;position:fixed">a</div></form></body></html>`)
	for _, feature := range []string{"position", "display:flex", "<form> element"} {
		if !slices.Contains(found[feature], "outlook.windows") {
			t.Errorf("%s is not said to be lacked: %v", feature, found)
		}
	}
}
