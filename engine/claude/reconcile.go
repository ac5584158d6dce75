package claude

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"throughline"
)

// askReconcile asks for a look at all items together, where there are any.
func (r *Run) askReconcile() {
	ts := r.standing()
	if len(ts) == 0 {
		return
	}
	r.round++
	var b strings.Builder
	b.WriteString("# The items\n\n")
	for i, t := range ts {
		r.itemLine(&b, i+1, t)
	}
	b.WriteString(r.terms())
	b.WriteString("# What the kinds mean: what was asked for\n\n")
	for _, s := range throughline.Sections {
		what, _, _ := strings.Cut(prompt(sectionPrompt(s)), "\n## The listed candidates")
		b.WriteString(what + "\n\n")
	}
	q := r.request("reconcile", prompt("reconcile"), []anthropic.ContentBlockParamUnion{anthropic.NewTextBlock(b.String())}, "reconciled", reconcileSchema(), r.maxTokens(1))
	q.stage = reconciling
	r.open = append(r.open, q)
}

func dayOf(t *taken) string {
	if t.Day == 0 {
		return ""
	}
	return fmt.Sprint(t.Day)
}

func (r *Run) itemLine(b *strings.Builder, n int, t *taken) {
	fmt.Fprintf(b, "## %d: %s\n\n%s\n", n, t.Kind, escape(cut(t.Text, 500)))
	for _, f := range []struct{ label, value string }{
		{"person", t.Person},
		{"stance", string(t.Stance)},
		{"why", t.Why},
		{"vendor", t.Vendor},
		{"function", t.Function},
		{"day", dayOf(t)},
		{"due", t.Due},
		{"area", string(t.Area)},
		{"promise", t.Promise},
		{"doubt", t.Doubt},
		{"condition", t.Condition},
		{"next step", t.NextStep},
	} {
		if f.value != "" {
			fmt.Fprintf(b, "%s: %s\n", f.label, escape(cut(f.value, 300)))
		}
	}
	for _, q := range t.Quotes {
		proof := r.ix.Prove(q.Text, q.Ref)
		if proof.Match == throughline.MatchNone {
			continue
		}
		p := proof.Passage
		who := p.Name
		if who == "" {
			who = "unknown"
		}
		where := ""
		if p.Source.Internal {
			where = ", internal"
		}
		fmt.Fprintf(b, "- %s, %s, %s%s: %s\n", p.Ref, day(p.At), escape(who), where, escape(proof.Text()))
	}
	for _, e := range t.Earlier {
		fmt.Fprintf(b, "- replaced: %s\n", escape(cut(e.Text, 200)))
	}
	b.WriteString("\n")
}

// termBytes bounds the signed terms and CRM fields that go with the items.
const termBytes = 24_000

// terms are the CRM's records and the documents that both sides have: what was
// signed or planned, against which promises are held.
func (r *Run) terms() string {
	var b strings.Builder
	b.WriteString("# The CRM's fields and the shared documents\n\n")
	for _, s := range r.deal.Sources {
		if s.NotEvidence != "" || s.Kind != throughline.SourceCRM && (s.Kind != throughline.SourceDocument || s.Internal) {
			continue
		}
		if text := element(s, s.Passages); b.Len()+len(text) < termBytes {
			b.WriteString(text)
		} else {
			fmt.Fprintf(&b, "(%s, %q, is too long to stand here.)\n\n", s.ID, escape(s.Title))
		}
	}
	return b.String()
}

// takeReconciled applies what reconciling found. It may merge, replace and drop
// items, never add or reword one.
func (r *Run) takeReconciled(a Answer) error {
	var out reconcileAnswer
	if err := decodeObject(a.Text, &out); err != nil {
		if a.Stop == "refusal" || a.Stop == "max_tokens" || a.Stop == "model_context_window_exceeded" {
			r.leave("The items were not compared with one another: the model gave no answer to that")
			return nil
		}
		return err
	}
	ts := r.standing()
	at := func(n number) *taken {
		if n < 1 || int(n) > len(ts) {
			return nil
		}
		return ts[n-1].stands()
	}
	dropped := 0
	// A second look corrects; one that would clear the document doesn't.
	spare := func() bool {
		if dropped++; dropped == len(ts)/3+1 {
			r.leave("More items were called wrong on the second look than can be believed; the rest of them stand")
		}
		return dropped <= len(ts)/3
	}
	for _, m := range out.Merge {
		for _, n := range m.Drop {
			r.merge(at(m.Keep), at(n))
		}
	}
	for _, m := range out.Replaced {
		old, by := at(m.Item), at(m.By)
		switch {
		case old == nil:
		case by != nil:
			r.replace(old, by, bounded(m.Text))
		case m.By == 0 && spare(): // nothing holds in its place; a number of no item says nothing
			r.remove(old, "no longer true: "+bounded(m.Text))
		}
	}
	for _, m := range out.Drop {
		if t := at(m.Item); t != nil && spare() {
			r.remove(t, "on the second look: "+bounded(m.Reason))
		}
	}
	r.contradict(out)
	if len(out.Questions) > 0 {
		// Those of the passes were asked without sight of the other sections.
		r.draft.Questions = nil
	}
	for _, q := range out.Questions[:min(len(out.Questions), 20)] {
		dq := throughline.Question{Text: bounded(q.Text)}
		if t := at(q.Item); t != nil {
			dq.Kind = t.Kind
		}
		r.draft.Questions = append(r.draft.Questions, dq)
	}
	return nil
}

