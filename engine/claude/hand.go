package claude

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"throughline"
	"throughline/ground"
	"throughline/hedge"
)

// Pages is the deal as a model reads it, in pages of about size bytes: the cast
// first, then each source's passages, a passage on its line under its ref, and
// at the end the list of hedge candidates. A source that goes on over a page is
// opened again on the next; a passage is never divided, so one that is longer
// than a page makes a longer page.
func Pages(deal *throughline.Deal, size int) []string {
	whole := partition(deal, 1<<40)[0]
	pg := pager{size: size}
	pg.add(cast(deal))
	for _, p := range slices.Concat(whole.pieces, whole.records) {
		pg.addSource(p)
	}
	r := &Run{candidates: hedge.Scan(deal), parts: []part{whole}}
	pg.add("# The candidates: promises that a scan found hedged, conditional or put off\n\n" + r.candidateList(0))
	return pg.end()
}

// SourcePages is one source in the same way, without cast and candidates.
func SourcePages(s *throughline.Source, size int) []string {
	pg := pager{size: size}
	pg.addSource(piece{s, s.Passages})
	return pg.end()
}

// A pager fills pages.
type pager struct {
	size  int
	pages []string
	page  strings.Builder
}

// add puts a text that stays whole on the page, or on the next one.
func (pg *pager) add(text string) {
	if pg.page.Len() > 0 && pg.page.Len()+len(text) > pg.size {
		pg.turn()
	}
	pg.page.WriteString(text)
}

func (pg *pager) turn() {
	pg.pages = append(pg.pages, pg.page.String())
	pg.page.Reset()
}

// addSource puts a source on the page, and what does not fit on the next ones.
func (pg *pager) addSource(p piece) {
	for len(p.passages) > 0 {
		n := pg.fitting(p)
		if n == 0 { // not even one passage: it gets a page to itself
			if pg.page.Len() > 0 {
				pg.turn()
				continue
			}
			n = 1
		}
		pg.page.WriteString(piece{p.source, p.passages[:n]}.text())
		if p.passages = p.passages[n:]; len(p.passages) > 0 {
			pg.turn()
		}
	}
}

// fitting is how many passages of a piece fit on the page.
func (pg *pager) fitting(p piece) int {
	used := pg.page.Len() + len(element(p.source, nil))
	for i, q := range p.passages {
		if !q.History {
			used += len(passageLine(q)) + 1
		}
		if used > pg.size {
			return i
		}
	}
	return len(p.passages)
}

func (pg *pager) end() []string {
	if pg.page.Len() > 0 || len(pg.pages) == 0 {
		pg.turn()
	}
	return pg.pages
}

// A Piece is a part of a draft that somebody wrote by hand, or with a model of
// their own: an answer as prompts/format.md describes it, which may also have
// contradictions as in prompts/reconcile.md.
type Piece struct {
	Name     string                // for what is said of it: a file's name, a section
	Sections []throughline.Section // whose items it may hold; nil for all
	Data     []byte
}

// A Submission is a draft written by hand, decoded by the code and within the
// bounds that the engine's own answers are held to. Nothing of it is proven.
type Submission struct {
	Draft *throughline.Draft
	// Count is how many items were submitted, undecoded ones included.
	Count int
	// Undecoded are the items that are not of the form that was asked for.
	Undecoded []Undecoded
	// Unanswered are the candidates of the scan that no item took up and that
	// were not dismissed.
	Unanswered []hedge.Candidate
}

// Place says where in a submission an item stands.
type Place struct {
	Piece  string // the piece's name
	Number int    // of the item in it, from 1
}

// Undecoded is an item that could not be taken, and why.
type Undecoded struct {
	Place
	Reason string
}

