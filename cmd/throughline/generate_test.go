package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline"
	"throughline/folder"
)

func generated(t testing.TB, dir string, args ...string) *throughline.Handoff {
	t.Helper()
	out := succeed(t, "", append([]string{"generate", dir, "--format", "json"}, args...)...)
	var h throughline.Handoff
	if err := json.Unmarshal([]byte(out), &h); err != nil {
		t.Fatalf("the handoff is no JSON: %v", err)
	}
	return &h
}

func demoDeal(t testing.TB) *throughline.Deal {
	t.Helper()
	deal, err := folder.Read(t.Context(), demoDir)
	if err != nil {
		t.Fatal(err)
	}
	return deal
}

func TestGenerateJSON(t *testing.T) {
	h, deal := generated(t, demoDir), demoDeal(t)
	if h.Schema != throughline.Schema || h.Status != throughline.StatusDraft || h.Audience != throughline.AudienceTeam {
		t.Errorf("schema %q, status %q, audience %q", h.Schema, h.Status, h.Audience)
	}
	if !h.GeneratedAt.Equal(noon) {
		t.Errorf("generated at %v, want the command's clock, %v", h.GeneratedAt, noon)
	}
	if h.Engine.Name != "builtin" || h.Engine.Limits == "" {
		t.Errorf("the document does not say which engine wrote it and what it can't do: %+v", h.Engine)
	}
	if len(h.Sources) != len(deal.Sources) {
		t.Errorf("%d sources are listed, %d were read", len(h.Sources), len(deal.Sources))
	}
	seen := map[throughline.Section]bool{}
	for _, it := range h.Items {
		seen[it.Section] = true
		if it.Section != it.Kind.Section() {
			t.Errorf("%s stands in section %d", it.ID, it.Section)
		}
		if len(it.Evidence) == 0 {
			t.Errorf("%s stands on nothing", it.ID)
		}
		for _, e := range it.Evidence {
			if p := deal.Passage(e.Ref); p == nil || !strings.Contains(p.Text, e.Quote) {
				t.Errorf("%s: the quote %q does not stand in %s", it.ID, e.Quote, e.Ref)
			}
		}
	}
	for _, s := range throughline.Sections {
		if !seen[s] {
			t.Errorf("nothing was found for section %d, %s", s, s.Title())
		}
	}
}

// TestGenerateFollowsTheSchema holds what is printed to the schema that is
// published.
func TestGenerateFollowsTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/handoff.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range throughline.Audiences {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(succeed(t, "", "generate", demoDir, "--format", "json", "--audience", string(a))))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("the handoff for %s does not follow the schema: %v", a, err)
		}
	}
}

func TestGenerateFormatsAndAudiences(t *testing.T) {
	sections := func(doc string) (found []throughline.Section) {
		for _, s := range throughline.Sections {
			if strings.Contains(doc, s.Title()) {
				found = append(found, s)
			}
		}
		return found
	}
	for _, c := range []struct {
		audience throughline.Audience
		want     []throughline.Section
	}{
		{throughline.AudienceTeam, []throughline.Section{1, 2, 3, 4, 5}},
		{throughline.AudienceCompany, []throughline.Section{1, 4, 5}},
	} {
		for format, start := range map[string]string{"markdown": "", "html": "<!doctype html>"} {
			out := succeed(t, "", "generate", demoDir, "--format", format, "--audience", string(c.audience))
			if diff := cmp.Diff(c.want, sections(out)); diff != "" {
				t.Errorf("sections of %s for %s (-want +got):\n%s", format, c.audience, diff)
			}
			if !strings.HasPrefix(out, start) || !strings.Contains(out, "Harborline Logistics") {
				t.Errorf("%s for %s is no such document:\n%.300s", format, c.audience, out)
			}
		}
	}
}

// TestGenerateForCustomer holds the customer's view against what was read: none
// of what the seller's people said among themselves, or to one person alone, may
// stand in it.
func TestGenerateForCustomer(t *testing.T) {
	team, deal := generated(t, demoDir), demoDeal(t)
	docs := map[string]string{}
	for format := range renderers {
		docs[format] = succeed(t, "", "generate", demoDir, "--format", format, "--audience", "customer")
	}
	for _, it := range generated(t, demoDir, "--audience", "customer").Items {
		if it.Section == throughline.SectionContext || it.Section == throughline.SectionPoliticalMap || it.Stance != "" || it.Why != "" {
			t.Errorf("%s is not for the customer: %+v", it.ID, it)
		}
		for _, e := range it.Evidence {
			if p := deal.Passage(e.Ref); p == nil || p.Source.Internal || p.HeardBy(throughline.SideCustomer) < 2 {
				t.Errorf("%s quotes %s, which two of the customer's people did not hear", it.ID, e.Ref)
			}
		}
	}
	internal := 0
	for _, it := range team.Items {
		for _, e := range it.Evidence {
			if !e.Internal || len(e.Quote) < 20 {
				continue
			}
			internal++
			for format, doc := range docs {
				if strings.Contains(doc, e.Quote) {
					t.Errorf("the customer's %s shows an internal quote: %q", format, e.Quote)
				}
			}
		}
	}
	if internal == 0 {
		t.Error("the team's document has no internal quote, so this test says nothing")
	}
}

