// Package slack reads a deal's channel from Slack and writes to it: a summary of
// the handoff with buttons, what changed since, and messages to one person. What
// was read is saved as the export that package folder reads.
//
// Only the deal's channel is read, never another; nothing is ever written to a
// channel that people outside the company can read. Everything is written once:
// a message bears our key as metadata, by which it is found again.
package slack

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"throughline/connect"
)

// Vendor is the name in messages.
const Vendor = "Slack"

// Defaults of [Config].
const (
	DefaultBase          = "https://slack.com/api" // where the Web API is
	DefaultLookBack      = 180 * 24 * time.Hour
	DefaultLookBackPages = 50
	DefaultMaxMessages   = 20_000
	DefaultSettle        = 3 * time.Second
)

// Config says how to reach a workspace, and which channel is a deal's. Token must
// be set; the rest has defaults.
type Config struct {
	// Token is the app's bot token, "xoxb-…".
	Token string
	// AppToken is the app-level token, "xapp-…", for interactions by Socket Mode.
	AppToken string
	// SigningSecret is set where interactions come by HTTP instead.
	SigningSecret string
	Base          string

	// Channels names the channels of single deals, by the id of the deal's record:
	// each by its name, id or address. All are read; the first is the deal
	// channel, to which is written.
	Channels map[string][]string
	// Field is the API name of a field of the deal's record that holds the
	// channel's name, id or address, or several with commas between; empty for none.
	Field string
	// Patterns are names that a deal's channel may have, tried in order; see
	// [DefaultPatterns].
	Patterns []string
	// Also are patterns of further channels that are read, and never written to:
	// "ps-{customer}". Nothing is said where a deal has none.
	Also []string
	// PublicOnly leaves private channels alone, so that no scope for them is needed.
	PublicOnly bool
	// Join lets the app join a deal's channel that is public and internal. Otherwise
	// somebody has to invite it.
	Join bool

	// Uses are what the app is used for, which decides the scopes that Check asks
	// for; all of them where empty.
	Uses []Use

	// Restricted is for apps whose conversations.history and .replies the vendor
	// holds to one request a minute and 15 messages a page: apps distributed
	// commercially outside the Marketplace since 2025. A company's own app is not.
	Restricted bool

	// LookBack is how far back our own messages are looked for before one is
	// written; default [DefaultLookBack]. LookBackPages is how many pages of messages
	// that may take; default [DefaultLookBackPages]. Where they do not reach so far
	// back, nothing is written.
	LookBack      time.Duration
	LookBackPages int
	// MaxMessages bounds what is read of a channel; default
	// [DefaultMaxMessages].
	MaxMessages int
	// Settle is after how long a message just written is sure to be in the
	// channel's history; default [DefaultSettle]. The vendor states nothing.
	Settle time.Duration

	HTTP *http.Client
	// Limiter gives the limiter of a method, by its name; by default one for each
	// method and token, which the whole process shares.
	Limiter func(method string) *connect.Limiter
	Budget  *connect.Budget
	Log     *slog.Logger
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// A Client is an app in a workspace. Many goroutines may use it.
type Client struct {
	cfg    Config
	writes writes

	mu       sync.Mutex
	methods  map[string]*connect.Client
	self     *identity
	users    map[string]known[slackapi.User]
	channels known[[]slackapi.Channel]
}

// known is something that was asked for, and when.
type known[T any] struct {
	is T
	at time.Time
}

// How long what was asked of a workspace is taken to hold. Whether a channel is
// shared is asked anew before every write.
const (
	channelsHold = 10 * time.Minute
	usersHold    = time.Hour
)

// New checks the configuration. It calls nobody.
func New(cfg Config) (*Client, error) {
	if cfg.Token == "" {
		return nil, errors.New("slack: the configuration has no bot token: install the app to the workspace and take it from OAuth & Permissions")
	}
	if cfg.Base == "" {
		cfg.Base = DefaultBase
	}
	if err := checkBase(cfg.Base); err != nil {
		return nil, err
	}
	if len(cfg.Patterns) == 0 {
		cfg.Patterns = DefaultPatterns
	}
	for _, p := range slices.Concat(cfg.Patterns, cfg.Also) {
		if err := checkPattern(p); err != nil {
			return nil, err
		}
	}
	for id, names := range cfg.Channels {
		for _, name := range names {
			if _, ok := parseRef(name); !ok {
				return nil, errors.New("slack: what is configured as a channel of the deal " + id + " is no channel's name, id or address")
			}
		}
	}
	if cfg.LookBack == 0 {
		cfg.LookBack = DefaultLookBack
	}
	if cfg.LookBackPages == 0 {
		cfg.LookBackPages = DefaultLookBackPages
	}
	if cfg.MaxMessages == 0 {
		cfg.MaxMessages = DefaultMaxMessages
	}
	if cfg.Settle == 0 {
		cfg.Settle = DefaultSettle
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = connect.Sleep
	}
	return &Client{cfg: cfg, methods: map[string]*connect.Client{}, users: map[string]known[slackapi.User]{}}, nil
}

// checkBase refuses an address over which tokens could be read on their way.
// Socket Mode does not go by the core, which would refuse it too.
func checkBase(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return errors.New("slack: base is no web address")
	}
	if u.Scheme != "https" && !connect.Loopback(u.Hostname()) {
		return errors.New("slack: base must begin with https://")
	}
	return nil
}

