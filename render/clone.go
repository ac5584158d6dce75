package render

import (
	"slices"

	"throughline"
)

// forTeam is the whole handoff, copied.
func forTeam(h *throughline.Handoff) *throughline.Handoff {
	v := *h
	v.Schema, v.Audience = throughline.Schema, throughline.AudienceTeam
	v.Deal.AE, v.Deal.CSM, v.Deal.People = clonePtr(h.Deal.AE), clonePtr(h.Deal.CSM), slices.Clone(h.Deal.People)
	v.Review.At = clonePtr(h.Review.At)
	v.Thin, v.Notes, v.Problems = slices.Clone(h.Thin), slices.Clone(h.Notes), slices.Clone(h.Problems)
	v.Items = each(h.Items, cloneItem)
	v.Remarks = slices.Clone(h.Remarks)
	v.Contradictions = each(h.Contradictions, cloneContradiction)
	v.Questions = each(h.Questions, func(q throughline.Question) throughline.Question {
		q.Refs = slices.Clone(q.Refs)
		return q
	})
	v.LeftOut = each(h.LeftOut, func(l throughline.LeftOut) throughline.LeftOut { return l })
	v.Sources = each(h.Sources, func(s throughline.SourceNote) throughline.SourceNote {
		s.At, s.People = clonePtr(s.At), slices.Clone(s.People)
		return s
	})
	v.Usage = cloneUsage(h.Usage)
	return &v
}

func cloneItem(it throughline.Item) throughline.Item {
	it.Evidence, it.Remarks = each(it.Evidence, cloneEvidence), slices.Clone(it.Remarks)
	if it.Superseded != nil {
		it.Superseded = each(it.Superseded, func(e throughline.Earlier) throughline.Earlier {
			e.Evidence = each(e.Evidence, cloneEvidence)
			return e
		})
	}
	return it
}

func cloneEvidence(e throughline.Evidence) throughline.Evidence {
	e.At, e.OffsetMS = clonePtr(e.At), clonePtr(e.OffsetMS)
	return e
}

func cloneContradiction(c throughline.Contradiction) throughline.Contradiction {
	c.Sides = each(c.Sides, func(s throughline.ContradictionSide) throughline.ContradictionSide {
		s.Evidence = each(s.Evidence, cloneEvidence)
		return s
	})
	return c
}

func cloneUsage(u *throughline.Usage) *throughline.Usage {
	u = clonePtr(u)
	if u != nil {
		u.Candidates.Dismissed = slices.Clone(u.Candidates.Dismissed)
		u.Kept, u.Stats = slices.Clone(u.Kept), slices.Clone(u.Stats)
	}
	return u
}

// each applies f to every element. It never gives nil: the handoff's JSON has
// an empty list where there is nothing.
func each[T any](in []T, f func(T) T) []T {
	out := make([]T, 0, len(in))
	for _, x := range in {
		out = append(out, f(x))
	}
	return out
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
