package builtin

import (
	"time"

	"throughline"
)

// A place is where a source stands in the course of the deal.
type place struct {
	early float64       // from 1.2 for the first call's time to 0 for the last's
	late  float64       // from 0.5 at the first call, or source where there is none, to 1.5 at the last
	first time.Time     // when the first of those is of
	span  time.Duration // from the first of those to the last; 0 where no dates tell
}

// places works out every source's place once.
func places(deal *throughline.Deal) map[*throughline.Source]place {
	var first, last time.Time
	var calls []time.Time
	kinds := counted(deal)
	for _, s := range deal.Sources {
		if s.Kind == throughline.SourceCall {
			calls = append(calls, s.At)
		}
		if s.At.IsZero() || !kinds[s.Kind] {
			continue
		}
		if first.IsZero() || s.At.Before(first) {
			first = s.At
		}
		if s.At.After(last) {
			last = s.At
		}
	}
	ps := map[*throughline.Source]place{}
	for _, s := range deal.Sources {
		p := place{late: 1, first: first, span: last.Sub(first), early: earlier(s, calls)}
		if p.span > 0 && !s.At.IsZero() {
			p.late = 0.5 + min(1, max(0, float64(s.At.Sub(first))/float64(p.span)))
		}
		ps[s] = p
	}
	return ps
}

// earlier is more the fewer of the calls were held before the source.
func earlier(s *throughline.Source, calls []time.Time) float64 {
	held := 0
	for _, at := range calls {
		if !at.After(s.At) {
			held++
		}
	}
	if len(calls) < 2 || held < 1 {
		return 0
	}
	return 1.2 * (1 - float64(held-1)/float64(len(calls)-1))
}
