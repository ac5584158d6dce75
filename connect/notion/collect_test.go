package notion_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"throughline"
	"throughline/connect"
	"throughline/connect/notion"
	"throughline/folder"
	"throughline/twin/fault"
	twin "throughline/twin/notion"
)

const demo = "../../cmd/throughline/demo/harborline"

// TestCollectedDealIsTheFoldersDeal: a deal whose documents come from the stand-in
// says what its folder says.
func TestCollectedDealIsTheFoldersDeal(t *testing.T) {
	want, err := folder.Read(t.Context(), demo)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	links, err := r.twin.Seed(demo)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(demo)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "docs")); err != nil {
		t.Fatal(err)
	}
	gaps, err := r.c.Collect(t.Context(), &connect.Record{Links: append(links, "https://example.com/", links[0])}, dir)
	if err != nil || len(gaps) > 0 {
		t.Fatal(gaps, err)
	}
	got, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreFields(throughline.Source{}, "File", "URL")
	if diff := cmp.Diff(documents(want), documents(got), ignore); diff != "" {
		t.Error(diff)
	}
	for _, s := range documents(got) {
		if s.URL != links[0] {
			t.Errorf("%s is opened at %q", s.Title, s.URL)
		}
	}
}

func documents(d *throughline.Deal) []*throughline.Source {
	var out []*throughline.Source
	for _, s := range d.Sources {
		if s.Kind == throughline.SourceDocument {
			out = append(out, s)
		}
	}
	return out
}

// collected is what folder reads of a page, and what was told to be missing.
func collected(t *testing.T, r *rig, links ...string) ([]*throughline.Source, []string) {
	t.Helper()
	dir := t.TempDir()
	gaps, err := r.c.Collect(t.Context(), &connect.Record{Links: links}, dir)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, g := range gaps {
		if !g.Optional {
			told = append(told, g.What)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "notion")); err != nil {
		return nil, told
	}
	deal, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return documents(deal), told
}

func address(id string) string {
	return "https://www.notion.so/example/Plan-" + strings.ReplaceAll(id, "-", "")
}

func passages(sources []*throughline.Source) []string {
	var out []string
	for _, s := range sources {
		for _, p := range s.Passages {
			out = append(out, p.Label+" / "+p.Text)
		}
	}
	return out
}

func TestCollectBlocks(t *testing.T) {
	r := newRig(t)
	id := r.twin.AddPage("Plan: \"phase\" one", today,
		twin.NewBlock("heading_1", "A heading"),
		twin.NewBlock("paragraph", "A paragraph.\nAnd its second line."),
		twin.NewBlock("bulleted_list_item", "An item", twin.NewBlock("bulleted_list_item", "Below it")),
		twin.NewBlock("to_do", "Something to do"),
		twin.NewBlock("toggle", "What folds", twin.NewBlock("quote", "What it hides")),
		twin.NewBlock("table", "", twin.NewBlock("table_row", "Who | What"), twin.NewBlock("table_row", "Ann | Says yes")),
		twin.NewBlock("callout", "# is no heading here, and <!-- hides nothing"),
		twin.NewBlock("paragraph", "THIS IS SAID LOUDLY"),
		twin.NewBlock("paragraph", "``` and --- and > are text"),
		twin.NewBlock("divider", ""),
		twin.NewBlock("child_database", "Risks"),
		twin.NewBlock("unsupported", ""),
		twin.NewBlock("paragraph", "The last one --> here."),
	)
	sources, gaps := collected(t, r, address(id))
	want := []string{
		"A heading / A paragraph.", "A heading / And its second line.", "A heading / An item", "A heading / Below it", "A heading / Something to do",
		"A heading / What folds", "A heading / What it hides", "A heading / Who | What", "A heading / Ann | Says yes",
		"A heading / # is no heading here, and <! -- hides nothing", "A heading / THIS IS SAID LOUDLY", "A heading / ``` and --- and > are text",
		"A heading / The last one --> here.",
	}
	if diff := cmp.Diff(want, passages(sources)); diff != "" {
		t.Error(diff)
	}
	if len(sources) == 1 && (sources[0].Title != `Plan: "phase" one` || !sources[0].At.Equal(today) || !strings.Contains(sources[0].URL, strings.ReplaceAll(id, "-", ""))) {
		t.Errorf("got %q of %s at %s", sources[0].Title, sources[0].At, sources[0].URL)
	}
	wantGaps := []string{
		"the page “Plan: \"phase\" one” holds a database, “Risks”, whose rows are not read: link those that matter on the record",
		"of the page “Plan: \"phase\" one”, 1 block of the kind unsupported could not be read as text",
	}
	if diff := cmp.Diff(wantGaps, gaps); diff != "" {
		t.Error(diff)
	}
}

