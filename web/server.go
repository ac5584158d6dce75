package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/gzhttp"

	"throughline"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/survey"
)

// A Server serves the pages. Its fields are set before its first use.
type Server struct {
	Service *lifecycle.Service
	Store   Store
	Links   *Links
	Admins  []string     // email addresses of who runs the installation: they see every deal whole
	SignIn  *Provider    // signs the team in; nil where one-time links do
	Log     *slog.Logger // nil for none
	// ClientHeader is the header in which a proxy of ours says whose address asks;
	// empty where there is none.
	ClientHeader string
	Clock        func() time.Time // by which limits are counted; nil for the machine's

	// Checks tries every connection, and Settings says what is in use; nil where
	// nobody can tell. Both are shown to admins.
	Checks   func(context.Context) ([]Checked, error)
	Settings func(context.Context) ([]Setting, error)
	// Survey answers what a survey's mails lead to; nil where nobody is asked. Number is
	// the report of what they said, and NoSurvey why nobody is asked.
	Survey   http.Handler
	Number   func(context.Context) (survey.Report, error)
	NoSurvey string
	// Ending is closed when the process ends, and ends live pages; nil for never.
	Ending <-chan struct{}
	Pace   float64 // of live pages: 0.01 makes them a hundred times as quick, for tests; 0 for 1

	limits   limits
	checking checking

	deals deals // that were read
}

// A Store is what the pages read.
type Store interface {
	lifecycle.Store
	Lookups
	Moves(ctx context.Context, run string) ([]lifecycle.Move, error)
	Tasks(ctx context.Context, run string) ([]lifecycle.Task, error)
	// ParkedCounts are how many tasks of each run wait for a person.
	ParkedCounts(ctx context.Context) (map[string]int, error)
	Copies(ctx context.Context, run string) ([]store.Copy, error)
	// Check is what the recording of a run's kickoff showed; it errs with
	// [lifecycle.ErrNotFound] where none was read. AnswersTo are the answers to a survey.
	Check(ctx context.Context, run string) (*kickoff.Report, error)
	AnswersTo(ctx context.Context, survey string) ([]throughline.Answer, error)
	// CollectedAt is when what is kept of the run's deal was collected; it errs with
	// [lifecycle.ErrNotFound] where nothing is, or nothing any more.
	CollectedAt(ctx context.Context, run string) (time.Time, error)
	// Bind ties a link to a browser, unless it is tied already: it gives the
	// browser that it is tied to.
	Bind(ctx context.Context, link, browser string, at time.Time) (string, error)
	// FreshLink claims that a fresh link is sent now, unless one was sent since a
	// moment; NoFreshLink takes that back.
	FreshLink(ctx context.Context, run string, now, since time.Time) (bool, error)
	NoFreshLink(ctx context.Context, run string, at time.Time) error
	// Session keeps that a person has signed in with a browser, until a moment;
	// SignedIn is who has, empty where nobody has.
	Session(ctx context.Context, browser, who string, until time.Time) error
	SignedIn(ctx context.Context, browser string, now time.Time) (string, error)
	SignOut(ctx context.Context, browser string) error
	// BeginSignIn keeps a sign-in that goes on at a provider, and the path of the
	// page that it leads to, until a moment; EndSignIn gives that path, once, empty
	// where there is none such.
	BeginSignIn(ctx context.Context, flow, lead string, until time.Time) error
	EndSignIn(ctx context.Context, flow string, now time.Time) (string, error)
	// SpendToken spends a one-time token: it is whom it signs in, empty where it
	// is spent or none.
	SpendToken(ctx context.Context, token string, now time.Time) (string, error)
}

//go:embed templates/*.tmpl
var templateFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"when": func(t time.Time) string {
		if t.IsZero() {
			return "—"
		}
		return t.UTC().Format("2 Jan 2006, 15:04 UTC")
	},
	"day": func(t time.Time) string { return t.UTC().Format("2 Jan 2006") },
	"iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	// asset is the path of a file of [assetFiles].
	"asset": func(name string) (string, error) {
		at, ok := assetPaths[name]
		if !ok {
			return "", fmt.Errorf("there is no asset %s", name)
		}
		return at, nil
	},
	// words are an identifier as a person reads it: "in review" of in_review.
	"words": func(v any) string { return strings.ReplaceAll(fmt.Sprint(v), "_", " ") },
}).ParseFS(templateFiles, "templates/*.tmpl"))

// A handler answers a request, or errs with what [Server.page] makes a page of.
type handler func(http.ResponseWriter, *http.Request) error

