package claude

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"throughline"
	"throughline/ground"
	"throughline/hedge"
)

// Passes is the plan by which the deal is read.
type Passes string

// The plans.
const (
	Single  Passes = "single"  // all five sections in one request
	Focused Passes = "focused" // a request a section, over one cached prefix
	Auto    Passes = "auto"    // by the deal's size and the model
)

// Config says how a draft is made.
type Config struct {
	Model  string // empty for DefaultModel
	Passes Passes // empty for Auto
	Effort string // low, medium, high, xhigh, max; empty for the model's own
	// CacheTTL is how long the prefix stays cached: "5m" or "1h"; empty for 5m.
	CacheTTL string
	// Structured overrides what is known of the model: "schema" for an output
	// schema, "tool" for a strict tool; empty to decide by the model.
	Structured string
	// Window overrides the model's window, in tokens; 0 for the model's.
	Window int
	// Kept says what configuration kept from the model, for the document.
	Kept []string
}

// A Run is the making of one draft. It is not safe for concurrent use.
type Run struct {
	Asking
	deal       *throughline.Deal
	ix         *ground.Index
	candidates []hedge.Candidate
	plan       string // what was chosen and why
	passes     Passes
	parts      []part
	stage      stage

	items     []*taken
	dismissed map[int]string
	draft     throughline.Draft
	repairs   []repair
}

// taken is an item with the hedge candidates that the model put to it.
type taken struct {
	throughline.DraftItem
	candidates []int
	gone       bool
	into       *taken // what it was merged into, or replaced by
}

// stands is the item, or the one that it went into; nil when neither stands.
func (t *taken) stands() *taken {
	for t != nil && t.gone {
		t = t.into
	}
	return t
}

// repair is a quote that stands nowhere, waiting for its correction.
type repair struct {
	item  *taken
	quote int
}

// Start begins the making of a draft.
func Start(deal *throughline.Deal, ix *ground.Index, cfg Config) (*Run, error) {
	r := &Run{deal: deal, ix: ix, candidates: hedge.Scan(deal), dismissed: map[int]string{}}
	var err error
	if r.Asking, err = asking(cfg, r); err != nil {
		return nil, err
	}
	if err := r.choose(); err != nil {
		return nil, err
	}
	r.draft.Engine = throughline.Engine{Name: Name, Model: r.cfg.Model, Limits: limits}
	r.extract()
	return r, nil
}

// Name is the engine's name on the command line and in the document.
const Name = "claude"

const limits = "Written by a language model that read everything listed at the end. Every quote was found in its source by the program; " +
	"the sentences around the quotes are the model's reading of them."

// autoTokens is up to how many tokens of deal one pass does as well as five.
// A strong model keeps all five definitions in view over that length.
const autoTokens = 60_000

// choose settles the plan of passes.
func (r *Run) choose() error {
	room := r.room()
	if room < 4000 {
		return fmt.Errorf("a window of %d tokens leaves no room for a deal", r.model.Window)
	}
	r.parts = partition(r.deal, room-estimate(cast(r.deal)))
	tokens := estimate(cast(r.deal)) + size(r.parts[0].records)
	for _, p := range r.parts {
		tokens += p.size
	}
	switch r.cfg.Passes {
	case Single:
		r.passes, r.plan = Single, "single: asked for"
	case Focused:
		r.passes, r.plan = Focused, "focused: asked for"
	case Auto, "":
		strong := r.model.Line == "opus" || r.model.Line == "fable" || r.model.Line == "sonnet"
		switch {
		case !strong:
			r.passes, r.plan = Focused, fmt.Sprintf("focused: chosen for %s, a smaller or unknown model", r.cfg.Model)
		case tokens > autoTokens:
			r.passes, r.plan = Focused, fmt.Sprintf("focused: chosen for a deal of about %d tokens", tokens)
		default:
			r.passes, r.plan = Single, fmt.Sprintf("single: chosen for a deal of about %d tokens and %s", tokens, r.cfg.Model)
		}
	default:
		return fmt.Errorf("no plan of passes is called %q: single, focused or auto", r.cfg.Passes)
	}
	if len(r.parts) > 1 {
		r.plan += fmt.Sprintf("; read in %d parts, being larger than the model's window", len(r.parts))
	}
	return nil
}

// room is how many tokens of deal go into one request: the window less what the
// prompts and the answer may take.
func (r *Run) room() int {
	return r.model.Window*9/10 - r.maxTokens(len(throughline.Sections)) - estimate(prompt("system")+prompt("format")) - 12_000
}

// Plan says which passes were chosen, and why.
func (r *Run) Plan() string { return r.plan }

// extract asks for the sections, over every part of the deal.
func (r *Run) extract() {
	r.stage = extracting
	r.round++
	asks := [][]throughline.Section{throughline.Sections}
	if r.passes == Focused {
		asks = nil
		for _, s := range throughline.Sections {
			asks = append(asks, []throughline.Section{s})
		}
	}
	for i := range r.parts {
		for j, ask := range asks {
			q := r.pass(i, ask, r.maxTokens(len(ask)))
			q.First = j == 0 && len(asks) > 1
			r.open = append(r.open, q)
		}
	}
}

