package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/ground"
)

func newProve(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prove DIR",
		Short: "Find quotes in a deal, word by word",
		Long: "Reads quotes from standard input, one JSON object a line, and answers each with one line:\n\n" +
			"  in   {\"quote\": \"we'd like to start in May\", \"ref\": \"c1.12\"}            the ref may be left out\n" +
			"  out  {\"quote\": …, \"match\": \"exact\", \"source\": \"c1\", \"ref\": \"c1.12\", \"text\": \"We'd like to start in May.\"}\n\n" +
			"match is exact, normalised (case, white space, quotation marks, dashes, punctuation and elisions aside) or none.\n" +
			"text is always the source's own. \"moved\" is true where the quote does not stand at the ref given, but at the one\n" +
			"answered. For none, \"nearest\" is the passage that shares most with the quote; it proves nothing.\n\n" +
			"A line that can't be read is named on standard error, the rest is answered, and the exit status is 1.",
		Example: `  echo '{"quote": "should be fine"}' | throughline prove exports/acme`,
		Args:    oneDir,
	}
	var withhold withholding
	withhold.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p := startProgress(e)
		defer p.stop()
		deal, err := readShown(cmd.Context(), p, args[0], withhold)
		if err != nil {
			return err
		}
		p.enter("Indexing the passages")
		ix := ground.NewIndex(deal)
		p.stop()
		return proveAll(e, ix)
	}
	return cmd
}

// A claim is a line of prove's input.
type claim struct {
	Quote string `json:"quote"`
	Ref   string `json:"ref"`
}

// An answer is a line of prove's output.
type answer struct {
	Quote   string            `json:"quote"`
	Match   throughline.Match `json:"match"`
	Source  string            `json:"source"`
	Ref     string            `json:"ref"`
	Text    string            `json:"text"`
	Moved   bool              `json:"moved,omitempty"`
	Nearest *nearest          `json:"nearest,omitempty"`
}

type nearest struct {
	Source string `json:"source"`
	Ref    string `json:"ref"`
	Text   string `json:"text"`
}

// proveAll answers every line of standard input.
func proveAll(e env, ix *ground.Index) error {
	in := bufio.NewReader(e.stdin)
	bad := 0
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d of standard input: %w", n, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			c, badLine := parseClaim(line)
			if badLine != nil {
				bad++
				e.say("throughline: line %d of standard input: %s\n", n, printable(badLine.Error()))
			} else if err := writeJSON(e.stdout, prove(ix, c), ""); err != nil {
				return err
			}
		}
		if err != nil {
			break
		}
	}
	if bad > 0 {
		return fmt.Errorf("lines of standard input that could not be read: %d; each must be a JSON object with a \"quote\"", bad)
	}
	return nil
}

func parseClaim(line []byte) (claim, error) {
	var c claim
	if err := json.Unmarshal(line, &c); err != nil {
		return c, fmt.Errorf("it is not a JSON object with a \"quote\": %w", err)
	}
	if c.Quote == "" {
		return c, errors.New("it has no \"quote\"")
	}
	return c, nil
}

func prove(ix *ground.Index, c claim) answer {
	p := ix.Prove(c.Quote, c.Ref)
	a := answer{Quote: c.Quote, Match: p.Match, Moved: p.Moved}
	if p.Passage != nil {
		a.Source, a.Ref, a.Text = p.Passage.Source.ID, p.Passage.Ref, p.Text()
	}
	if p.Nearest != nil {
		n := p.Nearest.Passage
		a.Nearest = &nearest{Source: n.Source.ID, Ref: n.Ref, Text: n.Text}
	}
	return a
}
