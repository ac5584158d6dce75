package throughline_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// house says of each package which others of the module it may import, from the
// ground up: a package imports only from above itself in this list, and the root
// package, which all may use, imports none.
var house = []struct {
	name string // below the module; empty for the root package
	uses []string
}{
	{name: "survey"},
	{name: "twin/answer"},
	{name: "twin/fault"},
	{name: "twin/hubspot", uses: []string{"twin/fault"}},
	{name: "twin/vitally", uses: []string{"twin/answer", "twin/fault"}},
	{name: "twin/totango", uses: []string{"twin/answer", "twin/fault"}},
	{name: "twin/chorus", uses: []string{"twin/answer", "twin/fault"}},
	{name: "twin/catalyst", uses: []string{"twin/answer", "twin/fault"}},
	{name: ""},
	{name: "lexicon"},
	{name: "caption"},
	{name: "reply"},
	{name: "ground"},
	{name: "hedge", uses: []string{"ground", "lexicon"}},
	{name: "folder", uses: []string{"caption", "lexicon", "reply"}},
	{name: "engine/builtin", uses: []string{"ground", "hedge", "lexicon"}},
	{name: "internal/eventbus"},
	{name: "internal/spectest"},
	{name: "twin/anthropic"},
	{name: "twin/gong", uses: []string{"twin/answer", "twin/fault"}},
	{name: "twin/notion", uses: []string{"twin/answer", "twin/fault"}},
	{name: "twin/salesforce", uses: []string{"twin/fault"}},
	{name: "twin/salesforce/pubsub", uses: []string{"internal/eventbus", "twin/salesforce"}},
	{name: "twin/slack", uses: []string{"twin/fault"}},
	{name: "twin/smtp"},
	{name: "render"},
	{name: "kickoff", uses: []string{"ground", "lexicon", "render"}},
	{name: "engine/claude", uses: []string{"ground", "hedge", "kickoff", "lexicon"}},
	{name: "render/rendertest"},
	{name: "connect"},
	{name: "connect/vitally", uses: []string{"connect", "render"}},
	{name: "connect/totango", uses: []string{"connect", "render"}},
	{name: "won", uses: []string{"connect"}},
	{name: "connect/hubspot", uses: []string{"connect", "render", "won"}},
	{name: "connect/salesforce/outbound", uses: []string{"connect", "won"}},
	{name: "connect/catalyst", uses: []string{"connect"}},
	{name: "connect/callindex", uses: []string{"connect"}},
	{name: "connect/chorus", uses: []string{"connect", "connect/callindex"}},
	{name: "connect/gong", uses: []string{"connect", "connect/callindex"}},
	{name: "connect/mail", uses: []string{"connect"}},
	{name: "connect/notion", uses: []string{"connect", "kickoff", "render"}},
	{name: "connect/salesforce", uses: []string{"connect", "render", "won"}},
	{name: "connect/salesforce/changes", uses: []string{"connect", "connect/salesforce", "internal/eventbus", "won"}},
	{name: "connect/slack", uses: []string{"connect", "render"}},
	{name: "collect", uses: []string{"connect"}},
	{name: "lifecycle", uses: []string{"collect", "connect", "folder", "kickoff", "survey"}},
	{name: "store", uses: []string{"connect/callindex", "kickoff", "lifecycle", "survey"}},
	{name: "store/storetest", uses: []string{"store"}},
	{name: "lifecycle/jobs", uses: []string{"lifecycle"}},
	{name: "web", uses: []string{"connect", "kickoff", "lifecycle", "render", "store", "survey"}},
	{name: "skill"},
	{name: "eval"},
	{name: "internal/npmtest"},
	{name: "cmd/throughline", uses: []string{
		"collect", "connect", "connect/catalyst", "connect/chorus", "connect/gong", "connect/hubspot", "connect/mail", "connect/notion", "connect/salesforce",
		"connect/salesforce/changes", "connect/salesforce/outbound", "connect/slack", "connect/totango", "connect/vitally", "engine/builtin", "engine/claude", "eval",
		"folder", "ground", "hedge", "kickoff", "lifecycle", "lifecycle/jobs", "render", "skill", "store", "survey", "twin/catalyst", "twin/chorus", "twin/gong",
		"twin/hubspot", "twin/notion", "twin/salesforce", "twin/slack", "twin/smtp", "twin/totango", "twin/vitally", "web", "won",
	}},
}

