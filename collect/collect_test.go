package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/collect"
	"throughline/connect"
	"throughline/folder"
)

var (
	today    = time.Date(2026, 9, 28, 15, 0, 0, 0, time.UTC)
	tomorrow = today.Add(24 * time.Hour)
)

// A fake is a CRM or a system that saves files, then says gaps, or fails.
type fake struct {
	files map[string]string
	gaps  []connect.Gap
	err   error
	saw   *connect.Record
}

func (f *fake) save(dir string) error {
	for name, content := range f.files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, []byte(content), 0o600)); err != nil {
			return err
		}
	}
	return nil
}

type crm struct{ fake }

func (c *crm) Collect(_ context.Context, id, dir string) (*connect.Record, []connect.Gap, error) {
	if err := c.save(dir); err != nil || c.err != nil {
		return nil, nil, errors.Join(err, c.err)
	}
	return &connect.Record{ID: id, Name: "Example deal"}, c.gaps, nil
}

type system struct{ fake }

func (s *system) Collect(_ context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	s.saw = r
	return s.gaps, errors.Join(s.save(dir), s.err)
}

// A rig is a CRM, two systems, and the folder they are gathered into.
type rig struct {
	crm   crm
	calls system
	chat  system
	dir   string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return &rig{
		crm: crm{fake{
			files: map[string]string{"salesforce/opportunity.json": `{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","Name":"Example deal","NextStep":"Kickoff in June"}`},
		}},
		calls: system{fake{files: map[string]string{"docs/call.md": "They key it in by hand."}}},
		chat:  system{fake{files: map[string]string{"docs/chat.md": "The pilot runs for two weeks."}}},
		dir:   filepath.Join(t.TempDir(), "deal"),
	}
}

func (r *rig) gather(ctx context.Context, id string, now time.Time) (*collect.Result, error) {
	return collect.Deal(ctx, collect.Named[collect.CRM]{Name: "Salesforce", It: &r.crm},
		[]collect.Named[collect.System]{{Name: "Gong", It: &r.calls}, {Name: "Slack", It: &r.chat}}, id, r.dir, now)
}

func (r *rig) must(t *testing.T, now time.Time) *collect.Result {
	t.Helper()
	res, err := r.gather(t.Context(), "006", now)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// contents are the files below a directory, hidden ones too.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDealIsGathered(t *testing.T) {
	r := newRig(t)
	r.chat.gaps = []connect.Gap{{System: "Slack", What: "no channel", Optional: true}, {System: "Slack", What: "a file is still coming", Pending: true}}
	res := r.must(t, today)
	if res.Record.Name != "Example deal" || r.calls.saw != res.Record || r.chat.saw != res.Record {
		t.Errorf("the record %v reached calls as %v, chat as %v", res.Record, r.calls.saw, r.chat.saw)
	}
	want := collect.State{
		Schema: collect.Schema, Opportunity: "006", At: today, Gaps: r.chat.gaps,
		Systems: []collect.Read{{Name: "Salesforce", Files: []string{"salesforce/opportunity.json"}}, {Name: "Gong", Files: []string{"docs/call.md"}}, {Name: "Slack", Files: []string{"docs/chat.md"}}},
	}
	for file := range contents(t, r.dir) {
		if file != collect.File && len(res.Sums[file]) != 64 {
			t.Errorf("the sum of %s is %q", file, res.Sums[file])
		}
	}
	want.Sums = res.Sums
	if diff := cmp.Diff(want, res.State); diff != "" {
		t.Error(diff)
	}
	if found, err := collect.Find(r.dir); err != nil || !cmp.Equal(*found, want) {
		t.Errorf("the folder tells %v, %v", found, err)
	}
	if !res.Pending() {
		t.Error("nothing is pending")
	}
	deal, err := folder.Read(t.Context(), r.dir)
	if err != nil || len(deal.Sources) != 3 {
		t.Fatalf("the folder is read as %d sources: %v", len(deal.Sources), err)
	}
	if len(deal.Problems) != 1 || deal.Problems[0].File != "Slack" || !strings.Contains(deal.Problems[0].What, "a file is still coming; it may still come") {
		t.Errorf("problems: %v", deal.Problems)
	}
}

