// Package hedge lists the promises of a deal that may need more than their words
// to be kept: said with a hedge, under a condition, with an answer put off,
// doubted among the seller's people, or put right by a colleague later.
//
// The scan is deterministic and needs no model. It errs on the side of listing:
// whoever reads the list takes up or dismisses each candidate.
package hedge

import "throughline"

// A Signal is what made the scan list a candidate.
type Signal string

// The signals.
const (
	Hedged        Signal = "hedged"         // unsure in the same breath: "should be fine"
	Conditional   Signal = "conditional"    // something has to be true first: "as long as your team…"
	Deferred      Signal = "deferred"       // an answer was put off, and somebody came back to it
	Unanswered    Signal = "unanswered"     // an answer was put off, and nobody was found to come back to it
	InternalDoubt Signal = "internal_doubt" // said to the customer, doubted where no customer reads
	Corrected     Signal = "corrected"      // said by one, put right by a colleague later
)

// A Span is a byte range of a passage's text. The zero value is none.
type Span struct {
	Ref   string `json:"ref,omitempty"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text,omitempty"` // the passage's text from Start to End
}

// A Candidate is one promise with what casts doubt on it.
type Candidate struct {
	Number  int      `json:"number"` // from 1, in the order of the deal
	Signal  Signal   `json:"signal"`
	Promise Span     `json:"promise,omitzero"` // what was promised or claimed; none when only the doubt was found
	Doubt   Span     `json:"doubt"`            // where the doubt was voiced; may be the promise's own sentence
	Cues    []string `json:"cues"`             // the words of the doubt by which it was noticed
	Score   float64  `json:"score"`            // how surely it is a stretch; higher is surer, 0 or more
}

// Scan lists the candidates of a deal in the order of the deal. The same deal
// gives the same list.
func Scan(deal *throughline.Deal) []Candidate {
	if deal == nil {
		return nil
	}
	rd := read(deal)
	c := rd.claims()
	fs := rd.breath()
	fs = append(fs, rd.put()...)
	fs = append(fs, rd.among(c)...)
	fs = append(fs, rd.corrected(c)...)
	fs = append(fs, rd.chased(c)...)
	return rank(fs)
}
