package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/engine/builtin"
	"throughline/engine/claude"
	"throughline/folder"
	"throughline/ground"
)

// An engine drafts the handoff of a deal.
type engine interface {
	Draft(ctx context.Context, deal *throughline.Deal) (*throughline.Draft, error)
}

// engines are the engines that need no settings, by the names of the command
// line.
var engines = map[string]engine{builtin.Name: builtin.Engine{}}

func newGenerate(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "generate DIR",
		Short: "Write the handoff of a deal",
		Long: "Reads the exported files in DIR, which may be a .zip, and writes the handoff.\n\n" +
			"Files are recognised by what is in them. Read are: Gong and Chorus calls as their APIs return them, WebVTT and\n" +
			"SRT captions, plain transcripts, .eml and .mbox mail, Slack exports, Salesforce and HubSpot records as their\n" +
			"REST APIs return them, .md .txt .html .docx .pdf documents, and a deal.json that says who sells and who buys.",
		Example: "  throughline generate exports/acme --format html -o acme.html\n" +
			"  throughline generate acme.zip --audience customer",
		Args: oneDir,
	}
	name := choose(cmd, "engine", "", "what drafts the handoff", builtin.Name, claude.Name)
	live := addLiveFlags(cmd)
	doc := addDocumentFlags(cmd, e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := doc.check(); err != nil {
			return err
		}
		p := startProgress(e)
		defer p.stop()
		deal, err := readDeal(cmd.Context(), p, args[0])
		if err != nil {
			return err
		}
		if *live.dryRun {
			if name.value != claude.Name {
				return usageError{errors.New("--dry-run is for --engine claude: nothing else is sent anywhere")}
			}
			p.stop()
			return live.printDryRun(cmd.Context(), e, deal)
		}
		eng := engines[name.value]
		if name.value == claude.Name {
			if eng, err = live.engine(cmd.Context(), e, p); err != nil {
				return err
			}
		}
		h, err := handoff(cmd.Context(), p, eng, deal, e.now())
		if err != nil {
			return err
		}
		return doc.write(h)
	}
	return cmd
}

// readDeal reads a deal from a directory or a .zip.
func readDeal(ctx context.Context, p *progress, dir string) (*throughline.Deal, error) {
	p.enter("Reading " + dir)
	deal, err := folder.Read(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is nothing at %s: name the folder that holds the deal's exports, or a .zip of it", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n'throughline generate --help' lists the formats that are read", err)
	}
	return deal, nil
}

// handoff drafts a deal's handoff and settles it: what an engine proposes stands
// only where the deal's own words prove it.
func handoff(ctx context.Context, p *progress, eng engine, deal *throughline.Deal, at time.Time) (*throughline.Handoff, error) {
	p.enter("Drafting the handoff")
	draft, err := eng.Draft(ctx, deal)
	if err != nil {
		return nil, err
	}
	p.enter("Proving the quotes")
	if e, ok := eng.(*claude.Engine); ok {
		// What the model did not see proves nothing, and is not listed as read.
		deal, _ = e.Withhold.From(deal)
	}
	h, _ := ground.Settle(deal, ground.NewIndex(deal), draft, at) // what was refused stands in h.LeftOut
	return h, nil
}