// perMinute is how often a method may be called: the vendor's tiers 1 to 4 are
// 1, 20, 50 and 100 a minute and more, for each method, app and workspace
// (docs.slack.dev/apis/web-api/rate-limits). chat.postMessage may be called once
// a second for a channel; auth.test has no tier of its own but allows hundreds.
func (c *Client) perMinute(method string) float64 {
	switch method {
	case "conversations.history", "conversations.replies":
		if c.cfg.Restricted {
			return 1
		}
		return 50
	case "conversations.list":
		return 20
	case "conversations.members", "users.info", "views.open", "auth.test":
		return 100
	case "chat.postMessage":
		return 60
	}
	return 50
}

// pace keeps the calls of any minute to a number, with a tenth of them at once.
func pace(perMinute float64) (perSecond float64, burst int) {
	if perMinute < 10 {
		return perMinute / 60, 1
	}
	burst = int(perMinute / 10)
	return (perMinute - float64(burst)) / 60, burst
}

// method is the client of one method: each has a limit of its own.
func (c *Client) method(name string) *connect.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.methods[name]; ok {
		return known
	}
	token := c.cfg.Token
	if name == methodConnect {
		token = c.cfg.AppToken
	}
	var limiter *connect.Limiter
	if c.cfg.Limiter != nil {
		limiter = c.cfg.Limiter(name)
	} else {
		perSecond, burst := pace(c.perMinute(name))
		limiter = connect.SharedLimiter(Vendor+" "+name, c.cfg.Base+" "+token, perSecond, burst)
	}
	m := &connect.Client{
		Vendor: Vendor, Base: c.cfg.Base, Auth: connect.Static(token), Decode: decode, Refused: refused, Limiter: limiter,
		HTTP: c.cfg.HTTP, Budget: c.cfg.Budget, Log: c.cfg.Log, Now: c.cfg.Now, Sleep: c.cfg.Sleep,
	}
	c.methods[name] = m
	return m
}

// ask makes a call that reads. Arguments go as a form, so that none is in an
// address; every method takes them so.
func (c *Client) ask(ctx context.Context, op, method string, args url.Values, out any) (*connect.Response, error) {
	return c.method(method).Do(ctx, connect.Request{Op: op, Method: http.MethodPost, Path: "/" + method, Body: args, Repeatable: true}, out)
}

// tell makes a call that writes.
func (c *Client) tell(ctx context.Context, op, method string, body any, repeatable bool, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return &connect.Error{Vendor: Vendor, Op: op, Message: "the request can't be written as JSON", Advice: "this is likely a fault in Throughline; please report it"}
	}
	_, err = c.method(method).Do(ctx, connect.Request{
		Op: op, Method: http.MethodPost, Path: "/" + method, Body: raw, Repeatable: repeatable,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	}, out)
	return err
}
