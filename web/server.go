package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/store"
)

// A Server serves the pages. Its fields are set before its first use.
type Server struct {
	Service *lifecycle.Service
	Store   Store
	Links   *Links
	// SendLink sends the AE a fresh review link to the address that is known; nil
	// where no way to people is configured.
	SendLink func(ctx context.Context, run lifecycle.Run, link string) error
	Log      *slog.Logger
	// Me is who acts on the team's pages: the address of the person who runs the
	// program, until people sign in by name.
	Me string
}

// A Store is what the pages read.
type Store interface {
	lifecycle.Store
	// Runs are all runs, the latest won first.
	Runs(ctx context.Context, most int) ([]lifecycle.Run, error)
	Moves(ctx context.Context, run string) ([]lifecycle.Move, error)
	Tasks(ctx context.Context, run string) ([]lifecycle.Task, error)
	Copies(ctx context.Context, run string) ([]store.Copy, error)
	// Bind ties a link to a browser, unless it is tied already: it gives the
	// browser that it is tied to.
	Bind(ctx context.Context, link, browser string, at time.Time) (string, error)
	// Session keeps that a browser has signed in, until a moment.
	Session(ctx context.Context, browser string, until time.Time) error
	SignedIn(ctx context.Context, browser string, now time.Time) (bool, error)
	// SpendToken spends a one-time token; false where it is spent or none.
	SpendToken(ctx context.Context, token string, now time.Time) (bool, error)
}

//go:embed templates/*.tmpl
var templateFiles embed.FS

//go:embed templates/style.css
var style []byte

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"when": func(t time.Time) string {
		if t.IsZero() {
			return "—"
		}
		return t.UTC().Format("2 Jan 2006, 15:04 UTC")
	},
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"words": func(s any) string { return strings.ReplaceAll(text(s), "_", " ") },
	"add":   func(a, b int) int { return a + b },
}).ParseFS(templateFiles, "templates/*.tmpl"))

func text(v any) string {
	switch v := v.(type) {
	case lifecycle.Stage:
		return string(v)
	case lifecycle.Reason:
		return string(v)
	case throughline.Kind:
		return string(v)
	case string:
		return v
	}
	return ""
}

// Team is the handler of the team's pages.
func (s *Server) Team() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /signin", s.signInPage)
	mux.HandleFunc("POST /signin", s.signIn)
	mux.HandleFunc("GET /style.css", serveStyle)
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}":                    s.listPage,
		"GET /runs/{id}":              s.runPage,
		"GET /runs/{id}/handoff":      s.handoffPage,
		"POST /runs/{id}/accept":      s.accept,
		"POST /runs/{id}/return":      s.giveBack,
		"POST /runs/{id}/note":        s.note,
		"POST /runs/{id}/kickoff":     s.setKickoff,
		"POST /runs/{id}/retry":       s.retry,
		"POST /runs/{id}/review-link": s.freshLink,
		"GET /runs/{id}/review":       s.teamReview,
		"POST /runs/{id}/review":      s.teamReview,
	} {
		mux.Handle(pattern, s.signedIn(s.page(h)))
	}
	return s.guard(mux)
}

// Public is the handler of the links that were sent.
func (s *Server) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /style.css", serveStyle)
	mux.Handle("GET /review/{link}", s.page(s.reviewPage))
	mux.Handle("POST /review/{link}/open", s.page(s.openReview))
	mux.Handle("POST /review/{link}/fresh", s.page(s.sendFresh))
	mux.Handle("POST /review/{link}", s.page(s.takeReview))
	return s.guard(mux)
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(style) // who has gone needs none
}

// longestForm bounds what a form may send.
const longestForm = 1 << 20

// guard is what every answer has: nothing may be loaded or run but our style,
// forms come from our own pages, and no address leaks to where a link leads.
func (s *Server) guard(h http.Handler) http.Handler {
	same := http.NewCrossOriginProtection()
	return same.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-store")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		r.Body = http.MaxBytesReader(w, r.Body, longestForm)
		h.ServeHTTP(w, r)
	}))
}

// A problem is an error that is shown to the person: what happened, and what to
// do next.
type problem struct {
	status int
	text   string
}

func (p problem) Error() string { return p.text }

// page shows errors as pages: what a person can do something about in words, the
// rest as a fault that the log tells of.
func (s *Server) page(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		var known problem
		switch {
		case err == nil:
		case errors.As(err, &known):
			s.show(w, known.status, "problem.tmpl", known.text)
		case errors.Is(err, lifecycle.ErrNotFound):
			s.show(w, http.StatusNotFound, "problem.tmpl", "There is no such handoff. It may have been erased.")
		case errors.Is(err, lifecycle.ErrTooEarly), errors.Is(err, lifecycle.ErrTooLate):
			s.show(w, http.StatusConflict, "problem.tmpl", "This is not possible now: the handoff is not published yet, or its run has ended.")
		default:
			if s.Log != nil {
				s.Log.ErrorContext(r.Context(), "page failed", "path", r.Pattern, "error", err)
			}
			s.show(w, http.StatusInternalServerError, "problem.tmpl", "Something went wrong here. Try again; if it goes on, look at the log.")
		}
	})
}

func (s *Server) show(w http.ResponseWriter, status int, name string, data any) {
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		if s.Log != nil {
			s.Log.Error("page can't be written", "page", name, "error", err)
		}
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // who has gone needs none
}

// The cookies: one names a signed-in browser, one the browser that a review link
// is tied to.
const (
	teamCookie   = "throughline"
	reviewCookie = "throughline-review"
	sessionFor   = 12 * time.Hour
)

// signedIn lets through who has signed in.
func (s *Server) signedIn(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie(teamCookie); err == nil {
			ok, err := s.Store.SignedIn(r.Context(), hashed(c.Value), s.Service.Now())
			if err == nil && ok {
				h.ServeHTTP(w, r)
				return
			}
		}
		s.show(w, http.StatusUnauthorized, "signin.tmpl", "")
	})
}

// signInPage shows a button: the address alone signs nobody in, since programs
// open addresses too.
func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, http.StatusOK, "signin.tmpl", r.URL.Query().Get("token"))
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	ok, err := s.Store.SpendToken(r.Context(), hashed(r.FormValue("token")), s.Service.Now())
	if err != nil || !ok {
		s.show(w, http.StatusForbidden, "problem.tmpl", "This sign-in link was used or has expired. Make a new one with: throughline signin")
		return
	}
	browser := random()
	if err := s.Store.Session(r.Context(), hashed(browser), s.Service.Now().Add(sessionFor)); err != nil {
		s.show(w, http.StatusInternalServerError, "problem.tmpl", "Signing in failed. Try again.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: teamCookie, Value: browser, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionFor.Seconds())})
	http.Redirect(w, r, "/", http.StatusSeeOther)
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

// SignInToken is a one-time token, and how it is kept.
func SignInToken() (token, kept string) {
	token = random()
	return token, hashed(token)
}
