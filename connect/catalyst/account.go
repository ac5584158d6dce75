package catalyst

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline/connect"
)

// Limits of the list of accounts: the vendor's page of it, and how many pages are
// looked through.
const (
	perPage   = 100
	mostPages = 100
)

// An Account is a customer in Catalyst.
type Account struct {
	ID         string
	External   string // Salesforce's id
	Attributes []Attribute
}

// An Attribute is what Catalyst shows of a customer under a label; most are taken
// over from Salesforce. Texts are data, never to be trusted.
type Attribute struct{ Label, Value string }

// answer is an account as the vendor answers it.
type answer struct {
	ID         scalar `json:"id"`
	External   scalar `json:"external_id"`
	Attributes []struct {
		Label scalar `json:"label"`
		Value scalar `json:"value"`
	} `json:"attributes"`
}

func (a *answer) account() *Account {
	out := &Account{ID: string(a.ID), External: string(a.External)}
	for _, at := range a.Attributes {
		out.Attributes = append(out.Attributes, Attribute{string(at.Label), string(at.Value)})
	}
	return out
}

// A scalar is a text or a number; of anything else it is empty.
type scalar string

// UnmarshalJSON takes both.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(raw, &text) == nil:
		*s = scalar(text)
	case json.Unmarshal(raw, &number) == nil:
		*s = scalar(number)
	}
	return nil
}

const opMatch = "find the customer's account"

// Match is the customer's account, by Salesforce's id of it; nil where Catalyst has
// none. Accounts can't be searched by it, so their list is looked through: first
// those that changed since the day before the deal was won, then all.
func (c *Client) Match(ctx context.Context, r *connect.Record) (*Account, error) {
	if r.Account == "" {
		return nil, &connect.Error{Vendor: Vendor, Op: opMatch, Message: "the deal's record names no account", Advice: "set the account of the deal in the CRM"}
	}
	if !r.Closed.IsZero() {
		since := url.Values{"updated_at_gte": {r.Closed.UTC().AddDate(0, 0, -1).Format(moment)}}
		found, err := c.search(ctx, since, r.Account)
		if err != nil || found != nil {
			return found, err
		}
	}
	return c.search(ctx, url.Values{}, r.Account)
}

// moment is how the vendor's page writes a time, without a zone.
const moment = "2006-01-02T15:04:05"

// search looks the list through, and reads the account whole once it is found.
func (c *Client) search(ctx context.Context, filter url.Values, crm string) (*Account, error) {
	for page := range mostPages {
		list, err := c.list(ctx, opMatch, filter, perPage, page*perPage)
		if err != nil {
			return nil, err
		}
		if err := tellsIDs(list, opMatch); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(list, func(a answer) bool { return sameRecord(string(a.External), crm) })
		if i >= 0 {
			return c.read(ctx, &list[i])
		}
		if len(list) < perPage {
			return nil, nil
		}
	}
	return nil, &connect.Error{
		Vendor: Vendor, Op: opMatch, Message: fmt.Sprintf("it is not among the first %d accounts", perPage*mostPages),
		Advice: "this is more than Throughline looks through; please report it",
	}
}

func (c *Client) list(ctx context.Context, op string, filter url.Values, limit, offset int) ([]answer, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}}
	for name, values := range filter {
		query[name] = values
	}
	var told struct {
		Data *[]answer `json:"data"`
	}
	if _, err := c.http.Do(ctx, connect.Request{Op: op, Path: c.cfg.PathPrefix + "/accounts", Query: query}, &told); err != nil {
		return nil, err
	}
	if told.Data == nil {
		return nil, &connect.Error{Vendor: Vendor, Op: op, Message: "the answer is not in the form known here", Advice: "check base and path_prefix in the configuration"}
	}
	return *told.Data, nil
}

// tellsIDs says so where a list has accounts and of none the CRM's id, which can't
// be then what the vendor's page says it is.
func tellsIDs(list []answer, op string) error {
	if len(list) == 0 || slices.ContainsFunc(list, func(a answer) bool { return a.External != "" }) {
		return nil
	}
	return &connect.Error{Vendor: Vendor, Op: op, Message: "the list of accounts tells no Salesforce ids", Advice: "connect Salesforce in Catalyst; if it is, please report this"}
}

