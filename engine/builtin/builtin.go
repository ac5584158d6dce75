// Package builtin is the engine that needs no model: it drafts a handoff by
// rules over passages. It looks at who speaks and for which side, at what the
// sentence does, at times and amounts named in it, at the CRM's roles, at what
// internal sources say of a person, and at later statements that replace
// earlier ones.
//
// It says less rather than something wrong. Its wording is plain and built from
// the evidence, in the language that most of the deal is in; what it can't find it
// turns into questions to the AE. The cues it goes by are lists of phrases by
// language in the folder lexicon.
package builtin

import (
	"context"
	"fmt"

	"throughline"
	"throughline/hedge"
)

// Name is the engine's name on the command line and in the document.
const Name = "builtin"

// Engine drafts handoffs by rules. The zero value is ready to use.
type Engine struct{}

// Draft reads the whole deal and proposes items of every kind. The error is
// ctx's, or a lexicon's that can't be read.
func (Engine) Draft(ctx context.Context, deal *throughline.Deal) (*throughline.Draft, error) {
	scan := make(chan []hedge.Candidate, 1)
	go func() { scan <- hedge.Scan(deal) }() // takes as long as the reading, and needs nothing of it
	rd, err := read(ctx, deal)
	if err != nil {
		return nil, fmt.Errorf("reading deal %s by rules: %w", deal.ID, err)
	}
	rd.candidates = <-scan
	d := &throughline.Draft{Engine: throughline.Engine{Name: Name, Limits: rd.texts.Limits}}
	for _, find := range []func(*reading, *throughline.Draft){
		people, pains, useCases, workarounds, stretches, vendors, milestones, risks, gaps,
	} {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("drafting deal %s by rules: %w", deal.ID, err)
		}
		find(rd, d)
	}
	return d, nil
}
