package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"throughline"
)

// ReadHandoff reads of a handoff's JSON what a score looks at: of the items their
// kind, text, person, stance, vendor, day and quotes, and what it took to make.
// All else may be missing or of another form, so that documents made elsewhere
// can be scored.
func ReadHandoff(r io.Reader) (*throughline.Handoff, error) {
	var doc struct {
		Items *[]struct {
			Kind     throughline.Kind
			Text     string
			Person   string
			Stance   throughline.Stance
			Vendor   string
			Day      json.Number // some write it as text
			Evidence []struct{ Quote string }
		}
		Usage json.RawMessage
	}
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return nil, fmt.Errorf("reading a handoff's JSON: %w", err)
	}
	if doc.Items == nil {
		return nil, errors.New("reading a handoff's JSON: it has no \"items\"")
	}
	h := &throughline.Handoff{}
	var u throughline.Usage
	if json.Unmarshal(doc.Usage, &u) == nil { // another program's usage is nothing of ours
		h.Usage = &u
	}
	for n, in := range *doc.Items {
		it := throughline.Item{Kind: in.Kind, Text: in.Text, Person: in.Person, Stance: in.Stance, Vendor: in.Vendor}
		if in.Day != "" {
			day, err := in.Day.Int64()
			if err != nil {
				return nil, fmt.Errorf("reading a handoff's JSON: item %d: the day is no whole number: %w", n+1, err)
			}
			it.Day = int(day)
		}
		for _, e := range in.Evidence {
			it.Evidence = append(it.Evidence, throughline.Evidence{Quote: e.Quote})
		}
		h.Items = append(h.Items, it)
	}
	return h, nil
}