// A goPackage is a package as `go list` tells of it.
type goPackage struct {
	ImportPath string
	Imports    []string
	Module     struct{ Path string }
}

func goList(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Module", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the module's packages: %v", err)
	}
	var found []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading what go list says: %v", err)
		}
		found = append(found, p)
	}
	if len(found) == 0 {
		t.Fatal("go list found no package")
	}
	return found
}

// inHouse is an import path below the module; false for somebody else's.
func inHouse(module, path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func TestImportsOnlyLookDown(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range goList(t) {
		name, _ := inHouse(p.Module.Path, p.ImportPath)
		seen[name] = true
		at := roomOf(name)
		if at < 0 {
			t.Errorf("package %q has no room in the house: give it one in this test and in docs/architecture.md", name)
			continue
		}
		for _, path := range p.Imports {
			used, ours := inHouse(p.Module.Path, path)
			if !ours || used == "" && name != "" {
				continue
			}
			if !slices.Contains(house[at].uses, used) {
				t.Errorf("package %q imports %q, which its room does not allow", name, used)
			}
		}
	}
	for _, room := range house {
		if !seen[room.name] {
			t.Errorf("the house has a room %q without a package", room.name)
		}
	}
}

func roomOf(name string) int {
	for i, room := range house {
		if room.name == name {
			return i
		}
	}
	return -1
}

// TestHouseStandsOnItsGround checks the table above itself: no room may use one
// that is not below it.
func TestHouseStandsOnItsGround(t *testing.T) {
	for i, room := range house {
		for _, used := range room.uses {
			if at := roomOf(used); at < 0 || at >= i {
				t.Errorf("room %q uses %q, which is not below it", room.name, used)
			}
		}
	}
}

func TestArchitectureNamesEveryPackage(t *testing.T) {
	doc, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range goList(t) {
		name, _ := inHouse(p.Module.Path, p.ImportPath)
		if name == "" {
			name = "throughline"
		}
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/architecture.md does not name `%s`", name)
		}
	}
}

// TestArchitectureDrawsTheImports compares the drawing with what is imported: each
// arrow is an import, and each import is an arrow, but those of the root package,
// which almost all have, and of the commands, which wire all.
func TestArchitectureDrawsTheImports(t *testing.T) {
	doc, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for line := range strings.Lines(string(doc)) {
		from, to, ok := strings.Cut(strings.TrimSpace(line), " --> ")
		if ok && roomOf(from) >= 0 && roomOf(to) >= 0 {
			drawn[from+" --> "+to] = true
		}
	}
	for _, p := range goList(t) {
		from, _ := inHouse(p.Module.Path, p.ImportPath)
		for _, path := range p.Imports {
			to, ours := inHouse(p.Module.Path, path)
			if !ours || to == "" || from == "cmd/throughline" {
				continue
			}
			arrow := from + " --> " + to
			if !drawn[arrow] {
				t.Errorf("the drawing lacks %s", arrow)
			}
			delete(drawn, arrow)
		}
	}
	for arrow := range drawn {
		t.Errorf("the drawing has %s, which nothing imports", arrow)
	}
}

// TestDependenciesAreExplained: docs/dependencies.md names every module that ours
// uses itself, with the version in use.
func TestDependenciesAreExplained(t *testing.T) {
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatalf("reading go.mod: %v", err)
	}
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	direct := 0
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct++
		if !strings.Contains(string(doc), "| "+r.Path+" | "+r.Version+" |") {
			t.Errorf("docs/dependencies.md does not say what %s %s is for", r.Path, r.Version)
		}
	}
	if direct == 0 {
		t.Error("go.mod names no direct dependency")
	}
}
