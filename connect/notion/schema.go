package notion

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

// A dataSource is a database's table: where it belongs, and its columns by name.
type dataSource struct {
	Parent struct {
		Database string `json:"database_id"`
	} `json:"parent"`
	Properties map[string]column `json:"properties"`
}

type column struct {
	Type   string `json:"type"`
	Status struct {
		Options []struct {
			Name string `json:"name"`
		} `json:"options"`
	} `json:"status"`
}

func (c *Client) schema(ctx context.Context) (*dataSource, error) {
	var d dataSource
	err := c.call(ctx, readContent, connect.Request{Op: "read the database's columns", Path: "/v1/data_sources/" + c.cfg.DataSource}, &d)
	if err != nil {
		var e *connect.Error
		if asError(err, &e) && e.Code == codeNotFound {
			e.Advice = "share the database with the connection (in Notion open it, ••• > Connections), and check the id: Notion shows that of a data source in the database's settings under Manage data sources; the one in a database's address is another"
		}
		return nil, err
	}
	return &d, nil
}

const typeText = "rich_text"

// hasExternalID says what to add where the column that pages are found by is
// missing or of another type.
func (c *Client) hasExternalID(d *dataSource) error {
	has, ok := d.Properties[c.cfg.ExternalID]
	e := &connect.Error{Vendor: Vendor, Op: "look for the column by which pages are found"}
	switch {
	case !ok:
		e.Message = fmt.Sprintf("the database has no property %q", c.cfg.ExternalID)
		e.Advice = fmt.Sprintf("add a property %q of the type Text to the database", c.cfg.ExternalID)
	case has.Type != typeText:
		e.Message = fmt.Sprintf("the property %q is of the type %s", c.cfg.ExternalID, has.Type)
		e.Advice = fmt.Sprintf("change the type of the property %q to Text, or configure the name of another", c.cfg.ExternalID)
	default:
		return nil
	}
	return e
}

// properties are the page's values for the columns that are there. Beside the
// title and the external id none is needed: a column of another type than can hold
// the value is left alone.
func (c *Client) properties(d *dataSource, p connect.Publication, it paper) map[string]any {
	v := render.For(p.Handoff, p.Audience)
	out := map[string]any{c.cfg.ExternalID: textValue(p.Key)}
	for name, col := range d.Properties {
		if col.Type == "title" {
			out[name] = map[string]any{"title": richTexts(fitted([]render.Run{{Text: it.title}})[0])}
		}
	}
	values := map[string]string{
		"Status": string(v.Status), "Customer": v.Deal.Customer.Name, "Close date": v.Deal.Close, "Kickoff": v.Deal.Kickoff,
		"AE": personName(v.Deal.AE), "CSM": personName(v.Deal.CSM), "Version": strconv.Itoa(v.Version), "Audience": string(v.Audience), "Document": it.kind,
	}
	if p.Audience != throughline.AudienceCustomer {
		values["Link"] = p.Link
	}
	for name, text := range values {
		for has, col := range d.Properties {
			if !strings.EqualFold(has, name) || has == c.cfg.ExternalID {
				continue
			}
			if value := col.value(text); value != nil {
				out[has] = value
			}
		}
	}
	return out
}

func personName(p *throughline.PersonNote) string {
	if p == nil {
		return ""
	}
	return p.Name
}

// value is a text as the column's type has it; nil where that can't hold it.
func (col column) value(text string) map[string]any {
	const mostOption = 100 // characters of an option's name, which has no comma
	switch col.Type {
	case typeText:
		return textValue(text)
	case "select":
		switch {
		case text == "":
			return map[string]any{"select": nil}
		case len(text) <= mostOption && !strings.Contains(text, ","):
			return map[string]any{"select": map[string]any{"name": text}}
		}
	case "status":
		for _, o := range col.Status.Options {
			if strings.EqualFold(strings.ReplaceAll(o.Name, " ", "_"), text) {
				return map[string]any{"status": map[string]any{"name": o.Name}}
			}
		}
	case "number":
		if n, err := strconv.Atoi(text); err == nil {
			return map[string]any{"number": n}
		}
	case "date":
		if text == "" {
			return map[string]any{"date": nil}
		}
		if isDay(text) {
			return map[string]any{"date": map[string]any{"start": text}}
		}
	case "url":
		if linkable(text) {
			return map[string]any{"url": text}
		}
	}
	return nil
}

func textValue(text string) map[string]any {
	return map[string]any{typeText: richTexts(fitted([]render.Run{{Text: text}})[0])}
}
