package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/ground"
)

func newInspect(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inspect DIR",
		Short: "Show what is read of a deal, and what is missing",
		Long: "Shows what would go into the handoff: the sources with their dates and people, who is on which side and how that\n" +
			"was worked out, what is missing, and what could not be read.",
		Args: oneDir,
	}
	format := choose(cmd, "format", "f", "how it is written", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p := startProgress(e)
		defer p.stop()
		deal, err := readDeal(cmd.Context(), p, args[0])
		if err != nil {
			return err
		}
		p.enter("Counting")
		in := inspect(deal, e.now())
		if format.value == "json" {
			return writeJSON(e.stdout, in, "  ")
		}
		return e.tell("%s", in.text())
	}
	return cmd
}

// An inspection is what was read of a deal.
type inspection struct {
	Deal     throughline.Header       `json:"deal"`
	Sources  []throughline.SourceNote `json:"sources"`
	Notes    []string                 `json:"notes"` // how sides and dates were worked out
	Gaps     []gap                    `json:"gaps"`
	Problems []throughline.Problem    `json:"problems"`
}

// A gap is something that a handoff wants and the folder lacks.
type gap struct {
	What string `json:"what"`
	Next string `json:"next"` // what to do about it
}

// inspect lists a deal as the handoff of an empty draft would.
func inspect(deal *throughline.Deal, at time.Time) inspection {
	h, _ := ground.Settle(deal, ground.NewIndex(deal), &throughline.Draft{}, at)
	in := inspection{
		Deal: h.Deal, Sources: h.Sources,
		Notes: slices.Clone(h.Notes), Gaps: gaps(deal), Problems: slices.Clone(h.Problems),
	}
	if in.Notes == nil {
		in.Notes = []string{}
	}
	if in.Problems == nil {
		in.Problems = []throughline.Problem{}
	}
	return in
}

func gaps(deal *throughline.Deal) []gap {
	found := []gap{}
	add := func(missing bool, what, next string) {
		if missing {
			found = append(found, gap{What: what, Next: next})
		}
	}
	kinds := map[throughline.SourceKind]int{}
	for _, s := range deal.Sources {
		if len(s.Passages) > 0 && s.NotEvidence == "" {
			kinds[s.Kind]++
		}
	}
	add(deal.Seller.Name == "", "It is not known who sells.", `Add a deal.json with "seller".`)
	add(deal.Customer.Name == "", "It is not known who buys.", `Add a deal.json with "customer", or the CRM's account.`)
	add(deal.AE == nil, "No AE is known.", `Add a deal.json with "ae", or the CRM's record of the deal with its owner and users.`)
	add(deal.CSM == nil, "No CSM is known.", `Add a deal.json with "csm".`)
	add(deal.Close.IsZero(), "The close date is not known; milestones that count from it get no due date.", `Add a deal.json with "close_date".`)
	add(deal.Kickoff.IsZero(), "The kickoff date is not known; milestones that count from it get no due date.", `Add a deal.json with "kickoff_date".`)
	add(kinds[throughline.SourceCall] == 0, "No call with a transcript.", "Add the calls' transcripts or captions: most of what was promised was said there.")
	add(kinds[throughline.SourceEmail] == 0, "No email.", "Add the deal's mail as .eml or .mbox.")
	add(kinds[throughline.SourceCRM] == 0, "No CRM record.", "Add the records of the deal, its account and its contacts.")
	add(kinds[throughline.SourceChat] == 0, "No deal channel.", "Add the Slack export of the deal channel.")
	if names := sideless(deal); len(names) > 0 {
		add(true, "The side is not known of: "+strings.Join(names, ", ")+". They witness nothing.",
			`Add a deal.json: the seller's people under "team", the customer's under "contacts", or both companies' "domain".`)
	}
	if n := speakerless(deal); n > 0 {
		add(true, fmt.Sprintf("Turns of calls of which it is not known who spoke: %d. They witness nothing.", n),
			"Name the speakers in the recorder, and export the calls again.")
	}
	return found
}

func sideless(deal *throughline.Deal) []string {
	var names []string
	for _, p := range deal.People {
		if p.Side == throughline.SideUnknown {
			names = append(names, p.Name)
		}
	}
	return names
}

// speakerless counts the turns of calls that nobody known spoke.
func speakerless(deal *throughline.Deal) int {
	n := 0
	for p := range deal.Passages {
		if p.Source.Kind == throughline.SourceCall && p.Evidence() && p.Speaker == nil {
			n++
		}
	}
	return n
}

