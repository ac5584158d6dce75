package skill_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"throughline/engine/claude"
	"throughline/skill"
)

func read(t *testing.T, dir fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// skillFile divides SKILL.md.
func skillFile(t *testing.T) (front map[string]any, body string) {
	t.Helper()
	text := read(t, skill.Files(), "SKILL.md")
	rest, ok := strings.CutPrefix(text, "---\n")
	head, body, found := strings.Cut(rest, "\n---\n")
	if !ok || !found {
		t.Fatal("SKILL.md does not begin with front matter between two lines of ---")
	}
	if err := yaml.Unmarshal([]byte(head), &front); err != nil {
		t.Fatal(err)
	}
	return front, body
}

func names(t *testing.T, dir fs.FS, under string) []string {
	t.Helper()
	entries, err := fs.ReadDir(dir, under)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

func TestReferencesAreTheEnginesPrompts(t *testing.T) {
	prompts := claude.Prompts()
	want := names(t, prompts, ".")
	if diff := cmp.Diff(want, names(t, skill.Files(), "references")); diff != "" {
		t.Fatalf("the references are not the prompts: run 'go generate ./skill' (-prompts +references):\n%s", diff)
	}
	for _, name := range want {
		if read(t, prompts, name) != read(t, skill.Files(), "references/"+name) {
			t.Errorf("references/%s is not the engine's prompt: run 'go generate ./skill'", name)
		}
	}
}

// TestFrontMatterKeepsTheSpecification holds the front matter to what
// agentskills.io/specification says of each field.
func TestFrontMatterKeepsTheSpecification(t *testing.T) {
	front, _ := skillFile(t)
	for field := range front {
		if !slices.Contains([]string{"name", "description", "license", "compatibility", "metadata", "allowed-tools"}, field) {
			t.Errorf("there is no field %q", field)
		}
	}
	name, _ := front["name"].(string)
	if name != skill.Name || len(name) > 64 || !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(name) {
		t.Errorf("name is %q: it must be the folder's, %q, of small letters, digits and single hyphens", name, skill.Name)
	}
	for field, most := range map[string]int{"description": 1024, "compatibility": 500} {
		if text, _ := front[field].(string); text == "" || len(text) > most {
			t.Errorf("%s has %d characters, want 1 to %d", field, len(text), most)
		}
	}
	want := map[string]any{"trigger": "Opportunity stage = Closed Won"}
	if diff := cmp.Diff(want, front["metadata"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestFrontMatterFitsTheSchema(t *testing.T) {
	schema := filepath.Join("..", "..", "shared", "specs", "agentskills", "skill-frontmatter.schema.json")
	if _, err := os.Stat(schema); err != nil {
		t.Skipf("the specification's schema is not on this machine: %v", err)
	}
	compiled, err := jsonschema.NewCompiler().Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	front, _ := skillFile(t)
	doc, err := json.Marshal(front)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Error(err)
	}
}

func TestBodyKeepsTheSpecification(t *testing.T) {
	_, body := skillFile(t)
	if n := strings.Count(body, "\n"); n >= 500 {
		t.Errorf("the body has %d lines, want fewer than 500", n)
	}
	// A token is about four bytes of English; fewer than 5000 are recommended.
	if len(body)/4 >= 5000 {
		t.Errorf("the body has %d bytes, about %d tokens, want fewer than 5000", len(body), len(body)/4)
	}
	linked := map[string]bool{}
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(body, -1) {
		linked[m[1]] = true
		if _, err := fs.Stat(skill.Files(), m[1]); err != nil {
			t.Errorf("SKILL.md links to %s: %v", m[1], err)
		}
	}
	for _, name := range names(t, skill.Files(), "references") {
		if !linked["references/"+name] {
			t.Errorf("SKILL.md does not say when to read references/%s", name)
		}
	}
}

// tree is what stands in a folder, the record of the install aside.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			found[name] = read(t, os.DirFS(dir), name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func install(t *testing.T, dir string, force bool) skill.Installation {
	t.Helper()
	in, err := skill.Install(dir, force)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestInstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "skills") // which is not there yet
	in := install(t, dir, false)
	want := map[string]string{}
	err := fs.WalkDir(skill.Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			want[name] = read(t, skill.Files(), name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tree(t, in.Dir)); diff != "" {
		t.Errorf("what is installed (-want +got):\n%s", diff)
	}
	if len(in.Written) != len(want) || len(in.Kept) != 0 {
		t.Errorf("written %d, kept %d, want %d and 0", len(in.Written), len(in.Kept), len(want))
	}

	again := install(t, dir, false)
	if len(again.Written) != 0 || len(again.Kept) != len(want) {
		t.Errorf("the second time: written %v, kept %d, want none and %d", again.Written, len(again.Kept), len(want))
	}
}

func TestInstallLeavesWhatSomebodyChanged(t *testing.T) {
	dir := t.TempDir()
	in := install(t, dir, false)
	mine := filepath.Join(in.Dir, "SKILL.md")
	write(t, mine, "my own words")
	gone := filepath.Join(in.Dir, "references", "risks.md")
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	before := tree(t, in.Dir)

	_, err := skill.Install(dir, false)
	var changed *skill.ChangedError
	if !errors.As(err, &changed) || !slices.Equal(changed.Files, []string{"SKILL.md"}) {
		t.Fatalf("error %v, want one that names SKILL.md as changed", err)
	}
	if diff := cmp.Diff(before, tree(t, in.Dir)); diff != "" {
		t.Errorf("it was refused and yet wrote (-before +after):\n%s", diff)
	}

	forced := install(t, dir, true)
	if want := []string{"SKILL.md", "references/risks.md"}; !slices.Equal(forced.Written, want) {
		t.Errorf("by force it wrote %v, want %v", forced.Written, want)
	}
	if got := tree(t, in.Dir)["SKILL.md"]; got != read(t, skill.Files(), "SKILL.md") {
		t.Error("by force SKILL.md is not the program's")
	}
}

// TestInstallBringsAnEarlierVersionUpToDate: files as an earlier install left
// them are replaced or removed; one that no install wrote stays.
func TestInstallBringsAnEarlierVersionUpToDate(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, skill.Name)
	if err := os.MkdirAll(filepath.Join(at, "references"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, "SKILL.md"), "old\n")
	write(t, filepath.Join(at, "references", "former.md"), "old\n")
	write(t, filepath.Join(at, "notes.md"), "somebody's\n")
	outside := filepath.Join(dir, "outside.md")
	write(t, outside, "old\n")
	write(t, filepath.Join(at, ".installed.sha256"), strings.Join([]string{
		oldHash + "  SKILL.md", oldHash + "  references/former.md", strings.Repeat("0", 64) + "  notes.md", oldHash + "  ../outside.md", "",
	}, "\n"))

	in := install(t, dir, false)
	if want := []string{"references/former.md"}; !slices.Equal(in.Removed, want) {
		t.Errorf("it removed %v, want %v", in.Removed, want)
	}
	got := tree(t, at)
	if got["SKILL.md"] != read(t, skill.Files(), "SKILL.md") {
		t.Error("SKILL.md was not brought up to date")
	}
	if got["notes.md"] == "" {
		t.Error("a file that no install wrote is gone")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a file outside the skill is gone: %v", err)
	}
}

// oldHash is that of "old\n".
const oldHash = "01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee"
