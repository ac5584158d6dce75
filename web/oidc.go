package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// A Provider signs the team in by OpenID Connect: the authorization code flow with
// PKCE (RFC 7636), state and nonce. Its fields are set before its first use.
type Provider struct {
	Name                           string // as the button calls it
	Issuer, ClientID, ClientSecret string
	Domains                        []string // of the addresses that may sign in
	// VerifiedClaim is the claim that says that an address is verified; empty for
	// email_verified (OpenID Connect Core 1.0, section 5.1).
	VerifiedClaim string
	// Claims must each have one of some values.
	Claims map[string][]string
	HTTP   *http.Client // nil for one that waits ten seconds

	mu    sync.Mutex
	found *oidc.Provider
}

// google is the issuer that has accounts with addresses of other companies: an
// address is vouched for only with the claim hd (Google, "OpenID Connect: an ID
// token's payload").
const google = "https://accounts.google.com"

// Discover reads the provider's discovery document, until it has it once.
func (p *Provider) Discover(ctx context.Context) error {
	_, err := p.provider(ctx)
	return err
}

func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// The keys are read later, with the client and without the end of this request.
		found, err := oidc.NewProvider(p.client(context.WithoutCancel(ctx)), p.Issuer)
		if err != nil {
			return nil, fmt.Errorf("asking the sign-in provider what it says of itself: %w", err)
		}
		p.found = found
	}
	return p.found, nil
}

func (p *Provider) client(ctx context.Context) context.Context {
	c := p.HTTP
	if c == nil {
		c = &http.Client{Timeout: 10 * time.Second}
	}
	return oidc.ClientContext(ctx, c)
}

func (p *Provider) config(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID, "email"},
	}
}

// A refusal is why somebody is not signed in, for the log; said is what they are told.
type refusal struct{ why, said string }

func (r refusal) Error() string { return r.why }

const (
	saidAgain    = "Your provider’s answer can’t be used. Sign in again from here; an answer counts once, and for ten minutes."
	saidNobody   = "This account can’t sign in here. Sign in with the one of your company, and ask who runs the installation if that is what you did."
	saidVerified = "Your provider does not say that the address of this account is verified. Ask who runs your company’s sign-in to verify it."
)

// who is the address that a code signs in. A refusal is an error of that type.
func (p *Provider) who(ctx context.Context, redirect, code, verifier, nonce string, now func() time.Time) (string, error) {
	found, err := p.provider(ctx)
	if err != nil {
		return "", err
	}
	ctx = p.client(ctx)
	token, err := p.config(found, redirect).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		// Its text may repeat what was sent; its code is one of a list (RFC 6749, 5.2).
		return "", refusal{fmt.Sprintf("the provider does not take the code: status %d, %.40q", refused.Response.StatusCode, refused.ErrorCode), saidAgain}
	}
	if err != nil {
		return "", errors.New("the provider can't be asked about the code, or answered without a token")
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", refusal{"the provider's answer has no ID token", saidAgain}
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, Now: now}).Verify(ctx, raw)
	if err != nil {
		return "", refusal{"the ID token is not good: " + err.Error(), saidAgain}
	}
	if id.Nonce != nonce {
		return "", refusal{"the ID token was made for another sign-in", saidAgain}
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return "", refusal{"the access token is not that of the ID token", saidAgain}
		}
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return "", refusal{"the ID token's claims can't be read", saidAgain}
	}
	if _, ok := claims["email"]; !ok {
		// Some providers tell the address only to who asks for it with the token.
		if claims, err = userInfo(ctx, found, token, id.Subject, claims); err != nil {
			return "", err
		}
	}
	return p.admitted(claims)
}

// userInfo adds what the provider says of the same person to the claims.
func userInfo(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string, claims map[string]any) (map[string]any, error) {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, errors.New("the provider does not tell whose account it is")
	}
	if info.Subject != subject { // OpenID Connect Core 1.0, section 5.3.2
		return nil, refusal{"the provider tells of another account than the ID token's", saidAgain}
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return nil, refusal{"what the provider tells of the account can't be read", saidAgain}
	}
	for name, v := range claims {
		more[name] = v // the signed ones count
	}
	return more, nil
}

// admitted is the address that the claims sign in: a verified one, of the
// company's domains.
func (p *Provider) admitted(claims map[string]any) (string, error) {
	email, _ := claims["email"].(string)
	name, domain, ok := strings.Cut(strings.ToLower(email), "@")
	if !ok || name == "" || line(email) != email || strings.ContainsAny(email, " \t<>()[]\\,;:\"") || strings.Contains(domain, "@") {
		return "", refusal{"the account has no email address", saidNobody}
	}
	ours := func(domain string) bool {
		return slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
	}
	verified := cmp.Or(p.VerifiedClaim, "email_verified")
	hosted, _ := claims["hd"].(string)
	_, named := p.Claims["hd"]
	switch {
	case !ours(domain):
		return "", refusal{"the address is of another domain", saidNobody}
	case !affirmed(claims[verified]):
		return "", refusal{fmt.Sprintf("the provider does not affirm %s", verified), saidVerified}
	case p.Issuer == google && !named && !ours(hosted):
		return "", refusal{"the account is none of the company's at Google: its claim hd is missing or another", saidNobody}
	}
	for claim, values := range p.Claims {
		if !slices.ContainsFunc(values, func(v string) bool { return fmt.Sprint(claims[claim]) == v }) {
			return "", refusal{fmt.Sprintf("the claim %s has none of the configured values", claim), saidNobody}
		}
	}
	return name + "@" + domain, nil
}