// Team is the handler of the team's pages.
func (s *Server) Team() http.Handler {
	mux := s.mux()
	mux.Handle("GET /signin", s.page(s.signInPage))
	mux.Handle("POST /signin", s.page(s.signIn))
	mux.Handle("GET /signin/with", s.page(s.toProvider))
	mux.Handle("GET /signin/callback", s.page(s.callback))
	for pattern, h := range map[string]handler{
		"POST /signout":                          s.signOut,
		"GET /{$}":                               s.dealsPage,
		"GET /runs/{id}":                         s.handoffPage,
		"GET /runs/{id}/progress":                s.progressPage,
		"GET /runs/{id}/progress/events":         s.progressEvents,
		"GET /number":                            s.numberPage,
		"GET /number.csv":                        s.numberCSV,
		"GET /number.json":                       s.numberJSON,
		"GET /operations":                        s.admins(s.operationsPage),
		"POST /operations/check":                 s.admins(s.check),
		"POST /operations/retry":                 s.admins(s.retryParked),
		"GET /operations/trail":                  s.admins(s.trailPage),
		"GET /runs/{id}/handoff":                 s.documentPage,
		"GET /runs/{id}/history":                 s.historyPage,
		"GET /runs/{id}/versions":                s.versionsPage,
		"GET /runs/{id}/sources":                 s.theirs(s.sourcesPage),
		"GET /runs/{id}/sources/{source}":        s.theirs(s.sourcePage),
		"GET /runs/{id}/evidence/{ref}":          s.theirs(s.evidence),
		"POST /runs/{id}/read":                   s.theirs(s.readSection),
		"POST /runs/{id}/accept":                 s.theirs(s.accept),
		"POST /runs/{id}/return":                 s.theirs(s.giveBack),
		"POST /runs/{id}/note":                   s.theirs(s.note),
		"POST /runs/{id}/kickoff":                s.theirs(s.setKickoff),
		"GET /runs/{id}/kickoff":                 s.theirs(s.kickoffPage),
		"GET /runs/{id}/kickoff.md":              s.theirs(s.kickoffFile("text/markdown; charset=utf-8", ".md", writeAgenda)),
		"GET /runs/{id}/kickoff.ics":             s.theirs(s.kickoffFile("text/calendar; charset=utf-8", ".ics", s.calendarEntry)),
		"GET /runs/{id}/kickoff/print":           s.theirs(s.kickoffFile("text/html; charset=utf-8", "", printAgenda)),
		"POST /runs/{id}/kickoff/tick":           s.theirs(s.tickPoint),
		"POST /runs/{id}/kickoff/held":           s.theirs(s.held),
		"POST /runs/{id}/kickoff/respondents":    s.theirs(s.respondents),
		"POST /runs/{id}/kickoff/wording":        s.theirs(s.word),
		"GET /runs/{id}/milestones":              s.theirs(s.milestonesPage),
		"POST /runs/{id}/milestones/{milestone}": s.theirs(s.setMilestone),
		"POST /runs/{id}/retry":                  s.theirs(s.retry),
		"POST /runs/{id}/review-link":            s.theirs(s.freshLink),
		"GET /runs/{id}/review":                  s.byTeam(s.showStep),
		"POST /runs/{id}/review/step":            s.byTeam(s.takeStep),
		"GET /runs/{id}/review/all":              s.byTeam(s.showForm),
		"POST /runs/{id}/review":                 s.byTeam(s.takeForm),
	} {
		mux.Handle(pattern, s.page(s.signedIn(h)))
	}
	mux.Handle("/api/", s.api())
	return s.guard(mux, teamLimit, func() string { return s.Links.Team })
}

// Public is the handler of the links that were sent.
func (s *Server) Public() http.Handler {
	mux := s.mux()
	mux.Handle("GET /review/{link}", s.page(s.byLink(s.showStep)))
	mux.Handle("POST /review/{link}/step", s.page(s.byLink(s.takeStep)))
	mux.Handle("GET /review/{link}/all", s.page(s.byLink(s.showForm)))
	mux.Handle("POST /review/{link}/open", s.page(s.openReview))
	mux.Handle("POST /review/{link}/fresh", s.page(s.sendFresh))
	mux.Handle("POST /review/{link}", s.page(s.byLink(s.takeForm)))
	if s.Survey != nil {
		mux.Handle(survey.VotePath, s.Survey)
	}
	return s.guard(mux, publicLimit, func() string { return s.Links.Public })
}

// mux has what both handlers answer.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/", serveAsset)
	mux.HandleFunc("GET /favicon.ico", serveIcon)
	mux.Handle("/", s.page(func(http.ResponseWriter, *http.Request) error { return errNoPage }))
	return mux
}

// longestForm bounds what a form may send, in bytes: the longest words on each of
// a long handoff's items fit.
const longestForm = 4 << 20

