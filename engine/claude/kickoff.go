package claude

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"throughline"
	"throughline/kickoff"
)

// kickoffPrompt is no reference of the Agent Skill, which is about the handoff, and
// [PromptVersion] says nothing of it.
//
//go:embed kickoff.md
var kickoffPrompt string

var _ kickoff.Engine = (*Engine)(nil)

// Find has the model read a kickoff's transcript, for [kickoff.Check] to prove what
// it claims. The error is the API's or ctx's, a [BudgetError] before anything is
// spent beyond it, or [ErrNoAnswer].
func (e *Engine) Find(ctx context.Context, agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal) (*kickoff.Findings, error) {
	cfg := e.Config
	e.capabilities(ctx, &cfg)
	run, err := StartKickoff(agenda, call, deal, e.Withhold, cfg)
	if err != nil {
		return nil, err
	}
	s := &session{Engine: e, asked: &run.Asking, what: "this check of a kickoff"}
	if err := s.answerAll(ctx); err != nil {
		return nil, fmt.Errorf("reading it with %s: %w", run.cfg.Model, err)
	}
	return run.Findings()
}

// ErrNoAnswer says that a model declined to read a kickoff, or answered nothing
// that could be read.
var ErrNoAnswer = errors.New("the model gave no answer that can be used: have the kickoff read by the rules of the builtin engine instead, or by another model")

// A KickoffRun is the reading of one kickoff's transcript: one request, or, of a
// deal larger than the model's window, one for each part of it. What is asked holds
// the points to say, the transcript, and what the customer's people said in the
// deal. Nothing to be known is in it: no point of section 3, no doubt, and none of
// the passages that those stand on unless two of the customer's people heard them.
type KickoffRun struct {
	Asking
	head   string // the two companies
	call   string // the transcript, as it is shown
	points string // the points, as they are shown
	parts  []part // of the deal
	read   int    // parts that were answered
	notes  []string
	found  kickoff.Findings
}

// StartKickoff begins the reading of a kickoff with the agenda and the deal that
// it is held against, less what is withheld.
func StartKickoff(agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal, withhold Withhold, cfg Config) (*KickoffRun, error) {
	if agenda == nil || call == nil || deal == nil {
		return nil, errors.New("reading a kickoff: it takes an agenda, the call and the deal")
	}
	seen, err := withhold.fromKickoff(agenda, call, deal)
	if err != nil {
		return nil, err
	}
	cfg.Kept = append(slices.Clone(cfg.Kept), seen.kept...)
	k := &KickoffRun{head: companies(deal), call: element(seen.call, seen.call.Passages), notes: seen.notes}
	if k.Asking, err = asking(cfg, k); err != nil {
		return nil, err
	}
	for _, p := range seen.points {
		k.points += pointElement(p)
	}
	room := k.room()
	if room < 1000 {
		return nil, fmt.Errorf("the transcript of the kickoff, about %d tokens, leaves no room for the deal in a window of %d: choose a model with a larger one", estimate(k.call), k.model.Window)
	}
	k.parts = partition(answers(seen.deal, apart(agenda)), room)
	k.round = 1
	for i := range k.parts {
		k.open = append(k.open, k.ask(i, k.maxTokens(1)))
	}
	return k, nil
}

// room is how many tokens of the deal go into one request: the window less what
// everything else in it may take.
func (k *KickoffRun) room() int {
	const form = 2000 // the answer's schema, and what is put around the texts
	return k.model.Window*9/10 - k.maxTokens(1) - estimate(kickoffPrompt) - estimate(k.head+k.call+k.points) - form
}