// text is the inspection for people to read on a terminal.
func (in inspection) text() string {
	var out strings.Builder
	in.writeHead(&out)
	in.writeSources(&out)
	in.writePeople(&out)
	writeList(&out, "How sides and dates were worked out", in.Notes, "Taken as the records say.")
	var missing []string
	for _, g := range in.Gaps {
		missing = append(missing, g.What+" "+g.Next)
	}
	writeList(&out, "Missing", missing, "Nothing that a handoff needs.")
	var problems []string
	for _, p := range in.Problems {
		problems = append(problems, problemLine(p))
	}
	writeList(&out, "Could not be read", problems, "All files were read.")
	return out.String()
}

func (in inspection) writeHead(out *strings.Builder) {
	d := in.Deal
	fmt.Fprintf(out, "%s\n\n", printable(d.Name))
	for _, f := range []struct{ label, value string }{
		{"Seller", company(d.Seller)},
		{"Customer", company(d.Customer)},
		{"AE", person(d.AE)},
		{"CSM", person(d.CSM)},
		{"Amount", strings.TrimSpace(d.Amount + " " + d.Currency)},
		{"Closed", d.Close},
		{"Kickoff", d.Kickoff},
	} {
		value := printable(f.value)
		if value == "" {
			value = "not known"
		}
		fmt.Fprintf(out, "  %-10s%s\n", f.label, value)
	}
}

func company(c throughline.Company) string {
	name := c.Name
	if c.Domain != "" {
		name += " (" + c.Domain + ")"
	}
	return strings.TrimSpace(name)
}

func person(p *throughline.PersonNote) string {
	if p == nil {
		return ""
	}
	return p.Name
}

func (in inspection) writeSources(out *strings.Builder) {
	words := 0
	for _, s := range in.Sources {
		words += s.Words
	}
	fmt.Fprintf(out, "\nSources: %d, with %d words\n\n", len(in.Sources), words)
	var rows strings.Builder
	rows.WriteString("  id\tkind\tdate\twords\ttitle\tpeople\n")
	for _, s := range in.Sources {
		date := "not known"
		if s.At != nil {
			date = s.At.Format(time.DateOnly)
		}
		title := shorten(printable(s.Title), 60)
		for _, note := range []struct {
			set  bool
			text string
		}{{s.Internal, "internal"}, {s.NotEvidence != "", "not evidence: " + printable(s.NotEvidence)}} {
			if note.set {
				title += " [" + note.text + "]"
			}
		}
		fmt.Fprintf(&rows, "  %s\t%s\t%s\t%d\t%s\t%s\n", s.ID, s.Kind, date, s.Words, title, shorten(printable(strings.Join(s.People, ", ")), 80))
	}
	out.WriteString(aligned(rows.String()))
}

func (in inspection) writePeople(out *strings.Builder) {
	fmt.Fprintf(out, "\nPeople: %d\n", len(in.Deal.People))
	for _, side := range []struct {
		side  throughline.Side
		title string
	}{
		{throughline.SideSeller, "of the seller"}, {throughline.SideCustomer, "of the customer"}, {throughline.SideUnknown, "side not known"},
	} {
		var lines []string
		for _, p := range in.Deal.People {
			if p.Side == side.side {
				lines = append(lines, personLine(p))
			}
		}
		if len(lines) > 0 {
			fmt.Fprintf(out, "\n  %s\n    %s\n", side.title, strings.Join(lines, "\n    "))
		}
	}
}

func personLine(p throughline.PersonNote) string {
	parts := []string{p.Name}
	for _, part := range []string{p.Role, p.Title, p.CRMRole, p.Email} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return printable(strings.Join(parts, ", "))
}

func problemLine(p throughline.Problem) string {
	at := p.File
	if p.Line > 0 {
		at += fmt.Sprintf(", line %d", p.Line)
	}
	if p.Offset > 0 {
		at += fmt.Sprintf(", byte %d", p.Offset)
	}
	if p.Record != "" {
		at += ", record " + p.Record
	}
	return at + ": " + p.What
}

func writeList(out *strings.Builder, title string, lines []string, none string) {
	fmt.Fprintf(out, "\n%s\n", title)
	if len(lines) == 0 {
		lines = []string{none}
	}
	for _, line := range lines {
		fmt.Fprintf(out, "  - %s\n", printable(line))
	}
}
