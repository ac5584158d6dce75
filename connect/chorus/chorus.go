// Package chorus reads a deal's calls from Chorus. The vendor's API can't be asked
// for the calls of an opportunity, so an index of all calls is kept, as
// [callindex.Index] does; a deal's calls are found in it, asked for again, and what
// was said is fetched for each. Private calls are not shown by the API.
package chorus

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"throughline/connect"
	"throughline/connect/callindex"
)

// Vendor is the name in messages.
const Vendor = "Chorus"

// DefaultBase is where the API is.
const DefaultBase = "https://chorus.ai"

// What the zero fields of a [Config] stand for.
const (
	// DefaultPerSecond is a pace of our own: the vendor publishes no limit, and its
	// answers tell of none.
	DefaultPerSecond = 2.0
	// DefaultWait is how long after a call what was said is expected. It is the time
	// that Gong's calls have; the vendor states none.
	DefaultWait = 3 * 24 * time.Hour
)

// The kinds of engagement that are calls, by the vendor's names. Emails and pages
// that somebody looked at are not asked for.
const (
	KindMeeting = "meeting"
	KindDialer  = "dialer"
)

// A Config is how to talk to Chorus. All but Token and Store have defaults.
type Config struct {
	// Token is an API token of a user, from Chorus's Personal Settings. It shows what
	// that user may see.
	Token string
	// Base is the API's address; default [DefaultBase].
	Base string
	// Store keeps the index of calls.
	Store callindex.Store
	// Kinds are the kinds of engagement that are read; default [KindMeeting] and
	// [KindDialer].
	Kinds []string
	// PerSecond is how many calls of the API are made a second, all in the process
	// with this token together; default [DefaultPerSecond].
	PerSecond float64
	// Window is when calls may have taken place that are not tied to the deal.
	Window callindex.Window
	// Wait is how long after a call what was said is expected; default [DefaultWait].
	Wait time.Duration

	HTTP    *http.Client                                     // default: one with a timeout of a minute an attempt
	Limiter *connect.Limiter                                 // default: the process's for the token, at PerSecond
	Budget  *connect.Budget                                  // default: calls are not counted
	Log     *slog.Logger                                     // default: nothing is logged
	Now     func() time.Time                                 // default: the machine's clock
	Sleep   func(ctx context.Context, d time.Duration) error // default: a timer
}

// A Client reads deals' calls. Many goroutines may use it.
type Client struct {
	api    *connect.Client
	index  *callindex.Index[*Client]
	kinds  []string
	window callindex.Window
	wait   time.Duration
}

// New is a client, or an error that says what is missing of the configuration.
func New(cfg Config) (*Client, error) {
	switch {
	case cfg.Token == "":
		return nil, errors.New("an API token is missing: make one in Chorus's Personal Settings")
	case strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the API token holds a space or another character that no token has: copy it again from Chorus's Personal Settings")
	case cfg.Store == nil:
		return nil, errors.New("a store for the index of calls is missing")
	}
	if cfg.Base == "" {
		cfg.Base = DefaultBase
	}
	if cfg.PerSecond <= 0 {
		cfg.PerSecond = DefaultPerSecond
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, cfg.Base+" "+cfg.Token, cfg.PerSecond, max(1, int(cfg.PerSecond)))
	}
	if cfg.Wait <= 0 {
		cfg.Wait = DefaultWait
	}
	if len(cfg.Kinds) == 0 {
		cfg.Kinds = []string{KindMeeting, KindDialer}
	}
	c := &Client{
		api: &connect.Client{
			Vendor: Vendor, Base: cfg.Base, Auth: token(cfg.Token), Decode: decode,
			HTTP: cfg.HTTP, Limiter: cfg.Limiter, Budget: cfg.Budget, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep,
		},
		kinds: cfg.Kinds, window: cfg.Window, wait: cfg.Wait,
	}
	c.index = &callindex.Index[*Client]{Client: c, Store: cfg.Store, Now: cfg.Now, ByAccount: true}
	return c, nil
}

// System is Chorus's name.
func (c *Client) System() string { return Vendor }

// token is sent as it is: Chorus takes it without a word before it.
type token string

// Authorize sets the Authorization header.
func (t token) Authorize(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", string(t))
	return nil
}

// Refresh has nothing to renew.
func (t token) Refresh(context.Context) error { return connect.ErrNoRefresh }

// Secrets are the token.
func (t token) Secrets() []string { return []string{string(t)} }

// decode reads Chorus's errors, which are JSON:API's. Of them the title is used, and
// which parameter is wrong; the detail could repeat what was asked for.
func decode(status int, _ http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var told struct {
		Errors []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Source struct {
				Parameter string `json:"parameter"`
			} `json:"source"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &told) == nil && len(told.Errors) > 0 {
		first := told.Errors[0]
		e.Code = first.Code
		if first.Title != "" {
			e.Message = first.Title
		}
		if first.Source.Parameter != "" {
			e.Message += " (" + first.Source.Parameter + ")"
		}
	}
	switch status {
	case http.StatusUnauthorized:
		e.Advice = "make a new API token in Chorus's Personal Settings, and put it into the configuration"
	case http.StatusForbidden:
		e.Advice = "have a Chorus administrator permit the API to the role of the token's user"
	}
	return e
}
