package notion

import (
	"testing"

	"throughline/render"
)

// TestTodosHaveABoxToTick: a talking point of an agenda is a to-do with its quotes
// under it.
func TestTodosHaveABoxToTick(t *testing.T) {
	got := blocksOf([]render.Block{{
		Kind: render.BlockTodo, Text: []render.Run{{Text: "Confirm it."}},
		Children: []render.Block{{Kind: render.BlockQuote, Text: []render.Run{{Text: "As it was said."}}}},
	}})
	if len(got) != 1 || got[0].kind != "to_do" || len(got[0].children) != 1 || got[0].children[0].kind != "quote" {
		t.Errorf("the blocks are %+v", got)
	}
}
