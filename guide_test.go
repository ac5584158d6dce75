package throughline_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// An excerpt is code that a guide shows.
type excerpt struct {
	line int    // of the guide, where it begins
	file string // that it is from
	code string
}

// fileLine is the line that names the file from which the excerpts below it are.
var fileLine = regexp.MustCompile("^`([^`]+\\.go)`:$")

// excerptsOf are the pieces of Go in a guide.
func excerptsOf(guide string) ([]excerpt, error) {
	var out []excerpt
	file, inside := "", false
	for i, line := range strings.Split(guide, "\n") {
		switch {
		case inside && line == "```":
			inside = false
		case inside:
			out[len(out)-1].code += line + "\n"
		case line == "```go":
			if file == "" {
				return nil, fmt.Errorf("line %d: no line above names the file of this code", i+1)
			}
			inside = true
			out = append(out, excerpt{line: i + 1, file: file})
		case strings.HasPrefix(line, "#"):
			file = ""
		case fileLine.MatchString(line):
			file = fileLine.FindStringSubmatch(line)[1]
		}
	}
	if inside {
		return nil, fmt.Errorf("the last piece of code has no end")
	}
	return out, nil
}

// omission stands for lines that an excerpt leaves out.
var omission = regexp.MustCompile(`(?m)^\s*// …\n`)

// standsIn reports whether an excerpt is in a file: its parts, of whole lines, in
// order.
func (e excerpt) standsIn(source string) bool {
	rest := "\n" + source
	for _, part := range omission.Split(e.code, -1) {
		_, after, ok := strings.Cut(rest, "\n"+part)
		if !ok {
			return false
		}
		rest = "\n" + after
	}
	return true
}

// TestGuideShowsTheRealCode finds what docs/adding-a-connector.md shows in the
// files that it names.
func TestGuideShowsTheRealCode(t *testing.T) {
	const guide = "docs/adding-a-connector.md"
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	excerpts, err := excerptsOf(string(text))
	if err != nil {
		t.Fatalf("%s: %v", guide, err)
	}
	if len(excerpts) == 0 {
		t.Fatalf("%s shows no code", guide)
	}
	for _, e := range excerpts {
		source, err := os.ReadFile(e.file)
		if err != nil {
			t.Errorf("%s:%d: %v", guide, e.line, err)
			continue
		}
		if !e.standsIn(string(source)) {
			t.Errorf("%s:%d: this is not in %s:\n%s", guide, e.line, e.file, e.code)
		}
	}
}

// TestGuideNamesRealTests finds the tests that the guide sends its reader to.
func TestGuideNamesRealTests(t *testing.T) {
	text, err := os.ReadFile("docs/adding-a-connector.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| .* \\| `(Test\\w+)` \\|$")
	source, err := os.ReadFile("connect/gong/gong_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := row.FindAllSubmatch(text, -1)
	if len(rows) == 0 {
		t.Fatal("the guide names no test")
	}
	for _, m := range rows {
		if !strings.Contains(string(source), "func "+string(m[1])+"(t *testing.T)") {
			t.Errorf("connect/gong/gong_test.go has no %s", m[1])
		}
	}
}

// TestExcerpts holds the tests above to account.
func TestExcerpts(t *testing.T) {
	source := "one\n\ttwo\nthree\nfour\n"
	for name, c := range map[string]struct {
		code string
		want bool
	}{
		"whole lines":             {"\ttwo\nthree\n", true},
		"with an omission":        {"one\n\t// …\nfour\n", true},
		"parts in another order":  {"four\n// …\none\n", false},
		"other white space":       {"two\n  three\n", false},
		"a word of it is another": {"one\n\ttwo\nthere\n", false},
		"ends within a line":      {"thre\n", false},
		"begins within a line":    {"two\nthree\n", false},
	} {
		if got := (excerpt{code: c.code}).standsIn(source); got != c.want {
			t.Errorf("%s: %v; want %v", name, got, c.want)
		}
	}
	for name, guide := range map[string]string{
		"no file named":             "```go\nx\n```\n",
		"named in another section":  "`a.go`:\n\n## Next\n\n```go\nx\n```\n",
		"code that does not end":    "`a.go`:\n\n```go\nx\n",
		"a file's name in the text": "See `a.go`: this.\n\n```go\nx\n```\n",
	} {
		if got, err := excerptsOf(guide); err == nil {
			t.Errorf("%s: it is taken: %v", name, got)
		}
	}
}
