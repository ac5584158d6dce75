package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"throughline"
	"throughline/lifecycle"
)

// A reviewForm is what the AE sees: the draft's items one by one, the questions,
// and room for more.
type reviewForm struct {
	Run       lifecycle.Run
	PublishAt time.Time
	Version   int
	Sections  []reviewSection
	Questions []throughline.Question
	Post      string // where the form goes
	Done      bool
	Saved     bool
}

type reviewSection struct {
	Title string
	Items []throughline.Item
}

func (s *Server) form(r *http.Request, run lifecycle.Run, post string) (reviewForm, error) {
	f := reviewForm{Run: run, PublishAt: s.Service.Rules.PublishAt(run), Post: post, Done: !run.Reviewed.IsZero(), Saved: r.URL.Query().Has("saved")}
	if run.Version == 0 {
		return f, problem{http.StatusNotFound, "There is no draft yet. You will be written to when there is."}
	}
	h, err := s.Service.Current(r.Context(), run)
	if err != nil {
		return f, err
	}
	f.Version = run.Version
	for _, n := range throughline.Sections {
		sec := reviewSection{Title: n.Title()}
		for _, it := range h.Items {
			if it.Kind.Section() == n {
				sec.Items = append(sec.Items, it)
			}
		}
		if len(sec.Items) > 0 {
			f.Sections = append(f.Sections, sec)
		}
	}
	f.Questions = h.Questions
	return f, nil
}

// take reads the form: a word on each item that has one, an answer to each
// question that has one, and what was added.
func (s *Server) take(r *http.Request, run lifecycle.Run, by string) error {
	if err := r.ParseForm(); err != nil {
		return problem{http.StatusBadRequest, "The form could not be read; it may be too long. Send it in two parts."}
	}
	var version int
	if _, err := fmt.Sscan(r.FormValue("version"), &version); err != nil {
		return problem{http.StatusBadRequest, "The form is not whole. Open the page again."}
	}
	h, err := s.Store.Document(r.Context(), run.ID, version)
	if err != nil {
		return err
	}
	review := lifecycle.Review{Version: version, By: by, Role: "AE", Done: r.FormValue("done") != ""}
	for _, it := range h.Items {
		kind, words := throughline.RemarkKind(r.FormValue("say:"+it.ID)), strings.TrimSpace(r.FormValue("text:"+it.ID))
		if kind == "" && words == "" {
			continue
		}
		if kind == "" {
			kind = throughline.RemarkAdded
		}
		review.Remarks = append(review.Remarks, lifecycle.ReviewRemark{Kind: kind, Item: it.ID, Text: words})
	}
	for _, q := range h.Questions {
		if answer := strings.TrimSpace(r.FormValue("answer:" + q.ID)); answer != "" {
			review.Remarks = append(review.Remarks, lifecycle.ReviewRemark{Kind: throughline.RemarkAdded, Question: q.ID, Text: answer})
		}
	}
	if more := strings.TrimSpace(r.FormValue("more")); more != "" {
		review.Remarks = append(review.Remarks, lifecycle.ReviewRemark{Kind: throughline.RemarkAdded, Text: more})
	}
	if err := s.Service.Review(r.Context(), run.ID, review); err != nil {
		return problem{http.StatusBadRequest, "Nothing was saved yet: " + err.Error() + ". Go back and add it."}
	}
	return nil
}

// teamReview is the review on the team's own pages, for an installation without a
// public address.
func (s *Server) teamReview(w http.ResponseWriter, r *http.Request) error {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := s.take(r, run, s.Me); err != nil {
			return err
		}
		http.Redirect(w, r, "/runs/"+run.ID+"/review?saved", http.StatusSeeOther)
		return nil
	}
	f, err := s.form(r, run, "/runs/"+run.ID+"/review")
	if err != nil {
		return err
	}
	s.show(w, http.StatusOK, "review.tmpl", f)
	return nil
}

