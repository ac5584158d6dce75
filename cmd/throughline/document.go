package main

import (
	"bytes"
	"io"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/render"
)

// renderers make the document, by the names of the command line.
var renderers = map[string]func(io.Writer, *throughline.Handoff, throughline.Audience) error{
	"markdown": render.Markdown,
	"html":     render.HTML,
	"json":     render.JSON,
}

// A document is the handoff as a command's flags want it: how it is written, for
// whom, and where it goes.
type document struct {
	env              env
	format, audience *choice
	file             *string
}

func addDocumentFlags(cmd *cobra.Command, e env) *document {
	return &document{
		env:    e,
		format: choose(cmd, "format", "f", "how it is written", "markdown", "html", "json"),
		audience: choose(cmd, "audience", "a", "who will read it",
			string(throughline.AudienceTeam), string(throughline.AudienceCompany), string(throughline.AudienceCustomer)),
		file: cmd.Flags().StringP("output", "o", "", "the `FILE` to write; standard output without it"),
	}
}

func (d *document) output() output { return output{stdout: d.env.stdout, name: *d.file} }

// check tells, before the work begins, whether the document can go where it is
// wanted.
func (d *document) check() error { return d.output().check() }

func (d *document) write(h *throughline.Handoff) error {
	var doc bytes.Buffer
	if err := renderers[d.format.value](&doc, h, throughline.Audience(d.audience.value)); err != nil {
		return err
	}
	return d.output().write(doc.Bytes())
}
