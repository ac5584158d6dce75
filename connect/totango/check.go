package totango

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"throughline/connect"
)

// nobody is no account's id.
const nobody = "throughline-check"

// Check tries what publishing needs, in at most six calls, and changes nothing.
// That touchpoints may be written is not tried: it could not be undone everywhere.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	op := func(what string) string { return "try to " + what }
	_, err := c.accounts(ctx, op("search accounts"), query{Terms: []term{{Type: "string", Term: "identifier", InList: []string{nobody}}}, Fields: []any{}, Count: 1, Scope: "all"})
	out := []connect.Permission{{Name: "API token", For: "finding the customer's account", Err: err}}
	if answered(err, http.StatusUnauthorized) {
		return out // nothing else can be tried
	}
	_, err = c.events(ctx, op("search events"), nobody, 1)
	out = append(out, connect.Permission{Name: "Search of events", For: "finding what was published before", Err: err})
	err = c.call(ctx, connect.Request{Op: op("read a touchpoint"), Path: pathTouchpoints + "0"}, nil)
	if answered(err, http.StatusNotFound) || answered(err, http.StatusBadRequest) {
		err = nil // there is none of the number
	}
	out = append(out, connect.Permission{Name: "Touchpoints", For: "publishing handoffs", Err: err})
	if c.cfg.Flow != "" {
		out = append(out, connect.Permission{Name: "Flow " + c.cfg.Flow, For: "what touchpoints and tasks belong to", Err: c.listed(ctx, op("list flows"), "/api/v3/activity-types", "flow", c.cfg.Flow)})
	}
	if c.cfg.Type != "" {
		out = append(out, connect.Permission{Name: "Touchpoint type " + c.cfg.Type, For: "publishing handoffs", Err: c.listed(ctx, op("list types of touchpoint"), "/api/v3/touchpoint-types/", "type of touchpoint", c.cfg.Type)})
	}
	if c.cfg.Tasks {
		out = append(out, connect.Permission{Name: "Tasks", For: "a task for each milestone", Err: c.mayMakeTasks(ctx)})
	}
	return out
}

// listed says what is wrong where a list of the vendor's lacks an id. In what form it
// lists them is not known here, so any text of it may be the id.
func (c *Client) listed(ctx context.Context, op, path, called, id string) error {
	var told any
	if err := c.call(ctx, connect.Request{Op: op, Path: path}, &told); err != nil {
		return err
	}
	if slices.Contains(texts(told), id) {
		return nil
	}
	advice := "take one from " + c.cfg.Base + path
	if ids := identifiers(told); len(ids) > 0 {
		advice = "there are " + strings.Join(ids, ", ")
	}
	return &connect.Error{Vendor: Vendor, Op: op, Message: fmt.Sprintf("there is no %s %s", called, id), Advice: advice}
}

// identifiers are the ids that a list tells, some of them.
func identifiers(v any) []string {
	const most = 20
	var out []string
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			out = append(out, identifiers(inner)...)
		}
	case map[string]any:
		for _, key := range []string{"activity_type_id", "id"} {
			if id, ok := v[key].(string); ok && idForm.MatchString(strings.ReplaceAll(id, "_", "-")) {
				return []string{id}
			}
		}
		for _, inner := range v {
			out = append(out, identifiers(inner)...)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), most)]
}

// mayMakeTasks tries to make a task on an account that there is not, which the
// vendor says it refuses as such.
func (c *Client) mayMakeTasks(ctx context.Context) error {
	body := map[string]any{
		"account_id": nobody, "activity_type_id": c.cfg.Flow, "title": "Throughline checks its permissions", "description": "This task is not made.", "status": open, "priority": normal,
	}
	err := c.call(ctx, connect.Request{Op: "try to make a task", Method: http.MethodPost, Path: pathTasks, Body: body}, nil)
	if answered(err, http.StatusBadRequest) || answered(err, http.StatusNotFound) {
		return nil
	}
	return err
}
