package slack

import (
	"encoding/json"
	"net/url"
	"slices"
	"unicode/utf16"
)

// The vendor's limits, in characters as JavaScript counts them.
const (
	mostText     = 40_000
	mostBlocks   = 50
	mostView     = 100
	mostAllText  = 13_200 // of a message's blocks together; as reported, not documented
	mostMetadata = 16_000 // bytes; of our own making: the vendor states none
)

func length(s string) int { return len(utf16.Encode([]rune(s))) }

// parseBlocks reads the blocks of a message, and says how the vendor refuses them.
func parseBlocks(raw string) (blocks []any, code string) {
	if json.Unmarshal([]byte(raw), &blocks) != nil {
		return nil, "invalid_blocks_format"
	}
	if len(blocks) > mostBlocks {
		return nil, "invalid_blocks"
	}
	total := 0
	for _, b := range blocks {
		block, _ := b.(Object)
		if !goodBlock(block) {
			return nil, "invalid_blocks"
		}
		total += allText(block)
	}
	if total > mostAllText {
		return nil, "msg_blocks_too_long"
	}
	return blocks, ""
}

// goodBlock reports whether a block is one that the vendor takes in a message.
func goodBlock(b Object) bool {
	if length(text(b, "block_id")) > 255 {
		return false
	}
	elements, _ := b["elements"].([]any)
	switch text(b, "type") {
	case "section":
		fields, _ := b["fields"].([]any)
		for _, f := range fields {
			if !goodText(f, 2000, false) {
				return false
			}
		}
		return len(fields) <= 10 && (goodText(b["text"], 3000, false) || b["text"] == nil && len(fields) > 0)
	case "header":
		return goodText(b["text"], 150, true)
	case "divider":
		return true
	case "context":
		return len(elements) > 0 && len(elements) <= 10 && !slices.ContainsFunc(elements, func(e any) bool { return !goodText(e, 3000, false) })
	case "actions":
		return len(elements) > 0 && len(elements) <= 25 && goodElements(elements)
	case "rich_text":
		return len(elements) > 0
	}
	return false
}

// goodElements reports whether all elements are good buttons, no two of one id.
func goodElements(elements []any) bool {
	seen := map[string]bool{}
	for _, e := range elements {
		b, _ := e.(Object)
		id := text(b, "action_id")
		style := text(b, "style")
		to := text(b, "url")
		u, err := url.Parse(to)
		if text(b, "type") != "button" || !goodText(b["text"], 75, true) || length(id) > 255 || id != "" && seen[id] ||
			length(text(b, "value")) > 2000 || length(to) > 3000 || to != "" && (err != nil || u.Host == "" && u.Scheme != "mailto") ||
			style != "" && style != "primary" && style != "danger" {
			return false
		}
		seen[id] = true
	}
	return true
}

// goodText reports whether a text object has an allowed length.
func goodText(v any, most int, plainOnly bool) bool {
	o, _ := v.(Object)
	kind, n := text(o, "type"), length(text(o, "text"))
	if kind != "plain_text" && (plainOnly || kind != "mrkdwn") {
		return false
	}
	if kind == "mrkdwn" && o["emoji"] != nil || kind == "plain_text" && o["verbatim"] != nil {
		return false
	}
	return n > 0 && n <= most
}

// allText counts the characters of a block's texts.
func allText(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += allText(e)
		}
	case Object:
		if _, nested := v["text"].(string); nested {
			n += length(text(v, "text"))
		}
		for _, e := range v {
			n += allText(e)
		}
	}
	return n
}

// checkView says how the vendor refuses a modal; empty where it takes it.
func checkView(v Object) string {
	blocks, _ := v["blocks"].([]any)
	if text(v, "type") != "modal" || !goodText(v["title"], 24, true) || len(blocks) == 0 || len(blocks) > mostView ||
		length(text(v, "private_metadata")) > 3000 || length(text(v, "callback_id")) > 255 {
		return "invalid_arguments"
	}
	for _, name := range []string{"submit", "close"} {
		if v[name] != nil && !goodText(v[name], 24, true) {
			return "invalid_arguments"
		}
	}
	inputs := false
	for _, b := range blocks {
		block, _ := b.(Object)
		if text(block, "type") != "input" {
			if !goodBlock(block) {
				return "invalid_arguments"
			}
			continue
		}
		inputs = true
		element, _ := block["element"].(Object)
		if !goodText(block["label"], 2000, true) || block["hint"] != nil && !goodText(block["hint"], 2000, true) || !goodInput(element) {
			return "invalid_arguments"
		}
	}
	if inputs && v["submit"] == nil {
		return "invalid_arguments"
	}
	return ""
}

func goodInput(e Object) bool {
	if length(text(e, "action_id")) > 255 {
		return false
	}
	switch text(e, "type") {
	case "plain_text_input":
		most, _ := e["max_length"].(float64)
		return most >= 0 && most <= 3000
	case "static_select":
		options, _ := e["options"].([]any)
		return len(options) > 0 && len(options) <= 100 && !slices.ContainsFunc(options, func(o any) bool {
			option, _ := o.(Object)
			value := length(text(option, "value"))
			return !goodText(option["text"], 75, true) || value == 0 || value > 150
		})
	}
	return false
}
