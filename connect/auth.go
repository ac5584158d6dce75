package connect

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Auth signs requests. It is used by many goroutines at once.
//
// An Auth may also have the methods of [Hosted] and [Secretive].
type Auth interface {
	// Authorize adds to the request what proves who asks.
	Authorize(ctx context.Context, r *http.Request) error
	// Refresh gets a new proof after the vendor refused the last one. It
	// returns [ErrNoRefresh] where only a person can do that. The client
	// calls it once at a time.
	Refresh(ctx context.Context) error
}

// Hosted is an Auth that learns from the vendor where requests go, as
// Salesforce's tokens tell. Its base is used where the client names none.
type Hosted interface {
	Base(ctx context.Context) (string, error)
}

// Secretive is an Auth that names its secrets, so that they can be taken out
// of a vendor's message that repeats them.
type Secretive interface {
	Secrets() []string
}

// ErrNoRefresh says that a refused credential can't be renewed by the program.
var ErrNoRefresh = errors.New("the credential can only be renewed by a person")

// Basic is the user name and password of HTTP's basic authentication.
type Basic struct{ User, Password string }

// Authorize sets the Authorization header.
func (b Basic) Authorize(_ context.Context, r *http.Request) error {
	r.SetBasicAuth(b.User, b.Password)
	return nil
}

// Refresh has nothing to renew.
func (b Basic) Refresh(context.Context) error { return ErrNoRefresh }

// Secrets are the password, and the header in which it is encoded.
func (b Basic) Secrets() []string {
	return []string{b.Password, base64.StdEncoding.EncodeToString([]byte(b.User + ":" + b.Password))}
}

// Static is a token that lives until a person revokes it, sent as a bearer.
type Static string

// Authorize sets the Authorization header.
func (s Static) Authorize(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+string(s))
	return nil
}

// Refresh has nothing to renew.
func (s Static) Refresh(context.Context) error { return ErrNoRefresh }

// Secrets are the token.
func (s Static) Secrets() []string { return []string{string(s)} }

// A Grant is a token that a vendor issued for a while.
type Grant struct {
	Token   string
	Base    string    // where requests go, where the vendor tells; else empty
	Tenant  string    // whose data it opens, by the vendor's id, where the vendor tells
	Expires time.Time // zero when the vendor does not tell
}

// Bearer sends a token that Fetch gets, when it is first needed, shortly before
// it expires, and whenever the vendor refuses it. It implements [Hosted].
type Bearer struct {
	Fetch func(context.Context) (Grant, error)
	Now   func() time.Time // nil for the clock of the machine

	mu    sync.Mutex
	grant Grant
}

// early is how long before its end a token counts as expired: long enough for a
// request to be on its way, short beside any vendor's term.
const early = 30 * time.Second

// Authorize sets the Authorization header.
func (b *Bearer) Authorize(ctx context.Context, r *http.Request) error {
	g, err := b.current(ctx, false)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+g.Token)
	return nil
}

// Refresh gets a new token.
func (b *Bearer) Refresh(ctx context.Context) error {
	_, err := b.current(ctx, true)
	return err
}

// Grant is the token in use, for what does not go over HTTP.
func (b *Bearer) Grant(ctx context.Context) (Grant, error) { return b.current(ctx, false) }

// Base is where the vendor wants requests to go.
func (b *Bearer) Base(ctx context.Context) (string, error) {
	g, err := b.current(ctx, false)
	return g.Base, err
}

// Secrets are the token in use.
func (b *Bearer) Secrets() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []string{b.grant.Token}
}

// current is the token to use; others wait while one of them fetches it.
func (b *Bearer) current(ctx context.Context, anew bool) (Grant, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now
	if b.Now != nil {
		now = b.Now
	}
	expired := !b.grant.Expires.IsZero() && !now().Before(b.grant.Expires.Add(-early))
	if b.grant.Token != "" && !expired && !anew {
		return b.grant, nil
	}
	g, err := b.Fetch(ctx)
	if err != nil {
		return Grant{}, err
	}
	b.grant = g
	return g, nil
}
