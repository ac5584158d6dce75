package kickoff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"throughline"
	"throughline/ground"
)

// An Engine reads a kickoff's transcript for a check. What it finds are claims:
// Check shows nothing of them that the call and the deal don't prove.
type Engine interface {
	Find(ctx context.Context, agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal) (*Findings, error)
}

// Findings are what an engine claims to have found.
type Findings struct {
	Engine   throughline.Engine
	Usage    *throughline.Usage // of a model; nil where none was asked
	Referred []Reference
	Asked    []Reask
}

// A Reference claims that a point was referred to in the call.
type Reference struct {
	Point string                 // the point's id
	Quote throughline.DraftQuote // of the call
}

// A Reask claims that the seller's side asked what the customer had answered.
type Reask struct {
	Question throughline.DraftQuote // of the call, said by the seller's side
	Answer   throughline.DraftQuote // of the deal, said by the customer's
}

// A Report is what a kickoff's transcript shows, for the CSM of the deal alone. It
// holds no score, and says nothing of how anybody sold.
type Report struct {
	Engine   throughline.Engine         `json:"engine"`
	Referred []Referred                 `json:"referred"` // points to say that came up, in the agenda's order
	Silent   []throughline.TalkingPoint `json:"silent"`   // points to say that were not found to come up
	Asked    []Asked                    `json:"asked"`    // in the order of the call
	LeftOut  []throughline.LeftOut      `json:"left_out"` // what an engine claimed and nothing proves
	Usage    *throughline.Usage         `json:"usage,omitempty"`
}

// Referred is a point that came up, and where.
type Referred struct {
	Point throughline.TalkingPoint `json:"point"`
	Where throughline.Evidence     `json:"where"` // in the call
}

// Asked is a question that the customer had answered in the sale, and where they
// had.
type Asked struct {
	Question throughline.Evidence `json:"question"` // in the call
	Answer   throughline.Evidence `json:"answer"`   // in the deal
}

// Check checks a kickoff's transcript, read by folder.ReadCall, against the team's
// agenda and what was said in the deal. Only points to say are looked for: what is
// to be known is not sought in a call.
func Check(ctx context.Context, eng Engine, agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal) (*Report, error) {
	switch {
	case agenda == nil || call == nil || deal == nil:
		return nil, errors.New("checking a kickoff: it takes an agenda, the call and the deal")
	case agenda.Audience != throughline.AudienceTeam:
		return nil, fmt.Errorf("checking a kickoff: it takes the team's agenda, and this is made for audience %q", agenda.Audience)
	}
	found, err := eng.Find(ctx, agenda, call, deal)
	if err != nil {
		return nil, fmt.Errorf("checking the kickoff of deal %s: %w", deal.ID, err)
	}
	p := prover{
		call: ground.NewIndex(&throughline.Deal{Sources: []*throughline.Source{call}}), deal: ground.NewIndex(deal),
		report: &Report{Engine: found.Engine, Usage: found.Usage, Referred: []Referred{}, Asked: []Asked{}, LeftOut: []throughline.LeftOut{}, Silent: []throughline.TalkingPoint{}},
	}
	p.referred(agenda, found.Referred)
	p.asked(call, found.Asked)
	return p.report, nil
}

// A prover lets through what is proven.
type prover struct {
	call, deal *ground.Index
	report     *Report
}

// How much of what nothing proves is shown, in runes.
const (
	shownOfQuote = 200
	shownOfName  = 60
)

func (p *prover) leaveOut(q throughline.DraftQuote, reason string) {
	p.report.LeftOut = append(p.report.LeftOut, throughline.LeftOut{
		Quote: ground.Plain(q.Text, shownOfQuote), Ref: ground.Plain(q.Ref, shownOfName), Reason: reason,
	})
}

func (p *prover) referred(agenda *throughline.Agenda, refs []Reference) {
	where := map[string]throughline.Evidence{}
	for _, r := range refs {
		point, ok := agenda.Point(r.Point)
		if !ok || point.Mode != throughline.PointSay {
			p.leaveOut(r.Quote, fmt.Sprintf("%q is no point that is to be said", ground.Plain(r.Point, shownOfName)))
			continue
		}
		e, ok := p.call.Prove(r.Quote.Text, r.Quote.Ref).Evidence()
		if !ok {
			p.leaveOut(r.Quote, "these words were not found in the call")
			continue
		}
		if _, has := where[point.ID]; !has {
			where[point.ID] = e
		}
	}
	for _, point := range agenda.Points {
		e, came := where[point.ID]
		switch {
		case point.Mode != throughline.PointSay:
		case came:
			p.report.Referred = append(p.report.Referred, Referred{Point: point, Where: e})
		default:
			p.report.Silent = append(p.report.Silent, point)
		}
	}
}

func (p *prover) asked(call *throughline.Source, reasks []Reask) {
	for _, r := range reasks {
		question, ok := p.call.Prove(r.Question.Text, r.Question.Ref).Evidence()
		if !ok || question.Side != throughline.SideSeller {
			p.leaveOut(r.Question, "no question of the seller's side was found in the call with these words")
			continue
		}
		answer, ok := p.deal.Prove(r.Answer.Text, r.Answer.Ref).Evidence()
		if !ok || answer.Side != throughline.SideCustomer {
			p.leaveOut(r.Answer, "no answer of the customer's was found in the deal with these words")
			continue
		}
		if !slices.ContainsFunc(p.report.Asked, func(a Asked) bool {
			return a.Question.Ref == question.Ref && a.Question.Quote == question.Quote
		}) {
			p.report.Asked = append(p.report.Asked, Asked{Question: question, Answer: answer})
		}
	}
	place := map[string]int{}
	for i, passage := range call.Passages {
		place[passage.Ref] = i
	}
	slices.SortStableFunc(p.report.Asked, func(a, b Asked) int { return place[a.Question.Ref] - place[b.Question.Ref] })
}
