// Package eval scores handoffs against annotated deals: deals of which a careful
// person has written down what belongs into the handoff, what only looks as if
// it did, and what was said early and changed later.
//
// An annotated deal is a directory. The deal stands in it as it was written
// (deal.yaml, calls, emails, slack, crm.yaml, docs), beside its gold.json, and
// under native/ once more as tools export it, for an engine to read.
// docs/evaluation.md describes the layout and what the figures mean.
package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"throughline"
)

// A Deal is an annotated deal, ready to score handoffs with. It may be used from
// several goroutines at once.
type Deal struct {
	ID     string // as deal.yaml gives it
	Native string // the directory of the exported files that an engine reads
	Gold   Gold
	// Problems are faults of the annotation that distort the score, such as a
	// quote that stands nowhere in its source.
	Problems []string

	index      index
	facts      [][][]place // of each gold item, of each of its quotes
	traps      [][]place
	superseded []superseding
}

// superseding is where the two statements of a [Superseded] stand.
type superseding struct{ old, new []place }

// Gold is what was annotated.
type Gold struct {
	Items      []Fact       `json:"items"`
	Traps      []Trap       `json:"traps"`
	Superseded []Superseded `json:"superseded"`
}

// A Fact is what one item of the handoff should say. Only the fields that apply
// to its kind are set.
type Fact struct {
	ID         string             `json:"id"`
	Kind       throughline.Kind   `json:"kind"`
	Fact       string             `json:"fact"`
	Person     string             `json:"person"`
	Stance     throughline.Stance `json:"stance"`
	Vendor     string             `json:"vendor"`
	Function   string             `json:"function"`
	Day        int                `json:"day"` // 30, 60 or 90
	Area       throughline.Area   `json:"area"`
	Importance string             `json:"importance"` // [Must] or [Should]
	Evidence   []Quote            `json:"evidence"`
}

// How much it matters that the handoff has a fact.
const (
	Must   = "must"
	Should = "should"
)

// A Quote is verbatim, in a source named by its file without the ending:
// calls/01, emails/03, slack/deal-x, crm, docs/review.
type Quote struct {
	Source string `json:"source"`
	Quote  string `json:"quote"`
}

// A Trap is words that a hasty reader would file under the kind, though they are
// not of it.
type Trap struct {
	Kind throughline.Kind `json:"kind"`
	Why  string           `json:"why"`
	Quote
}

// Superseded is a statement that a later one replaced.
type Superseded struct {
	Kind throughline.Kind `json:"kind"`
	Old  Quote            `json:"old"`
	New  Quote            `json:"new"`
	Fact string           `json:"fact"` // what holds now
}

// Load reads the annotated deal in a directory. Its error names every file and
// line that does not follow the layout. Faults of the annotation itself are left
// to [Deal.Problems]: the deal can still be scored with.
func Load(dir string) (*Deal, error) {
	d, err := load(os.DirFS(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no annotated deal: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the annotated deal in %s: %w", dir, err)
	}
	d.Native = filepath.Join(dir, "native")
	return d, nil
}

func load(dir fs.FS) (*Deal, error) {
	w, err := readWritten(dir)
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(dir, "gold.json")
	if err != nil {
		return nil, err
	}
	d := &Deal{ID: w.id, index: newIndex(w.sources)}
	if err := json.Unmarshal(data, &d.Gold); err != nil {
		return nil, fmt.Errorf("gold.json: %w", err)
	}
	d.locate()
	d.checkFacts(w.people)
	return d, nil
}

// locate finds where every quote of the annotation stands.
func (d *Deal) locate() {
	for _, f := range d.Gold.Items {
		var quotes [][]place
		for _, q := range f.Evidence {
			quotes = append(quotes, d.find(q, f.ID))
		}
		d.facts = append(d.facts, quotes)
	}
	for i, t := range d.Gold.Traps {
		d.traps = append(d.traps, d.find(t.Quote, fmt.Sprintf("trap %d", i+1)))
	}
	for i, s := range d.Gold.Superseded {
		of := fmt.Sprintf("superseded %d", i+1)
		d.superseded = append(d.superseded, superseding{old: d.find(s.Old, of+", old"), new: d.find(s.New, of+", new")})
	}
}

// find is where a quote of the annotation stands in its source.
func (d *Deal) find(q Quote, of string) []place {
	found := d.index.findIn(q.Source, q.Quote)
	if len(found) == 0 {
		d.problem("%s: %q does not stand in %s", of, q.Quote, q.Source)
	}
	return found
}

func (d *Deal) problem(format string, args ...any) {
	d.Problems = append(d.Problems, "gold.json: "+fmt.Sprintf(format, args...))
}

// checkFacts holds the gold items to what their kinds ask for. The people are
// those of deal.yaml, by name.
func (d *Deal) checkFacts(people map[string]bool) {
	for _, f := range d.Gold.Items {
		switch {
		case !f.Kind.Valid():
			d.problem("%s: there is no kind %q", f.ID, f.Kind)
		case len(f.Evidence) == 0:
			d.problem("%s has no quote", f.ID)
		case f.Kind.AboutPerson() && !people[f.Person]:
			d.problem("%s: %q is nobody of deal.yaml", f.ID, f.Person)
		case f.Kind == throughline.KindCommittee && !f.Stance.Valid():
			d.problem("%s: there is no stance %q", f.ID, f.Stance)
		case f.Kind == throughline.KindMilestone && f.Day != 30 && f.Day != 60 && f.Day != 90:
			d.problem("%s: the day is 30, 60 or 90, not %d", f.ID, f.Day)
		case f.Kind == throughline.KindAdjacentVendor && f.Vendor == "":
			d.problem("%s names no vendor", f.ID)
		case f.Kind == throughline.KindRisk && !f.Area.Valid():
			d.problem("%s: there is no area %q", f.ID, f.Area)
		}
		if f.Importance != Must && f.Importance != Should {
			d.problem("%s: the importance is %s or %s, not %q", f.ID, Must, Should, f.Importance)
		}
	}
}
