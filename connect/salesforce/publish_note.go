package salesforce

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"throughline"
)

// noteHTML is what the note says of a view of a handoff, in the few elements that
// notes keep. Its first line names the schema, by which our own words are known
// again and prove nothing.
func noteHTML(view *throughline.Handoff, link string) string {
	var b strings.Builder
	line := func(format string, texts ...string) {
		escaped := make([]any, len(texts))
		for i, text := range texts {
			escaped[i] = html.EscapeString(text)
		}
		fmt.Fprintf(&b, format, escaped...)
	}
	review := "not reviewed by the AE"
	if view.Review.State == throughline.Reviewed {
		review = "reviewed by the AE"
	}
	line("<p>Written by Throughline (%s). Version %s, %s.</p>", throughline.Schema, strconv.Itoa(view.Version), review)
	if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
		line(`<p><a href="%s">Open the handoff</a></p>`, link)
	}
	for _, kind := range throughline.Kinds {
		open := false
		for _, it := range view.Items {
			text := itemText(it)
			if it.Kind != kind || text == "" {
				continue
			}
			if !open {
				line("<p><b>%s</b></p><ul>", kind.Title())
				open = true
			}
			line("<li>%s</li>", text)
		}
		if open {
			line("</ul>")
		}
	}
	return b.String()
}

// itemText is an item in a line: of one about a person, who that is.
func itemText(it throughline.Item) string {
	var parts []string
	for _, p := range []string{it.Person, it.Title, it.Role} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	who := strings.Join(parts, ", ")
	text := oneLine(it.Text)
	if it.Day > 0 {
		text = fmt.Sprintf("Day %d: %s", it.Day, text)
	}
	switch {
	case who == "":
		return text
	case text == "":
		return oneLine(who)
	}
	return oneLine(who) + ": " + text
}

// summary is what a view says the customer bought it for, in a line.
func summary(view *throughline.Handoff) string {
	var uses []string
	for _, it := range view.Items {
		if it.Kind == throughline.KindUseCase && it.Text != "" {
			uses = append(uses, strings.TrimSuffix(oneLine(it.Text), "."))
		}
	}
	return strings.Join(uses, "; ")
}
