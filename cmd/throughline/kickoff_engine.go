package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"throughline"
	"throughline/engine/builtin"
	"throughline/engine/claude"
	"throughline/kickoff"
)

// kickoffEngine reads kickoffs as the configuration has it: by rules, or by the
// model that drafts.
func (c *config) kickoffEngine(ctx context.Context, with tools) (kickoff.Engine, error) {
	switch c.Engine.Name {
	case "", builtin.Name:
		return kickoff.Rules{}, nil
	case claude.Name:
		model, err := c.model(ctx, with)
		if err != nil {
			return nil, err
		}
		return kickoffReader{model}, nil
	}
	return nil, fmt.Errorf("engine.name in the configuration is %s or %s", builtin.Name, claude.Name)
}

// A kickoffReader has a model read kickoffs for which nobody waits: what is
// withheld of the deals names people whom one of them lacks, and where the model
// declines the rules read, rather than that the CSM has nothing.
type kickoffReader struct{ model *claude.Engine }

func (k kickoffReader) Find(ctx context.Context, agenda *throughline.Agenda, call *throughline.Source, deal *throughline.Deal) (*kickoff.Findings, error) {
	both := *deal
	both.Sources = append(slices.Clone(deal.Sources), call)
	model, end := tellingModel(ctx, k.model, &both)
	found, err := model.Find(ctx, agenda, call, deal)
	end()
	if !errors.Is(err, claude.ErrNoAnswer) {
		return found, err
	}
	found, err = kickoff.Rules{}.Find(ctx, agenda, call, deal)
	if err == nil {
		found.Engine.Limits += " " + declined
	}
	return found, err
}

const declined = "Read by rules, since the model gave no answer."
