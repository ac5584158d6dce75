package lifecycle

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Progress keeps in memory how far the tasks are that this process carries out:
// collecting a deal, and drafting its handoff. It is for people who wait; what was
// done stands in the store. Many goroutines may use it.
type Progress struct {
	Now func() time.Time

	mu    sync.Mutex
	works map[string]*tracked // by run
	order []string            // the latest last
}

// mostWorks is of how many runs is kept how far they were.
const mostWorks = 200

// mostSteps is how many steps of one task are kept: the first, and then the latest.
const mostSteps = 200

// A Work is a task that is being carried out, or was last.
type Work struct {
	Duty  string // [DutyCollect] or [DutyDraft]
	Began time.Time
	Ended time.Time // zero while it goes on
	Steps []WorkStep
	USD   float64 // billed so far; what was paid for in an earlier try is not in it
}

// A WorkStep is a part of it.
type WorkStep struct {
	What  string // "Gong", "Reading what was collected"
	Note  string // what came of it: "12 sources, 48210 words"
	Began time.Time
	Ended time.Time // zero while it goes on
}

type tracked struct {
	Work
	changed chan struct{} // closed by the next change
}

// Of is how far the run's task is; false where this process carries none out and
// carried none out lately. The channel is closed when there is more to tell.
func (p *Progress) Of(run string) (Work, <-chan struct{}, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, known := p.works[run]
	if !known {
		t = &tracked{changed: make(chan struct{})}
		p.keep(run, t)
	}
	out := t.Work
	out.Steps = slices.Clone(t.Steps)
	return out, t.changed, !t.Began.IsZero()
}

// keep remembers a run, and forgets the one that has been known longest. p.mu is
// held.
func (p *Progress) keep(run string, t *tracked) {
	if p.works == nil {
		p.works = map[string]*tracked{}
	}
	if _, known := p.works[run]; !known {
		p.order = append(p.order, run)
	}
	p.works[run] = t
	if len(p.order) > mostWorks {
		gone := p.order[0]
		p.order = p.order[1:]
		close(p.works[gone].changed) // who waits looks again
		delete(p.works, gone)
	}
}

type progressKey struct{}

// A teller is what tells of one task.
type teller struct {
	progress *Progress
	run      string
}

// begin has what ctx is given to tell of the run's task.
func (p *Progress) begin(ctx context.Context, run, duty string) context.Context {
	if p == nil || duty != DutyCollect && duty != DutyDraft {
		return ctx
	}
	t := teller{p, run}
	t.change(func(w *Work) { *w = Work{Duty: duty, Began: p.Now()} })
	return context.WithValue(ctx, progressKey{}, t)
}

// end notes that the task of ctx has ended.
func (p *Progress) end(ctx context.Context) {
	if t, ok := ctx.Value(progressKey{}).(teller); ok {
		t.change(func(w *Work) {
			w.Ended = p.Now()
			for i := range w.Steps {
				if w.Steps[i].Ended.IsZero() {
					w.Steps[i].Ended = w.Ended
				}
			}
		})
	}
}

func (t teller) change(f func(*Work)) {
	p := t.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	was, known := p.works[t.run]
	next := &tracked{changed: make(chan struct{})}
	if known {
		next.Work = was.Work
	}
	f(&next.Work)
	p.keep(t.run, next)
	if known {
		close(was.changed)
	}
}

// Step tells that a part of the task of ctx begins; what it gives is called when that
// ends, with what came of it. Where nobody listens it does nothing. Parts may go on
// side by side. Neither text may hold more of what a deal says than names.
func Step(ctx context.Context, what string) (end func(note string)) {
	t, ok := ctx.Value(progressKey{}).(teller)
	if !ok {
		return func(string) {}
	}
	began := t.progress.Now()
	t.change(func(w *Work) {
		if len(w.Steps) >= mostSteps {
			w.Steps = slices.Delete(slices.Clone(w.Steps), mostSteps/2, mostSteps/2+1)
		}
		w.Steps = append(w.Steps, WorkStep{What: what, Began: began})
	})
	return func(note string) {
		t.change(func(w *Work) {
			w.Steps = slices.Clone(w.Steps)
			for i, s := range slices.Backward(w.Steps) {
				if s.What == what && s.Began.Equal(began) && s.Ended.IsZero() {
					w.Steps[i].Note, w.Steps[i].Ended = note, t.progress.Now()
					return
				}
			}
		})
	}
}

// Billed tells that the task of ctx cost so many USD more.
func Billed(ctx context.Context, usd float64) {
	if t, ok := ctx.Value(progressKey{}).(teller); ok {
		t.change(func(w *Work) { w.USD += usd })
	}
}
