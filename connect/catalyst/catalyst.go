// Package catalyst looks whether a handoff's link has reached Catalyst. The
// vendor's public API is for viewing: nothing can be written by it. What Catalyst
// shows of a customer it takes over from Salesforce, so the link is written to a
// Salesforce field that Catalyst mirrors, and this package says whether the
// customer's account is there and whether it shows the link.
//
// How the key is sent, and where paths begin, no page of the vendor's that could be
// read says: both are configured; see [About].
package catalyst

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"throughline/connect"
)

// Vendor is the name in messages.
const Vendor = "Catalyst"

// Defaults of [Config].
const (
	DefaultBase   = "https://api.catalyst.io"
	DefaultHeader = "Authorization" // UNCONFIRMED
	DefaultScheme = "Bearer"        // UNCONFIRMED
	// DefaultWait is a day for the handoff to go out after its draft, and a day for
	// Catalyst to mirror the field.
	DefaultWait = 48 * time.Hour
)

// Our own pace, within the vendor's 100 calls a minute and customer: in any minute
// at most burst and a minute's worth of perSecond.
const perSecond, burst = 1.5, 10

// Config says how to reach an organisation's Catalyst. Key must be set; the rest
// has defaults.
type Config struct {
	Key  string // of an admin, from Settings > API Keys
	Base string
	// PathPrefix stands before all paths, such as "/v1"; default none, as the
	// vendor's page names them.
	PathPrefix string
	// Header bears the key, after Scheme and a space.
	Header string
	Scheme string // "none" where the key stands alone
	// Attribute is the label, in Catalyst, of the attribute that mirrors the link's
	// field; by default any attribute that holds the link will do.
	Attribute string
	// Wait is for how long after a version was drafted its link is waited for.
	Wait time.Duration

	HTTP    *http.Client
	Limiter *connect.Limiter
	Budget  *connect.Budget
	Log     *slog.Logger
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// NoScheme is the [Config.Scheme] of a key that stands alone.
const NoScheme = "none"

// A Client is a connection to an organisation's Catalyst. Many goroutines may use
// it.
type Client struct {
	cfg  Config
	http *connect.Client
}

// New checks the configuration, and calls nobody.
func New(cfg Config) (*Client, error) {
	if cfg.Key == "" {
		return nil, errors.New("catalyst: the configuration names no key; an admin makes one in Catalyst under Settings > API Keys")
	}
	cfg.Base, cfg.Header, cfg.Scheme = cmp.Or(cfg.Base, DefaultBase), cmp.Or(cfg.Header, DefaultHeader), cmp.Or(cfg.Scheme, DefaultScheme)
	cfg.Wait = cmp.Or(cfg.Wait, DefaultWait)
	if cfg.PathPrefix != "" {
		cfg.PathPrefix = "/" + strings.Trim(cfg.PathPrefix, "/")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Limiter == nil {
		cfg.Limiter = connect.SharedLimiter(Vendor, cfg.Base+" "+cfg.Key, perSecond, burst)
	}
	return &Client{cfg: cfg, http: &connect.Client{
		Vendor: Vendor, Base: cfg.Base, Auth: auth{cfg.Key, cfg.Header, cfg.Scheme}, Decode: decode,
		HTTP: cfg.HTTP, Limiter: cfg.Limiter, Budget: cfg.Budget, Log: cfg.Log, Now: cfg.Now, Sleep: cfg.Sleep,
	}}, nil
}

// auth signs requests with a key, in the way that is configured.
type auth struct{ key, header, scheme string }

// Authorize sets the header.
func (a auth) Authorize(_ context.Context, r *http.Request) error {
	if a.scheme == NoScheme {
		r.Header.Set(a.header, a.key)
		return nil
	}
	r.Header.Set(a.header, a.scheme+" "+a.key)
	return nil
}

// Refresh has nothing to renew.
func (auth) Refresh(context.Context) error { return connect.ErrNoRefresh }

// Secrets are the key.
func (a auth) Secrets() []string { return []string{a.key} }

// decode keeps nothing of a refusal's body, whose form is not known.
func decode(status int, _ http.Header, _ []byte) *connect.Error {
	e := connect.Answered(status)
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Advice = "check the key (Catalyst: Settings > API Keys; it ends with the admin who made it), and how it is sent: header and scheme in the configuration"
	case http.StatusNotFound:
		e.Advice = "check path_prefix in the configuration against Catalyst's own description of its API"
	}
	return e
}

func answered(err error, status int) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Status == status
}
