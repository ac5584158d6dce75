package lifecycle

import (
	"fmt"
	"strings"

	"throughline"
)

// Changes says what a version has that the one before had not, item by item, in
// sentences; nothing where both say the same.
func Changes(before, after *throughline.Handoff) []string {
	var out []string
	was, is := byIdentity(before), byIdentity(after)
	for _, it := range after.Items {
		old, known := was[identity(it)]
		switch {
		case !known:
			out = append(out, fmt.Sprintf("New (%s): %s", inWords(it.Kind), it.Text))
		case said(old) != said(it):
			out = append(out, fmt.Sprintf("Changed (%s): %s", inWords(it.Kind), it.Text))
		}
	}
	for _, it := range before.Items {
		if _, still := is[identity(it)]; !still {
			out = append(out, fmt.Sprintf("No longer there (%s): %s", inWords(it.Kind), it.Text))
		}
	}
	return out
}

// inWords is a kind as a person reads it.
func inWords(k throughline.Kind) string { return strings.ReplaceAll(string(k), "_", " ") }

func byIdentity(h *throughline.Handoff) map[string]throughline.Item {
	out := map[string]throughline.Item{}
	for _, it := range h.Items {
		out[identity(it)] = it
	}
	return out
}

// identity tells items apart between versions, whose numbers may differ: the kind,
// and the passage that the item's strongest quote stands in; where the audience
// sees no quote, its words.
func identity(it throughline.Item) string {
	if len(it.Evidence) > 0 {
		return string(it.Kind) + " " + it.Person + " " + it.Evidence[0].Quote
	}
	return string(it.Kind) + " " + it.Person + " " + it.Text
}

// said is what a reader would notice of an item.
func said(it throughline.Item) string {
	return fmt.Sprint(it.Text, it.Title, it.Role, it.Why, it.Stance, it.Vendor, it.Function, it.Day, it.Due, it.Area, it.Promise, it.Doubt, it.Condition, it.NextStep, len(it.Superseded))
}
