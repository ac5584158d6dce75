package claude

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
)

// A Budget stops before money is spent beyond it. Limits are in USD; 0 is none.
type Budget struct {
	Handoff float64 // for one handoff, and for one check of a kickoff
	Month   float64 // for all of a calendar month, UTC
	Ledger  Ledger  // what was spent; needed for Month
}

func (b Budget) limited() bool { return b.Handoff > 0 || b.Month > 0 }

// A Ledger remembers what was spent.
type Ledger interface {
	Add(at time.Time, usd float64) error
	// Spent is the sum of the calendar month of at, UTC.
	Spent(at time.Time) (float64, error)
}

// A BudgetError says which limit the next requests would pass.
type BudgetError struct {
	What         string // "this handoff", "this check of a kickoff" or "this month"
	Limit, Spent float64
	Next         float64 // what the next requests may cost, at most
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the limit of $%.2f for %s would be passed: $%.2f is spent and the next requests may cost $%.2f; raise the limit to go on, what was answered is kept",
		e.Limit, e.What, e.Spent, e.Next)
}

// afford errs before requests are sent that may pass a limit. What they may cost
// is their estimated input and the longest answer they allow for.
func (s *session) afford(qs []Request, missing []int, batch bool) error {
	if !s.Budget.limited() {
		return nil
	}
	next := 0.0
	for _, i := range missing {
		e := s.asked.Estimate(qs[i])
		e.Tokens.Batch, e.Tokens.Output = batch, qs[i].Params.MaxTokens
		next += s.asked.model.cost(e.Tokens)
	}
	if next == 0 {
		return nil
	}
	if l := s.Budget.Handoff; l > 0 && s.spent+next > l {
		return &BudgetError{What: s.what, Limit: l, Spent: s.spent, Next: next}
	}
	if l := s.Budget.Month; l > 0 && s.Budget.Ledger != nil {
		spent, err := s.Budget.Ledger.Spent(s.Now())
		if err != nil {
			return fmt.Errorf("looking up what was spent this month: %w", err)
		}
		if spent+next > l {
			return &BudgetError{What: "this month", Limit: l, Spent: spent, Next: next}
		}
	}
	return nil
}

// An Estimate is what a request would take.
type Estimate struct {
	Request string
	Tokens  Tokens  // output: what the answer is expected to take, thinking included
	USD     float64 // 0 when the model's price is not known
}

// expectedOutput is how much of the allowed answer is expected to be used, for
// estimates: answers run to a fifth of what they may be at the very most.
const expectedOutput = 5

// Estimate tells what a request would take, cached prefixes taken into account.
func (r *Asking) Estimate(q Request) Estimate {
	prefix, rest := 0, 0
	for _, s := range q.Params.System {
		prefix += estimate(s.Text)
	}
	cached := false
	for _, m := range q.Params.Messages {
		for _, c := range m.Content {
			if c.OfText == nil {
				continue
			}
			if cached {
				rest += estimate(c.OfText.Text)
			} else {
				prefix += estimate(c.OfText.Text)
			}
			cached = cached || c.OfText.CacheControl.TTL != ""
		}
	}
	t := Tokens{Output: q.Params.MaxTokens / expectedOutput}
	switch {
	case !cached:
		t.Input = int64(prefix + rest)
	case q.First && r.cfg.CacheTTL == "1h":
		t.CacheWrite1h, t.Input = int64(prefix), int64(rest)
	case q.First:
		t.CacheWrite5m, t.Input = int64(prefix), int64(rest)
	default:
		t.CacheRead, t.Input = int64(prefix), int64(rest)
	}
	return r.priced(q, t)
}

func (r *Asking) priced(q Request, t Tokens) Estimate {
	e := Estimate{Request: q.ID, Tokens: t}
	if r.costKnown {
		e.USD = r.model.cost(t)
	}
	return e
}

// Count is Estimate with the input as the provider counts it, to which the
// request's text goes for that; counting costs nothing. What of it is cached is
// split as estimated.
func (r *Asking) Count(ctx context.Context, client anthropic.Client, q Request) (Estimate, error) {
	body, err := json.Marshal(q.Params)
	if err != nil {
		return Estimate{}, fmt.Errorf("writing request %s: %w", q.ID, err)
	}
	var kept map[string]json.RawMessage
	if err := json.Unmarshal(body, &kept); err != nil {
		return Estimate{}, fmt.Errorf("writing request %s: %w", q.ID, err)
	}
	delete(kept, "max_tokens")
	if body, err = json.Marshal(kept); err != nil {
		return Estimate{}, fmt.Errorf("writing request %s: %w", q.ID, err)
	}
	var params anthropic.MessageCountTokensParams
	if err := params.UnmarshalJSON(body); err != nil {
		return Estimate{}, fmt.Errorf("writing request %s for counting: %w", q.ID, err)
	}
	counted, err := client.Messages.CountTokens(ctx, params)
	if err != nil {
		return Estimate{}, fmt.Errorf("counting the tokens of request %s: %w", q.ID, err)
	}
	e := r.Estimate(q)
	t := e.Tokens
	if in := t.Input + t.CacheWrite5m + t.CacheWrite1h + t.CacheRead; in > 0 {
		scale := func(n int64) int64 { return n * counted.InputTokens / in }
		t.CacheWrite5m, t.CacheWrite1h, t.CacheRead = scale(t.CacheWrite5m), scale(t.CacheWrite1h), scale(t.CacheRead)
		t.Input = counted.InputTokens - t.CacheWrite5m - t.CacheWrite1h - t.CacheRead
	}
	return r.priced(q, t), nil
}