// ask is the request over a part of the deal.
func (k *KickoffRun) ask(i, maxTokens int) Request {
	var deal strings.Builder
	deal.WriteString("<deal>\n" + k.head)
	if len(k.parts) > 1 {
		deal.WriteString("This is a part of the deal; the others are read apart.\n")
	}
	deal.WriteString("\n")
	for _, p := range slices.Concat(k.parts[i].pieces, k.parts[i].records) {
		deal.WriteString(p.text())
	}
	deal.WriteString("</deal>")
	q := k.request("kickoff", strings.TrimSpace(kickoffPrompt), []anthropic.ContentBlockParamUnion{
		anthropic.NewTextBlock(deal.String()),
		anthropic.NewTextBlock("<kickoff>\n" + k.call + "</kickoff>"),
		anthropic.NewTextBlock("<points>\n" + k.points + "</points>\n\nNow say which of the points came up in the kickoff, and which questions in it the customer had answered: the JSON object described at the beginning."),
	}, "kickoff_findings", kickoffSchema(), maxTokens)
	q.stage, q.part = listening, i
	return q
}

func kickoffSchema() object {
	return closed([]string{"referred", "asked"}, object{
		"referred": list(closed([]string{"point", "ref", "text"}, object{"point": aString, "ref": aString, "text": aString})),
		"asked":    list(closed([]string{"question", "answer"}, object{"question": aQuote, "answer": aQuote})),
	})
}

func (k *KickoffRun) advance() bool { return false } // there is one round

func (k *KickoffRun) take(q Request, a Answer) ([]Request, error) {
	switch a.Stop {
	case "refusal":
		k.notes = append(k.notes, "Of a part of the deal nothing was read: the model gave no answer to it.")
		return nil, nil
	case "model_context_window_exceeded":
		return k.smaller(q), nil
	}
	out, broken, err := decodeKickoff(a.Text)
	if a.Stop == "max_tokens" {
		if more := min(2*int(q.Params.MaxTokens), k.model.MaxOutput); !q.again && more > int(q.Params.MaxTokens) {
			again := k.ask(q.part, more)
			again.again = true
			return []Request{again}, nil
		}
		broken = true
	} else if err != nil {
		return nil, err
	}
	if broken {
		k.notes = append(k.notes, "The model's answer broke off: what it would have said after that is not here.")
	}
	k.read++
	k.keep(out)
	return nil, nil
}

// smaller asks for the halves of a part that proved too large for the window.
func (k *KickoffRun) smaller(q Request) []Request {
	a, b, ok := k.parts[q.part].halves()
	if !ok {
		k.notes = append(k.notes, "A part of the deal was not read: with the transcript it is larger than the model's window.")
		return nil
	}
	n := len(k.parts)
	k.parts = append(k.parts, a, b)
	return []Request{k.ask(n, int(q.Params.MaxTokens)), k.ask(n+1, int(q.Params.MaxTokens))}
}

// keep takes the claims over, within bounds.
func (k *KickoffRun) keep(out kickoffAnswer) {
	for _, r := range out.Referred[:min(len(out.Referred), maxDraftItems)] {
		quote := claimQuote{Ref: r.Ref, Text: r.Text}
		k.found.Referred = append(k.found.Referred, kickoff.Reference{Point: strings.TrimSpace(bounded(r.Point)), Quote: quote.draft()})
	}
	for _, r := range out.Asked[:min(len(out.Asked), maxDraftItems)] {
		k.found.Asked = append(k.found.Asked, kickoff.Reask{Question: r.Question.draft(), Answer: r.Answer.draft()})
	}
}

const limitsOfKickoff = "Read by a language model. Every quote was found by the program in the call and in the deal; what is said not to have come up may have come up in words that the model did not take for it."

// Findings are what the answers claim. It errs while requests wait for an answer,
// and with [ErrNoAnswer] when none was of use.
func (k *KickoffRun) Findings() (*kickoff.Findings, error) {
	if n := len(k.open); n > 0 {
		return nil, fmt.Errorf("%d requests still wait for an answer", n)
	}
	if k.read == 0 {
		return nil, ErrNoAnswer
	}
	found := k.found
	found.Engine = throughline.Engine{
		Name: Name, Model: cmp.Or(k.by, k.cfg.Model), Limits: strings.Join(append([]string{limitsOfKickoff}, slices.Compact(slices.Clone(k.notes))...), " "),
	}
	usage := k.accounted()
	found.Usage = &usage
	return &found, nil
}

