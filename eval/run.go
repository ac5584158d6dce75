package eval

import "time"

// A Run is how one engine, or one set of handoffs, did over some deals.
type Run struct {
	Name    string   `json:"name"`
	Results []Result `json:"deals"`
	Total   Result   `json:"total"`
}

// NewRun adds the total to the results.
func NewRun(name string, results []Result) Run {
	return Run{Name: name, Results: results, Total: Total(results)}
}

// A Comparison is of two runs over the same deals.
type Comparison struct {
	First      Run        `json:"first"`
	Second     Run        `json:"second"`
	Difference Difference `json:"difference"`
}

// A Difference is by how much the total of the second run is more than that of the
// first.
type Difference struct {
	MustRecall   float64       `json:"must_recall"`
	Recall       float64       `json:"recall"`
	Precision    float64       `json:"precision"`
	F1           float64       `json:"f1"`
	Traps        int           `json:"traps"`
	Stale        int           `json:"stale"`
	NotVerbatim  int           `json:"not_verbatim"`
	InputTokens  int64         `json:"input_tokens"`
	OutputTokens int64         `json:"output_tokens"`
	USD          float64       `json:"usd"`
	Time         time.Duration `json:"time_ns"`
}

// Compare sets two runs beside each other. Deals that only one of them has are
// left out, of the totals too.
func Compare(first, second Run) Comparison {
	a, b := common(first, second)
	of, to := a.Total, b.Total
	return Comparison{First: a, Second: b, Difference: Difference{
		MustRecall: float64(to.MustRecall - of.MustRecall), Recall: float64(to.Recall - of.Recall),
		Precision: float64(to.Precision - of.Precision), F1: float64(to.F1 - of.F1),
		Traps: to.Traps - of.Traps, Stale: to.Stale - of.Stale, NotVerbatim: to.NotVerbatim - of.NotVerbatim,
		InputTokens: to.Cost.InputTokens - of.Cost.InputTokens, OutputTokens: to.Cost.OutputTokens - of.Cost.OutputTokens,
		USD: to.Cost.USD - of.Cost.USD, Time: to.Cost.Time - of.Cost.Time,
	}}
}

// common is what two runs have of the same deals, in the order of the first.
func common(a, b Run) (inA, inB Run) {
	var as, bs []Result
	for _, ra := range a.Results {
		for _, rb := range b.Results {
			if ra.Deal == rb.Deal {
				as, bs = append(as, ra), append(bs, rb)
			}
		}
	}
	return NewRun(a.Name, as), NewRun(b.Name, bs)
}
