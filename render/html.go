package render

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"throughline"
)

// HTML writes what the audience may see of the handoff as one HTML page that
// needs nothing beside it: its style stands in it, and its content security
// policy lets it load and run nothing at all. A meta element names the schema,
// by which our own output is known again.
func HTML(w io.Writer, h *throughline.Handoff, a throughline.Audience) error {
	if h == nil {
		return errNoHandoff
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, struct {
		*Page
		Schema, Policy string
		Style          template.CSS
	}{NewPage(h, a), throughline.Schema, policy, template.CSS(style)})
	if err != nil {
		return fmt.Errorf("making the handoff's page: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing the handoff as HTML: %w", err)
	}
	return nil
}

var (
	//go:embed handoff.css
	style string
	//go:embed handoff.html.tmpl
	pageText string

	pageTemplate = template.Must(template.New("handoff").Parse(pageText))

	policy = policyFor(style)
)

// policyFor allows a page its own style, by hash, and nothing else.
func policyFor(style string) string {
	sum := sha256.Sum256([]byte(style))
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'", base64.StdEncoding.EncodeToString(sum[:]))
}