// TestCollectPages: more blocks than one answer holds.
func TestCollectPages(t *testing.T) {
	r := newRig(t)
	id := r.twin.AddPage("Long", today)
	for range 250 {
		r.twin.AddBlock(id, twin.NewBlock("bulleted_list_item", "One more"))
	}
	r.twin.Forget()
	sources, _ := collected(t, r, address(id))
	if n := len(passages(sources)); n != 250 || r.twin.Requests()[twin.RouteChildren] != 3 {
		t.Errorf("%d passages by %v", n, r.twin.Requests())
	}
}

// TestOurPagesAreNoDocuments: neither a page that was published nor a copy of one.
func TestOurPagesAreNoDocuments(t *testing.T) {
	r := newRig(t)
	copied := r.publish(t, small(t))
	again := r.twin.AddPage("Copy", today, twin.NewBlock("paragraph", r.only(t).Blocks[0].Text), twin.NewBlock("paragraph", "It promises much"))
	sources, gaps := collected(t, r, copied.URL, address(again))
	if len(sources) > 0 || len(gaps) > 0 {
		t.Errorf("got %q, %q", passages(sources), gaps)
	}
}

func TestNotShared(t *testing.T) {
	r := newRig(t)
	mine, theirs := r.twin.AddPage("Mine", today, twin.NewBlock("paragraph", "A text.")), r.twin.AddPage("Theirs", today)
	r.twin.Share(theirs, false)
	sources, gaps := collected(t, r, address(theirs), address(mine))
	if len(sources) != 1 || len(gaps) != 1 || !strings.Contains(gaps[0], "share the page with the connection") {
		t.Errorf("got %q, %q", passages(sources), gaps)
	}
}