// linked is the run that a link speaks for.
func (s *Server) linked(r *http.Request) (lifecycle.Run, grant, error) {
	g, expired, err := s.Links.open(r.PathValue("link"))
	if err != nil {
		return lifecycle.Run{}, g, problem{http.StatusNotFound, "This link is not complete. Open it from the message again, or copy all of it."}
	}
	run, err := s.Store.Run(r.Context(), g.run)
	if err != nil {
		return run, g, err
	}
	if expired || !strings.EqualFold(run.AE.Email, g.email) {
		return run, g, errExpired
	}
	return run, g, nil
}

var errExpired = problem{http.StatusGone, "This link has expired."}

// mine reports whether the link is tied to this browser.
func (s *Server) mine(r *http.Request) (bool, error) {
	c, err := r.Cookie(reviewCookie)
	if err != nil {
		return false, nil //nolint:nilerr // a browser without the cookie is another one
	}
	owner, err := s.Store.Bind(r.Context(), hashed(r.PathValue("link")), "", s.Service.Now())
	return err == nil && owner != "" && owner == hashed(c.Value), err
}

// reviewPage shows the review to the browser that the link is tied to, and a
// button to everybody else. Looking ties nothing.
func (s *Server) reviewPage(w http.ResponseWriter, r *http.Request) error {
	run, _, err := s.linked(r)
	if err == errExpired {
		s.show(w, http.StatusGone, "open.tmpl", openPage{Link: r.PathValue("link"), Fresh: true})
		return nil
	}
	if err != nil {
		return err
	}
	mine, err := s.mine(r)
	if err != nil {
		return err
	}
	if !mine {
		s.show(w, http.StatusOK, "open.tmpl", openPage{Link: r.PathValue("link")})
		return nil
	}
	f, err := s.form(r, run, "/review/"+r.PathValue("link"))
	if err != nil {
		return err
	}
	s.show(w, http.StatusOK, "review.tmpl", f)
	return nil
}

// An openPage stands before the review: it shows nothing of the deal.
type openPage struct {
	Link  string
	Fresh bool // the link is of no more use here: offer another
	Sent  bool
}

// openReview ties the link to the browser in which the button was pressed.
func (s *Server) openReview(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := s.linked(r); err != nil {
		return err
	}
	browser := random()
	owner, err := s.Store.Bind(r.Context(), hashed(r.PathValue("link")), hashed(browser), s.Service.Now())
	if err != nil {
		return err
	}
	if owner != hashed(browser) {
		s.show(w, http.StatusForbidden, "open.tmpl", openPage{Link: r.PathValue("link"), Fresh: true})
		return nil
	}
	http.SetCookie(w, &http.Cookie{
		Name: reviewCookie, Value: browser, Path: "/review/" + r.PathValue("link"), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.Links.Public, "https://"), MaxAge: int(DefaultFor.Seconds()),
	})
	http.Redirect(w, r, "/review/"+r.PathValue("link"), http.StatusSeeOther)
	return nil
}

// sendFresh sends another link to the AE's address, whoever asks.
func (s *Server) sendFresh(w http.ResponseWriter, r *http.Request) error {
	run, _, err := s.linked(r)
	if err != nil && err != errExpired {
		return err
	}
	if err := s.send(r, run); err != nil {
		return err
	}
	s.show(w, http.StatusOK, "open.tmpl", openPage{Link: r.PathValue("link"), Sent: true})
	return nil
}

func (s *Server) send(r *http.Request, run lifecycle.Run) error {
	if s.SendLink == nil || run.AE.Email == "" {
		return problem{http.StatusConflict, "No address of the AE is known, or no way to write to it is configured."}
	}
	now := s.Service.Now()
	link := s.Links.Public + "/review/" + s.Links.seal(run.ID, run.AE.Email, now.Add(s.Links.term()))
	return s.SendLink(r.Context(), run, link)
}

func (s *Server) takeReview(w http.ResponseWriter, r *http.Request) error {
	run, g, err := s.linked(r)
	if err != nil {
		return err
	}
	mine, err := s.mine(r)
	if err != nil {
		return err
	}
	if !mine {
		return problem{http.StatusForbidden, "This review was opened in another browser. Ask for a fresh link there where you opened this one."}
	}
	if err := s.take(r, run, g.email); err != nil {
		return err
	}
	http.Redirect(w, r, "/review/"+r.PathValue("link")+"?saved", http.StatusSeeOther)
	return nil
}
