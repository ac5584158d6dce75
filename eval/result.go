package eval

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"throughline"
)

// A Result is what the score of one handoff, or of several together, comes to.
type Result struct {
	Deal string `json:"deal"` // its id; "total" for several

	MustRecall Share `json:"must_recall"` // of the facts that the handoff must have, how many it tells
	Recall     Share `json:"recall"`      // of all facts
	Precision  Share `json:"precision"`   // of the items, how many tell a fact
	F1         Share `json:"f1"`          // the harmonic mean of recall and precision

	Items       int `json:"items"`          // in the handoff
	Gold        int `json:"gold"`           // facts that were annotated
	Quotes      int `json:"quotes"`         // in the handoff
	NotVerbatim int `json:"not_verbatim"`   // of those, how many stand nowhere in the deal
	Unproven    int `json:"unproven_items"` // items of which no quote that counts stands in the deal
	Repeats     int `json:"repeats"`        // items that tell what a better one tells
	Traps       int `json:"traps"`          // quoted as what they only look like
	TrapsOf     int `json:"traps_of"`
	Stale       int `json:"stale"` // superseded statements shown as current
	StaleOf     int `json:"stale_of"`

	Kinds map[throughline.Kind]*KindResult `json:"per_kind"` // of the kinds that were annotated, or that the handoff has
	Cost  Cost                             `json:"cost"`
	Sums  Sums                             `json:"sums"`

	Missed   []Finding `json:"missed,omitempty"`   // facts that no item tells; the note is their importance
	Partly   []Finding `json:"partly,omitempty"`   // facts told for part of the points; the note says what is lacking
	Wrong    []Finding `json:"wrong,omitempty"`    // items that tell no fact
	Trapped  []Finding `json:"trapped,omitempty"`  // traps quoted; the note says what they are
	Outdated []Finding `json:"outdated,omitempty"` // superseded statements; the note says what holds now
}

// A KindResult is the part of a result that is about one kind.
type KindResult struct {
	Gold      int     `json:"gold"`
	Recall    Share   `json:"recall"`
	Out       int     `json:"out"` // items of the kind in the handoff
	Precision Share   `json:"precision"`
	F1        Share   `json:"f1"`
	Hit       float64 `json:"hit"`
	Judged    int     `json:"judged"`
	Good      float64 `json:"good"`
}

// Sums are what the shares are made of. Points may be parts: a fact told with the
// wrong stance is worth half of one.
type Sums struct {
	Hit     float64 `json:"hit"` // points for facts found
	Gold    int     `json:"gold"`
	MustHit float64 `json:"must_hit"`
	Must    int     `json:"must"`
	Good    float64 `json:"good"`  // points for items that are right
	Judged  int     `json:"items"` // items, less the repeats that are neither right nor wrong
}

// A Finding is one thing to look at: a fact, an item or a quote.
type Finding struct {
	Kind throughline.Kind `json:"kind"`
	Text string           `json:"text"`
	Note string           `json:"note,omitempty"`
}

// A Cost is what a handoff took.
type Cost struct {
	Requests     int           `json:"requests"`
	InputTokens  int64         `json:"input_tokens"` // with those written to a cache and read from it
	OutputTokens int64         `json:"output_tokens"`
	USD          float64       `json:"usd"`
	Time         time.Duration `json:"time_ns"` // 0 where it was not measured
}

func costOf(u *throughline.Usage) Cost {
	if u == nil {
		return Cost{}
	}
	return Cost{
		Requests: u.Requests, InputTokens: u.InputTokens + u.CacheWriteTokens + u.CacheReadTokens,
		OutputTokens: u.OutputTokens, USD: u.CostUSD,
	}
}

func (c *Cost) add(o Cost) {
	c.Requests += o.Requests
	c.InputTokens += o.InputTokens
	c.OutputTokens += o.OutputTokens
	c.USD += o.USD
	c.Time += o.Time
}

// A Share lies between 0 and 1. It is NaN where there was nothing to take a share
// of, which JSON shows as null and a table as "-".
type Share float64

var none = Share(math.NaN())

func share(part float64, of int) Share {
	if of == 0 {
		return 0
	}
	return Share(part / float64(of))
}

// Known reports whether there was something to take a share of.
func (s Share) Known() bool { return !math.IsNaN(float64(s)) }

func (s Share) String() string {
	if !s.Known() {
		return "-"
	}
	return strconv.FormatFloat(float64(s), 'f', 2, 64)
}

// MarshalJSON writes a number or null.
func (s Share) MarshalJSON() ([]byte, error) {
	if !s.Known() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(s), 'g', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Share) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*s = none
		return nil
	}
	v, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return fmt.Errorf("a share is a number or null: %w", err)
	}
	*s = Share(v)
	return nil
}

// f1 is the harmonic mean; 0 where either share is 0 or there was nothing to take
// one of.
func f1(recall, precision Share) Share {
	if sum := recall + precision; sum > 0 {
		return 2 * recall * precision / sum
	}
	return 0
}

// finish works out the shares from the sums.
func (r *Result) finish() {
	r.MustRecall = share(r.Sums.MustHit, r.Sums.Must)
	r.Recall = share(r.Sums.Hit, r.Sums.Gold)
	r.Precision = share(r.Sums.Good, r.Sums.Judged)
	r.F1 = f1(r.Recall, r.Precision)
	for _, k := range r.Kinds {
		k.Recall, k.Precision = none, none
		if k.Gold > 0 {
			k.Recall = share(k.Hit, k.Gold)
		}
		if k.Out > 0 {
			k.Precision = share(k.Good, k.Judged)
		}
		k.F1 = f1(k.Recall, k.Precision)
	}
}

// Total is the score of several handoffs together: every fact and every item
// weighs the same, whichever deal it is of. Its findings are left with the deals.
func Total(results []Result) Result {
	t := Result{Deal: "total", Kinds: map[throughline.Kind]*KindResult{}}
	for _, r := range results {
		t.add(r)
	}
	t.finish()
	return t
}

func (r *Result) add(o Result) {
	for _, c := range []struct {
		to   *int
		part int
	}{
		{&r.Items, o.Items},
		{&r.Gold, o.Gold},
		{&r.Quotes, o.Quotes},
		{&r.NotVerbatim, o.NotVerbatim},
		{&r.Unproven, o.Unproven},
		{&r.Repeats, o.Repeats},
		{&r.Traps, o.Traps},
		{&r.TrapsOf, o.TrapsOf},
		{&r.Stale, o.Stale},
		{&r.StaleOf, o.StaleOf},
		{&r.Sums.Gold, o.Sums.Gold},
		{&r.Sums.Must, o.Sums.Must},
		{&r.Sums.Judged, o.Sums.Judged},
	} {
		*c.to += c.part
	}
	r.Sums.Hit += o.Sums.Hit
	r.Sums.MustHit += o.Sums.MustHit
	r.Sums.Good += o.Sums.Good
	r.Cost.add(o.Cost)
	for kind, k := range o.Kinds {
		if r.Kinds[kind] == nil {
			r.Kinds[kind] = &KindResult{}
		}
		to := r.Kinds[kind]
		to.Gold += k.Gold
		to.Hit += k.Hit
		to.Out += k.Out
		to.Judged += k.Judged
		to.Good += k.Good
	}
}
