package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
)

func TestConnectorsDocumentIsAsGenerated(t *testing.T) {
	got, err := os.ReadFile("../../docs/connectors.md")
	if err != nil {
		t.Fatal(err)
	}
	abouts, err := aboutsOf("")
	if err != nil {
		t.Fatal(err)
	}
	want, err := connectorsAs("markdown", abouts, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/connectors.md is not what the connectors say of themselves: run go generate ./cmd/throughline\n%s", diff)
	}
}

var (
	sayingAbout = regexp.MustCompile(`(?m)^var About = `)
	packageName = regexp.MustCompile(`(?m)^package (\w+)$`)
)

// TestNoConnectorIsForgotten looks for packages that say what they are and stand
// in no line of the wiring.
func TestNoConnectorIsForgotten(t *testing.T) {
	wiring, err := os.ReadFile("connections.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	err = filepath.WalkDir("../../connect", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !sayingAbout.Match(source) {
			return nil
		}
		found++
		name := packageName.FindSubmatch(source)[1]
		if line := fmt.Sprintf("{&%s.About, ", name); !strings.Contains(string(wiring), line) {
			t.Errorf("%s says what it is, and connectors in connections.go has no line %s…}", path, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(connectors) {
		t.Errorf("%d packages say what they are, and %d are wired", found, len(connectors))
	}
}

func TestWhatConnectorsSayIsWhole(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^#{1,2} `)
	seen := map[string]bool{}
	for _, c := range connectors {
		a := c.about
		t.Run(a.System, func(t *testing.T) {
			if seen[a.System] {
				t.Error("two connectors have this name")
			}
			seen[a.System] = true
			if a.For == "" || len(a.Reads)+len(a.Writes) == 0 || len(a.Needs) == 0 || len(a.Limits) == 0 || len(a.Calls) == 0 || len(a.Facts) == 0 {
				t.Error("something is missing: what it is for, what it reads or writes, needs, limits, calls, facts")
			}
			for _, s := range phrasesOf(a) {
				if s == "" || strings.TrimSpace(s) != s || strings.Contains(s, "\n") {
					t.Errorf("%q is not one line", s)
				}
				if strings.HasSuffix(s, ".") {
					t.Errorf("%q ends with a full stop, unlike the others", s)
				}
			}
			all := strings.Join(append(phrasesOf(a), a.Notes), "\n")
			if at := regexp.MustCompile(`\{\{.*?\}\}|%!\w*\(.*?\)|%\[?\w`).FindString(all); at != "" {
				t.Errorf("a value was not put in: %s", at)
			}
			for _, f := range a.Facts {
				if f.Source == "" && !f.Unconfirmed {
					t.Errorf("it is not said how this is known: %s", f.What)
				}
				if strings.Contains(f.What+f.Source, "UNCONFIRMED") {
					t.Errorf("the word is put in by the document: %s", f.What)
				}
			}
			if heading.MatchString(a.Notes) {
				t.Error("the notes have a heading above the third level")
			}
		})
	}
}

// phrasesOf are all that is said of a connector, without its notes.
func phrasesOf(a *connect.About) []string {
	out := []string{a.System, a.For}
	for _, list := range listsOf(a) {
		out = append(out, list.those...)
	}
	for _, c := range a.Calls {
		out = append(out, c.For, c.Count)
	}
	for _, f := range a.Facts {
		out = append(out, f.What)
		if f.Source != "" {
			out = append(out, f.Source)
		}
	}
	return out
}

func TestConnectorsCommand(t *testing.T) {
	for name, c := range map[string]struct {
		args      []string
		status    int
		want, not []string // in what is written
	}{
		"all":                                {nil, exitDone, []string{"Salesforce: ", "\n\nGong: ", "\n  Reads\n    - ", "\n  Writes nothing\n", "\n  Needs\n", "\n  Limits\n", "\n  Unconfirmed\n", "Mail: "}, []string{"`", "**", "UNCONFIRMED"}},
		"one, in any case":                   {[]string{"gONG"}, exitDone, []string{"Gong: "}, []string{"Slack: ", "Salesforce: "}},
		"one and its parts":                  {[]string{"salesforce"}, exitDone, []string{"Salesforce: ", "\nSalesforce change events: "}, []string{"Gong: "}},
		"a part":                             {[]string{"salesforce", "change", "events"}, exitDone, []string{"Salesforce change events: "}, []string{"Salesforce: "}},
		"the beginning of a name is no name": {[]string{"g"}, exitUsage, []string{"there is no connector g; there are Salesforce, "}, nil},
		"one as Markdown":                    {[]string{"slack", "--format", "markdown"}, exitDone, []string{"## Slack\n", "UNCONFIRMED"}, []string{"# Connectors\n", "## Gong"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			e := env{stdout: &out, stderr: &out}
			if status := run(t.Context(), e, append([]string{"connectors"}, c.args...)); status != c.status {
				t.Errorf("the exit status is %d; want %d", status, c.status)
			}
			for _, s := range c.want {
				if !strings.Contains(out.String(), s) {
					t.Errorf("it does not say %q", s)
				}
			}
			for _, s := range c.not {
				if strings.Contains(out.String(), s) {
					t.Errorf("it says %q", s)
				}
			}
			if t.Failed() {
				t.Log(out.String())
			}
		})
	}
}

func TestConnectorsAsJSON(t *testing.T) {
	var out strings.Builder
	if status := run(t.Context(), env{stdout: &out, stderr: &out}, []string{"connectors", "--format", "json"}); status != exitDone {
		t.Fatal(out.String())
	}
	var got struct{ Connectors []connect.About }
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	var want []connect.About
	for _, c := range connectors {
		want = append(want, *c.about)
	}
	if diff := cmp.Diff(want, got.Connectors); diff != "" {
		t.Error(diff)
	}
}

func TestConnectorsForATerminalAreNoWiderThanOne(t *testing.T) {
	abouts, err := aboutsOf("")
	if err != nil {
		t.Fatal(err)
	}
	text, err := connectorsAs("text", abouts, true)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 120 && strings.HasPrefix(line, " ") {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}

func TestWrapped(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":            {"", nil},
		"short":              {"one two", []string{"one two"}},
		"to the very end":    {"four five six", []string{"four five", "six"}},
		"a word of its own":  {"a muchtoolongaword b", []string{"a", "muchtoolongaword", "b"}},
		"counted by letters": {"ööööö öööö", []string{"ööööö öööö"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, wrapped(c.text, 10)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
