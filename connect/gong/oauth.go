package gong

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"throughline/connect"
)

// TokenHost is where Gong's OAuth tokens come from.
const TokenHost = "https://app.gong.io"

// An App is an OAuth app of Gong's that an administrator approved once.
type App struct {
	ClientID, ClientSecret string
	// RefreshToken is what the approval, or the last renewal, gave.
	RefreshToken string
	// Renewed is told each new refresh token before the access token is used,
	// since the one before may be of no use any more.
	Renewed func(ctx context.Context, refreshToken string) error
	// HTTP makes the calls; its Base is [TokenHost] unless set. Nil for defaults.
	HTTP *connect.Client
}

// Auth is the app's credential. Its tokens live a day and say which host to use.
func (a App) Auth() *connect.Bearer {
	api := a.HTTP
	if api == nil {
		api = &connect.Client{}
	}
	if api.Base == "" {
		api.Base = TokenHost
	}
	own := &appAuth{Basic: connect.Basic{User: a.ClientID, Password: a.ClientSecret}, refresh: a.RefreshToken}
	api.Vendor, api.Decode, api.Auth = Vendor, decode, own
	fetch := func(ctx context.Context) (connect.Grant, error) {
		refresh := own.current()
		var told struct {
			AccessToken  string `json:"access_token"`
			RefreshToken string `json:"refresh_token"`
			ExpiresIn    int64  `json:"expires_in"` // seconds
			Base         string `json:"api_base_url_for_customer"`
		}
		// What a second use of a refresh token does is not stated; where the answer
		// to the first was lost, there is nothing else to try.
		_, err := api.Do(ctx, connect.Request{
			Op: "renew the token", Method: http.MethodPost, Path: "/oauth2/generate-customer-token", Repeatable: true,
			Body: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}},
		}, &told)
		if err != nil {
			return connect.Grant{}, err
		}
		if told.AccessToken == "" || told.Base == "" {
			return connect.Grant{}, &connect.Error{
				Vendor: Vendor, Op: "renew the token", Message: "the answer holds no token or no address",
				Advice: "approve the app in Gong again",
			}
		}
		if told.RefreshToken != "" && told.RefreshToken != refresh {
			own.replace(told.RefreshToken)
			if a.Renewed != nil {
				if err := a.Renewed(ctx, told.RefreshToken); err != nil {
					return connect.Grant{}, &connect.Error{Vendor: Vendor, Op: "keep the new refresh token", Err: err, Advice: "make room for it to be stored, then approve the app in Gong again"}
				}
			}
		}
		now := time.Now
		if api.Now != nil {
			now = api.Now
		}
		g := connect.Grant{Token: told.AccessToken, Base: told.Base}
		if told.ExpiresIn > 0 {
			g.Expires = now().Add(time.Duration(told.ExpiresIn) * time.Second)
		}
		return g, nil
	}
	return &connect.Bearer{Fetch: fetch, Now: api.Now}
}

// appAuth is what the app shows of itself to get tokens. The refresh token stands
// in the request's body; it is here so that it counts as a secret.
type appAuth struct {
	connect.Basic

	mu      sync.Mutex
	refresh string
}

func (a *appAuth) current() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refresh
}

func (a *appAuth) replace(refresh string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refresh = refresh
}

// Secrets are the client's secret and the refresh token.
func (a *appAuth) Secrets() []string {
	return append(a.Basic.Secrets(), a.current())
}
