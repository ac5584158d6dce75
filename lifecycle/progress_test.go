package lifecycle

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgressTells(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	p := &Progress{Now: func() time.Time { return now }}
	if _, _, known := p.Of("r"); known {
		t.Error("something is known before it began")
	}
	_, changed, _ := p.Of("r")
	ctx := p.begin(t.Context(), "r", DutyDraft)
	select {
	case <-changed:
	default:
		t.Error("who looked before it began is not told")
	}
	began := now
	read := Step(ctx, "Reading")
	asking := Step(ctx, "Asking")
	now = now.Add(time.Minute)
	read("12 sources")
	read("a second end changes nothing")
	Billed(ctx, 0.5)
	Billed(ctx, 0.25)
	got, changed, known := p.Of("r")
	want := Work{Duty: DutyDraft, Began: began, USD: 0.75, Steps: []WorkStep{{What: "Reading", Note: "12 sources", Began: began, Ended: now}, {What: "Asking", Began: began}}}
	if diff := cmp.Diff(want, got); !known || diff != "" {
		t.Errorf("known %v: %s", known, diff)
	}
	p.end(ctx)
	select {
	case <-changed:
	default:
		t.Error("who looks is not told of the end")
	}
	asking("too late")
	got, _, _ = p.Of("r")
	if got.Ended.IsZero() || got.Steps[1].Ended.IsZero() || got.Steps[1].Note != "" {
		t.Errorf("after the end: %+v", got)
	}

	// Where nobody looks nothing is kept, and nothing fails.
	Step(t.Context(), "Reading")("done")
	Billed(t.Context(), 1)
	var none *Progress
	none.end(none.begin(t.Context(), "r", DutyDraft))
	if ctx := p.begin(t.Context(), "x", DutyPublish); ctx.Value(progressKey{}) != nil {
		t.Error("a publication is told of")
	}
}

// TestProgressIsBounded: many runs and many steps take no more than their room, and
// who waits for a run that is forgotten is told to look again.
func TestProgressIsBounded(t *testing.T) {
	p := &Progress{Now: time.Now}
	_, first, _ := p.Of("0")
	var working sync.WaitGroup
	for i := range 2 * mostWorks {
		working.Go(func() {
			ctx := p.begin(context.Background(), fmt.Sprint(i+1), DutyCollect)
			Step(ctx, "one")("")
			p.end(ctx)
		})
	}
	working.Wait()
	if len(p.works) != mostWorks || len(p.order) != mostWorks {
		t.Errorf("%d runs in %d places are kept", len(p.works), len(p.order))
	}
	select {
	case <-first:
	default:
		t.Error("who waits for a forgotten run waits for ever")
	}
	ctx := p.begin(t.Context(), "long", DutyDraft)
	for i := range 3 * mostSteps {
		Step(ctx, fmt.Sprint(i))("")
	}
	got, _, _ := p.Of("long")
	if len(got.Steps) != mostSteps || got.Steps[0].What != "0" || got.Steps[mostSteps-1].What != fmt.Sprint(3*mostSteps-1) {
		t.Errorf("%d steps, from %s to %s", len(got.Steps), got.Steps[0].What, got.Steps[len(got.Steps)-1].What)
	}
}

func TestWaits(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	ae, csm := Person{Email: "AE@example.com"}, Person{Email: "CSM@example.com"}
	for name, c := range map[string]struct {
		run  Run
		what Wait
		who  string
	}{
		"no draft yet":               {Run{Stage: StageCollecting}, WaitNone, ""},
		"a draft":                    {Run{Stage: StageInReview, Version: 1}, WaitReview, "ae@example.com"},
		"a draft that was reviewed":  {Run{Stage: StageInReview, Version: 1, Reviewed: at}, WaitNone, ""},
		"published":                  {Run{Stage: StagePublished, Version: 1, Published: at, PublishedVersion: 1}, WaitAccept, "csm@example.com"},
		"returned":                   {Run{Stage: StageReturned, Version: 1, Published: at, PublishedVersion: 1, Reviewed: at}, WaitReview, "ae@example.com"},
		"accepted":                   {Run{Stage: StageAccepted, Version: 1, Published: at, PublishedVersion: 1, AcceptedVersion: 1}, WaitNone, ""},
		"accepted, and a newer came": {Run{Stage: StageAccepted, Version: 2, Published: at, PublishedVersion: 2, AcceptedVersion: 1}, WaitAccept, "csm@example.com"},
		"after the kickoff":          {Run{Stage: StageKickoff, Version: 1, Published: at, PublishedVersion: 1}, WaitNone, ""},
		"cancelled":                  {Run{Stage: StageCancelled, Version: 1}, WaitNone, ""},
		"of a past deal":             {Run{Stage: StageDrafted, Version: 1, Quiet: true}, WaitNone, ""},
	} {
		c.run.AE, c.run.CSM = ae, csm
		if what, who := c.run.Waits(); what != c.what || who != c.who {
			t.Errorf("%s: it waits for %q to %q", name, who, what)
		}
	}
}
