package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
	"throughline/store"
)

// A historyView is the page of what happened to a run and what comes next, and holds
// no more than its reader may see. Typed is what a form sent that could not be done,
// and Problem says why, by the name of the form.
type historyView struct {
	frame
	Tabs         tabs
	Access       access
	Run          lifecycle.Run
	PublishAt    time.Time
	Ended        bool
	Moves        []lifecycle.Move
	Parked, Open []lifecycle.Task
	Copies       []store.Copy
	CanSend      bool // a fresh review link
	Done         string
	Problem      map[string]string
	Typed        url.Values
}

func (s *Server) historyPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.historyView(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("sent") {
		v.Done = "A fresh link is on its way to the AE."
	}
	if err := s.noteRead(r, v.Run, person(r), lifecycle.Reading{Audience: v.Access.Audience, Of: "its history"}); err != nil {
		return err
	}
	s.show(w, http.StatusOK, "history.tmpl", v)
	return nil
}

func (s *Server) historyView(r *http.Request) (v historyView, err error) {
	ctx := r.Context()
	v = historyView{frame: framed(r, "History", placeDeals)}
	if v.Run, err = s.Store.Run(ctx, r.PathValue("id")); err != nil {
		return v, err
	}
	v.PublishAt, v.Ended, v.Access = s.Service.Rules.PublishAt(v.Run), ended(v.Run), s.access(r, v.Run)
	v.Tabs = s.tabs(r, v.Run, tabHistory)
	v.Run = v.Access.shown(v.Run)
	if !v.Access.Team() {
		return v, nil
	}
	v.CanSend = s.Links.Public != "" && v.Run.AE.Email != "" && v.Run.Version > 0 && !v.Ended
	if v.Moves, err = s.Store.Moves(ctx, v.Run.ID); err != nil {
		return v, err
	}
	tasks, err := s.Store.Tasks(ctx, v.Run.ID)
	if err != nil {
		return v, err
	}
	for _, t := range tasks {
		switch t.State {
		case lifecycle.TaskParked:
			v.Parked = append(v.Parked, t)
		case lifecycle.TaskOpen:
			v.Open = append(v.Open, t)
		}
	}
	v.Copies, err = s.Store.Copies(ctx, v.Run.ID)
	return v, err
}

func ended(run lifecycle.Run) bool {
	return run.Stage == lifecycle.StageClosed || run.Stage == lifecycle.StageCancelled
}

// since is what a handoff says that it did not when it was accepted.
func (s *Server) since(r *http.Request, run lifecycle.Run) ([]string, error) {
	if run.AcceptedVersion == 0 || run.PublishedVersion <= run.AcceptedVersion {
		return nil, nil
	}
	before, err := s.Store.Document(r.Context(), run.ID, run.AcceptedVersion)
	if err != nil {
		return nil, fmt.Errorf("reading version %d: %w", run.AcceptedVersion, err)
	}
	after, err := s.Store.Document(r.Context(), run.ID, run.PublishedVersion)
	if err != nil {
		return nil, fmt.Errorf("reading version %d: %w", run.PublishedVersion, err)
	}
	return lifecycle.Changes(before, after), nil
}

// documentPage is the handoff as a document that stands alone, to be kept or sent, as
// an audience sees it; it notes who read it.
func (s *Server) documentPage(w http.ResponseWriter, r *http.Request) error {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if run.Version == 0 {
		return problem{http.StatusNotFound, "There is no draft of this handoff yet. Its page says when there will be."}
	}
	audience := s.access(r, run).sees(throughline.Audience(r.URL.Query().Get("audience")))
	h, err := s.Service.Current(r.Context(), run)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := render.HTML(&b, h, audience); err != nil {
		return err
	}
	if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: audience}); err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", documentPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // who has gone needs none
	return nil
}

// The names of the forms on a run's pages: the first three stand on the handoff's, the
// rest on that of what happened.
const (
	formAccept  = "accept"
	formNote    = "note"
	formReturn  = "return"
	formKickoff = "kickoff"
	formLink    = "link"
)

// done leads back to the page that a form stands on; what was not possible is said
// there beside the form, which keeps what was typed.
func (s *Server) done(w http.ResponseWriter, r *http.Request, form string, err error) error {
	onHandoff := slices.Contains([]string{formAccept, formNote, formReturn}, form)
	var known problem
	switch {
	case err == nil && onHandoff:
		http.Redirect(w, r, runPath(r.PathValue("id")), http.StatusSeeOther)
		return nil
	case err == nil:
		http.Redirect(w, r, runPath(r.PathValue("id"))+"/history", http.StatusSeeOther)
		return nil
	case errors.As(err, &known):
	case errors.Is(err, lifecycle.ErrTooEarly):
		known = problem{http.StatusConflict, "The handoff is not published yet. This is possible once it is."}
	case errors.Is(err, lifecycle.ErrTooLate):
		known = problem{http.StatusConflict, "The kickoff has been, or the run of this handoff has ended. Nothing was changed."}
	case errors.Is(err, lifecycle.ErrMovedOn):
		known = problem{http.StatusConflict, "A newer version came out while you were reading. Look at it, and accept it then."}
	default:
		return err
	}
	problems := map[string]string{form: known.text}
	if onHandoff {
		v, err := s.handoffView(r)
		if err != nil {
			return err
		}
		v.Problem, v.Typed = problems, r.PostForm
		s.show(w, known.status, "handoff.tmpl", v)
		return nil
	}
	v, err := s.historyView(r)
	if err != nil {
		return err
	}
	v.Problem, v.Typed = problems, r.PostForm
	s.show(w, known.status, "history.tmpl", v)
	return nil
}