// Submit reads a draft that comes in one piece or several. It errs where a piece
// is not the JSON that was asked for; what is wrong with a single item is told
// in the Submission. The place of each item of the draft stands in its ID, see
// [PlaceOf].
func Submit(deal *throughline.Deal, ix *ground.Index, by throughline.Engine, pieces ...Piece) (*Submission, error) {
	r := &Run{deal: deal, ix: ix, candidates: hedge.Scan(deal), dismissed: map[int]string{}, stage: finished}
	r.draft.Engine = by
	s := &Submission{}
	for _, p := range pieces {
		if err := s.take(r, p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	draft, err := r.Draft()
	if err != nil {
		return nil, err
	}
	s.Draft = draft
	s.Unanswered = r.unanswered()
	return s, nil
}

// limitsByHand is said of documents that were submitted.
const limitsByHand = "Written outside Throughline and submitted to it. Every quote was found in its source by the program; " +
	"the sentences around the quotes are the writer's reading of them."

// ByHand is what a submitted document says of its writer. The model is the
// writer's own word.
func ByHand(model string) throughline.Engine {
	return throughline.Engine{Name: "submitted draft", Model: model, Limits: limitsByHand}
}

func (s *Submission) take(r *Run, p Piece) error {
	if len(p.Data) > maxAnswer {
		return fmt.Errorf("it has %d bytes: more than %d are not read", len(p.Data), maxAnswer)
	}
	text := objectIn(string(p.Data))
	var whole struct {
		Items     []json.RawMessage `json:"items"`
		Dismissed []json.RawMessage `json:"dismissed"`
		Questions []json.RawMessage `json:"questions"`
	}
	if err := readWhole(text, &whole); err != nil {
		return err
	}
	out, _, err := decodeItems(text)
	if err != nil {
		return err
	}
	var more reconcileAnswer
	if err := decodeObject(text, &more); err != nil {
		return err
	}
	ask := p.Sections
	if ask == nil {
		ask = throughline.Sections
	}
	var taken []Place // of the items that the engine's code takes, in its order
	for i, raw := range whole.Items {
		at := Place{p.Name, i + 1}
		if reason := unfit(raw, ask, len(r.items)+len(taken)); reason != "" {
			s.Undecoded = append(s.Undecoded, Undecoded{at, reason})
			continue
		}
		taken = append(taken, at)
	}
	s.Count += len(whole.Items)
	before := len(r.items)
	r.keep(Request{ask: ask}, out)
	for i, t := range r.items[before:] {
		t.ID = taken[i].id()
	}
	r.contradict(more)
	return nil
}

// unfit says why an item, the one after n others, is not taken; nothing when it
// is.
func unfit(raw json.RawMessage, ask []throughline.Section, n int) string {
	var c claimItem
	if err := json.Unmarshal(raw, &c); err != nil {
		return "it is not of the form that was asked for: " + formOf(err)
	}
	kind := c.draftItem().Kind
	switch at := kind.Section(); {
	case at != 0 && !slices.Contains(ask, at):
		return fmt.Sprintf("a %s belongs to section %d, %s", kind, at, at.Title())
	case n >= maxDraftItems:
		return fmt.Sprintf("more than %d items", maxDraftItems)
	}
	return ""
}

// readWhole reads a piece's JSON, which, unlike a model's answer, its writer can
// mend: where it breaks off or is malformed nothing of it is taken.
func readWhole(text string, v any) error {
	if text == "" {
		return errors.New(`there is no JSON object in it: it must be {"items": […], "dismissed": […], "questions": […]}`)
	}
	err := json.Unmarshal([]byte(text), v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := text[:min(len(text), int(syntax.Offset))]
		return fmt.Errorf("it is not JSON: line %d of the object: %w", strings.Count(before, "\n")+1, err)
	}
	if err != nil {
		return errors.New("it is not of the form that was asked for: " + formOf(err))
	}
	return nil
}

// formOf says in plain words what does not fit.
func formOf(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err.Error()
	case wrong.Field == "":
		return "it is of the type " + wrong.Value + " and should be an object"
	}
	return fmt.Sprintf("its %q is of the type %s", wrong.Field, wrong.Value)
}

func (p Place) id() string { return fmt.Sprintf("%d %s", p.Number, p.Piece) }

// PlaceOf tells where an item of a submitted draft stood.
func PlaceOf(it throughline.DraftItem) Place {
	var p Place
	number, name, _ := strings.Cut(it.ID, " ")
	p.Piece = name
	_, _ = fmt.Sscanf(number, "%d", &p.Number) // an item that was not submitted has no place
	return p
}

// unanswered are the candidates that nothing was said of.
func (r *Run) unanswered() []hedge.Candidate {
	said := map[int]bool{}
	for _, t := range r.items {
		for _, n := range t.candidates {
			said[n] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(r.candidates), func(c hedge.Candidate) bool {
		return said[c.Number] || r.dismissed[c.Number] != ""
	})
}

// DraftSchema is the JSON schema of a [Piece]. A piece that departs from it may
// be taken all the same: what counts is what [Submit] says of it.
func DraftSchema() map[string]any {
	schema := itemsSchema()
	props, _ := schema["properties"].(object)
	of, _ := reconcileSchema()["properties"].(object)
	props["contradictions"] = of["contradictions"]
	schema["required"] = []string{"items"}
	return schema
}
