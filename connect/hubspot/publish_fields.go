package hubspot

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/connect"
)

const opFields = "set the deal's properties"

// setFields sets the configured properties of the deal that differ. Those that can't
// hold their value, or may not be set, are told by the error; the others are set all
// the same.
func (p *Portal) setFields(ctx context.Context, w *edition, there *placed) error {
	if len(w.fields) == 0 {
		return nil
	}
	all, err := p.propertiesOf(ctx, "deals")
	if err != nil {
		return err
	}
	values := maps.Clone(w.values)
	values[ValuePublished] = there.at
	changes := map[string]string{}
	var left []string
	for _, value := range slices.Sorted(maps.Keys(w.fields)) {
		name, text := w.fields[value], values[value]
		if text == "" {
			continue
		}
		i := slices.IndexFunc(all, func(f property) bool { return f.Name == name })
		why := "no such property of deals"
		if i >= 0 {
			text, why = all[i].holding(value, text)
		}
		switch {
		case why != "":
			left = append(left, name+" ("+why+")")
		case all[i].differs(there.deal.text(name), text):
			changes[name] = text
		}
	}
	if len(changes) > 0 {
		// Setting a property twice is as good as once.
		req := connect.Request{Op: opFields, Method: http.MethodPatch, Path: p.path("objects", "deals/"+there.deal.ID), Body: map[string]any{"properties": changes}, Repeatable: true}
		if _, err := p.client.Do(ctx, req, nil); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		return refused(opFields, "the note is there, but these properties are not set: "+strings.Join(left, ", "),
			"make them in HubSpot (Settings > Properties, of deals) with types that fit, or leave them out of the configuration")
	}
	return nil
}

// holding is a value as the property takes it, or why it can't.
func (f property) holding(value Value, text string) (held, why string) {
	if f.Modification.ReadOnly {
		return "", "it is read-only"
	}
	at := when(text)
	switch f.Type {
	case "string":
		return text, ""
	case "number":
		if _, err := strconv.Atoi(text); value == ValueVersion && err == nil {
			return text, ""
		}
	case "datetime":
		if value == ValuePublished && !at.IsZero() {
			return text, ""
		}
	case "date":
		if value == ValuePublished && !at.IsZero() {
			return at.Format(time.DateOnly), ""
		}
	case "enumeration":
		for _, o := range f.Options {
			if o.Value == text || strings.EqualFold(o.Label, text) {
				return o.Value, ""
			}
		}
		return "", fmt.Sprintf("it has no option for the %s", value)
	}
	return "", fmt.Sprintf("a property of type %s can't hold the %s", f.Type, value)
}

// differs reports whether a property is to be set.
func (f property) differs(is, want string) bool {
	if f.Type == "datetime" || f.Type == "date" {
		return !when(is).Equal(when(want))
	}
	if f.Type == "number" {
		return amount(is) != amount(want) || is == ""
	}
	return is != strings.TrimSpace(want)
}
