package claude

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"throughline"
	"throughline/ground"
)

// takeItems takes the answer of a pass over the deal.
func (r *Run) takeItems(q Request, a Answer) ([]Request, error) {
	what := askName(q.ask)
	switch a.Stop {
	case "refusal":
		return r.refused(q), nil
	case "model_context_window_exceeded":
		return r.smaller(q)
	}
	out, broken, err := decodeItems(a.Text)
	if err != nil && a.Stop != "max_tokens" {
		if q.again {
			r.leave(what + ": the model's answer could not be read, twice: " + err.Error())
			return nil, nil
		}
		return []Request{r.again(q, int(q.Params.MaxTokens))}, nil
	}
	if a.Stop == "max_tokens" && !q.again {
		if more := min(2*int(q.Params.MaxTokens), r.model.MaxOutput); more > int(q.Params.MaxTokens) {
			return []Request{r.again(q, more)}, nil
		}
	}
	if broken || a.Stop == "max_tokens" {
		r.leave(what + ": the model's answer broke off; the items before that are here")
	}
	r.keep(q, out)
	return nil, nil
}

// unusable says why an answer is of no use to the request; nil when it is of
// some. What is told by its stop reason is of use.
func (q Request) unusable(a Answer) error {
	var err error
	switch q.stage {
	case extracting:
		_, _, err = decodeItems(a.Text)
	case repairing:
		err = decodeObject(a.Text, new(repairAnswer))
	case listening:
		_, _, err = decodeKickoff(a.Text)
	default:
		err = decodeObject(a.Text, new(reconcileAnswer))
	}
	if a.Stop == "refusal" || a.Stop == "max_tokens" || a.Stop == "model_context_window_exceeded" {
		return nil
	}
	return err
}

// again asks the same with more room for the answer.
func (r *Run) again(q Request, maxTokens int) Request {
	f := r.pass(q.part, q.ask, maxTokens)
	f.again = true
	return f
}

// refused asks section by section what was refused as a whole; a section that is
// refused by itself is said to be missing.
func (r *Run) refused(q Request) []Request {
	if len(q.ask) == 1 {
		r.leave(askName(q.ask) + ": the model declined to answer")
		return nil
	}
	var follow []Request
	for _, s := range q.ask {
		follow = append(follow, r.pass(q.part, []throughline.Section{s}, r.maxTokens(1)))
	}
	return follow
}

// smaller asks for the halves of a part that was too large for the window.
func (r *Run) smaller(q Request) ([]Request, error) {
	p := &r.parts[q.part]
	if p.split == nil {
		a, b, ok := p.halves()
		if !ok {
			r.leave(askName(q.ask) + ": a part of the deal is larger than the model's window, and can't be split further")
			return nil, nil
		}
		n := len(r.parts)
		p.split = []int{n, n + 1}
		r.parts = append(r.parts, a, b)
		r.plan += "; a part proved too large for the window and was split"
	}
	var follow []Request
	for _, i := range r.parts[q.part].split {
		follow = append(follow, r.pass(i, q.ask, int(q.Params.MaxTokens)))
	}
	return follow, nil
}

func askName(ask []throughline.Section) string {
	var names []string
	for _, s := range ask {
		names = append(names, s.Title())
	}
	return strings.Join(names, ", ")
}

func (r *Run) leave(reason string) {
	r.draft.LeftOut = append(r.draft.LeftOut, throughline.LeftOut{Reason: reason})
}

