package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/hedge"
)

func newHedges(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hedges DIR",
		Short: "List the promises that were hedged, conditional or never answered",
		Long: "Lists what the deterministic scan finds in a deal: promises of the seller's side that were hedged, made under a\n" +
			"condition, put off or left without the answer that was promised, doubted internally, or put right later.\n" +
			"Each is context the CSM needs to deliver; the scan lists more rather than less.",
		Args: oneDir,
	}
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	var withhold withholding
	withhold.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p := startProgress(e)
		defer p.stop()
		deal, err := readShown(cmd.Context(), p, args[0], withhold)
		if err != nil {
			return err
		}
		p.enter("Looking for hedged promises")
		found := hedge.Scan(deal)
		if format.value == "json" {
			if found == nil {
				found = []hedge.Candidate{}
			}
			return writeJSON(e.stdout, found, "  ")
		}
		return e.tell("%s", hedgesText(deal, found))
	}
	return cmd
}

// hedgesText is the list for people to read on a terminal.
func hedgesText(deal *throughline.Deal, found []hedge.Candidate) string {
	var out strings.Builder
	if len(found) == 0 {
		out.WriteString("No hedged promise was found.\n")
	}
	for _, c := range found {
		fmt.Fprintf(&out, "%d. %s\n", c.Number, signalName(c.Signal))
		writeSpan(&out, deal, "promise", c.Promise)
		if c.Doubt != c.Promise {
			writeSpan(&out, deal, "doubt", c.Doubt)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func writeSpan(out *strings.Builder, deal *throughline.Deal, what string, s hedge.Span) {
	p := deal.Passage(s.Ref)
	if p == nil {
		return
	}
	fmt.Fprintf(out, "   %-8s “%s”\n            %s\n", what, printable(s.Text), printable(citation(p, s.Start)))
}

// citation says who said a passage, when and where: "Ann Example, 2026-05-04,
// 12:31, c1.42". The time is that of the byte pos of its text.
func citation(p *throughline.Passage, pos int) string {
	parts := []string{"speaker unknown"}
	switch {
	case p.Speaker != nil:
		parts[0] = p.Speaker.Name
	case p.Name != "":
		parts[0] = p.Name
	}
	at := p.At
	if at.IsZero() {
		at = p.Source.At
	}
	if !at.IsZero() {
		parts = append(parts, at.Format("2006-01-02"))
	}
	if offset := p.OffsetAt(pos); offset >= 0 && p.Source.Kind == throughline.SourceCall {
		s := int(offset.Seconds())
		parts = append(parts, fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60))
	}
	if p.Source.Internal {
		parts = append(parts, "internal")
	}
	return strings.Join(append(parts, p.Ref), ", ")
}

func signalName(s hedge.Signal) string {
	switch s {
	case hedge.Hedged:
		return "Said with a hedge"
	case hedge.Conditional:
		return "Promised under a condition"
	case hedge.Deferred:
		return "An answer was put off, and came later"
	case hedge.Unanswered:
		return "An answer was put off, and none was found"
	case hedge.InternalDoubt:
		return "Said to the customer, doubted internally"
	case hedge.Corrected:
		return "Said by one, put right by a colleague later"
	}
	return string(s)
}