// contradict takes over the contradictions of an answer.
func (r *Run) contradict(out reconcileAnswer) {
	for _, c := range out.Contradictions[:min(len(out.Contradictions), 20)] {
		dc := throughline.DraftContradiction{Text: bounded(c.Text)}
		for _, s := range c.Sides[:min(len(c.Sides), 4)] {
			dc.Sides = append(dc.Sides, throughline.DraftSide{Text: bounded(s.Text), Quotes: draftQuotes(s.Quotes)})
		}
		r.draft.Contradictions = append(r.draft.Contradictions, dc)
	}
}

// merge gives the quotes of one item to another of its kind.
func (r *Run) merge(keep, drop *taken) {
	if keep == nil || drop == nil || keep == drop || keep.Kind != drop.Kind || keep.Kind.AboutPerson() && r.who(keep) != r.who(drop) {
		return
	}
	for _, q := range drop.Quotes {
		same := func(o throughline.DraftQuote) bool { return o.Ref == q.Ref && o.Text == q.Text }
		if len(keep.Quotes) < maxDraftQuote && !slices.ContainsFunc(keep.Quotes, same) {
			keep.Quotes = append(keep.Quotes, q)
		}
	}
	keep.Earlier = append(keep.Earlier, drop.Earlier...)
	keep.candidates = append(keep.candidates, drop.candidates...)
	drop.gone, drop.into = true, keep
}

// who is the person that an item is about, whichever of their names it uses.
func (r *Run) who(t *taken) string {
	if p := r.deal.Person(strings.TrimSpace(t.Person)); p != nil {
		return p.ID
	}
	return strings.ToLower(strings.TrimSpace(t.Person))
}

// replace shows an item as what another one replaced.
func (r *Run) replace(old, by *taken, text string) {
	if old == by {
		return
	}
	if text == "" {
		text = old.Text
	}
	by.Earlier = append(by.Earlier, throughline.DraftEarlier{Text: text, Quotes: old.Quotes})
	by.Earlier = append(by.Earlier, old.Earlier...)
	by.candidates = append(by.candidates, old.candidates...)
	old.gone, old.into = true, by
}

func (r *Run) remove(t *taken, reason string) {
	t.gone = true
	lo := throughline.LeftOut{Kind: t.Kind, Text: t.Text, Reason: reason}
	if len(t.Quotes) > 0 {
		lo.Ref = t.Quotes[0].Ref
	}
	r.draft.LeftOut = append(r.draft.LeftOut, lo)
}

// Draft is the finished draft; an error when requests still wait for an answer.
func (r *Run) Draft() (*throughline.Draft, error) {
	if r.stage != finished {
		return nil, fmt.Errorf("%d requests still wait for an answer", len(r.open))
	}
	d := r.draft
	d.Engine.Model = cmp.Or(r.by, d.Engine.Model)
	seen := map[string]*taken{}
	var kept []*taken
	for _, t := range r.items {
		if t.gone {
			continue
		}
		// One place in the committee a person, whatever the parts gave: where they
		// landed at last.
		if key := r.who(t); t.Kind == throughline.KindCommittee && key != "" {
			if first := seen[key]; first != nil {
				if !r.last(t).After(r.last(first)) {
					r.merge(first, t)
					continue
				}
				r.merge(t, first)
				kept = slices.DeleteFunc(kept, func(k *taken) bool { return k == first })
			}
			seen[key] = t
		}
		kept = append(kept, t)
	}
	for _, t := range kept {
		it := t.DraftItem
		it.Quotes = firstTheStrongest(it)
		d.Items = append(d.Items, it)
	}
	d.Candidates = r.account(kept)
	d.Usage = r.accounted()
	d.Usage.Passes = r.plan
	return &d, nil
}

// last is when the latest of an item's quotes was said.
func (r *Run) last(t *taken) time.Time {
	var last time.Time
	for _, q := range t.Quotes {
		if p := r.ix.Prove(q.Text, q.Ref); p.Match != throughline.MatchNone && p.Passage.At.After(last) {
			last = p.Passage.At
		}
	}
	return last
}

// firstTheStrongest puts a stretch's promise and doubt before its other quotes:
// a reader looks at four.
func firstTheStrongest(it throughline.DraftItem) []throughline.DraftQuote {
	qs := slices.Clone(it.Quotes)
	if it.Kind != throughline.KindStretch {
		return qs
	}
	front := func(as throughline.QuoteRole, to int) {
		i := slices.IndexFunc(qs, func(q throughline.DraftQuote) bool { return q.As == as })
		if i > to && to < len(qs) {
			q := qs[i]
			qs = slices.Insert(slices.Delete(qs, i, i+1), to, q)
		}
	}
	front(throughline.AsPromise, 0)
	front(throughline.AsDoubt, 1)
	return qs
}

// account says of every candidate of the scan whether it was taken up, and if
// not, why.
func (r *Run) account(kept []*taken) throughline.Candidates {
	used, gone := map[int]bool{}, map[int]bool{}
	for _, t := range r.items {
		for _, n := range t.candidates {
			gone[n] = true
		}
	}
	for _, t := range kept {
		for _, n := range t.candidates {
			used[n] = true
		}
	}
	out := throughline.Candidates{Found: len(r.candidates)}
	for _, c := range r.candidates {
		if used[c.Number] {
			out.Taken++
			continue
		}
		reason := r.dismissed[c.Number]
		switch {
		case reason != "":
		case gone[c.Number]:
			reason = "the item that took it up was left out"
		default:
			reason = "the model did not say"
		}
		s := c.Promise
		if s.Ref == "" {
			s = c.Doubt
		}
		out.Dismissed = append(out.Dismissed, throughline.Dismissal{Candidate: c.Number, Ref: s.Ref, Quote: s.Text, Reason: reason})
	}
	return out
}