// affirmed reads a claim that is true, as providers write it: as a boolean, a text,
// or a number.
func affirmed(claim any) bool {
	switch v := claim.(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true") || v == "1"
	case float64:
		return v == 1
	case json.Number:
		return v == "1"
	}
	return false
}

// flowFor is how long a sign-in may take at the provider.
const flowFor = 10 * time.Minute

// A flow is one sign-in of one browser. Whatever proves that an answer belongs to
// it is made of the browser's secret, which is in its cookie alone, and of the state.
type flow struct{ secret, state string }

func (f flow) of(what string) string {
	return hashed("signin|" + what + "|" + f.secret + "|" + f.state)
}

// toProvider sends a browser to the provider, from where it comes back to [Server.callback].
func (s *Server) toProvider(w http.ResponseWriter, r *http.Request) error {
	if s.SignIn == nil {
		return errNoPage
	}
	found, err := s.SignIn.provider(r.Context())
	if err != nil {
		return s.noProvider(r, err)
	}
	f := flow{secret: s.flowSecret(r), state: random()}
	if f.secret == "" {
		f.secret = random()
	}
	if err := s.Store.BeginSignIn(r.Context(), f.of("flow"), own(r.URL.Query().Get("to")), s.Service.Now().Add(flowFor)); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(flowCookie, f.secret, flowFor))
	at := s.SignIn.config(found, s.callbackURL()).AuthCodeURL(f.state, oidc.Nonce(f.of("nonce")), oauth2.S256ChallengeOption(f.of("verifier")))
	http.Redirect(w, r, at, http.StatusSeeOther)
	return nil
}

// callback takes the provider's answer. Each answer counts once, in the browser
// that was sent, whether or not it signs in.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) error {
	if s.SignIn == nil {
		return errNoPage
	}
	q := r.URL.Query()
	f := flow{secret: s.flowSecret(r), state: q.Get("state")}
	if f.secret == "" || f.state == "" {
		return s.refuse(r, refusal{"an answer of the provider came to a browser that was not sent there", saidAgain})
	}
	to, err := s.Store.EndSignIn(r.Context(), f.of("flow"), s.Service.Now())
	switch {
	case err != nil:
		return err
	case to == "":
		return s.refuse(r, refusal{"an answer of the provider came twice, too late, or to no sign-in of ours", saidAgain})
	case q.Has("iss") && q.Get("iss") != s.SignIn.Issuer: // RFC 9207
		return s.refuse(r, refusal{"the answer is of another provider", saidAgain})
	case q.Get("code") == "":
		return s.refuse(r, refusal{fmt.Sprintf("the provider answered without a code: %.40q", q.Get("error")), "Your provider did not sign you in. Try again from here, or ask who runs your company’s sign-in."})
	}
	who, err := s.SignIn.who(r.Context(), s.callbackURL(), q.Get("code"), f.of("verifier"), f.of("nonce"), s.Service.Now)
	var no refusal
	if errors.As(err, &no) {
		return s.refuse(r, no)
	}
	if err != nil {
		return s.noProvider(r, err)
	}
	return s.enter(w, r, who, to)
}

// refuse says why somebody is not signed in: to them in words, to the log in full.
func (s *Server) refuse(r *http.Request, no refusal) error {
	s.missed(r, limitSignIn)
	if s.Log != nil {
		s.Log.WarnContext(r.Context(), "sign-in refused", "why", no.why)
	}
	return problem{http.StatusForbidden, no.said}
}

func (s *Server) noProvider(r *http.Request, err error) error {
	if s.Log != nil {
		s.Log.ErrorContext(r.Context(), "sign-in provider can't be reached", "error", err)
	}
	return problem{http.StatusBadGateway, "Your company’s sign-in can’t be reached just now. Try again in a few minutes."}
}

// flowSecret is what the browser's cookie of that name holds; empty for what is
// none of ours.
func (s *Server) flowSecret(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(flowCookie))
	if err != nil || len(c.Value) != len(random()) {
		return ""
	}
	return c.Value
}

// callbackURL is the one address to which the provider sends browsers back.
func (s *Server) callbackURL() string {
	return strings.TrimSuffix(s.Links.Team, "/") + "/signin/callback"
}

// own is the path of a page of ours, to go on to after signing in; the first page
// for anything else.
func own(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