// pass is one request over a part of the deal. System and deal are the same in
// every pass, so that all but the first read them from the cache; the ask comes
// last.
func (r *Run) pass(i int, ask []throughline.Section, maxTokens int) Request {
	name := "all"
	if len(ask) == 1 {
		name = sectionPrompt(ask[0])
	}
	if r.parts[i].shown == "" {
		r.parts[i].shown = "<deal>\n" + r.parts[i].text(r.deal, len(r.parts)) + "</deal>"
	}
	deal := anthropic.TextBlockParam{Text: r.parts[i].shown}
	if r.passes == Focused {
		deal.CacheControl = cacheFor(r.cfg.CacheTTL)
	}
	blocks := []anthropic.ContentBlockParamUnion{
		{OfText: &deal},
		anthropic.NewTextBlock(r.ask(i, ask)),
	}
	q := r.request(name, prompt("system")+"\n\n"+prompt("format"), blocks, "handoff_items", itemsSchema(), maxTokens)
	q.stage, q.part, q.ask = extracting, i, ask
	return q
}

func cacheFor(ttl string) anthropic.CacheControlEphemeralParam {
	c := anthropic.NewCacheControlEphemeralParam()
	c.TTL = anthropic.CacheControlEphemeralTTLTTL5m
	if ttl == "1h" {
		c.TTL = anthropic.CacheControlEphemeralTTLTTL1h
	}
	return c
}

// ask is what a pass is asked, which comes behind the deal.
func (r *Run) ask(i int, sections []throughline.Section) string {
	var b strings.Builder
	b.WriteString("That was the deal. Now give the items of the section")
	if len(sections) > 1 {
		b.WriteString("s")
	}
	b.WriteString(" described here, and of no other.\n\n")
	for _, s := range sections {
		b.WriteString(prompt(sectionPrompt(s)))
		b.WriteString("\n\n")
		if s == throughline.SectionContext {
			b.WriteString(r.candidateList(i))
		}
	}
	b.WriteString(r.measure(i, sections))
	b.WriteString("Answer with the JSON object described at the beginning.")
	return b.String()
}

// measure says how many items of a kind a deal of this length usually has. Facts
// are told again and again, so their number grows with the logarithm of what was
// said, as in the annotated deals that the evaluation knows. Without it a model
// that reads with care lists every remark of a long deal, and a handoff that long
// is not read.
func (r *Run) measure(i int, sections []throughline.Section) string {
	words := 0
	for _, pc := range r.parts[i].pieces {
		for _, p := range pc.passages {
			words += len(strings.Fields(p.Text))
		}
	}
	doublings := math.Log2(max(1, float64(words)/1000))
	var usual []string
	for _, k := range []struct {
		kind       throughline.Kind
		base, each float64
	}{
		{throughline.KindPain, 2.5, 1},
		{throughline.KindUseCase, 3.5, 1.1},
		{throughline.KindWorkaround, 2.5, 1},
		{throughline.KindStretch, 1, 2.5},
		{throughline.KindMilestone, 2, 0.7},
		{throughline.KindRisk, 2, 2.8},
	} {
		if slices.Contains(sections, k.kind.Section()) {
			usual = append(usual, fmt.Sprintf("%d of %s", int(math.Round(k.base+k.each*doublings)), k.kind))
		}
	}
	if len(usual) == 0 {
		return ""
	}
	return "How much: the CSM reads this before the kickoff, so it must hold what matters and no more. In a deal with this much talk there are usually about " +
		strings.Join(usual, ", ") + ". Look for everything first. Then keep what the customer will expect or ask about, and what would go wrong if the CSM didn't know it; put " +
		"what belongs together into one item; and leave out details of how the product behaves or of how the project is run that somebody merely mentioned. " +
		"Fewer is fine. More only where each is as weighty as the others.\n\n"
}

// candidateList is the scan's list for the part, as escaped data.
func (r *Run) candidateList(i int) string {
	var b strings.Builder
	n := 0
	for _, c := range r.candidates {
		if !r.inPart(c, i) {
			continue
		}
		n++
		fmt.Fprintf(&b, "%d. %s", c.Number, c.Signal)
		if c.Promise.Ref != "" {
			fmt.Fprintf(&b, "; promise %s: %s", c.Promise.Ref, escape(cut(c.Promise.Text, 240)))
		}
		if c.Doubt.Ref != "" && (c.Doubt.Ref != c.Promise.Ref || c.Doubt.Start != c.Promise.Start) {
			fmt.Fprintf(&b, "; doubt %s: %s", c.Doubt.Ref, escape(cut(c.Doubt.Text, 240)))
		}
		b.WriteString("\n")
	}
	if n == 0 {
		return "<candidates>\nThe scan listed none.\n</candidates>\n\n"
	}
	return "<candidates>\n" + b.String() + "</candidates>\n\n"
}

// inPart reports whether a candidate is asked about in a part: in the first one
// that holds its promise, or its doubt where there is no promise.
func (r *Run) inPart(c hedge.Candidate, i int) bool {
	ref := c.Promise.Ref
	if ref == "" {
		ref = c.Doubt.Ref
	}
	for j, p := range r.parts {
		if p.split == nil && p.has(ref) {
			return i == j
		}
	}
	// The CRM's, which stands in every part: asked with the first, or with the
	// first half of it.
	home := 0
	for r.parts[home].split != nil {
		home = r.parts[home].split[0]
	}
	return i == home
}

func (r *Run) take(q Request, a Answer) ([]Request, error) {
	switch q.stage {
	case extracting:
		return r.takeItems(q, a)
	case repairing:
		return nil, r.takeRepairs(a)
	}
	return nil, r.takeReconciled(a)
}

func (r *Run) advance() bool {
	switch r.stage {
	case extracting:
		r.stage = repairing
		r.askRepairs()
	case repairing:
		r.stage = reconciling
		r.askReconcile()
	default:
		r.stage = finished
	}
	return r.stage != finished
}