// A kickoffAnswer is the decoded answer.
type (
	kickoffAnswer struct {
		Referred []claimReference
		Asked    []claimReask
	}
	claimReference struct {
		Point string `json:"point"`
		Ref   string `json:"ref"`
		Text  string `json:"text"`
	}
	claimReask struct {
		Question claimQuote `json:"question"`
		Answer   claimQuote `json:"answer"`
	}
)

// decodeKickoff reads an answer. Of one that breaks off, the claims that are whole
// are taken, and broken says so; an error means that it is nothing of what was
// asked for.
func decodeKickoff(text string) (out kickoffAnswer, broken bool, err error) {
	text = objectIn(text)
	var raw struct {
		Referred *[]json.RawMessage `json:"referred"`
		Asked    *[]json.RawMessage `json:"asked"`
	}
	if err := decodeObject(text, &raw); err != nil {
		referred, asked := wholeElements(text, `"referred"`), wholeElements(text, `"asked"`)
		if len(referred)+len(asked) == 0 {
			return out, true, err
		}
		broken, raw.Referred, raw.Asked = true, &referred, &asked
	}
	if raw.Referred == nil && raw.Asked == nil {
		return out, true, errors.New("the answer has neither of the two lists that were asked for")
	}
	out.Referred, broken = whole[claimReference](raw.Referred, broken)
	out.Asked, broken = whole[claimReask](raw.Asked, broken)
	return out, broken, nil
}

// whole are the claims that can be read; broken where there was another.
func whole[T any](list *[]json.RawMessage, broken bool) ([]T, bool) {
	if list == nil {
		return nil, broken
	}
	var out []T
	for _, raw := range *list {
		var claim T
		if json.Unmarshal(raw, &claim) != nil {
			broken = true
			continue
		}
		out = append(out, claim)
	}
	return out, broken
}

// A hearing is what the model is shown.
type hearing struct {
	points []throughline.TalkingPoint
	call   *throughline.Source
	deal   *throughline.Deal
	kept   []string // a line for each rule that kept something back
	notes  []string // for the reader
}

// fromKickoff gives a kickoff without what is withheld. A point that stands on
// withheld words, or repeats some, is withheld with them.
func (w Withhold) fromKickoff(agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal) (*hearing, error) {
	all := *deal
	all.Sources = append(slices.Clone(deal.Sources), call)
	all.People = append(slices.Clone(deal.People), call.People...)
	if err := w.check(&all); err != nil {
		return nil, err
	}
	shown, kept := w.From(&all)
	n := len(shown.Sources) - 1
	if n < 0 || shown.Sources[n].ID != call.ID {
		return nil, errors.New("the transcript of the kickoff is withheld from the model: have the rules of the builtin engine read it")
	}
	seen := &hearing{call: shown.Sources[n], kept: kept}
	rest := *shown
	rest.Sources = shown.Sources[:n]
	seen.deal = &rest
	said, withheld, unsaid := w.said(&all), 0, 0
	for _, p := range agenda.Points {
		switch {
		case p.Mode != throughline.PointSay:
		case p.Kind == throughline.KindStretch && len(p.Words) == 0:
			unsaid++ // nothing may be shown of it
		case w.keepsPoint(p, said, shown):
			withheld++
		default:
			seen.points = append(seen.points, p)
		}
	}
	if withheld > 0 {
		seen.kept = append(seen.kept, counted(withheld, "talking point"))
		seen.notes = append(seen.notes, fmt.Sprintf("Not looked for, since it was kept from the model: %s.", counted(withheld, "talking point")))
	}
	if unsaid > 0 {
		seen.notes = append(seen.notes, fmt.Sprintf("Not looked for, since nothing of it was said before the customer's people: %s.", counted(unsaid, "talking point")))
	}
	return seen, nil
}

