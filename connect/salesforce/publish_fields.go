package salesforce

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

// setFields sets the configured fields of the opportunity that differ. Those that
// can't hold their value, or may not be set, are told by the error; the others are
// set all the same.
func (o *Org) setFields(ctx context.Context, w *edition, there *placed) error {
	if len(o.cfg.Writing.Fields) == 0 {
		return nil
	}
	values := maps.Clone(w.values)
	values[ValuePublished] = there.at
	changes := map[string]any{}
	var refused []string
	for _, value := range slices.Sorted(maps.Keys(o.cfg.Writing.Fields)) {
		name, text := o.cfg.Writing.Fields[value], values[value]
		if text == "" {
			continue
		}
		f, ok := there.description.field(name)
		v, why := any(nil), "no such field that the user may see"
		if ok {
			v, why = f.holding(value, text)
		}
		switch {
		case why != "":
			refused = append(refused, name+" ("+why+")")
		case f.differs(there.fields[f.Name], v):
			changes[f.Name] = v
		}
	}
	if len(changes) > 0 {
		// Setting a field twice is as good as once.
		req := connect.Request{Op: opFields, Method: http.MethodPatch, Path: o.path("sobjects/Opportunity/" + w.opportunity), Body: changes, Repeatable: true}
		if err := o.do(ctx, req, nil); err != nil {
			return err
		}
	}
	if len(refused) > 0 {
		return &connect.Error{
			Vendor: vendor, Op: opFields, Message: "the file is there, but these fields are not set: " + strings.Join(refused, ", "),
			Advice: "give the app's user Edit on them (field-level security) and make their types fit, or leave them out of the configuration",
		}
	}
	return nil
}

const opFields = "set the opportunity's fields"

// holding is a value as the field takes it, or why it can't.
func (f fieldDescription) holding(value Value, text string) (v any, why string) {
	if !f.Updateable {
		return nil, "the user may not edit it"
	}
	at := when(text)
	switch f.Type {
	case "string", "textarea", "picklist", "combobox":
		if value == ValuePublished && !at.IsZero() {
			text = at.Format(time.RFC3339)
		}
		if f.Length > 0 && value == ValueLink && len([]rune(text)) > f.Length {
			return nil, "too short for the link"
		}
		if f.Length > 0 {
			text = shortened(text, f.Length)
		}
		return text, ""
	case "url":
		if value == ValueLink && (f.Length == 0 || len([]rune(text)) <= f.Length) {
			return text, ""
		}
	case "double", "int":
		if n, err := strconv.Atoi(text); value == ValueVersion && err == nil {
			return float64(n), ""
		}
	case "datetime":
		if value == ValuePublished && !at.IsZero() {
			return at.Format("2006-01-02T15:04:05.000+0000"), ""
		}
	case "date":
		if value == ValuePublished && !at.IsZero() {
			return at.Format(time.DateOnly), ""
		}
	}
	return nil, fmt.Sprintf("a field of type %s can't hold the %s", f.Type, value)
}

// differs reports whether a field is to be set.
func (f fieldDescription) differs(is, want any) bool {
	if f.Type == "datetime" {
		old, _ := is.(string)
		wish, _ := want.(string)
		return !when(old).Equal(when(wish))
	}
	return is != want
}
