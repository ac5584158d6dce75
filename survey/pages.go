package survey

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"throughline"
)

// Pages are what a respondent sees: the page that a score's link opens, the thanks,
// and the page to unsubscribe. They need no script, no cookie and no sign-in.
//
// Opening a link counts nothing, because scanners and mail clients open every link
// of a mail: only what the page itself sends does.
type Pages struct {
	Links *Links
	Store Store
	Now   func() time.Time
	Log   *slog.Logger // nil: nothing is logged
}

var _ http.Handler = (*Pages)(nil)

// MostComment bounds a comment, in characters.
const MostComment = 4000

// longestForm bounds what is read of a form: a comment's characters take up to four
// bytes, each written as three.
const longestForm = 64 << 10

// ServeHTTP answers below [VotePath] and [StopPath].
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if link, ok := strings.CutPrefix(r.URL.Path, StopPath); ok {
		p.stop(w, r, link)
		return
	}
	if link, ok := strings.CutPrefix(r.URL.Path, VotePath); ok {
		p.vote(w, r, link)
		return
	}
	http.NotFound(w, r)
}

// A view is what a page shows; of its parts, those that are set.
type view struct {
	words
	Title, Said string
	Warning     string
	Form        string // the proof that a form comes from here
	Ask, Quit   bool
	Scores      []int
	Chosen      int
	Typed       string
}

func (p *Pages) vote(w http.ResponseWriter, r *http.Request, link string) {
	g, s, ok := p.granted(w, r, link, vote)
	if !ok {
		return
	}
	v := view{words: in(s.Language), Title: in(s.Language).question(s), Ask: true, Chosen: g.score, Form: p.Links.form(link)}
	for score := throughline.LowestScore; score <= throughline.HighestScore; score++ {
		v.Scores = append(v.Scores, score)
	}
	if r.Method != http.MethodPost {
		p.show(w, r, http.StatusOK, v)
		return
	}
	a, warning := p.read(w, r, v)
	if warning != "" {
		v.Warning, v.Typed = warning, a.Comment
		p.show(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	a.Survey, a.Deal, a.Respondent, a.At = s.ID, s.Deal, g.respondent, p.Now()
	a.AcceptedBeforeKickoff, a.Adopted = s.AcceptedBeforeKickoff, s.Adopted
	kept, err := p.Store.Answer(r.Context(), a)
	if err != nil {
		p.failed(r.Context(), "keeping a survey's answer", err)
		v.Warning, v.Typed, v.Chosen = v.TryAgain, a.Comment, a.Score
		p.show(w, r, http.StatusServiceUnavailable, v)
		return
	}
	p.show(w, r, http.StatusOK, view{words: v.words, Title: v.Thanks, Said: fmt.Sprintf(v.Kept, kept.Score) + " " + v.ChangedLater})
}

// read is what the form says, and what is wrong with it, for the respondent.
func (p *Pages) read(w http.ResponseWriter, r *http.Request, v view) (throughline.Answer, string) {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		return throughline.Answer{}, fmt.Sprintf(v.CommentTooLong, MostComment)
	}
	a := throughline.Answer{Comment: comment(r.PostForm.Get("comment"))}
	score, err := strconv.Atoi(r.PostForm.Get("score"))
	switch {
	// A link that is posted to without its page ever having been opened is a
	// program's doing: it gets the page.
	case !hmac.Equal([]byte(r.PostForm.Get("form")), []byte(v.Form)),
		err != nil, score < throughline.LowestScore, score > throughline.HighestScore:
		return a, v.ChooseScore
	case utf8.RuneCountInString(a.Comment) > MostComment:
		return a, fmt.Sprintf(v.CommentTooLong, MostComment)
	}
	a.Score = score
	return a, ""
}

// comment is a comment as it is kept: as typed, but for what is no text.
func comment(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	return strings.TrimSpace(strings.ReplaceAll(s, "\x00", ""))
}

func (p *Pages) stop(w http.ResponseWriter, r *http.Request, link string) {
	g, s, ok := p.granted(w, r, link, stop)
	if !ok {
		return
	}
	v := view{words: in(s.Language), Form: p.Links.form(link), Quit: true}
	v.Title = v.Stopping
	if r.Method != http.MethodPost || !p.means(w, r, v.Form) {
		p.show(w, r, http.StatusOK, v)
		return
	}
	if err := p.Store.Stop(r.Context(), g.respondent, p.Now()); err != nil {
		p.failed(r.Context(), "keeping that a respondent unsubscribed", err)
		v.Warning = v.TryAgain
		p.show(w, r, http.StatusServiceUnavailable, v)
		return
	}
	p.show(w, r, http.StatusOK, view{words: v.words, Title: v.Stopped})
}

// means reports whether what was posted says that the respondent unsubscribes: our
// page's form, or a mail client's one click, which knows no page (RFC 8058).
func (p *Pages) means(w http.ResponseWriter, r *http.Request, form string) bool {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseMultipartForm(longestForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return false
	}
	return r.PostForm.Get("List-Unsubscribe") == "One-Click" || hmac.Equal([]byte(r.PostForm.Get("form")), []byte(form))
}

// granted opens the link and finds its survey; where it can't, it has answered.
func (p *Pages) granted(w http.ResponseWriter, r *http.Request, link string, what purpose) (grant, throughline.Survey, bool) {
	guess := in(preferred(r))
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		p.show(w, r, http.StatusMethodNotAllowed, view{words: guess, Title: guess.NotOurs})
		return grant{}, throughline.Survey{}, false
	}
	g, err := p.Links.open(link, what)
	if err != nil {
		p.show(w, r, http.StatusNotFound, view{words: guess, Title: guess.NotOurs})
		return grant{}, throughline.Survey{}, false
	}
	s, ok, err := p.Store.Survey(r.Context(), g.survey)
	switch {
	case err != nil:
		p.failed(r.Context(), "finding a survey", err)
		p.show(w, r, http.StatusServiceUnavailable, view{words: guess, Title: guess.TryAgain})
	case !p.Now().Before(g.until), !ok && what == vote:
		p.show(w, r, http.StatusGone, view{words: guess, Title: guess.Expired})
	default: // a wish not to be asked again is kept even where its survey is gone
		return g, s, true
	}
	return grant{}, throughline.Survey{}, false
}

// preferred is the first of our languages that the browser asks for.
func preferred(r *http.Request) string {
	for entry := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(entry), ";")
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if _, ok := vocabulary[base]; ok {
			return base
		}
	}
	return Languages[0]
}

func (p *Pages) failed(ctx context.Context, what string, err error) {
	if p.Log != nil {
		p.Log.ErrorContext(ctx, what, "error", err)
	}
}

//go:embed page.css
var pageCSS string

//go:embed page.html.tmpl
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(pageCSS) },
	"most":  func() int { return MostComment },
}).Parse(pageHTML))

// policy lets a page use its own style and send its own form, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		p.failed(r.Context(), "writing a survey's page", err)
		http.Error(w, v.TryAgain, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Language)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// The address is a secret of the respondent's. With "no-referrer" browsers would not
	// tell our site where its own form comes from.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever hung up is not there to be told
}
