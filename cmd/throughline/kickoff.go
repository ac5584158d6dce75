package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/engine/builtin"
	"throughline/engine/claude"
	"throughline/folder"
	"throughline/kickoff"
)

func newAgenda(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agenda DIR|HANDOFF.json",
		Short: "Write the agenda of the kickoff",
		Long: "Makes the kickoff's agenda of a handoff: a .json that 'generate' wrote, or one drafted by rules from the exported files in\n" +
			"DIR. The team's has every talking point: what to say, with the customer's own words, and what to know before the call.\n" +
			"The customer's, to be sent ahead, has what at least two of their people saw or heard, in the words that were used.",
		Example: "  throughline agenda acme.json --format html -o agenda.html\n" +
			"  throughline agenda acme.json --for customer --format ics --at 2026-10-06T15:00:00Z -o kickoff.ics",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one handoff as JSON, or the folder that holds the deal's exports")}
			}
			return nil
		},
	}
	reader := choose(cmd, "for", "", "who will read it", string(throughline.AudienceTeam), string(throughline.AudienceCustomer))
	format := choose(cmd, "format", "f", "how it is written", "markdown", "html", "ics")
	at := cmd.Flags().String("at", "", "when the kickoff begins, as `TIME` like 2026-10-06T15:00:00Z; for --format ics, which else takes the handoff's day")
	file := cmd.Flags().StringP("output", "o", "", "the `FILE` to write; standard output without it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		start, err := startOf(*at, format.value)
		if err != nil {
			return err
		}
		out := output{stdout: e.stdout, name: *file}
		if err := out.check(); err != nil {
			return err
		}
		p := startProgress(e)
		defer p.stop()
		h, err := readOrDraft(cmd.Context(), p, args[0], e.now())
		if err != nil {
			return err
		}
		var doc bytes.Buffer
		switch a := throughline.Audience(reader.value); format.value {
		case "html":
			err = kickoff.HTML(&doc, h, a)
		case "ics":
			err = kickoff.Calendar(&doc, h, a, kickoff.Meeting{Key: h.Deal.ID + " " + h.Deal.Name, Start: start, Stamp: e.now()})
		default:
			err = kickoff.Markdown(&doc, h, a)
		}
		if err != nil {
			return err
		}
		return out.write(doc.Bytes())
	}
	return cmd
}

// startOf reads --at; zero where it is not given.
func startOf(at, format string) (time.Time, error) {
	if at == "" {
		return time.Time{}, nil
	}
	if format != "ics" {
		return time.Time{}, usageError{errors.New("--at is for --format ics")}
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--at %s is no time like 2026-10-06T15:00:00Z", at)}
	}
	return t, nil
}

// readOrDraft reads a handoff's JSON, or drafts the handoff of a deal's folder by
// rules.
func readOrDraft(ctx context.Context, p *progress, name string, at time.Time) (*throughline.Handoff, error) {
	if strings.HasSuffix(strings.ToLower(name), ".json") {
		return readHandoff(name)
	}
	deal, err := readDeal(ctx, p, name)
	if err != nil {
		return nil, err
	}
	return handoff(ctx, p, builtin.Engine{}, deal, at)
}

// readHandoff reads a handoff's JSON.
func readHandoff(name string) (*throughline.Handoff, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the handoff: %w", err)
	}
	var h throughline.Handoff
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("reading the handoff %s: it is no JSON that 'throughline generate --format json' wrote: %w", name, err)
	}
	if h.Schema != throughline.Schema {
		return nil, fmt.Errorf("reading the handoff %s: its schema is %q, and %s is read; write it anew with 'throughline generate --format json'", name, h.Schema, throughline.Schema)
	}
	return &h, nil
}

func newKickoffCheck(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kickoff-check DIR TRANSCRIPT",
		Short: "Show what came up in a kickoff, and what the customer had answered",
		Long: "Holds the transcript of a kickoff against its agenda and the deal in DIR: which talking points were referred to, and which\n" +
			"questions were asked that the customer had answered in the sale, with where they had. It is a help for the CSM of this\n" +
			"one customer: it scores nobody. TRANSCRIPT is captions, a plain transcript, or a folder with a call as Gong or Chorus\n" +
			"return it.\n\n" +
			"With --engine claude a model reads it. It is sent the transcript, the points to say, and what the customer's people said in\n" +
			"the deal: never what the CSM is to know and not to say. What it claims is shown where the call and the deal prove it.",
		Example: "  throughline kickoff-check exports/acme kickoff.vtt --handoff acme.json\n" +
			"  throughline kickoff-check exports/acme kickoff.vtt --handoff acme.json --engine claude --dry-run",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("name the folder that holds the deal's exports, and the kickoff's transcript")}
			}
			return nil
		},
	}
	file := cmd.Flags().String("handoff", "", "the handoff that the agenda is made of, as `HANDOFF.json`; drafted by rules without it")
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	name := choose(cmd, "engine", "", "what reads the transcript", kickoff.RulesName, claude.Name)
	flags := live(cmd, addAskingFlags(cmd), "this check")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		byModel := name.value == claude.Name
		if *flags.dryRun && !byModel {
			return usageError{errors.New("--dry-run is for --engine claude: nothing else is sent anywhere")}
		}
		p := startProgress(e)
		defer p.stop()
		k, err := readKickoff(cmd.Context(), p, args[0], args[1])
		if err != nil {
			return err
		}
		rule := claude.Withhold{}
		if byModel {
			if rule, err = flags.withhold.rule(); err != nil {
				return err
			}
		}
		if err := k.plan(cmd.Context(), p, *file, rule, e.now()); err != nil {
			return err
		}
		if *flags.dryRun {
			p.stop()
			return flags.printKickoffDryRun(cmd.Context(), e, k, rule)
		}
		var eng kickoff.Engine = kickoff.Rules{}
		if byModel {
			if eng, err = flags.engine(cmd.Context(), e, p); err != nil {
				return err
			}
		}
		p.enter("Checking the kickoff")
		report, err := kickoff.Check(cmd.Context(), eng, k.agenda, k.call, k.deal)
		if err != nil {
			return err
		}
		p.stop()
		if format.value == "json" {
			return writeJSON(e.stdout, report, "  ")
		}
		return e.tell("%s", kickoffText(report))
	}
	return cmd
}

