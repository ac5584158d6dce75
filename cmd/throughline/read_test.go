package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	pageHead = regexp.MustCompile(`^Page (\d+) of (\d+) of `)
	refLine  = regexp.MustCompile(`(?m)^([cesrd]\d+\.\d+)[ :]`)
)

// readPages reads a deal from its first page to its last.
func readPages(t *testing.T, args ...string) []string {
	t.Helper()
	var pages []string
	for n, of := 1, 1; n <= of; n++ {
		text := succeed(t, "", append([]string{"read", "--page", fmt.Sprint(n)}, args...)...)
		var at int
		if _, err := fmt.Sscanf(text, "Page %d of %d of", &at, &of); err != nil || at != n || !pageHead.MatchString(text) {
			t.Fatalf("page %d begins with %q, want its number and how many there are", n, strings.SplitN(text, "\n", 2)[0])
		}
		pages = append(pages, text)
	}
	return pages
}

func refsOf(pages []string) []string {
	var refs []string
	for _, m := range refLine.FindAllStringSubmatch(strings.Join(pages, ""), -1) {
		refs = append(refs, m[1])
	}
	return refs
}

func TestReadShowsEveryPassageOnce(t *testing.T) {
	want := map[string]int{}
	for p := range demoDeal(t).Passages {
		if p.Evidence() {
			want[p.Ref] = 1
		}
	}
	p := startProgress(env{stderr: io.Discard})
	defer p.stop()
	shown, err := readShown(t.Context(), p, demoDir, withholding{})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{minPageSize, 30_000, maxPageSize} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			pages, _, err := pagesOf(shown, "", size)
			if err != nil {
				t.Fatal(err)
			}
			if size > minPageSize { // the command reads the deal for each page, and here are too many
				pages = readPages(t, demoDir, "--page-size", strconv.Itoa(size))
			}
			got := map[string]int{}
			for _, ref := range refsOf(pages) {
				got[ref]++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("how often each ref stands on the %d pages (-want +got):\n%s", len(pages), diff)
			}
			if last := pages[len(pages)-1]; !strings.Contains(last, "</candidates>") {
				t.Errorf("the last page ends without the candidates: %q", last[max(0, len(last)-200):])
			}
		})
	}
}

func TestReadSource(t *testing.T) {
	deal := demoDeal(t)
	var want []string
	for _, p := range deal.Source("c2").Passages {
		if p.Evidence() {
			want = append(want, p.Ref)
		}
	}
	if diff := cmp.Diff(want, refsOf(readPages(t, demoDir, "--source", "c2", "--page-size", "4000"))); diff != "" {
		t.Errorf("refs (-want +got):\n%s", diff)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"", exitUsage, "name the folder"},
		{demoDir + " --page 99", exitFailed, "there is no page 99: the deal has"},
		{demoDir + " --page 0", exitFailed, "there is no page 0"},
		{demoDir + " --source zz", exitFailed, `there is no source "zz": inspect lists the deal's sources (`},
		{demoDir + " --page-size 10", exitUsage, "--page-size is from 2000 to 1000000"},
		{"nowhere", exitFailed, "there is nothing at nowhere"},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := throughlineRun(t, "", append([]string{"read"}, strings.Fields(c.args)...)...)
			if r.status != c.status || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("exit status %d, it said %q and wrote %q; want %d, %q and nothing", r.status, r.stderr, r.stdout, c.status, c.want)
			}
		})
	}
}

func TestReadLeavesOutWhatProvesNothing(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, "", "generate", demoDir)
	writeInto(t, dir, "handoff.md", out)
	writeInto(t, dir, "note.txt", "Ann Lee: we paste the orders by hand every morning.\n")
	var earlier string
	for _, s := range inspected(t, dir).Sources {
		if s.NotEvidence != "" {
			earlier = s.ID
		}
	}
	if earlier == "" {
		t.Fatal("the earlier handoff was not known as one")
	}
	r := throughlineRun(t, "", "read", dir, "--source", earlier)
	if r.status != exitFailed || !strings.Contains(r.stderr, "proves nothing, and is not read") {
		t.Errorf("exit status %d, it said %q", r.status, r.stderr)
	}
	for _, ref := range refsOf(readPages(t, dir)) {
		if strings.HasPrefix(ref, earlier+".") {
			t.Fatalf("%s of the earlier handoff is shown", ref)
		}
	}
}
