package claude

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"throughline"
)

// A Request is one question to the model.
type Request struct {
	ID     string // 01-deal_shape, …: the number in the run, and what is asked
	Round  int    // requests of one round may be sent side by side
	Params anthropic.MessageNewParams
	// First is set on the request of a round that writes the cache the others
	// read: they are sent after it has ended.
	First bool
	stage stage
	part  int
	ask   []throughline.Section
	again bool // asked a second time, with more room
}

type stage int

const (
	extracting stage = iota
	repairing
	reconciling
	listening // to a kickoff
	finished
)

// An Asking is what a model is asked for one purpose, round by round, and what its
// answers were billed by. It does no I/O. What is asked is the business of the
// [Run] or the [KickoffRun] that it belongs to.
type Asking struct {
	cfg       Config
	model     Model
	costKnown bool
	count     int // requests so far
	round     int
	open      []Request
	answered  int
	usage     Tokens
	cost      float64
	by        string // the model, as the last answer names it
	purpose   purpose
}

// A purpose is what is done with the answers.
type purpose interface {
	// take takes an answer, and gives the requests that are to be sent in its place.
	take(q Request, a Answer) ([]Request, error)
	// advance opens the round that follows; false when there is none.
	advance() bool
}

// asking begins to ask as the configuration has it.
func asking(cfg Config, p purpose) (Asking, error) {
	if cfg.Model == "" {
		cfg.Model = DefaultModel()
	}
	if cfg.CacheTTL == "" {
		cfg.CacheTTL = "5m"
	}
	if cfg.CacheTTL != "5m" && cfg.CacheTTL != "1h" {
		return Asking{}, fmt.Errorf("cache of %q: it is kept for 5m or 1h", cfg.CacheTTL)
	}
	a := Asking{cfg: cfg, purpose: p}
	a.model, a.costKnown = LookUp(cfg.Model)
	if cfg.Window > 0 {
		a.model.Window = cfg.Window
	}
	return a, nil
}

// Open are the requests of the round that wait for an answer; none when nothing
// is left to ask.
func (r *Asking) Open() []Request { return slices.Clone(r.open) }

// Round is the number of the round that is open, from 1.
func (r *Asking) Round() int { return r.round }

// maxTokens is how long an answer over n sections may be, thinking included.
func (r *Asking) maxTokens(n int) int {
	want := 32_000
	if n > 1 {
		want = 64_000
	}
	return min(want, r.model.MaxOutput, max(1000, r.model.Window/4))
}

func (r *Asking) request(name, system string, blocks []anthropic.ContentBlockParamUnion, tool string, schema object, maxTokens int) Request {
	r.count++
	p := anthropic.MessageNewParams{
		Model:     r.cfg.Model,
		MaxTokens: int64(maxTokens),
		System:    []anthropic.TextBlockParam{{Text: system}},
		Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(blocks...)},
	}
	if r.cfg.Effort != "" {
		p.OutputConfig.Effort = anthropic.OutputConfigEffort(r.cfg.Effort)
	}
	if r.useSchema() {
		p.OutputConfig.Format = anthropic.JSONOutputFormatParam{Schema: schema}
	} else {
		props, _ := schema["properties"].(object)
		required, _ := schema["required"].([]string)
		p.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
			Name: tool, Description: param.NewOpt("Takes the answer. Call it once, with everything."), Strict: param.NewOpt(true),
			InputSchema: anthropic.ToolInputSchemaParam{Properties: props, Required: required, ExtraFields: map[string]any{"additionalProperties": false}},
		}}}
		p.ToolChoice = anthropic.ToolChoiceUnionParam{OfAuto: &anthropic.ToolChoiceAutoParam{}}
	}
	return Request{ID: fmt.Sprintf("%02d-%s", r.count, name), Round: r.round, Params: p}
}

// useSchema reports whether the answer's form is asked for by an output schema,
// else by a strict tool.
func (r *Asking) useSchema() bool {
	switch r.cfg.Structured {
	case "schema":
		return true
	case "tool":
		return false
	}
	return r.model.Structured
}

// Answer takes the answer to an open request. When it was the round's last, the
// next round opens. An error means that the answer is of no use, and that the
// request is still open.
func (r *Asking) Answer(id string, a Answer) error {
	i := slices.IndexFunc(r.open, func(q Request) bool { return q.ID == id })
	if i < 0 {
		return fmt.Errorf("no request %q waits for an answer", id)
	}
	q := r.open[i]
	r.answered++ // of use or not, it was paid for
	r.bill(a.Usage)
	follow, err := r.purpose.take(q, a)
	if err != nil {
		return fmt.Errorf("answer to %s: %w", id, err)
	}
	if a.Model != "" {
		r.by = a.Model
	}
	r.follow(i, follow)
	return nil
}

// without goes on without an answer to an open request, as if the model had
// declined it.
func (r *Asking) without(id string) error {
	i := slices.IndexFunc(r.open, func(q Request) bool { return q.ID == id })
	if i < 0 {
		return fmt.Errorf("no request %q waits for an answer", id)
	}
	follow, err := r.purpose.take(r.open[i], Answer{Stop: "refusal"})
	if err != nil {
		return fmt.Errorf("going on without an answer to %s: %w", id, err)
	}
	r.follow(i, follow)
	return nil
}

// bill adds to the accounting what an answer was billed by.
func (r *Asking) bill(t Tokens) {
	r.usage = r.usage.add(t)
	r.cost += r.model.cost(t)
}

// accounted is what was asked and billed.
func (r *Asking) accounted() throughline.Usage {
	u := throughline.Usage{
		Requests: r.answered, InputTokens: r.usage.Input, CacheWriteTokens: r.usage.CacheWrite5m + r.usage.CacheWrite1h,
		CacheReadTokens: r.usage.CacheRead, OutputTokens: r.usage.Output, Kept: r.cfg.Kept,
	}
	if r.costKnown && r.usage != (Tokens{}) {
		u.CostUSD, u.Prices = r.cost, PricesOf()
	}
	return u
}

// follow puts the requests that follow in the place of one that was answered.
func (r *Asking) follow(i int, follow []Request) {
	r.open = slices.Delete(r.open, i, i+1)
	r.open = append(r.open, follow...)
	for len(r.open) == 0 {
		if !r.purpose.advance() {
			return
		}
	}
}

// Text is the request as one text, for a model that is reached by hand: system,
// deal and ask, one below the other.
func (q Request) Text() string {
	var b strings.Builder
	for _, s := range q.Params.System {
		b.WriteString(s.Text)
		b.WriteString("\n\n")
	}
	for _, m := range q.Params.Messages {
		for _, c := range m.Content {
			if c.OfText != nil {
				b.WriteString(c.OfText.Text)
				b.WriteString("\n\n")
			}
		}
	}
	return b.String()
}