func (c *Client) read(ctx context.Context, found *answer) (*Account, error) {
	if !idForm(string(found.ID)) {
		return found.account(), nil
	}
	var told struct {
		Data *answer `json:"data"`
	}
	_, err := c.http.Do(ctx, connect.Request{Op: "read the customer's account", Path: c.cfg.PathPrefix + "/accounts/" + string(found.ID)}, &told)
	switch {
	case answered(err, http.StatusNotFound):
		return nil, nil // deleted meanwhile
	case err != nil:
		return nil, err
	case told.Data == nil || told.Data.ID != found.ID:
		return found.account(), nil // as the list has it
	}
	return told.Data.account(), nil
}

// idForm is what may stand in a path.
func idForm(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// sameRecord compares Salesforce's ids of 15 or 18 characters.
func sameRecord(a, b string) bool {
	const short = 15
	return a == b || len(a) >= short && len(b) >= short && len(a)+len(b) == 2*short+3 && a[:short] == b[:short]
}

// A Mirror is what Catalyst shows of a handoff.
type Mirror struct {
	Account *Account // nil where Catalyst does not know the customer
	Label   string   // of the attribute that holds the link; empty where none does
}

// Mirrored looks whether the customer's account is in Catalyst and shows the link.
func (c *Client) Mirrored(ctx context.Context, r *connect.Record, link string) (Mirror, error) {
	a, err := c.Match(ctx, r)
	if err != nil || a == nil {
		return Mirror{}, err
	}
	m := Mirror{Account: a}
	for _, at := range a.Attributes {
		if link != "" && strings.TrimSpace(at.Value) == link && (c.cfg.Attribute == "" || strings.EqualFold(at.Label, c.cfg.Attribute)) {
			m.Label = at.Label
		}
	}
	return m, nil
}

// again is how long to wait before looking for a link again.
const again = time.Hour

const opPublish = "look for the handoff's link"

// Publish writes nothing, since nothing can be written to Catalyst. It looks whether
// the link that the CRM's connector wrote has been mirrored; the copy's ID is the
// account's. While that may still come, the error is Temporary; [Config.Wait] after
// the version was drafted it says what to do.
func (c *Client) Publish(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	if p.Handoff == nil || p.Link == "" {
		return connect.Copy{}, &connect.Error{Vendor: Vendor, Op: opPublish, Message: "the handoff has no page to link to", Advice: "its page is what the link opens: publish by 'throughline serve'"}
	}
	m, err := c.Mirrored(ctx, &p.Deal, p.Link)
	if err != nil {
		return connect.Copy{}, err
	}
	if m.Label != "" {
		return connect.Copy{ID: m.Account.ID}, nil
	}
	e := &connect.Error{Vendor: Vendor, Op: opPublish}
	if m.Account == nil {
		e.Message = "no account has the Salesforce id " + p.Deal.Account
		e.Advice = "check that Catalyst takes this account over from Salesforce"
	} else {
		e.Message = "the account does not show the link yet"
		e.Advice = "check that the CRM's connector writes the link to a field (salesforce.fields.link), and that this field is mirrored in Catalyst's settings of its Salesforce integration"
	}
	if left := p.Handoff.GeneratedAt.Add(c.cfg.Wait).Sub(c.cfg.Now()); left > 0 {
		e.Temporary, e.RetryAfter = true, min(again, left)
	}
	return connect.Copy{}, e
}

// Remove removes nothing, since nothing can be written to Catalyst; it says what to do.
func (c *Client) Remove(context.Context, string) error {
	return &connect.Error{
		Vendor: Vendor, Op: "remove the handoff's link", Message: "Catalyst shows the link as long as the CRM's field has it", Advice: "empty the field in the CRM, and Catalyst follows",
	}
}

// Check tries what looking needs, in one call.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	list, err := c.list(ctx, "try to list accounts", nil, 1, 0)
	out := []connect.Permission{{Name: "API key", For: "finding the customer's account", Err: err}}
	if err != nil {
		return out
	}
	return append(out, connect.Permission{Name: "Salesforce ids of accounts", For: "knowing the customer's account", Err: tellsIDs(list, "try to list accounts")})
}
