package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"throughline/engine/claude"
)

func newSubmit(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "submit DIR DRAFT.json…",
		Short: "Prove a draft that was written by hand or by a model, and make the handoff of it",
		Long: "Takes a draft that somebody wrote of the deal in DIR, proves it as it proves its own engines' drafts, and writes the\n" +
			"handoff from what stands. What is refused is told as JSON on standard error, each with its reason and, for a quote\n" +
			"that was not found, the passage that comes nearest; mend the draft and submit it again.\n\n" +
			"A draft is the JSON object that engine/claude/prompts/format.md describes: {\"items\": […], \"dismissed\": […],\n" +
			"\"questions\": […]}, and if need be \"contradictions\": [{\"text\": …, \"sides\": [{\"text\": …, \"quotes\": […]}, …]}].\n" +
			"It may come in several files, one a section for instance; - is standard input.\n\n" +
			"With --check nothing is written but the report, on standard output. What was withheld when the deal was read must be\n" +
			"withheld here too; the document then says that it was so.",
		Example: "  throughline submit exports/acme draft.json --check\n" +
			"  throughline submit exports/acme draft.json --format html -o acme.html",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("name the deal's folder and the file with the draft")}
			}
			return nil
		},
	}
	check := cmd.Flags().Bool("check", false, "only tell what is refused, and write no handoff")
	model := cmd.Flags().String("model", "", "what wrote the draft, for the document: a model's `ID` or a name")
	doc := addDocumentFlags(cmd, e)
	var withhold withholding
	withhold.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *check && *doc.file != "" {
			return usageError{errors.New("--check writes no handoff: leave out -o")}
		}
		if err := doc.check(); err != nil {
			return err
		}
		pieces, err := readPieces(e, args[1:])
		if err != nil {
			return err
		}
		p := startProgress(e)
		defer p.stop()
		deal, err := readDeal(cmd.Context(), p, args[0])
		if err != nil {
			return err
		}
		p.enter("Proving the draft")
		o, err := lay(deal, withhold)
		if err != nil {
			return err
		}
		h, rep, err := o.settle(claude.ByHand(*model), pieces, e.now())
		if err != nil {
			return err
		}
		p.stop()
		if *check {
			return writeJSON(e.stdout, rep, "  ")
		}
		if !rep.clean() {
			if err := writeJSON(e.stderr, rep, "  "); err != nil {
				return err
			}
		}
		return doc.write(h)
	}
	return cmd
}

// readPieces reads the files of a draft.
func readPieces(e env, names []string) ([]claude.Piece, error) {
	var pieces []claude.Piece
	for _, name := range names {
		data, err := readPiece(e, name)
		if err != nil {
			return nil, fmt.Errorf("reading the draft: %w", err)
		}
		pieces = append(pieces, claude.Piece{Name: name, Data: data})
	}
	return pieces, nil
}

// maxDraft is more than any draft has, in bytes; claude.Submit draws the line.
const maxDraft = 16 << 20

func readPiece(e env, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(e.stdin, maxDraft))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxDraft))
}