// A heldKickoff is a kickoff with what it is checked against.
type heldKickoff struct {
	deal   *throughline.Deal
	call   *throughline.Source
	agenda *throughline.Agenda
}

func readKickoff(ctx context.Context, p *progress, dir, transcript string) (*heldKickoff, error) {
	deal, err := readDeal(ctx, p, dir)
	if err != nil {
		return nil, err
	}
	p.enter("Reading " + transcript)
	call, _, err := folder.ReadCall(ctx, transcript, deal)
	if err != nil {
		return nil, err
	}
	return &heldKickoff{deal: deal, call: call}, nil
}

// plan makes the agenda: of the handoff in a file, or of one drafted by rules from
// what is not withheld.
func (k *heldKickoff) plan(ctx context.Context, p *progress, file string, rule claude.Withhold, at time.Time) error {
	var h *throughline.Handoff
	var err error
	if file != "" {
		h, err = readHandoff(file)
	} else {
		shown, _ := rule.From(k.deal)
		h, err = handoff(ctx, p, builtin.Engine{}, shown, at)
	}
	if err != nil {
		return err
	}
	k.agenda = kickoff.Agenda(h, throughline.AudienceTeam)
	return nil
}

// printKickoffDryRun prints what would be sent to read a kickoff, and what it would
// take.
func (f *liveFlags) printKickoffDryRun(ctx context.Context, e env, k *heldKickoff, rule claude.Withhold) error {
	r, err := f.run()
	if err != nil {
		return err
	}
	run, err := claude.StartKickoff(k.agenda, k.call, k.deal, rule, r.config())
	if err != nil {
		return usageError{err}
	}
	total, how, err := f.printAsked(ctx, e, &run.Asking)
	if err != nil {
		return err
	}
	return e.tell("About $%.2f with the prices of %s. %s\n", total, claude.PricesOf(), how)
}

// kickoffText is the report for people to read on a terminal.
func kickoffText(r *kickoff.Report) string {
	var out strings.Builder
	fmt.Fprintf(&out, "For you, to follow up. %s\n", printable(r.Engine.Limits))
	fmt.Fprintf(&out, "\nCame up\n")
	for _, p := range r.Referred {
		fmt.Fprintf(&out, "  - %s: %s\n", p.Point.ID, shorten(printable(p.Point.Text), 100))
		writeSaid(&out, "said", p.Where)
	}
	none(&out, len(r.Referred))
	fmt.Fprintf(&out, "\nNot found to come up\n")
	for _, p := range r.Silent {
		text := p.Text
		if p.Ask != "" {
			text = p.Ask
		}
		fmt.Fprintf(&out, "  - %s: %s\n", p.ID, shorten(printable(text), 160))
	}
	none(&out, len(r.Silent))
	fmt.Fprintf(&out, "\nAsked, and answered in the sale\n")
	for _, a := range r.Asked {
		fmt.Fprintf(&out, "  - “%s”\n", printable(a.Question.Quote))
		writeSaid(&out, "answer", a.Answer)
	}
	none(&out, len(r.Asked))
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(&out, "\nLeft out: what the engine claimed and nothing proves\n")
	}
	for _, l := range r.LeftOut {
		fmt.Fprintf(&out, "  - “%s”: %s\n", printable(l.Quote), printable(l.Reason))
	}
	if u := r.Usage; u != nil {
		fmt.Fprintf(&out, "\nAsked: %s, %s, $%.2f", printable(r.Engine.Model), counted(u.Requests, "request", "requests"), u.CostUSD)
		if u.Prices != "" {
			fmt.Fprintf(&out, " with the prices of %s", u.Prices)
		}
		out.WriteString(".\n")
		if len(u.Kept) > 0 {
			fmt.Fprintf(&out, "Kept from the model: %s.\n", printable(strings.Join(u.Kept, ", ")))
		}
	}
	return out.String()
}

func none(out *strings.Builder, n int) {
	if n == 0 {
		out.WriteString("  None.\n")
	}
}

// writeSaid shows a proven quote with who said it, when and where.
func writeSaid(out *strings.Builder, what string, ev throughline.Evidence) {
	var at []string
	if ev.Speaker != "" {
		at = append(at, printable(ev.Speaker))
	}
	if ev.At != nil {
		at = append(at, ev.At.Format(time.DateOnly))
	}
	if ev.OffsetMS != nil {
		s := int(*ev.OffsetMS / 1000)
		at = append(at, fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60))
	}
	fmt.Fprintf(out, "    %s: “%s” (%s)\n", what, printable(ev.Quote), strings.Join(append(at, ev.Ref), ", "))
}
