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
)

// The cookies: one names a signed-in browser, one the browser that a review link
// is tied to.
const (
	teamCookie   = "throughline"
	reviewCookie = "throughline-review"
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
	s.show(w, http.StatusOK, "signin.tmpl", signIn{frame: frame{Title: "Sign in"}, Token: r.URL.Query().Get("token")})
	return nil
}

// signIn is what the page of that name shows.
type signIn struct {
	frame
	Token string
	// Sent says that a form came from a browser that is not signed in any more.
	Sent bool
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	now := s.Service.Now()
	who, err := s.Store.SpendToken(r.Context(), hashed(r.PostForm.Get("token")), now)
	if err != nil {
		return err
	}
	if who == "" {
		return problem{http.StatusForbidden, "This sign-in link was used already, or has expired. Make a new one with: throughline signin"}
	}
	browser := random()
	if err := s.Store.Session(r.Context(), hashed(browser), who, now.Add(sessionFor)); err != nil {
		return err
	}
	// Lax, not strict: a link in a message leads to a page, and asks for no second
	// sign-in. Forms are held to our own pages in another way.
	http.SetCookie(w, s.sessionCookie(browser, sessionFor))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *Server) sessionCookie(value string, lasts time.Duration) *http.Cookie {
	age := int(lasts.Seconds())
	if age == 0 {
		age = -1 // it goes at once
	}
	return &http.Cookie{
		Name: teamCookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.Links.Team, "https://"), MaxAge: age,
	}
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	c, err := r.Cookie(teamCookie)
	if err != nil {
		return err
	}
	if err := s.Store.SignOut(r.Context(), hashed(c.Value)); err != nil {
		return err
	}
	http.SetCookie(w, s.sessionCookie("", 0))
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}

type personKey struct{}

// person is who is signed in.
func person(r *http.Request) string {
	who, _ := r.Context().Value(personKey{}).(string)
	return who
}

// signedIn lets through who has signed in.
func (s *Server) signedIn(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who := ""
		if c, err := r.Cookie(teamCookie); err == nil {
			if who, err = s.Store.SignedIn(r.Context(), hashed(c.Value), s.Service.Now()); err != nil {
				return err
			}
		}
		if who == "" {
			s.show(w, http.StatusUnauthorized, "signin.tmpl", signIn{frame: frame{Title: "Sign in"}, Sent: r.Method == http.MethodPost})
			return nil
		}
		return h(w, r.WithContext(context.WithValue(r.Context(), personKey{}, who)))
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
