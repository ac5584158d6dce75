package render

import (
	"encoding/json"
	"io"

	"throughline"
)

// All tests about audiences run through the blocks, too.
func init() { renderers["blocks"] = writeBlocks }

// writeBlocks writes a block a line, as JSON in which texts stand as they are.
func writeBlocks(w io.Writer, h *throughline.Handoff, a throughline.Audience) error {
	title, blocks, err := Blocks(h, a)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if err := out.Encode(title); err != nil {
		return err
	}
	var write func([]Block) error
	write = func(all []Block) error {
		for _, b := range all {
			if err := out.Encode([]any{b.Kind, b.Level, len(b.Children), b.Text}); err != nil {
				return err
			}
			if err := write(b.Children); err != nil {
				return err
			}
		}
		return nil
	}
	return write(blocks)
}
