package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline"
	"throughline/collect"
	"throughline/connect"
	"throughline/engine/builtin"
	"throughline/engine/claude"
	"throughline/lifecycle"
	pages "throughline/web"
)

// What a serving process tells its pages: how far a draft is, what the connections
// allow, what is in use.

// A toldCRM tells that the CRM is being read.
type toldCRM struct {
	collect.CRM
	name string
}

func (c toldCRM) Collect(ctx context.Context, id, dir string) (*connect.Record, []connect.Gap, error) {
	end := lifecycle.Step(ctx, c.name)
	r, gaps, err := c.CRM.Collect(ctx, id, dir)
	end(gathered(gaps, err))
	return r, gaps, err
}

// A toldSystem tells that a system is being read.
type toldSystem struct {
	collect.System
	name string
}

func (s toldSystem) Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	end := lifecycle.Step(ctx, s.name)
	gaps, err := s.System.Collect(ctx, r, dir)
	end(gathered(gaps, err))
	return gaps, err
}

// gathered says in a few words what came of reading a system.
func gathered(gaps []connect.Gap, err error) string {
	switch {
	case err != nil:
		return "could not be read"
	case slices.ContainsFunc(gaps, func(g connect.Gap) bool { return g.Pending }):
		return "read; something is still expected"
	case len(gaps) > 0:
		return "read, with " + counted(len(gaps), "gap", "gaps")
	}
	return "read"
}

// told are systems that tell when they are read.
func told(systems []collect.Named[collect.System]) []collect.Named[collect.System] {
	out := slices.Clone(systems)
	for i, s := range out {
		out[i].It = toldSystem{s.It, s.Name}
	}
	return out
}

// telling is an engine that tells what it does, less what is withheld of the deal
// from a model. end is called when the draft is there.
func telling(ctx context.Context, eng engine, deal *throughline.Deal) (out engine, end func()) {
	e, ok := eng.(*claude.Engine)
	if !ok {
		step := lifecycle.Step(ctx, "Drafting by rules")
		return eng, func() { step("") }
	}
	return tellingModel(ctx, e, deal)
}

// tellingModel is telling for a model.
func tellingModel(ctx context.Context, e *claude.Engine, deal *throughline.Deal) (asked *claude.Engine, end func()) {
	asked = withheldFrom(e, deal)
	var mu sync.Mutex
	last := func(string) {}
	asked.Progress = func(what string) {
		if strings.HasPrefix(what, askingAgain) {
			what = askingAgain // why is the answer's text
		}
		mu.Lock()
		defer mu.Unlock()
		last("")
		last = lifecycle.Step(ctx, what)
	}
	if asked.Budget.Ledger != nil {
		asked.Budget.Ledger = toldLedger{asked.Budget.Ledger, ctx}
	}
	return asked, func() {
		mu.Lock()
		defer mu.Unlock()
		last("")
		last = func(string) {}
	}
}

// askingAgain is how the engine begins to say that an answer was of no use.
const askingAgain = "Asking once more"

// A toldLedger tells what is written down.
type toldLedger struct {
	claude.Ledger
	ctx context.Context //nolint:containedctx // of the one draft that the ledger is made for
}

func (l toldLedger) Add(at time.Time, usd float64) error {
	lifecycle.Billed(l.ctx, usd)
	return l.Ledger.Add(at, usd)
}

// settledNote says in a few words what was proven.
func settledNote(h *throughline.Handoff) string {
	return fmt.Sprintf("%s, %d left out", counted(len(h.Items), "item stands", "items stand"), len(h.LeftOut))
}

// checked tries every connection, for the pages.
func (w *wired) checked(ctx context.Context) ([]pages.Checked, error) {
	p := startProgress(env{stderr: nowhere{}, now: w.with.env.now})
	defer p.stop()
	r := checkAll(ctx, p, w.config, w.connections, w.service.Now())
	out := make([]pages.Checked, len(r.Permissions))
	for i, one := range r.Permissions {
		out[i] = pages.Checked{System: one.System, Name: one.Name, For: one.For, OK: one.OK, Optional: one.Optional, Problem: one.Problem}
	}
	if r.DealsError != "" {
		out = append(out, pages.Checked{System: "Won deals", Name: "Listing them", For: "starting handoffs", Problem: r.DealsError})
	}
	return out, ctx.Err()
}

// nowhere is written to in vain.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// settings are what is in use, for the pages.
func (w *wired) settings(context.Context) ([]pages.Setting, error) {
	c, e := w.config, w.config.Engine
	out := []pages.Setting{{Name: "Engine", Value: cmp.Or(e.Name, builtin.Name)}}
	if e.Name == claude.Name {
		model := cmp.Or(e.Model, claude.DefaultModel())
		out = append(out,
			pages.Setting{Name: "Model", Value: model + ", by " + cmp.Or(e.Provider, "anthropic")},
			pages.Setting{Name: "A handoff may cost", Value: fmt.Sprintf("$%.2f", cmp.Or(e.MaxUSD, 10))},
		)
		if e.MaxUSDMonth > 0 {
			out = append(out, pages.Setting{Name: "A month may cost", Value: fmt.Sprintf("$%.2f", e.MaxUSDMonth)})
		}
	}
	rules := w.service.Rules
	return append(out,
		pages.Setting{Name: "Published after", Value: rules.PublishAfter.String()},
		pages.Setting{Name: "Destinations", Value: cmp.Or(strings.Join(rules.Destinations, ", "), "these pages alone")},
		pages.Setting{Name: "People are written to by", Value: cmp.Or(strings.Join(rules.Ways, ", "), "nothing")},
		pages.Setting{Name: "Database", Value: string(w.db.Dialect)},
		pages.Setting{Name: "Admins", Value: cmp.Or(strings.Join(c.admins(), ", "), "nobody")},
		pages.Setting{Name: "Version", Value: version()},
	), nil
}
