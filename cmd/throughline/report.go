package main

import (
	"cmp"
	"slices"

	"throughline"
	"throughline/engine/claude"
	"throughline/ground"
	"throughline/hedge"
)

// A submitReport says what became of a submitted draft.
type submitReport struct {
	Submitted      int               `json:"submitted" jsonschema:"items in the draft"`
	Accepted       int               `json:"accepted" jsonschema:"items of the draft that stand"`
	Refused        []refusedItem     `json:"refused" jsonschema:"items that do not stand"`
	Unfound        []unfoundQuote    `json:"quotes_not_found" jsonschema:"quotes that were not found, of items and contradictions that stand without them"`
	Unanswered     []unansweredHedge `json:"candidates_unanswered" jsonschema:"hedge candidates that stand neither in an item's candidates nor in dismissed"`
	MoreUnanswered int               `json:"candidates_unanswered_more,omitempty" jsonschema:"how many more of them there are, which are not shown"`
	Contradictions contradictionSum  `json:"contradictions"`
}

// A refusedItem is an item of the draft that does not stand.
type refusedItem struct {
	Draft    string           `json:"draft" jsonschema:"the file or the section of the draft"`
	Item     int              `json:"item" jsonschema:"the item's number in its draft, from 1"`
	Kind     throughline.Kind `json:"kind,omitempty"`
	Text     string           `json:"text,omitempty"`
	Reason   string           `json:"reason"`
	Unproven []unproven       `json:"unproven" jsonschema:"its quotes that were not found"`
}

// An unproven quote stands nowhere as it was given.
type unproven struct {
	Quote   string   `json:"quote"`
	Ref     string   `json:"ref,omitempty" jsonschema:"where the draft says that it stands"`
	Nearest *nearest `json:"nearest,omitempty" jsonschema:"the passage that shares most with the quote; it proves nothing"`
}

// An unfoundQuote is an unproven one of something that stands without it.
type unfoundQuote struct {
	Draft string `json:"draft,omitempty" jsonschema:"the file or the section of the draft; none for a contradiction's quote"`
	Item  int    `json:"item,omitempty" jsonschema:"the item's number in its draft, from 1; none for a contradiction's quote"`
	unproven
}

// An unansweredHedge is a candidate of the scan of which the draft says nothing.
type unansweredHedge struct {
	Candidate int          `json:"candidate" jsonschema:"its number"`
	Signal    hedge.Signal `json:"signal"`
	Ref       string       `json:"ref"`
	Quote     string       `json:"quote"`
}

// A contradictionSum counts the contradictions.
type contradictionSum struct {
	Submitted int `json:"submitted"`
	Accepted  int `json:"accepted" jsonschema:"those of which two sides could be proven"`
}

// clean reports whether nothing is left to mend.
func (r submitReport) clean() bool {
	return len(r.Refused)+len(r.Unfound)+len(r.Unanswered) == 0 && r.Contradictions.Submitted == r.Contradictions.Accepted
}

// report says what became of a submission that was settled into a handoff.
func report(ix *ground.Index, s *claude.Submission, h *throughline.Handoff, refused []ground.Refused) submitReport {
	r := submitReport{
		Submitted: s.Count, Accepted: s.Count - len(s.Undecoded) - len(refused),
		Refused: []refusedItem{}, Unfound: []unfoundQuote{}, Unanswered: []unansweredHedge{},
		Contradictions: contradictionSum{Submitted: len(s.Draft.Contradictions), Accepted: len(h.Contradictions)},
	}
	fallen := map[claude.Place]bool{}
	for _, u := range s.Undecoded {
		r.Refused = append(r.Refused, refusedItem{Draft: u.Piece, Item: u.Number, Reason: u.Reason, Unproven: []unproven{}})
	}
	for _, f := range refused {
		at := claude.PlaceOf(f.Item)
		fallen[at] = true
		it := refusedItem{Draft: at.Piece, Item: at.Number, Kind: f.Item.Kind, Text: shorten(f.Item.Text, 200), Reason: f.Reason, Unproven: []unproven{}}
		for _, u := range f.Unproven {
			it.Unproven = append(it.Unproven, unprovenOf(u.Quote, u.Nearest))
		}
		r.Refused = append(r.Refused, it)
	}
	slices.SortStableFunc(r.Refused, func(a, b refusedItem) int {
		return cmp.Or(cmp.Compare(a.Draft, b.Draft), cmp.Compare(a.Item, b.Item))
	})
	for _, it := range s.Draft.Items {
		if at := claude.PlaceOf(it); !fallen[at] {
			r.addUnfound(ix, at, quotesOf(it))
		}
	}
	for _, c := range s.Draft.Contradictions {
		for _, side := range c.Sides {
			r.addUnfound(ix, claude.Place{}, side.Quotes)
		}
	}
	for _, c := range s.Unanswered {
		span := c.Promise
		if span.Ref == "" {
			span = c.Doubt
		}
		r.Unanswered = append(r.Unanswered, unansweredHedge{Candidate: c.Number, Signal: c.Signal, Ref: span.Ref, Quote: span.Text})
	}
	return r
}

// quotesOf are an item's quotes, those of what it replaced included.
func quotesOf(it throughline.DraftItem) []throughline.DraftQuote {
	qs := slices.Clone(it.Quotes)
	for _, e := range it.Earlier {
		qs = append(qs, e.Quotes...)
	}
	return qs
}

func (r *submitReport) addUnfound(ix *ground.Index, at claude.Place, quotes []throughline.DraftQuote) {
	for _, q := range quotes {
		if p := ix.Prove(q.Text, q.Ref); p.Match == throughline.MatchNone {
			r.Unfound = append(r.Unfound, unfoundQuote{at.Piece, at.Number, unprovenOf(q, p.Nearest)})
		}
	}
}

func unprovenOf(q throughline.DraftQuote, hint *ground.Hint) unproven {
	u := unproven{Quote: q.Text, Ref: q.Ref}
	if hint != nil {
		n := hint.Passage
		u.Nearest = &nearest{Source: n.Source.ID, Ref: n.Ref, Text: n.Text}
	}
	return u
}
