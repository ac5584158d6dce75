package render

import (
	"encoding/json"
	"fmt"
	"io"

	"throughline"
)

// JSON writes what the audience may see of the handoff as JSON, in the schema
// that docs/handoff.schema.json describes.
func JSON(w io.Writer, h *throughline.Handoff, a throughline.Audience) error {
	if h == nil {
		return errNoHandoff
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(For(h, a)); err != nil {
		return fmt.Errorf("writing the handoff as JSON: %w", err)
	}
	return nil
}
