package gong_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline/connect"
	"throughline/connect/callindex"
	"throughline/connect/gong"
	"throughline/twin/fault"
	twin "throughline/twin/gong"
)

// recordOf is what a CRM tells of the deal that [rig.deal] records.
func recordOf(o callindex.Deal) *connect.Record {
	return &connect.Record{ID: o.ID, Account: o.Account, Contacts: o.Contacts, Opened: o.From, Closed: o.To}
}

func (r *rig) collector() *gong.Collector { return &gong.Collector{Index: r.index} }

func told(gaps []connect.Gap) []string {
	var out []string
	for _, g := range gaps {
		line := g.System + ": " + g.What
		if g.Pending {
			line += " (pending)"
		}
		out = append(out, line)
	}
	return out
}

// TestCollect: what is missing of a deal, or may not belong to it, is told.
func TestCollect(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(r *rig)
		want []string // beginnings
	}{
		"all there": {func(*rig) {}, nil},
		"a transcript to come": {
			func(r *rig) {
				r.record(recording{id: "200", started: today.Add(-time.Hour), opportunity: "006A00000BcdEfG"})
				r.twin.Delay("200", today, today.Add(time.Hour))
			},
			[]string{`Gong: the call "Call 200" of 2026-06-01 has no transcript yet; Gong makes one within hours, sometimes a day (pending)`},
		},
		"a transcript that never came": {
			func(r *rig) { r.twin.Delay("100", today.AddDate(0, -6, 0), today.Add(time.Hour)) },
			[]string{`Gong: the call "Call 100" of 2026-03-13 has no transcript, and none is to be expected any more`},
		},
		"private calls": {
			func(r *rig) {
				r.record(recording{id: "200", started: today.Add(-time.Hour), opportunity: "006A00000BcdEfG", private: true}, recording{id: "201", started: today.Add(-time.Hour), opportunity: "006A00000BcdEfG", private: true})
			},
			[]string{"Gong: 2 private calls were left out"},
		},
		"by who took part": {
			func(r *rig) {
				r.record(recording{id: "200", started: today.Add(-time.Hour), customer: "cy@customer.example"})
			},
			[]string{`Gong: 1 call counts as one of this deal only because its contacts took part, and tied to no opportunity in Gong; check that it belongs here: "Call 200" of 2026-06-01`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			record := recordOf(r.deal())
			tt.make(r)
			dir := t.TempDir()
			gaps, err := r.collector().Collect(t.Context(), record, dir)
			if err != nil {
				t.Fatal(err)
			}
			got := told(gaps)
			if len(got) != len(tt.want) {
				t.Fatalf("the gaps are %q", got)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("a gap is %q, want %q", got[i], want)
				}
				if strings.Contains(name, "private") && strings.Contains(got[i], "Call") {
					t.Errorf("the gap tells of a private call: %q", got[i])
				}
			}
			for _, name := range []string{"calls.json", "transcripts.json"} {
				info, err := os.Stat(filepath.Join(dir, "gong", name))
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", name, info, err)
				}
			}
		})
	}
}

// TestCollectSyncs: two deals within a quarter of an hour take one sync; without
// any sync the fault is the error, after one it is a gap.
func TestCollectSyncs(t *testing.T) {
	r := newRig(t)
	record := recordOf(r.deal())
	down := fault.Fault{Route: twin.PathCalls, Times: 4, Status: 503}
	r.twin.Fail(down)
	var e *connect.Error
	if _, err := r.collector().Collect(t.Context(), record, t.TempDir()); !errors.As(err, &e) || !e.Temporary {
		t.Errorf("the error is %v", err)
	}
	r.twin.Forget()
	for range 2 {
		if _, err := r.collector().Collect(t.Context(), record, t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]int{twin.PathCalls: 1 + 2, twin.PathTranscripts: 2}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
	r.clock.pass(time.Hour)
	r.twin.Fail(down)
	gaps, err := r.collector().Collect(t.Context(), record, t.TempDir())
	if err != nil || len(gaps) != 1 || !gaps[0].Pending || !strings.Contains(gaps[0].What, "calls after 2026-06-01 may be missing") {
		t.Errorf("%v, %v", told(gaps), err)
	}
}

// TestUnknownCalls: a call that the list had and that is not told of is counted.
func TestUnknownCalls(t *testing.T) {
	r := newRig(t)
	record := recordOf(r.deal())
	r.sync(t)
	r.twin.Delay("107", today.Add(time.Hour), today.Add(time.Hour))
	gaps, err := r.collector().Collect(t.Context(), record, t.TempDir())
	if err != nil || len(gaps) != 1 || gaps[0].Pending || !strings.HasPrefix(gaps[0].What, "1 call is known by Gong's list but not told of") {
		t.Errorf("%v, %v", told(gaps), err)
	}
}

// TestCompanyPace: two credentials of one company's own host share its pace, on
// the host of all companies each has its own.
func TestCompanyPace(t *testing.T) {
	own := "https://us-1.api.gong.io"
	first, second := gong.New(own, gong.Key("a", "b")), gong.New(own+"/", gong.Key("c", "d"))
	if first.HTTP.Limiter != second.HTTP.Limiter {
		t.Error("one company, two paces")
	}
	if gong.New("", gong.Key("a", "b")).HTTP.Limiter == gong.New("", gong.Key("c", "d")).HTTP.Limiter {
		t.Error("two companies, one pace")
	}
}
