// Package vitally publishes handoffs to Vitally, where CSMs work: as a note of the
// customer's account, and as a task for each milestone.
//
// Vitally knows no idempotency key. Notes and tasks bear an external id of ours,
// and a line that says what they hold; both are read before anything is written,
// and again before anything is repeated.
package vitally

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline/connect"
)

// Vendor is the name in messages.
const Vendor = "Vitally"

// A Region is where an organisation's data is.
type Region string

// The regions. In the United States each organisation has a subdomain of its own.
const (
	RegionUS Region = "us"
	RegionEU Region = "eu"
)

// AccountByCRM is the [Config.AccountBy] of organisations whose accounts come from
// the CRM.
const AccountByCRM = "account"

// The vendor's limit is a sliding minute for a key (docs.vitally.io, REST API);
// our own pace stays below it.
const (
	PerMinute = 1000
	PerSecond = 15
)

// Config says how to reach an organisation. APIKey must be set, and Subdomain where
// the region is the United States; the rest has defaults.
type Config struct {
	APIKey    string // the Secret Token of Settings > Integrations > Vitally REST API
	Region    Region // default RegionUS
	Subdomain string // of the address at which people sign in: "example" of example.vitally.io
	Base      string // of the API, instead of what region and subdomain tell: "https://…/resources"

	// AccountBy says what an account's external id in Vitally is: AccountByCRM, the
	// default, for the id that the CRM has of the customer; or a text with
	// {account}, {id} (of the deal), {domain}, {customer}, or the API name of one of
	// the deal's own fields in braces, such as "{Vitally_Id__c}".
	AccountBy string
	// Category is the name or the id of the note category that handoffs get; none
	// where empty.
	Category string
	// Tasks says that each milestone becomes a task.
	Tasks bool

	HTTP    *http.Client
	Limiter *connect.Limiter
	Budget  *connect.Budget
	Log     *slog.Logger
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// A Client is a connection to an organisation. Many goroutines may use it.
type Client struct {
	cfg  Config
	http *connect.Client

	mu       sync.Mutex
	category string            // the id of Config.Category, when it is known
	admins   map[string]string // ids of Vitally's users by email address, as far as they are known
	emails   map[string]string // and their email addresses by id
}

var subdomainForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// New checks the configuration, and calls nobody.
func New(cfg Config) (*Client, error) {
	if cfg.APIKey == "" {
		return nil, errors.New("vitally: there is no API key; take the Secret Token in Vitally under Settings > Integrations > Vitally REST API")
	}
	if cfg.Base == "" {
		base, err := baseOf(cfg)
		if err != nil {
			return nil, err
		}
		cfg.Base = base
	}
	if cfg.AccountBy = cmp.Or(cfg.AccountBy, AccountByCRM); cfg.AccountBy == AccountByCRM {
		cfg.AccountBy = "{account}"
	}
	if !placeholder.MatchString(cfg.AccountBy) {
		return nil, fmt.Errorf("vitally: account_by would give every deal the same account; it is %q or a text with {account}, {id}, {domain}, {customer} or a field of the deal in braces", AccountByCRM)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = connect.Sleep
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, cfg.Base+" "+cfg.APIKey, PerSecond, PerSecond)
	}
	return &Client{cfg: cfg, http: &connect.Client{
		Vendor: Vendor, Base: cfg.Base, Auth: auth(cfg.APIKey), Decode: decode,
		HTTP: cfg.HTTP, Limiter: cfg.Limiter, Budget: cfg.Budget, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep,
	}}, nil
}

// baseOf is the address of the API in a region.
func baseOf(cfg Config) (string, error) {
	switch cmp.Or(cfg.Region, RegionUS) {
	case RegionEU:
		return "https://rest.vitally-eu.io/resources", nil
	case RegionUS:
		if !subdomainForm.MatchString(cfg.Subdomain) {
			return "", errors.New("vitally: the subdomain is missing or is none; it is the first part of the address at which you sign in to Vitally, such as example of example.vitally.io")
		}
		return "https://" + strings.ToLower(cfg.Subdomain) + ".rest.vitally.io/resources", nil
	}
	return "", fmt.Errorf("vitally: no region %q: it is %s or %s", cfg.Region, RegionUS, RegionEU)
}