func (w Withhold) keepsPoint(p throughline.TalkingPoint, said wording, shown *throughline.Deal) bool {
	if w.empty() {
		return false
	}
	for _, e := range p.Words {
		if q := shown.Passage(e.Ref); q == nil || !q.Evidence() {
			return true
		}
	}
	return slices.ContainsFunc([]string{p.Text, p.Ask}, func(text string) bool { return said.in(text) || w.matches(text) })
}

// heardByAll is how many of the customer's people must have heard a passage that a
// point of section 3 or a doubt stands on, for it to be shown: as many as for the
// customer's view of a handoff.
const heardByAll = 2

// apart are the passages, by ref, that points of section 3 and doubts stand on and
// that hardly anybody heard.
func apart(agenda *throughline.Agenda) map[string]bool {
	refs := map[string]bool{}
	for _, p := range agenda.Points {
		if p.Mode != throughline.PointKnow || p.Section != throughline.SectionPoliticalMap && p.Kind != throughline.KindStretch {
			continue
		}
		for _, e := range p.Words {
			if e.Internal || e.CustomersHeard < heardByAll {
				refs[e.Ref] = true
			}
		}
	}
	return refs
}

// answers is the deal less everything that answers no question: what stays are the
// passages of the customer's people and, in calls and channels, the end of the turn
// before each, which tells what it answers.
func answers(deal *throughline.Deal, apart map[string]bool) *throughline.Deal {
	out := *deal
	out.Sources = nil
	for _, s := range deal.Sources {
		c := *s
		c.Passages = nil
		for i, p := range s.Passages {
			if !p.Evidence() || p.Side() != throughline.SideCustomer || apart[p.Ref] {
				continue
			}
			if before := turnBefore(s, i); before != nil && !apart[before.Ref] {
				c.Passages = append(c.Passages, before)
			}
			c.Passages = append(c.Passages, p)
		}
		if len(c.Passages) > 0 {
			out.Sources = append(out.Sources, &c)
		}
	}
	return &out
}

// turnBefore is the end of what somebody else than the customer said right before
// a passage; nil where there is no such turn.
func turnBefore(s *throughline.Source, i int) *throughline.Passage {
	if i == 0 || s.Kind != throughline.SourceCall && s.Kind != throughline.SourceChat {
		return nil
	}
	p := *s.Passages[i-1]
	if !p.Evidence() || p.Side() == throughline.SideCustomer {
		return nil
	}
	p.Text = ending(p.Text)
	return &p
}

// endingBytes is about how much of a turn is shown as its end: some forty words.
const endingBytes = 240

func ending(text string) string {
	if len(text) <= endingBytes {
		return text
	}
	end := strings.ToValidUTF8(text[len(text)-endingBytes:], "")
	if i := strings.IndexByte(end, ' '); i >= 0 {
		end = end[i+1:]
	}
	return "… " + end
}

// companies says who sells and who buys.
func companies(d *throughline.Deal) string {
	var b strings.Builder
	for _, c := range []struct {
		role    string
		company throughline.Company
	}{{"Seller", d.Seller}, {"Customer", d.Customer}} {
		if name := cmp.Or(c.company.Name, c.company.Domain); name != "" {
			fmt.Fprintf(&b, "%s: %s\n", c.role, escape(name))
		}
	}
	return b.String()
}

// pointElement is a point as it is shown. Of one of which more is known than the
// customer's people heard, and of a promise, only the words that they heard are.
func pointElement(p throughline.TalkingPoint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<point id=%q kind=%q>\n", escape(p.ID), escape(string(p.Kind)))
	if !p.Guarded && p.Kind != throughline.KindStretch {
		fmt.Fprintf(&b, "confirm: %s\n", escape(p.Text))
		if p.Due != "" {
			fmt.Fprintf(&b, "due: %s\n", escape(p.Due))
		}
	}
	if p.Ask != "" {
		fmt.Fprintf(&b, "ask: %s\n", escape(p.Ask))
	}
	for _, e := range p.Words {
		fmt.Fprintf(&b, "said: %s (%s)\n", escape(e.Quote), escape(cmp.Or(e.Speaker, "unknown")))
	}
	b.WriteString("</point>\n")
	return b.String()
}
