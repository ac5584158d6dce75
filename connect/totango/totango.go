// Package totango publishes handoffs to Totango: a touchpoint on the customer's
// account, in plain text with a link to the handoff, and a task for each milestone
// where that is wanted.
//
// Totango knows no idempotency key. What was written is found again by a line of
// our own at its end, in the search of the account's events, and only the
// difference is written; see [Client.Publish]. What about the API is not stated by
// its vendor stands in [About].
package totango

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline/connect"
)

// Vendor is the name in messages.
const Vendor = "Totango"

// Bases are the addresses of the API, by the region of an organisation's data.
var Bases = map[string]string{"us": "https://api.totango.com", "eu": "https://api-eu1.totango.com"}

// Defaults of [Config].
const (
	DefaultRegion = "us"
	DefaultSettle = 10 * time.Second
	DefaultDoubt  = 15 * time.Minute
)

// Our own pace, within the vendor's 100 calls a minute and token: in any minute at
// most burst and a minute's worth of perSecond.
const perSecond, burst = 1.5, 10

// Config says how to reach an organisation's Totango. Token must be set, and Flow
// for tasks; the rest has defaults.
type Config struct {
	Token  string // of a global admin
	Region string // "us" or "eu"; default [DefaultRegion]
	Base   string // in place of the region's
	// Flow is the id of the flow (activity type) that touchpoints and tasks belong
	// to; a touchpoint may have none.
	Flow string
	// Type is the id of the touchpoint's type; empty for none.
	Type string
	// Attribute names the attribute of accounts that holds the CRM's id of the
	// customer; by default the account's own id is the CRM's.
	Attribute string
	// Tasks makes a task for each milestone.
	Tasks bool

	// Known is the id of the touchpoint that was made for a key, as the caller
	// remembers it, empty where none is: for where the search of events does not
	// show it. Nil where nothing is remembered.
	Known func(ctx context.Context, key string) (id string, err error)
	// Settle is how long to wait, where nothing of ours is found, before looking
	// again and making it: what was made shortly before by a try that was lost may
	// not be found yet. How long that takes the vendor does not say.
	Settle time.Duration
	// Doubt is for how long the search of events is not trusted to show all: after a
	// write of which nobody knows whether it was stored, nothing is written a second
	// time before that, unless it is found; and what was made is remembered.
	Doubt time.Duration

	HTTP    *http.Client
	Limiter *connect.Limiter
	Budget  *connect.Budget
	Log     *slog.Logger
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// A Client is a connection to an organisation's Totango. Many goroutines may use
// it.
type Client struct {
	cfg  Config
	http *connect.Client

	publishing sync.Mutex           // one publication at a time; guards what follows
	doubts     map[string]time.Time // what may have been written, to when it is written again
	wrote      map[string]*wrote    // by key of the publication
}

// New checks the configuration, and calls nobody.
func New(cfg Config) (*Client, error) {
	cfg.Region = cmp.Or(cfg.Region, DefaultRegion)
	switch {
	case cfg.Token == "":
		return nil, errors.New("totango: the configuration names no token; a global admin finds it in Totango's profile, under Integrations, as API Token Key")
	case Bases[cfg.Region] == "":
		return nil, fmt.Errorf("totango: no region %q; it is one of %s", cfg.Region, strings.Join(slices.Sorted(maps.Keys(Bases)), ", "))
	case cfg.Tasks && cfg.Flow == "":
		return nil, errors.New("totango: tasks need a flow; name its id, as 'throughline check' lists them")
	}
	cfg.Base = cmp.Or(cfg.Base, Bases[cfg.Region])
	cfg.Settle, cfg.Doubt = cmp.Or(cfg.Settle, DefaultSettle), cmp.Or(cfg.Doubt, DefaultDoubt)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = connect.Sleep
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, cfg.Base+" "+cfg.Token, perSecond, burst)
	}
	return &Client{cfg: cfg, doubts: map[string]time.Time{}, wrote: map[string]*wrote{}, http: &connect.Client{
		Vendor: Vendor, Base: cfg.Base, Auth: token(cfg.Token), Decode: decode,
		HTTP: cfg.HTTP, Limiter: cfg.Limiter, Budget: cfg.Budget, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep,
	}}, nil
}

// A token signs requests.
type token string

// Authorize sets the vendor's header.
func (t token) Authorize(_ context.Context, r *http.Request) error {
	r.Header.Set("App-Token", string(t))
	return nil
}

// Refresh has nothing to renew.
func (t token) Refresh(context.Context) error { return connect.ErrNoRefresh }

// Secrets are the token.
func (t token) Secrets() []string { return []string{string(t)} }

// accountNotFound is the one message of the vendor's that its support pages quote.
const accountNotFound = "Account not found"

// decode knows of a refusal's body only what the vendor's pages say; the rest of it
// may repeat what was sent, and is not kept.
func decode(status int, _ http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	switch {
	case status == http.StatusUnauthorized:
		e.Advice = "check the token: in Totango's profile, under Integrations. Making a new one there ends the old one"
	case status == http.StatusForbidden:
		e.Advice = "the token must be that of a global admin"
	case status == http.StatusBadRequest && strings.Contains(string(body), accountNotFound):
		e.Message, e.Advice = "account not found", "check that the account is in Totango, and which of its attributes holds the CRM's id"
	case status == http.StatusBadRequest:
		e.Advice = "check the ids of the flow and of the touchpoint's type, and that the CSM's address is that of a user of Totango"
	}
	return e
}

// call makes a call with a JSON body.
func (c *Client) call(ctx context.Context, req connect.Request, out any) error {
	_, err := c.http.Do(ctx, req, out)
	return err
}

// answered reports whether an error is an answer with the status.
func answered(err error, status int) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Status == status
}

// temporary reports whether an error may be gone with the next try.
func temporary(err error) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Temporary
}

// A scalar is an id, which the vendor gives as a number or as a text.
type scalar string

// UnmarshalJSON takes both; of anything else it is empty.
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