// TestOwnersAlone: nobody else may read what was gathered.
func TestOwnersAlone(t *testing.T) {
	r := newRig(t)
	r.must(t, today)
	err := filepath.WalkDir(r.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestGatheredAgain(t *testing.T) {
	r := newRig(t)
	r.must(t, today)
	first := contents(t, filepath.Dir(r.dir))
	r.must(t, today)
	if diff := cmp.Diff(first, contents(t, filepath.Dir(r.dir))); diff != "" {
		t.Errorf("the same, gathered twice, differs:\n%s", diff)
	}

	// What people put there stays, and counts for more than a system's file of
	// the same name; what the systems no longer have goes.
	for name, content := range map[string]string{"notes/mine.md": "Mine.", "docs/chat2.md": "Mine too."} {
		file := filepath.Join(r.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("mine.md", filepath.Join(r.dir, "notes/link.md")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "docs/call.md"), []byte("Corrected by hand."), 0o600); err != nil {
		t.Fatal(err)
	}
	r.crm.files["salesforce/account.json"] = "{}"
	r.must(t, tomorrow)
	delete(r.crm.files, "salesforce/account.json")
	r.calls.files = map[string]string{"docs/other.md": "Another call."}
	r.chat.files["docs/chat2.md"] = "The system's."
	res := r.must(t, tomorrow)
	got := contents(t, r.dir)
	delete(got, collect.File)
	want := map[string]string{
		"salesforce/opportunity.json": r.crm.files["salesforce/opportunity.json"], "docs/other.md": "Another call.", "docs/chat.md": r.chat.files["docs/chat.md"],
		"docs/call.md": "Corrected by hand.", "notes/mine.md": "Mine.", "notes/link.md": "Mine.", "docs/chat2.md": "Mine too.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"docs/chat.md"}, res.Systems[2].Files); diff != "" {
		t.Errorf("what people put there is told as the system's: %s", diff)
	}
}

// TestOneSystemDown: the others are there, and what the one had saved before it
// failed is not.
func TestOneSystemDown(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		pending bool
	}{
		"for a while": {&connect.Error{Vendor: "Gong", Op: "read calls", Status: 503, Temporary: true, Advice: "try again later"}, true},
		"for good":    {&connect.Error{Vendor: "Gong", Op: "read calls", Status: 403, Advice: "give the credential the scope"}, false},
		"otherwise":   {errors.New("no room"), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.must(t, today)
			r.calls.err = c.err
			res := r.must(t, tomorrow)
			if len(res.Gaps) != 1 || res.Gaps[0].System != "Gong" || !strings.Contains(res.Gaps[0].What, c.err.Error()) || res.Gaps[0].Pending != c.pending {
				t.Errorf("gaps: %v", res.Gaps)
			}
			got := contents(t, r.dir)
			if got["docs/call.md"] != "" || got["docs/chat.md"] == "" || got["salesforce/opportunity.json"] == "" {
				t.Errorf("the folder holds %v", got)
			}
			r.calls.err = nil
			if res := r.must(t, tomorrow); len(res.Gaps) != 0 || contents(t, r.dir)["docs/call.md"] == "" {
				t.Errorf("a second try: %v", res.Gaps)
			}
		})
	}
}

// TestUnchangedOnFailure: where gathering fails, the folder stays as it was and
// nothing is left beside it.
func TestUnchangedOnFailure(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		id   string
		crm  error
		want string
	}{
		"the CRM is down": {t.Context(), "006", errors.New("no answer"), "no answer"},
		"another deal":    {t.Context(), "007", nil, "holds another deal, that of 006"},
		"cancelled":       {cancelled, "006", nil, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.must(t, today)
			before := contents(t, filepath.Dir(r.dir))
			r.crm.err = c.crm
			r.chat.files["docs/new.md"] = "New."
			if _, err := r.gather(c.ctx, c.id, tomorrow); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q in it", err, c.want)
			}
			if diff := cmp.Diff(before, contents(t, filepath.Dir(r.dir))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestForeignFolderIsLeftAlone(t *testing.T) {
	for name, content := range map[string]string{"letter.md": "Dear", collect.File: `{"schema":"throughline.collected/v9"}`, "x/" + collect.File: `{}`} {
		r := newRig(t)
		file := filepath.Join(r.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.gather(t.Context(), "006", today); err == nil || !strings.Contains(err.Error(), "directory") {
			t.Errorf("%s: got error %v", name, err)
		}
		if diff := cmp.Diff(map[string]string{name: content}, contents(t, r.dir)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestThroughALink(t *testing.T) {
	r := newRig(t)
	r.must(t, today)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(r.dir, link); err != nil {
		t.Fatal(err)
	}
	r.chat.files["docs/new.md"] = "New."
	to := r.dir
	r.dir = link
	r.must(t, tomorrow)
	if contents(t, to)["docs/new.md"] != "New." {
		t.Error("what the link leads to is not replaced")
	}
	if target, err := os.Readlink(link); err != nil || target != to {
		t.Errorf("the link is now %q, %v", target, err)
	}
}

// TestAfterACrash: whatever moment the process ended at, the next gathering finds
// the earlier folder or the new one, and clears away what was left.
func TestAfterACrash(t *testing.T) {
	r := newRig(t)
	r.must(t, today)
	own := filepath.Join(r.dir, "mine.md")
	if err := os.WriteFile(own, []byte("Mine."), 0o600); err != nil {
		t.Fatal(err)
	}
	staging := filepath.Join(filepath.Dir(r.dir), ".deal.collecting-1")
	if err := errors.Join(os.MkdirAll(filepath.Join(staging, "new"), 0o700), os.Rename(r.dir, filepath.Join(staging, "old"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(staging, today, today); err != nil {
		t.Fatal(err)
	}
	r.must(t, tomorrow.Add(time.Hour))
	if contents(t, r.dir)["mine.md"] != "Mine." {
		t.Error("the earlier folder is lost")
	}
	if left := contents(t, filepath.Dir(r.dir)); len(left) != len(contents(t, r.dir)) {
		t.Errorf("left beside the folder: %v", fmt.Sprint(maps.Keys(left)))
	}
	if _, err := os.Stat(staging); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was staged is still there: %v", err)
	}
}

// FuzzFind: a folder's state may have been changed by anybody.
func FuzzFind(f *testing.F) {
	f.Add([]byte(`{"schema":"throughline.collected/v1","opportunity":"006","systems":[{"name":"Gong","files":["gong/calls.json"]}],"gaps":[]}`))
	f.Add([]byte(`{"schema":"throughline.collected/v1","systems":[{"files":["../../x"]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, collect.File), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := collect.Find(dir)
		if (s == nil) == (err == nil) {
			t.Errorf("got %v, %v", s, err)
		}
	})
}