// An auth is an API key: the user name of basic authentication, without a password.
type auth string

// Authorize sets the Authorization header.
func (a auth) Authorize(ctx context.Context, r *http.Request) error {
	return connect.Basic{User: string(a)}.Authorize(ctx, r)
}

// Refresh has nothing to renew.
func (a auth) Refresh(context.Context) error { return connect.ErrNoRefresh }

// Secrets are the key, and the header in which it is encoded.
func (a auth) Secrets() []string {
	return append(connect.Basic{User: string(a)}.Secrets(), string(a))
}

// decode makes an error of a refusal. Vitally's words, {"error": "…"}, are kept
// only where they can't be about what was written.
func decode(status int, header http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var told struct {
		Error string `json:"error"`
	}
	if status != http.StatusBadRequest && status != http.StatusNotFound && json.Unmarshal(body, &told) == nil && told.Error != "" {
		e.Message = told.Error
	}
	switch status {
	case http.StatusUnauthorized:
		e.Advice = "check the API key, and in the United States the subdomain; in Vitally: Settings > Integrations > Vitally REST API > Secret Token"
	case http.StatusForbidden:
		e.Advice = "Vitally does not let this API key do that; make a key as an administrator under Settings > Integrations > Vitally REST API"
	case http.StatusTooManyRequests:
		// The seconds until the earliest request leaves the window.
		if seconds, err := strconv.Atoi(header.Get("RateLimit-Reset")); err == nil && seconds > 0 && header.Get("Retry-After") == "" {
			e.RetryAfter = time.Duration(seconds) * time.Second
		}
	}
	return e
}

// answered reports whether an error is an answer with the status.
func answered(err error, status int) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Status == status
}

// tries is how often writing is tried where it is not clear whether it was done.
const tries = 3

// unclear reports whether what was to be written may be there in spite of the
// error, or may be tried again at once. A refusal as a bad request may mean that
// the external id is there already.
func unclear(err error) bool {
	var e *connect.Error
	return errors.As(err, &e) && (e.Temporary && e.RetryAfter == 0 || e.Status == http.StatusBadRequest)
}

// untilClear has a step read what is there and bring what is missing, again and
// again while it isn't clear what came of it.
func (c *Client) untilClear(ctx context.Context, step func() error) error {
	for try := 1; ; try++ {
		err := step()
		if err == nil || try == tries || !unclear(err) || ctx.Err() != nil {
			return err
		}
		// A call whose answer was lost may still be at work: what it does should
		// be seen by the look that follows.
		if c.cfg.Sleep(ctx, time.Second<<try) != nil {
			return err
		}
	}
}

// each yields the records of a list to f, until it has enough.
func each[T any](ctx context.Context, c *Client, op, path string, query url.Values, f func(T) (enough bool)) error {
	fetch := func(ctx context.Context, cursor string) ([]T, string, error) {
		q := url.Values{"limit": {"100"}}
		maps.Copy(q, query)
		if cursor != "" {
			q.Set("from", cursor)
		}
		var page struct {
			Results []T    `json:"results"`
			Next    string `json:"next"`
		}
		_, err := c.http.Do(ctx, connect.Request{Op: op, Path: path, Query: q}, &page)
		return page.Results, page.Next, err
	}
	for record, err := range connect.Pages(ctx, fetch) {
		if err != nil {
			return err
		}
		if f(record) {
			return nil
		}
	}
	return nil
}

// asMade has a list in the order in which records were made, so that none is missed
// while others change: of those that are archived, or of those that are not.
func asMade(archived bool) url.Values {
	return url.Values{"sortBy": {"createdAt"}, "archived": {strconv.FormatBool(archived)}}
}
