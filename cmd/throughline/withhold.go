package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/engine/claude"
)

// A withholding says what is kept from the model.
type withholding struct {
	Private  bool     `json:"private,omitempty"`
	Sources  []string `json:"sources,omitempty"`
	People   []string `json:"people,omitempty"`
	Patterns []string `json:"patterns,omitempty"`
}

func (w *withholding) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.Private, "withhold-private", false, "keep private calls and channels from the model")
	cmd.Flags().StringArrayVar(&w.Sources, "withhold-source", nil, "keep a source from the model, by its `ID` or title (see inspect); may be repeated")
	cmd.Flags().StringArrayVar(&w.People, "withhold-person", nil, "keep what a person said from the model, by `NAME` or address; may be repeated")
	cmd.Flags().StringArrayVar(&w.Patterns, "withhold-pattern", nil, "keep passages that match a `REGEXP` from the model; may be repeated")
}

// rule is the withholding as the engine takes it.
func (w withholding) rule() (claude.Withhold, error) {
	rule := claude.Withhold{Private: w.Private, Sources: w.Sources, People: w.People}
	for _, p := range w.Patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return claude.Withhold{}, usageError{fmt.Errorf("--withhold-pattern: %w", err)}
		}
		rule.Patterns = append(rule.Patterns, re)
	}
	return rule, nil
}

// from gives the deal without what is withheld, and says what that was.
func (w withholding) from(deal *throughline.Deal) (*throughline.Deal, []string, error) {
	rule, err := w.rule()
	if err != nil {
		return nil, nil, err
	}
	if unknown := rule.Unknown(deal); len(unknown) > 0 {
		return nil, nil, usageError{fmt.Errorf("what is to be withheld is not there: %s; 'throughline inspect' lists sources and people", strings.Join(unknown, "; "))}
	}
	shown, kept := rule.From(deal)
	return shown, kept, nil
}

// readShown reads a deal, less what is withheld.
func readShown(ctx context.Context, p *progress, dir string, w withholding) (*throughline.Deal, error) {
	deal, err := readDeal(ctx, p, dir)
	if err != nil {
		return nil, err
	}
	shown, _, err := w.from(deal)
	return shown, err
}
