package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"throughline/lifecycle"
)

// A reviewer is who reviews, and where: the AE by a link, or somebody signed in on
// the team's pages, which an installation without a public address has alone.
type reviewer struct {
	By   string
	Site string // "https://handoff.example.com"
	Path string // of the review, below which its other pages lie
}

// A reviewing page is one of a review's.
type reviewing func(http.ResponseWriter, *http.Request, lifecycle.Run, reviewer) error

// byTeam is a page of the review for who is signed in.
func (s *Server) byTeam(h reviewing) handler {
	return s.theirs(func(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
		if err := s.noteRead(r, run, person(r), readReview); err != nil {
			return err
		}
		return h(w, r, run, reviewer{By: person(r), Site: s.Links.Team, Path: runPath(run.ID) + "/review"})
	})
}

// byLink is a page of the review for the browser that the link is tied to. Looking
// ties nothing: everybody else sees a button, or why there is none.
func (s *Server) byLink(h reviewing) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		run, state, err := s.linked(r)
		if err != nil {
			return err
		}
		mine, err := s.mine(r)
		if err != nil {
			return err
		}
		if state == linkGood && !mine && r.Method == http.MethodPost {
			state = linkTaken
		}
		if state != linkGood || !mine {
			return s.showOpen(w, r, state)
		}
		if err := s.noteRead(r, run, run.AE.Email, readReview); err != nil {
			return err
		}
		return h(w, r, run, reviewer{By: run.AE.Email, Site: s.Links.Public, Path: reviewPath(r)})
	}
}

// A linkState is what a link is good for.
type linkState string

const (
	linkGood    linkState = "good"
	linkExpired linkState = "expired"
	// linkMoved was for somebody who is no longer the deal's AE.
	linkMoved linkState = "moved"
	// linkTaken is tied to another browser.
	linkTaken linkState = "taken"
	linkSent  linkState = "sent" // another one, just now
)

// linked is the run that a link speaks for.
func (s *Server) linked(r *http.Request) (lifecycle.Run, linkState, error) {
	g, err := s.Links.open(r.PathValue("link"))
	if err != nil {
		s.missed(r, limitLinks)
		return lifecycle.Run{}, "", problem{http.StatusNotFound, "This link is not complete. Open it from the message again, or copy all of it."}
	}
	run, err := s.Store.Run(r.Context(), g.run)
	switch {
	case err != nil:
		return run, "", err
	case g.person != s.Links.person(run):
		return run, linkMoved, nil
	case !s.Service.Now().Before(g.until):
		return run, linkExpired, nil
	}
	return run, linkGood, nil
}

// mine reports whether the link is tied to this browser.
func (s *Server) mine(r *http.Request) (bool, error) {
	c, err := r.Cookie(s.reviewCookieName())
	if err != nil {
		return false, nil //nolint:nilerr // a browser without the cookie is another one
	}
	owner, err := s.Store.Bind(r.Context(), hashed(r.PathValue("link")), "", s.Service.Now())
	return err == nil && owner == hashed(c.Value), err
}

// An openPage stands before the review: it shows nothing of the deal.
type openPage struct {
	frame
	Link    string
	State   linkState
	Browser string // a name for the browser, which the link is tied to once the button is pressed
	Problem string
	Written []string // what was typed and could not be saved
}

// showOpen shows why the review itself is not shown.
func (s *Server) showOpen(w http.ResponseWriter, r *http.Request, state linkState) error {
	status := http.StatusOK
	switch state {
	case linkExpired, linkMoved:
		status = http.StatusGone
	case linkTaken:
		status = http.StatusForbidden
	}
	p := openPage{frame: frame{Title: "Review"}, Link: r.PathValue("link"), State: state, Browser: random(), Written: written(r.PostForm)}
	slices.Sort(p.Written)
	s.show(w, status, "open.tmpl", p)
	return nil
}

func reviewPath(r *http.Request) string { return "/review/" + r.PathValue("link") }

// openReview ties the link to the browser in which the button was pressed first.
// The page with the button brought a name for the browser, so that a button that
// is pressed twice in haste is pressed once.
func (s *Server) openReview(w http.ResponseWriter, r *http.Request) error {
	_, state, err := s.linked(r)
	if err != nil {
		return err
	}
	if state != linkGood {
		return s.showOpen(w, r, state)
	}
	mine, err := s.mine(r)
	if err != nil {
		return err
	}
	if !mine {
		browser := r.PostForm.Get("browser")
		if len(browser) != len(random()) {
			browser = random()
		}
		owner, err := s.Store.Bind(r.Context(), hashed(r.PathValue("link")), hashed(browser), s.Service.Now())
		if err != nil {
			return err
		}
		if owner != hashed(browser) {
			return s.showOpen(w, r, linkTaken)
		}
		http.SetCookie(w, &http.Cookie{
			Name: s.reviewCookieName(), Value: browser, Path: reviewPath(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: encrypted(s.Links.Public), MaxAge: int((s.Links.term() + 24*time.Hour).Seconds()),
		})
	}
	http.Redirect(w, r, reviewPath(r), http.StatusSeeOther)
	return nil
}

// sendFresh sends another link to the AE's address, whoever asks. The link that was
// tied to another browser stays with that one: both were sent to the AE, and a
// review that was begun at one desk can be ended there.
func (s *Server) sendFresh(w http.ResponseWriter, r *http.Request) error {
	run, state, err := s.linked(r)
	if err != nil {
		return err
	}
	if state == linkMoved {
		return s.showOpen(w, r, state)
	}
	if err := s.send(r, run); err != nil {
		return err
	}
	return s.showOpen(w, r, linkSent)
}

// freshEvery is how long after a fresh link there may be another: whoever finds an
// old link can't fill the AE's inbox with it.
const freshEvery = 10 * time.Minute

func (s *Server) send(r *http.Request, run lifecycle.Run) error {
	if s.Links.Public == "" {
		return problem{http.StatusConflict, "No public address is configured, so there are no review links. The AE reviews on this page, signed in."}
	}
	if ended(run) {
		return problem{http.StatusConflict, "The run of this handoff has ended. There is nothing to review any more."}
	}
	now := s.Service.Now()
	claimed, err := s.Store.FreshLink(r.Context(), run.ID, now, now.Add(-freshEvery))
	if err != nil {
		return err
	}
	if !claimed {
		return problem{http.StatusTooManyRequests, fmt.Sprintf("A fresh link was sent less than %d minutes ago. It is in the AE’s inbox; in a while another can be sent.", int(freshEvery.Minutes()))}
	}
	link, err := s.Links.fresh(run)
	if err == nil {
		err = s.Service.SendLink(r.Context(), run, link)
	}
	if err == nil {
		return nil
	}
	if undo := s.Store.NoFreshLink(r.Context(), run.ID, now); undo != nil {
		return errors.Join(err, undo)
	}
	if errors.Is(err, lifecycle.ErrNoWay) {
		return problem{http.StatusConflict, "No address of the AE is known, or no way to write to people is configured."}
	}
	if s.Log != nil {
		s.Log.WarnContext(r.Context(), "fresh review link not sent", "run", run.ID, "error", err)
	}
	return problem{http.StatusBadGateway, "The message could not be sent just now. Try again in a few minutes."}
}