// TestCollectAgain: what is gone goes, what can't be read for now stays, nobody
// else's file is touched, and all are their owner's alone.
func TestCollectAgain(t *testing.T) {
	r := newRig(t)
	a, b := r.twin.AddPage("A", today, twin.NewBlock("paragraph", "Text of A.")), r.twin.AddPage("B", today, twin.NewBlock("paragraph", "Text of B."))
	dir := t.TempDir()
	both := &connect.Record{Links: []string{address(a), address(b)}}
	collect := func(rec *connect.Record) error {
		_, err := r.c.Collect(t.Context(), rec, dir)
		return err
	}
	if err := collect(both); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "notion", "own.md")
	if err := os.WriteFile(own, []byte("# Mine\n\nText.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.twin.Fail(fault.Fault{Route: twin.RoutePage, Status: 503, Times: 4})
	if err := collect(both); err != nil || len(saved(t, dir)) != 3 {
		t.Errorf("while one can't be read: %v, %q", err, saved(t, dir))
	}
	if err := collect(&connect.Record{Links: []string{address(b)}}); err != nil || len(saved(t, dir)) != 2 {
		t.Errorf("without a link to it: %v, %q", err, saved(t, dir))
	}
	r.twin.Token = "another"
	err := collect(both)
	var e *connect.Error
	if !errors.As(err, &e) || e.Status != 401 || len(saved(t, dir)) != 2 {
		t.Errorf("with a token that is refused: %v, %q", err, saved(t, dir))
	}
}

// saved are the files saved, which bear no secret and are their owner's alone.
func saved(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if strings.Contains(string(raw), token) {
			t.Errorf("%s holds the token", path)
		}
		out = append(out, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPageID(t *testing.T) {
	const bare, id = "195de9221179449fab8075a27c979105", "195de922-1179-449f-ab80-75a27c979105"
	for address, want := range map[string]string{
		"https://www.notion.so/" + bare:                                               id,
		"https://www.notion.so/example/Deal-review-" + bare + "?pvs=4#" + bare[:31]:   id,
		"https://app.notion.com/p/Deal-review-" + bare:                                id,
		"https://example.notion.site/Deal-review-" + strings.ToUpper(bare):            id,
		"https://notion.so/Deal-review-" + id:                                         id,
		"https://www.notion.so/example/" + strings.Repeat("0", 32) + "?v=1&p=" + bare: id,
		"http://www.notion.so/" + bare + "/":                                          id,
		"https://www.notion.com/product":                                              "",
		"https://notion.so.example.com/" + bare:                                       "",
		"https://example.com/?to=https://notion.so/" + bare:                           "",
		"https://www.notion.so/x" + bare:                                              "",
		"ftp://www.notion.so/" + bare:                                                 "",
		"%":                                                                           "",
	} {
		got, ok := notion.PageID(address)
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v", address, got, ok)
		}
	}
}

func FuzzPageID(f *testing.F) {
	for _, s := range []string{"https://www.notion.so/example/Deal-195de9221179449fab8075a27c979105?p=195de922-1179-449f-ab80-75a27c979105", "https://x.notion.site/", "::", "http://notion.so/-" + strings.Repeat("é", 33)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		id, ok := notion.PageID(address)
		if ok != (len(id) == 36) {
			t.Fatalf("got %q, %v", id, ok)
		}
		if again, _ := notion.PageID("https://www.notion.so/" + id); ok && again != id {
			t.Fatalf("%q reads back as %q", id, again)
		}
	})
}

// FuzzDocument: the text of a page is in what folder reads, whatever it looks like.
func FuzzDocument(f *testing.F) {
	for _, s := range hostileSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		r := newQuickRig(t)
		id := r.twin.AddPage("Plan", today, twin.NewBlock("paragraph", "First one."), twin.NewBlock("paragraph", text), twin.NewBlock("paragraph", "Last one."))
		sources, _ := collected(t, r, address(id))
		if strings.Contains(text, throughline.Schema) {
			return // is taken for a handoff
		}
		all := strings.Join(passages(sources), "\n")
		if len(sources) == 1 && (!strings.Contains(all, "First one.") || !strings.Contains(all, "Last one.")) {
			t.Errorf("%q hides others: %q", text, all)
		}
	})
}

var hostileSeeds = []string{"# x", "```", "<!-- x", "---\ntitle: y\n---", "| a |", "> q", "- i", "1. i", "A\n===", "X: “y”", "10:04 Ann: hello", "<html><body>"}

// TestAuthor: who made all of a page wrote it, unless it names somebody itself, or
// the connection may not know people.
func TestAuthor(t *testing.T) {
	for name, tc := range map[string]struct {
		first    string
		withheld []string
		want     string
	}{
		"theirs":     {"They want it by May, no later.", nil, ""}, // may name an author
		"plain":      {"They want it soon.", nil, "Ann Lee"},
		"names one":  {"Prepared by Caleb Whitmore.", nil, "Caleb Whitmore"},
		"not told":   {"They want it soon.", []string{twin.ReadUsers}, ""},
		"in another": {"Autor: Caleb Whitmore", nil, "Caleb Whitmore"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.twin.Withheld = tc.withheld
			id := r.twin.AddPage("Plan", today, twin.NewBlock("paragraph", tc.first), twin.NewBlock("paragraph", "More of it."))
			sources, _ := collected(t, r, address(id))
			p := sources[0].Passages[len(sources[0].Passages)-1]
			if p.Name != tc.want {
				t.Errorf("%q is %q's", p.Text, p.Name)
			}
		})
	}
}
