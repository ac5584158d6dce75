package main

import (
	_ "embed" // what is the same for all connectors
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"throughline/connect"
)

//go:generate go run . connectors --format markdown --output ../../docs/connectors.md

//go:embed connectors.md
var sameForAll string

func newConnectors(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connectors [SYSTEM]",
		Short: "List the systems that can be connected: what is read, written, needed, limited, unconfirmed",
		Long: "Lists every system that Throughline can be connected to, or the one that is named: what is read and written there, what it needs,\n" +
			"which limits there are, and what of its API could not be confirmed. It asks nobody and needs no configuration.\n" +
			"With --format markdown it writes docs/connectors.md, which says more of each.",
		Example: "  throughline connectors\n" +
			"  throughline connectors slack --format json",
		ValidArgs: connectorNames(),
	}
	format := choose(cmd, "format", "f", "how it is written", "text", "json", "markdown")
	file := cmd.Flags().StringP("output", "o", "", "the file to write; standard output without it")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		out := output{stdout: e.stdout, name: *file}
		if err := out.check(); err != nil {
			return err
		}
		abouts, err := aboutsOf(strings.Join(args, " "))
		if err != nil {
			return err
		}
		doc, err := connectorsAs(format.value, abouts, len(args) == 0)
		if err != nil {
			return err
		}
		return out.write([]byte(doc))
	}
	return cmd
}

// connectorsAs writes what is said of connectors; all says that they are all of them.
func connectorsAs(format string, abouts []*connect.About, all bool) (string, error) {
	var doc strings.Builder
	switch format {
	case "json":
		err := writeJSON(&doc, map[string]any{"connectors": abouts}, "  ")
		return doc.String(), err
	case "markdown":
		if all {
			doc.WriteString(sameForAllOf(abouts))
		}
		for _, a := range abouts {
			writeAboutMarkdown(&doc, a)
		}
	default:
		for _, a := range abouts {
			writeAboutText(&doc, a)
		}
	}
	return strings.TrimPrefix(doc.String(), "\n"), nil
}

func connectorNames() []string {
	var out []string
	for _, c := range connectors {
		out = append(out, c.about.System)
	}
	return out
}

// aboutsOf are the connectors that a name means, in whatever case: the one of that
// name, and those whose name it begins, as what stands beside a system is named
// after it. All of them where the name is empty.
func aboutsOf(name string) ([]*connect.About, error) {
	var out []*connect.About
	for _, c := range connectors {
		if name == "" || strings.HasPrefix(strings.ToLower(c.about.System)+" ", strings.ToLower(name)+" ") {
			out = append(out, c.about)
		}
	}
	if out == nil {
		return nil, usageError{errors.New("there is no connector " + printable(name) + "; there are " + strings.Join(connectorNames(), ", "))}
	}
	return out, nil
}

// sameForAllOf is how the document begins.
func sameForAllOf(abouts []*connect.About) string {
	var table strings.Builder
	table.WriteString("| system | what for | reads | writes |\n| --- | --- | --- | --- |")
	yes := func(those []string) string {
		if len(those) > 0 {
			return "yes"
		}
		return "no"
	}
	for _, a := range abouts {
		fmt.Fprintf(&table, "\n| [%s](#%s) | %s | %s | %s |", a.System, anchor(a.System), cell(a.For), yes(a.Reads), yes(a.Writes))
	}
	return connect.Filled(sameForAll, map[string]any{
		"table": table.String(), "wait": connect.DefaultLongestWait, "tries": connect.DefaultMaxTries,
	})
}

// anchor is how a heading is linked to on the pages of code hosts.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

// cell is a text in a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// writeAboutMarkdown writes all that is said of a connector, as a section.
func writeAboutMarkdown(doc *strings.Builder, a *connect.About) {
	fmt.Fprintf(doc, "\n## %s\n\n**For** %s.\n", a.System, a.For)
	for _, list := range listsOf(a) {
		if len(list.those) == 0 {
			fmt.Fprintf(doc, "\n**%s** nothing.\n", list.title)
			continue
		}
		fmt.Fprintf(doc, "\n**%s**\n\n", list.title)
		for _, s := range list.those {
			fmt.Fprintf(doc, "- %s\n", s)
		}
	}
	if notes := strings.TrimSpace(a.Notes); notes != "" {
		fmt.Fprintf(doc, "\n%s\n", notes)
	}
	if len(a.Calls) > 0 {
		doc.WriteString("\n| what for | calls |\n| --- | --- |\n")
		for _, c := range a.Calls {
			fmt.Fprintf(doc, "| %s | %s |\n", cell(c.For), cell(c.Count))
		}
	}
	if len(a.Facts) > 0 {
		doc.WriteString("\n| about the API | how it is known |\n| --- | --- |\n")
		for _, f := range a.Facts {
			fmt.Fprintf(doc, "| %s | %s |\n", cell(f.What), cell(sourceOf(f)))
		}
	}
}

// sourceOf says how a fact is known, in a word that a reader can look for where it
// is not.
func sourceOf(f connect.Fact) string {
	switch {
	case !f.Unconfirmed:
		return f.Source
	case f.Source == "":
		return "UNCONFIRMED"
	}
	return "UNCONFIRMED: " + f.Source
}

// A list is one of those that every connector has.
type list struct {
	title string
	those []string
}

func listsOf(a *connect.About) []list {
	return []list{{"Reads", a.Reads}, {"Writes", a.Writes}, {"Needs", a.Needs}, {"Limits", a.Limits}}
}

// writeAboutText writes what is said of a connector for a terminal, without its
// notes.
func writeAboutText(doc *strings.Builder, a *connect.About) {
	const width = 110
	fmt.Fprintf(doc, "\n%s: %s\n", a.System, plainText(a.For))
	unconfirmed := list{title: "Unconfirmed"}
	for _, f := range a.Unconfirmed() {
		s := f.What
		if f.Source != "" {
			s += " (" + f.Source + ")"
		}
		unconfirmed.those = append(unconfirmed.those, s)
	}
	for _, list := range append(listsOf(a), unconfirmed) {
		if len(list.those) == 0 {
			fmt.Fprintf(doc, "  %s nothing\n", list.title)
			continue
		}
		fmt.Fprintf(doc, "  %s\n", list.title)
		for _, s := range list.those {
			fmt.Fprintf(doc, "    - %s\n", strings.Join(wrapped(plainText(s), width-6), "\n      "))
		}
	}
}

// plainText is a phrase without Markdown's marks for code and emphasis, but for
// the asterisks that stand in code.
func plainText(s string) string {
	parts := strings.Split(s, "`")
	for i := range parts {
		if i%2 == 0 {
			parts[i] = strings.ReplaceAll(parts[i], "*", "")
		}
	}
	return printable(strings.Join(parts, ""))
}

// wrapped breaks a text between words into lines of at most so many characters,
// where its words are no longer.
func wrapped(s string, width int) []string {
	var out []string
	for word := range strings.FieldsSeq(s) {
		last := len(out) - 1
		if last < 0 || utf8.RuneCountInString(out[last])+1+utf8.RuneCountInString(word) > width {
			out = append(out, word)
			continue
		}
		out[last] += " " + word
	}
	return out
}