// keep takes over the items of a pass. An item of another section than the one
// asked for is dropped: that section has its own pass.
func (r *Run) keep(q Request, out itemsAnswer) {
	for _, c := range out.Items {
		d := c.draftItem()
		if s := d.Kind.Section(); s != 0 && !slices.Contains(q.ask, s) {
			continue
		}
		t := &taken{DraftItem: d}
		for _, n := range c.Candidates {
			if n >= 1 && int(n) <= len(r.candidates) && d.Kind == throughline.KindStretch && !slices.Contains(t.candidates, int(n)) {
				t.candidates = append(t.candidates, int(n))
			}
		}
		if len(r.items) < maxDraftItems {
			r.items = append(r.items, t)
		}
	}
	for _, d := range out.Dismissed {
		if n := int(d.Candidate); n >= 1 && n <= len(r.candidates) && r.dismissed[n] == "" {
			r.dismissed[n] = strings.TrimSpace(bounded(d.Reason))
		}
	}
	for _, qn := range out.Questions {
		r.draft.Questions = append(r.draft.Questions, throughline.Question{Text: bounded(qn.Text)})
	}
}

// maxRepairs is how many quotes go back at most; more than that are not slips.
const maxRepairs = 80

// askRepairs gives back the quotes that stand nowhere, once.
func (r *Run) askRepairs() {
	var b strings.Builder
	for _, t := range r.items {
		for i, q := range t.Quotes {
			proof := r.ix.Prove(q.Text, q.Ref)
			if proof.Match != throughline.MatchNone || len(r.repairs) == maxRepairs {
				continue
			}
			r.repairs = append(r.repairs, repair{t, i})
			fmt.Fprintf(&b, "## %d\n\nItem: %s: %s\nYour quote, said to stand in %s: %s\n", len(r.repairs), t.Kind, escape(cut(t.Text, 300)), escape(cut(q.Ref, 20)), escape(cut(q.Text, 400)))
			for _, p := range r.around(q.Ref, proof) {
				b.WriteString("Passage " + passageLine(p) + "\n")
			}
			b.WriteString("\n")
		}
	}
	if len(r.repairs) == 0 {
		return
	}
	r.round++
	q := r.request("repair", prompt("repair"), []anthropic.ContentBlockParamUnion{anthropic.NewTextBlock(b.String())}, "corrected_quotes", repairSchema(), r.maxTokens(1)/2)
	q.stage = repairing
	r.open = append(r.open, q)
}

// around are the passages in which a quote may be meant to stand: the one it
// names with its neighbours, and the nearest in wording.
func (r *Run) around(ref string, proof ground.Proof) []*throughline.Passage {
	var ps []*throughline.Passage
	add := func(p *throughline.Passage) {
		if p != nil && p.Evidence() && !slices.Contains(ps, p) {
			ps = append(ps, p)
		}
	}
	if proof.Nearest != nil {
		add(proof.Nearest.Passage)
	}
	if p := r.deal.Passage(ref); p != nil {
		for i := max(0, p.Index-1); i <= min(len(p.Source.Passages)-1, p.Index+1); i++ {
			add(p.Source.Passages[i])
		}
	}
	return ps
}

// takeRepairs puts the corrected quotes in the place of those that stand
// nowhere. One that is not corrected stays, to be listed as left out.
func (r *Run) takeRepairs(a Answer) error {
	var out repairAnswer
	if err := decodeObject(a.Text, &out); err != nil {
		if a.Stop == "refusal" || a.Stop == "max_tokens" || a.Stop == "model_context_window_exceeded" {
			r.leave("The model did not correct the quotes that were not found")
			return nil
		}
		return err
	}
	for _, c := range out.Quotes {
		n := int(c.Number) - 1
		if n < 0 || n >= len(r.repairs) || strings.TrimSpace(c.Text) == "" {
			continue
		}
		q := claimQuote{Ref: c.Ref, Text: c.Text}.draft()
		if r.ix.Prove(q.Text, q.Ref).Match == throughline.MatchNone {
			continue
		}
		old := &r.repairs[n].item.Quotes[r.repairs[n].quote]
		q.As = old.As
		*old = q
	}
	return nil
}

// standing are the items with a proven quote, in the order in which they are
// numbered for reconciling.
func (r *Run) standing() []*taken {
	var ts []*taken
	for _, t := range r.items {
		for _, q := range t.Quotes {
			if r.ix.Prove(q.Text, q.Ref).Match != throughline.MatchNone {
				ts = append(ts, t)
				break
			}
		}
	}
	return ts
}
