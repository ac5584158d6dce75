package totango

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"throughline/connect"
)

// Limits of the searches. The vendor's page holds up to 1,000 hits; a customer who
// is new has few.
const (
	mostHits  = 1000
	mostPages = 10
)

// query is what a search asks, as JSON in a form's field.
type query struct {
	Terms  []term `json:"terms"`
	Fields []any  `json:"fields"`
	Count  int    `json:"count"`
	Offset int    `json:"offset"`
	Scope  string `json:"scope,omitempty"`
}

type term struct {
	Type      string   `json:"type"`
	Term      string   `json:"term,omitempty"`
	Attribute string   `json:"attribute,omitempty"`
	InList    []string `json:"in_list,omitempty"`
	Name      string   `json:"name,omitempty"`
	Eq        string   `json:"eq,omitempty"`
	Or        []term   `json:"or,omitempty"`
}

func (q query) form(more ...string) (url.Values, error) {
	raw, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("totango: a search can't be written as JSON: %w", err)
	}
	form := url.Values{"query": {string(raw)}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form, nil
}

const (
	pathAccounts = "/api/v1/search/accounts"
	pathEvents   = "/api/v2/events/search"
)

// A hit is an account that was found: its id stands in Name.
type hit struct {
	Name scalar `json:"name"`
}

func (c *Client) accounts(ctx context.Context, op string, q query) ([]hit, error) {
	form, err := q.form()
	if err != nil {
		return nil, err
	}
	var told struct {
		Response *struct {
			Accounts struct {
				Hits []hit `json:"hits"`
			} `json:"accounts"`
		} `json:"response"`
	}
	err = c.call(ctx, connect.Request{Op: op, Method: http.MethodPost, Path: pathAccounts, Body: form, Repeatable: true}, &told)
	if err != nil {
		return nil, err
	}
	if told.Response == nil {
		return nil, unread(op)
	}
	return told.Response.Accounts.Hits, nil
}

// account is Totango's id of the customer whom the CRM knows by the id.
func (c *Client) account(ctx context.Context, crm string) (string, error) {
	const op = "find the customer's account"
	if crm == "" {
		return "", &connect.Error{Vendor: Vendor, Op: op, Message: "the deal's record names no account", Advice: "set the account of the deal in the CRM"}
	}
	t := term{Type: "string", Term: "identifier", InList: forms(crm)}
	if c.cfg.Attribute != "" {
		t = term{Type: "string_attribute", Attribute: c.cfg.Attribute, InList: forms(crm)}
	}
	found, err := c.accounts(ctx, op, query{Terms: []term{t}, Fields: []any{}, Count: 10, Scope: "all"})
	if err != nil {
		return "", err
	}
	if c.cfg.Attribute == "" {
		// What else the search means by an identifier is not for us.
		found = slices.DeleteFunc(found, func(h hit) bool { return !sameRecord(string(h.Name), crm) })
	}
	switch {
	case len(found) == 0:
		return "", &connect.Error{
			Vendor: Vendor, Op: op, Message: "no account has the CRM's id " + crm,
			Advice: "bring the account into Totango with that id, or name the attribute that holds it in the configuration",
		}
	case len(found) > 1:
		return "", &connect.Error{
			Vendor: Vendor, Op: op, Message: fmt.Sprintf("%d accounts have the CRM's id %s", len(found), crm),
			Advice: "leave it with one of them, so that it is clear where the handoff belongs",
		}
	}
	return string(found[0].Name), nil
}

// forms are those in which a CRM's id may stand: Salesforce's have 15 characters,
// or 18, of which the last three check the rest.
func forms(crm string) []string {
	if salesforceID(crm) {
		return []string{crm, crm[:15]}
	}
	return []string{crm}
}

func salesforceID(s string) bool {
	return len(s) == 18 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// sameRecord reports whether an account's id is the CRM's id in one of its forms.
func sameRecord(account, crm string) bool {
	return slices.Contains(forms(crm), account) || slices.Contains(forms(account), crm)
}

// An event is what an account's timeline tells of a touchpoint or of a change of a
// task.
type event struct {
	ID   scalar `json:"id"`
	At   scalar `json:"timestamp"` // milliseconds
	Note struct {
		ID   scalar `json:"note_id"`
		Text scalar `json:"text"`
	} `json:"note_content"`
	Task struct {
		ID          scalar  `json:"task_id"`
		Action      scalar  `json:"action"`
		Description current `json:"description"`
		Status      current `json:"status"`
		Due         current `json:"due_date"`
		Assignee    current `json:"assignee"`
	} `json:"task_content"`
}

type current struct {
	Value scalar `json:"current"`
}

// events are those of an account, the oldest first. Its pages are counted, not the
// events before them.
func (c *Client) events(ctx context.Context, op, account string, pages int) ([]event, error) {
	q := query{Terms: []term{kindOf("note")}, Fields: []any{}, Count: mostHits}
	if c.cfg.Tasks {
		q.Terms = []term{{Type: "or", Or: []term{kindOf("note"), kindOf("task")}}}
	}
	var all []event
	known := map[scalar]bool{}
	for ; q.Offset < pages; q.Offset++ {
		var args []string
		if account != "" {
			args = []string{"account_id", account}
		}
		form, err := q.form(args...)
		if err != nil {
			return nil, err
		}
		var told struct {
			Response *struct {
				Events struct {
					Hits []event `json:"hits"`
				} `json:"events"`
			} `json:"response"`
		}
		if err := c.call(ctx, connect.Request{Op: op, Method: http.MethodPost, Path: pathEvents, Body: form, Repeatable: true}, &told); err != nil {
			return nil, err
		}
		if told.Response == nil {
			return nil, unread(op)
		}
		hits := told.Response.Events.Hits
		for _, e := range hits {
			if !known[e.ID] {
				all = append(all, e)
			}
			known[e.ID] = true
		}
		if len(hits) < mostHits {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b event) int {
		if n := compare(a.At, b.At); n != 0 {
			return n
		}
		return compare(a.ID, b.ID)
	})
	return all, nil
}

func kindOf(kind string) term { return term{Type: "event_property", Name: "event_type", Eq: kind} }

// compare puts numbers in their order, and what is none first.
func compare(a, b scalar) int {
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	switch {
	case errX != nil && errY != nil:
		return strings.Compare(string(a), string(b))
	case errX != nil || errY == nil && x < y:
		return -1
	case errY != nil || x > y:
		return 1
	}
	return 0
}

// unread is an answer that is JSON and no search's answer. It must not pass for one
// that found nothing.
func unread(op string) error {
	return &connect.Error{Vendor: Vendor, Op: op, Message: "the answer is not in the form known here", Advice: "nothing was written; please report this"}
}