const (
	// pagePolicy lets a page load our style and scripts, and send its forms to us.
	pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// documentPolicy is for a rendered handoff, whose own policy names the one
	// style that it holds.
	documentPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

// permissionsPolicy turns off what no page of ours uses.
const permissionsPolicy = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()"

// A frame is what stands around every page: its title, who is signed in, and which
// of the bar's places it belongs to.
type frame struct {
	Title  string
	Person string // empty for a page that needs no sign-in
	Place  place
	Admin  bool // who is signed in runs the installation
	Wide   bool // for pages with something beside the text
	Chart  bool // for pages that draw their tables
	Script bool // for pages that need no sign-in, and load htmx all the same
}

// A place is one of the bar's.
type place string

const (
	placeDeals      place = "deals"
	placeNumber     place = "number"
	placeOperations place = "operations"
)

// framed is the frame of a page for who is signed in.
func framed(r *http.Request, title string, at place) frame {
	return frame{Title: title, Person: person(r), Place: at, Admin: runsIt(r)}
}

// guard is what every answer has: nothing may be loaded or run but our own files,
// forms come from our own pages, no address leaks to where a link leads, and nobody
// asks without end. site is the address that browsers know the pages by.
func (s *Server) guard(h http.Handler, what func(*http.Request) limit, site func() string) http.Handler {
	same := http.NewCrossOriginProtection()
	// A mail program unsubscribes from where it is. The link is all the proof there is,
	// and no cookie of ours stands in for it.
	same.AddInsecureBypassPattern("POST " + survey.StopPath)
	same.SetDenyHandler(s.page(func(http.ResponseWriter, *http.Request) error {
		return problem{http.StatusForbidden, "This came from another site, and nothing was done. Open the page itself and try there."}
	}))
	// Nothing that strangers send stands beside a secret on a page, so that its
	// compressed length tells nothing.
	h = gzhttp.GzipHandler(same.Handler(h))
	h = s.limited(what, h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", pagePolicy)
		head.Set("X-Content-Type-Options", "nosniff")
		// With "no-referrer" browsers would not tell where a form comes from.
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Permissions-Policy", permissionsPolicy)
		if encrypted(site()) {
			head.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, longestForm)
		h.ServeHTTP(w, r)
	})
}

// encrypted reports whether browsers reach an address by TLS.
func encrypted(site string) bool { return strings.HasPrefix(site, "https://") }

// A problem is an error that is shown to the person: what happened, and what to
// do next.
type problem struct {
	status int
	text   string
}

func (p problem) Error() string { return p.text }

var errNoPage = problem{http.StatusNotFound, "There is no such page. The address may not be complete."}

// page reads what a form sent, and shows errors as pages: what a person can do
// something about in words, the rest as a fault that the log tells of.
func (s *Server) page(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := readForm(r)
		if err == nil {
			err = h(w, r)
		}
		var known problem
		switch {
		case err == nil:
		case errors.As(err, &known):
			s.showProblem(w, r, known.status, known.text)
		case errors.Is(err, lifecycle.ErrNotFound):
			s.showProblem(w, r, http.StatusNotFound, "There is no such handoff. It may have been erased.")
		default:
			if s.Log != nil {
				s.Log.ErrorContext(r.Context(), "page failed", "page", r.Pattern, "error", err)
			}
			s.showProblem(w, r, http.StatusInternalServerError, "Something went wrong here, and nothing was changed. Go back and try again; if it goes on, the program's log says more.")
		}
	})
}

// readForm fills PostForm with clean text. What no browser sends has no page.
func readForm(r *http.Request) error {
	if !utf8.ValidString(r.URL.Path) || strings.ContainsRune(r.URL.Path, 0) {
		return errNoPage
	}
	if err := r.ParseForm(); err != nil && r.Method == http.MethodPost {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return problem{http.StatusRequestEntityTooLarge, "This is longer than one form can hold, and nothing was saved. Go back, and save it in parts."}
		}
		return problem{http.StatusBadRequest, "The form did not arrive whole, and nothing was saved. Go back and send it again."}
	}
	for name, values := range r.PostForm {
		for i, v := range values {
			r.PostForm[name][i] = clean(v)
		}
	}
	return nil
}

// clean is text as a person typed it: in UTF-8, with plain line ends, and without
// what has no shape.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// line is clean text in one line.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

func (s *Server) showProblem(w http.ResponseWriter, r *http.Request, status int, text string) {
	if strings.HasPrefix(r.URL.Path, "/api/") { // a program, and not who reads pages
		s.answerProblem(w, r, wrong(status, text))
		return
	}
	s.show(w, status, "problem.tmpl", struct {
		frame
		Text string
	}{framed(r, "That did not work", ""), text})
}

func (s *Server) show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		if s.Log != nil {
			s.Log.Error("page can't be written", "page", name, "error", err)
		}
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who has gone needs none
}
