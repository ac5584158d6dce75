package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"throughline/connect"
)

// The cookies: one names a signed-in browser, one the browser that a review link
// is tied to, and one a browser that signs in at a provider.
const (
	teamCookie   = "throughline"
	reviewCookie = "throughline-review"
	flowCookie   = "throughline-signin"
)

const (
	// signInFor is how long a sign-in link waits to be used.
	signInFor = 30 * time.Minute
	// sessionFor is how long a browser stays signed in: a working day.
	sessionFor = 12 * time.Hour
)

// SignInLink makes a link that signs a browser in, once, as a person by their email
// address. What that browser does is noted under it.
func SignInLink(ctx context.Context, tokens interface {
	IssueToken(ctx context.Context, token, who string, until time.Time) error
}, team, who string, now time.Time,
) (string, error) {
	who = strings.ToLower(line(who))
	if who == "" {
		return "", errors.New("a sign-in link needs the email address of whom it signs in")
	}
	token := random()
	if err := tokens.IssueToken(ctx, hashed(token), who, now.Add(signInFor)); err != nil {
		return "", err
	}
	at, err := url.JoinPath(team, "signin")
	if err != nil {
		return "", fmt.Errorf("the address of the team's pages: %w", err)
	}
	return at + "?" + url.Values{"token": {token}}.Encode(), nil
}

// signInPage shows a button: the address alone signs nobody in, since programs
// open addresses too.
func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) error {
	s.askToSignIn(w, http.StatusOK, signIn{Token: r.URL.Query().Get("token"), To: own(r.URL.Query().Get("to"))})
	return nil
}

// signIn is what the page of that name shows.
type signIn struct {
	frame
	Token    string
	To       string // the path of the page that was asked for
	Provider string // as the button calls it; empty where there is none
	OneTime  bool   // whether one-time links sign in
	// Sent says that a form came from a browser that is not signed in any more.
	Sent bool
}

func (s *Server) askToSignIn(w http.ResponseWriter, status int, p signIn) {
	p.frame, p.OneTime = frame{Title: "Sign in"}, s.oneTime()
	if s.SignIn != nil {
		p.Provider = s.SignIn.Name
	}
	s.show(w, status, "signin.tmpl", p)
}

// oneTime reports whether one-time links sign in: where a provider does, they are
// for this machine alone.
func (s *Server) oneTime() bool {
	if s.SignIn == nil {
		return true
	}
	u, err := url.Parse(s.Links.Team)
	return err == nil && connect.Loopback(u.Hostname())
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	if !s.oneTime() {
		return problem{http.StatusForbidden, "One-time links sign in on the machine of the installation alone. Sign in with " + s.SignIn.Name + "."}
	}
	who, err := s.Store.SpendToken(r.Context(), hashed(r.PostForm.Get("token")), s.Service.Now())
	if err != nil {
		return err
	}
	if who == "" {
		s.missed(r, limitSignIn)
		return problem{http.StatusForbidden, "This sign-in link was used already, or has expired. Make a new one with: throughline signin"}
	}
	return s.enter(w, r, who, "/")
}

// enter signs a browser in under a name that is new, so that one that was there
// before names nobody, and leads on to a page of ours.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, who, to string) error {
	if c, err := r.Cookie(s.cookieName(teamCookie)); err == nil {
		if err := s.Store.SignOut(r.Context(), hashed(c.Value)); err != nil {
			return err
		}
	}
	c, err := s.Session(r.Context(), who)
	if err != nil {
		return err
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Session begins a session of somebody on the team's pages, and gives the cookie
// that a browser has of it: for a program whose only user is who started it.
func (s *Server) Session(ctx context.Context, who string) (*http.Cookie, error) {
	browser := random()
	if err := s.Store.Session(ctx, hashed(browser), strings.ToLower(line(who)), s.Service.Now().Add(sessionFor)); err != nil {
		return nil, err
	}
	return s.cookie(teamCookie, browser, sessionFor), nil
}

// cookieName is a cookie's name on the team's pages. With the prefix a browser takes
// it from nobody but this host, by TLS (RFC 6265bis, section 4.1.3.2).
func (s *Server) cookieName(name string) string {
	if encrypted(s.Links.Team) {
		return "__Host-" + name
	}
	return name
}

// reviewCookieName is that of the pages of links. Its cookies are each for one link's
// path, so they can't have the prefix of a whole host.
func (s *Server) reviewCookieName() string {
	if encrypted(s.Links.Public) {
		return "__Secure-" + reviewCookie
	}
	return reviewCookie
}

// cookie is one of the team's pages. Lax, not strict: a link in a message leads to a
// page, and asks for no second sign-in. Forms are held to our own pages in another way.
func (s *Server) cookie(name, value string, lasts time.Duration) *http.Cookie {
	age := int(lasts.Seconds())
	if age == 0 {
		age = -1 // it goes at once
	}
	return &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: encrypted(s.Links.Team), MaxAge: age,
	}
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	c, err := r.Cookie(s.cookieName(teamCookie))
	if err != nil {
		return err
	}
	if err := s.Store.SignOut(r.Context(), hashed(c.Value)); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(teamCookie, "", 0))
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}

type personKey struct{}

// person is who is signed in.
func person(r *http.Request) string {
	who, _ := r.Context().Value(personKey{}).(string)
	return who
}

type adminKey struct{}

// runsIt reports whether who is signed in runs the installation.
func runsIt(r *http.Request) bool {
	is, _ := r.Context().Value(adminKey{}).(bool)
	return is
}

// signedIn lets through who has signed in.
func (s *Server) signedIn(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who := ""
		if c, err := r.Cookie(s.cookieName(teamCookie)); err == nil {
			if who, err = s.Store.SignedIn(r.Context(), hashed(c.Value), s.Service.Now()); err != nil {
				return err
			}
		}
		if who == "" {
			to := "/"
			if r.Method == http.MethodGet {
				to = own(r.URL.RequestURI())
			}
			s.askToSignIn(w, http.StatusUnauthorized, signIn{To: to, Sent: r.Method == http.MethodPost})
			return nil
		}
		r = r.WithContext(context.WithValue(r.Context(), personKey{}, who))
		return h(w, r.WithContext(context.WithValue(r.Context(), adminKey{}, s.admin(r))))
	}
}

// random is a secret that can't be guessed.
func random() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashed is how a secret is kept: the database's reader can't use it.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
