// Package notion publishes handoffs as pages of a Notion database and reads the
// pages that a CRM record links to.
//
// Notion knows no idempotency key. A page is therefore found by a text property,
// [Config.ExternalID], before one is made; what stands on it is compared with what
// should, block by block, and only the difference is written. Whatever a try left
// half done, the next one ends with one whole page. Blocks that people added are
// never touched; see [Client.Publish].
package notion

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"throughline/connect"
)

// Vendor is the name in messages.
const Vendor = "Notion"

// Defaults of [Config].
const (
	DefaultBase       = "https://api.notion.com"
	DefaultVersion    = "2026-03-11" // the newest API version known here
	DefaultExternalID = "External ID"
	DefaultSettle     = 10 * time.Second
)

// Our own pace: a connection may make 180 requests a minute on most plans
// (developers.notion.com/reference/request-limits).
const perSecond, burst = 3, 3

// Config says how to reach a workspace. Token must be set, and DataSource for
// publishing; the rest has defaults.
type Config struct {
	Token string // of the connection, "ntn_…"
	// DataSource is the id of the data source (a database's table) in which each
	// handoff is a page.
	DataSource string
	// ExternalID names the data source's text property that holds
	// [connect.Publication.Key].
	ExternalID string
	Base       string
	Version    string // of the API, a date
	// Settle is how long to wait, where no page is found, before looking again and
	// making one: a page made shortly before by a try that was lost may not be
	// found yet. How long that takes Notion does not say.
	Settle time.Duration

	HTTP    *http.Client
	Limiter *connect.Limiter
	Budget  *connect.Budget
	Log     *slog.Logger
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// A Client is a connection to a workspace. Many goroutines may use it.
type Client struct {
	cfg  Config
	http *connect.Client

	mu  sync.Mutex
	bot string // the connection's own user id, when it is known
}

// New checks the configuration, and calls nobody.
func New(cfg Config) (*Client, error) {
	if cfg.Token == "" {
		return nil, errors.New("notion: the configuration names no token; make a connection in Notion under Settings > Connections, and take its access token")
	}
	if cfg.DataSource != "" {
		id, ok := asID(cfg.DataSource)
		if !ok {
			return nil, errors.New("notion: the data source is not an id of 32 hexadecimal digits; copy it in Notion from the database's settings, Manage data sources")
		}
		cfg.DataSource = id
	}
	cfg.Base = cmp.Or(cfg.Base, DefaultBase)
	cfg.Version = cmp.Or(cfg.Version, DefaultVersion)
	cfg.ExternalID = cmp.Or(cfg.ExternalID, DefaultExternalID)
	if cfg.Settle == 0 {
		cfg.Settle = DefaultSettle
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = connect.Sleep
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, cfg.Base+" "+cfg.Token, perSecond, burst)
	}
	return &Client{cfg: cfg, http: &connect.Client{
		Vendor: Vendor, Base: cfg.Base, Auth: connect.Static(cfg.Token), Decode: decode,
		HTTP: cfg.HTTP, Limiter: cfg.Limiter, Budget: cfg.Budget, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep,
	}}, nil
}

// The capabilities of a connection, as Notion's settings name them.
const (
	readContent   = "Read content"
	insertContent = "Insert content"
	updateContent = "Update content"
	readComments  = "Read comments"
)

// call makes a call for which the connection needs a capability.
func (c *Client) call(ctx context.Context, capability string, req connect.Request, out any) error {
	req.Header = http.Header{"Notion-Version": {c.cfg.Version}}
	_, err := c.http.Do(ctx, req, out)
	var e *connect.Error
	if errors.As(err, &e) && e.Code == codeRestricted {
		e.Advice = fmt.Sprintf("give the connection the capability %q in Notion under Settings > Connections > the connection > Capabilities", capability)
	}
	return err
}

// The codes of the vendor's errors that matter here.
const (
	codeRestricted = "restricted_resource"
	codeNotFound   = "object_not_found"
)

const shareAdvice = "share the page with the connection: in Notion open it, ••• > Connections > add the connection"

// A stored error is of a write that failed although all or some of it may be
// there: what the vendor tells of it.
type stored struct {
	page     string   // the page that was made
	children []string // the blocks that were
}

func (*stored) Error() string { return "some of it may be stored all the same" }

// place is where a request's body is wrong. The rest of such a message repeats
// what the body says there.
var place = regexp.MustCompile(`^body failed validation[^:]*: (body[.\[\]a-z0-9_]*)`)

// decode reads {"object": "error", "status", "code", "message", "additional_data"}.
// The messages of some codes repeat what was sent, and are not kept.
func decode(status int, _ http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var told struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		More    struct {
			Reason   string   `json:"rate_limit_reason"`
			Page     string   `json:"committed_resource_id"`
			Children []string `json:"committed_child_ids"`
		} `json:"additional_data"`
	}
	if json.Unmarshal(body, &told) != nil {
		return e
	}
	e.Code = told.Code
	switch told.Code {
	case "unauthorized", "rate_limited", //nolint:misspell // the vendor's spelling
		"conflict_error", "service_unavailable", "service_overload", "missing_version":
		e.Message = told.Message
	case "validation_error":
		if at := place.FindStringSubmatch(told.Message); at != nil {
			e.Message = "the vendor refuses " + at[1]
		}
	case codeNotFound:
		e.Advice = shareAdvice
	}
	switch {
	case status == http.StatusUnauthorized:
		e.Advice = "check the token; in Notion: Settings > Connections > the connection > Access token"
	case told.More.Reason == "public_api_request_blocked":
		e.Temporary = false
		e.Advice = "Notion has blocked this connection's requests, and waiting will not help; ask Notion's support"
	case status == http.StatusConflict:
		e.Temporary, e.Advice = true, "somebody changed the page at the same moment; try again"
	}
	if status >= 500 {
		e.Err = &stored{page: told.More.Page, children: told.More.Children}
	}
	return e
}

// temporary reports whether an error may be gone with the next try.
func temporary(err error) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Temporary
}

// answered reports whether an error is an answer with the status.
func answered(err error, status int) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Status == status
}

// self is the connection's own user id, by which its blocks are known from those
// of people.
func (c *Client) self(ctx context.Context) (string, error) {
	c.mu.Lock()
	known := c.bot
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	var me struct {
		ID string `json:"id"`
	}
	if err := c.call(ctx, "", connect.Request{Op: "ask who the connection is", Path: "/v1/users/me"}, &me); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bot = me.ID
	return me.ID, nil
}
