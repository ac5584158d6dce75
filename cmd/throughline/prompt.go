package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"throughline/engine/claude"
	"throughline/ground"
)

// modelFlags are the flags of everything that works with a model.
type modelFlags struct {
	model, effort *string
	passes        *choice // nil where there is nothing to choose
	answers       *string
	window        *int
	withhold      withholding
}

// addModelFlags adds the flags of what drafts.
func addModelFlags(cmd *cobra.Command) *modelFlags {
	f := addAskingFlags(cmd)
	f.passes = choose(cmd, "passes", "", "how the deal is read", string(claude.Auto), string(claude.Single), string(claude.Focused))
	return f
}

// addAskingFlags adds the flags of whatever asks a model.
func addAskingFlags(cmd *cobra.Command) *modelFlags {
	f := &modelFlags{
		model:   cmd.Flags().String("model", claude.DefaultModel(), "the model's `ID`"),
		effort:  cmd.Flags().String("effort", "", "how much the model thinks: low, medium, high, xhigh, max; its own default without it"),
		answers: cmd.Flags().String("answers", "", "how answers are asked for: schema (structured outputs) or tool (a strict tool); by the model without it"),
		window:  cmd.Flags().Int("window", 0, "the model's window in `TOKENS`, where it is another than the program knows"),
	}
	f.withhold.addFlags(cmd)
	return f
}

func (f *modelFlags) run() (runFile, error) {
	switch *f.answers {
	case "", "schema", "tool":
	default:
		return runFile{}, usageError{fmt.Errorf("--answers is schema or tool, not %q", *f.answers)}
	}
	switch *f.effort {
	case "", "low", "medium", "high", "xhigh", "max":
	default:
		return runFile{}, usageError{fmt.Errorf("--effort is low, medium, high, xhigh or max, not %q", *f.effort)}
	}
	passes := claude.Auto
	if f.passes != nil {
		passes = claude.Passes(f.passes.value)
	}
	return runFile{
		Program: version(), Prompts: claude.PromptVersion(), Model: *f.model, Passes: passes, Effort: *f.effort, Answers: *f.answers,
		Window: *f.window, Withhold: f.withhold,
	}, nil
}

func newPrompt(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prompt DIR -o REQ_DIR",
		Short: "Write the requests to a model as files, to be carried by hand",
		Long: "Writes what the claude engine would send about the deal in DIR: REQ_DIR/01.request.json and so on, each the body of\n" +
			"a request to the Messages API, and beside it 01.request.md, the same as one text to paste anywhere. Nothing is sent.\n\n" +
			"Put the answer to each beside it as 01.response.json: the body of the API's response, or the bare JSON object that was\n" +
			"asked for. Then 'throughline assemble DIR REQ_DIR' goes on: it writes the next round's requests (quotes to correct,\n" +
			"items to compare), and when nothing is left to ask, the handoff.",
		Example: "  throughline prompt exports/acme -o acme-requests\n" +
			"  throughline assemble exports/acme acme-requests --format html -o acme.html",
		Args: oneDir,
	}
	flags := addModelFlags(cmd)
	dir := cmd.Flags().StringP("output", "o", "", "the `REQ_DIR` to write to")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *dir == "" {
			return usageError{errors.New("name the directory for the requests with -o")}
		}
		r, err := flags.run()
		if err != nil {
			return err
		}
		p := startProgress(e)
		defer p.stop()
		deal, err := readDeal(cmd.Context(), p, args[0])
		if err != nil {
			return err
		}
		run, _, _, err := startRun(deal, r)
		if err != nil {
			return err
		}
		if err := requestDir(*dir).begin(r); err != nil {
			return err
		}
		for _, q := range run.Open() {
			if err := requestDir(*dir).write(q); err != nil {
				return err
			}
			if err := e.tell("%s\n", requestDir(*dir).path(number(q), "request.json")); err != nil {
				return err
			}
		}
		p.stop()
		e.say("Passes: %s.\nPut each answer beside its request as NN.response.json, then run: throughline assemble %s %s\n", run.Plan(), args[0], *dir)
		return nil
	}
	return cmd
}

func newAssemble(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "assemble DIR REQ_DIR",
		Short: "Make the handoff of answers that were carried by hand",
		Long: "Takes the answers that stand beside the requests in REQ_DIR (see 'throughline prompt --help'). Where they lead to another\n" +
			"round, its requests are written to REQ_DIR and named on standard error: answer them, and run this again. When nothing is\n" +
			"left to ask, the handoff is written.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("name the deal's folder and the directory with the requests and answers")}
			}
			return nil
		},
	}
	doc := addDocumentFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := doc.check(); err != nil {
			return err
		}
		dir := requestDir(args[1])
		r, err := dir.run()
		if err != nil {
			return err
		}
		if v := claude.PromptVersion(); r.Prompts != v {
			return fmt.Errorf("the requests in %s were written with other prompts (%s) than this program's (%s): begin again in a fresh directory", dir, r.Prompts, v)
		}
		p := startProgress(e)
		defer p.stop()
		deal, err := readDeal(cmd.Context(), p, args[0])
		if err != nil {
			return err
		}
		run, ix, shown, err := startRun(deal, r)
		if err != nil {
			return err
		}
		waiting, err := dir.carry(run)
		if err != nil {
			return err
		}
		if len(waiting) > 0 {
			p.stop()
			e.say("Round %d: %d requests wait for an answer. The handoff is not written yet.\n", run.Round(), len(waiting))
			for _, w := range waiting {
				e.say("  %s\n", w)
			}
			return nil
		}
		draft, err := run.Draft()
		if err != nil {
			return err
		}
		h, _ := ground.Settle(shown, ix, draft, e.now()) // what was refused stands in h.LeftOut
		return doc.write(h)
	}
	return cmd
}