func TestGenerateToFile(t *testing.T) {
	want := succeed(t, "", "generate", demoDir)
	dir := t.TempDir()
	file, link := filepath.Join(dir, "handoff.md"), filepath.Join(dir, "latest.md")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link, file} {
		if err := os.WriteFile(file, []byte("what stood here before"), 0o640); err != nil {
			t.Fatal(err)
		}
		if out := succeed(t, "", "generate", demoDir, "-o", name); out != "" {
			t.Errorf("with -o, on standard output: %.100s", out)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is not what standard output gets: %.100q", name, got)
		}
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", st, err)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode was not kept: %v, %v", st, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind beside the file and the link: %v, %v", entries, err)
	}
}

func TestGenerateNewFileIsTheOwnersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "handoff.md")
	succeed(t, "", "generate", demoDir, "-o", file)
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode of a new handoff: %v, %v", st, err)
	}
}

func TestGenerateToDash(t *testing.T) {
	if diff := cmp.Diff(succeed(t, "", "generate", demoDir), succeed(t, "", "generate", demoDir, "-o", "-")); diff != "" {
		t.Errorf("-o - is not standard output:\n%s", diff)
	}
}

// TestGenerateAgain: the same files give the same document.
func TestGenerateAgain(t *testing.T) {
	first := succeed(t, "", "generate", demoDir, "--format", "json")
	for range 4 {
		if again := succeed(t, "", "generate", demoDir, "--format", "json"); again != first {
			t.Fatalf("the same files give another handoff (-first +again):\n%s", cmp.Diff(strings.Split(first, "\n"), strings.Split(again, "\n")))
		}
	}
}

// zipOf packs the demo's deal, within a folder or not.
func zipOf(t *testing.T, within string) string {
	t.Helper()
	dir, err := demoFolder()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "deal.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	err = fs.WalkDir(dir, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, file)
		if err != nil {
			return err
		}
		w, err := z.Create(path.Join(within, file))
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestGenerateFromZip(t *testing.T) {
	want := generated(t, demoDir)
	if diff := cmp.Diff(want, generated(t, zipOf(t, ""))); diff != "" {
		t.Errorf("the .zip gives another handoff than the folder (-folder +zip):\n%s", diff)
	}
	if diff := cmp.Diff(want.Items, generated(t, zipOf(t, "exports/harborline")).Items); diff != "" {
		t.Errorf("the .zip of a folder gives other items than the folder (-folder +zip):\n%s", diff)
	}
}

// TestGenerateNamesWhatIsBroken: half-broken files are named in the handoff, and
// the rest is used.
func TestGenerateNamesWhatIsBroken(t *testing.T) {
	dir := t.TempDir()
	demo, err := demoFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, demo); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"gong/more.json": []byte(`{"callTranscripts": [{"callId": "77", "transcript": [{"speakerId"`),
		"photo.bin":      {0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3},
	} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, got := generated(t, demoDir), generated(t, dir)
	if diff := cmp.Diff(want.Items, got.Items); diff != "" {
		t.Errorf("broken files changed the items (-without +with):\n%s", diff)
	}
	named := map[string]bool{}
	for _, p := range got.Problems {
		named[p.File] = p.What != ""
	}
	if !named["gong/more.json"] || !named["photo.bin"] {
		t.Errorf("the handoff does not name the broken files: %+v", got.Problems)
	}
}

// demoMap is the demo's deal in memory, to plant files in.
func demoMap(t testing.TB) fstest.MapFS {
	t.Helper()
	dir, err := demoFolder()
	if err != nil {
		t.Fatal(err)
	}
	m := fstest.MapFS{}
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		m[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// itemsOf are the items of the handoff of a folder, as JSON.
func itemsOf(ctx context.Context, dir fs.FS) (items []byte, h *throughline.Handoff, err error) {
	deal, err := folder.ReadFS(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	p := startProgress(env{stderr: io.Discard})
	defer p.stop()
	h, err = handoff(ctx, p, engines["builtin"], deal, noon)
	if err != nil {
		return nil, nil, err
	}
	items, err = json.MarshalIndent(h.Items, "", " ")
	return items, h, err
}