func runPath(id string) string { return "/runs/" + url.PathEscape(id) }

func (s *Server) accept(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	version, err := strconv.Atoi(r.PostForm.Get("version"))
	if err != nil {
		return s.done(w, r, formAccept, problem{http.StatusBadRequest, "The form did not say which version you read. Accept it here."})
	}
	return s.done(w, r, formAccept, s.Service.AcceptVersion(r.Context(), run.ID, person(r), version))
}

func (s *Server) giveBack(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	reason, note := lifecycle.Reason(r.PostForm.Get("reason")), r.PostForm.Get("text")
	if !slices.Contains(lifecycle.Reasons, reason) {
		return s.done(w, r, formReturn, problem{http.StatusBadRequest, "Choose why it goes back."})
	}
	if said := tooLong(note); said != "" {
		return s.done(w, r, formReturn, problem{http.StatusUnprocessableEntity, said})
	}
	if run.Stage == lifecycle.StageReturned && (run.ReturnReason != reason || run.ReturnNote != note) {
		return s.done(w, r, formReturn, problem{http.StatusConflict, "It is with the AE already. Add what you wrote as a note, and it stands with the rest."})
	}
	return s.done(w, r, formReturn, s.Service.Return(r.Context(), run.ID, person(r), reason, note))
}

func (s *Server) note(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	text := r.PostForm.Get("text")
	var err error
	switch said := tooLong(text); {
	case said != "":
		err = problem{http.StatusUnprocessableEntity, said}
	case text == "":
		err = problem{http.StatusUnprocessableEntity, "There is no text yet. Write what the AE and the next reader should know."}
	case run.Version == 0:
		err = lifecycle.ErrTooEarly
	default:
		err = s.Service.Review(r.Context(), run.ID, lifecycle.Review{
			Version: run.Version, By: person(r), Role: s.access(r, run).part(), Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: text}},
		})
	}
	return s.done(w, r, formNote, err)
}

// tooLong is what to say of a text that is; empty of one that fits.
func tooLong(text string) string {
	if n := utf8.RuneCountInString(text); n > lifecycle.LongestWord {
		return fmt.Sprintf("This has %d characters, and %d fit here. Shorten it, or say the rest in a second text.", n, lifecycle.LongestWord)
	}
	return ""
}

// farthestKickoff is how long after Closed Won a kickoff may be: beyond that, the
// year is a slip of the keyboard.
const farthestKickoff = 3 * 365 * 24 * time.Hour

func (s *Server) setKickoff(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	at, err := typedTime(r.PostForm.Get("at"), run)
	if err == nil {
		err = s.Service.SetKickoff(r.Context(), run.ID, person(r), at)
	}
	if r.PostForm.Get("from") == tabKickoff {
		return s.kickoffDone(w, r, run, formKickoff, "", err)
	}
	return s.done(w, r, formKickoff, err)
}

// minutes is how forms write a time.
const minutes = "2006-01-02T15:04"

// typedTime is when the kickoff is, as a form says it.
func typedTime(typed string, run lifecycle.Run) (time.Time, error) {
	at, err := time.Parse(minutes, typed)
	if err != nil { // some browsers add seconds
		at, err = time.Parse("2006-01-02T15:04:05", typed)
	}
	switch {
	case err != nil:
		return at, problem{http.StatusUnprocessableEntity, "That is no date and time. Write it as 2026-10-06T15:00, in UTC."}
	case at.Before(run.Won):
		return at, problem{http.StatusUnprocessableEntity, "That is before the deal was won. Look at the year and the month."}
	case at.After(run.Won.Add(farthestKickoff)):
		return at, problem{http.StatusUnprocessableEntity, "That is more than three years after the deal was won. Look at the year."}
	}
	return at, nil
}

func (s *Server) retry(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	key := r.PostForm.Get("task")
	task, err := s.Store.Task(r.Context(), run.ID, key)
	if errors.Is(err, lifecycle.ErrNotFound) || err == nil && task.State != lifecycle.TaskParked {
		return s.done(w, r, "", nil) // it goes on already
	}
	if err == nil {
		err = s.Service.Retry(r.Context(), run.ID, key, person(r))
	}
	return s.done(w, r, "", err)
}

// freshLink sends the AE another review link.
func (s *Server) freshLink(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	if err := s.send(r, run); err != nil {
		return s.done(w, r, formLink, err)
	}
	http.Redirect(w, r, runPath(run.ID)+"/history?sent", http.StatusSeeOther)
	return nil
}
