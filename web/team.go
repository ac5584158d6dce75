package web

import (
	"net/http"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
	"throughline/store"
)

// mostRuns is how many runs the list shows.
const mostRuns = 500

func (s *Server) listPage(w http.ResponseWriter, r *http.Request) error {
	runs, err := s.Store.Runs(r.Context(), mostRuns)
	if err != nil {
		return err
	}
	type row struct {
		lifecycle.Run
		PublishAt time.Time
		Parked    int
	}
	var rows []row
	for _, run := range runs {
		tasks, err := s.Store.Tasks(r.Context(), run.ID)
		if err != nil {
			return err
		}
		one := row{Run: run, PublishAt: s.Service.Rules.PublishAt(run)}
		for _, t := range tasks {
			if t.State == lifecycle.TaskParked {
				one.Parked++
			}
		}
		rows = append(rows, one)
	}
	s.show(w, http.StatusOK, "list.tmpl", rows)
	return nil
}

func (s *Server) runPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	run, err := s.Store.Run(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	moves, err := s.Store.Moves(ctx, run.ID)
	if err != nil {
		return err
	}
	tasks, err := s.Store.Tasks(ctx, run.ID)
	if err != nil {
		return err
	}
	copies, err := s.Store.Copies(ctx, run.ID)
	if err != nil {
		return err
	}
	var parked, open []lifecycle.Task
	for _, t := range tasks {
		switch t.State {
		case lifecycle.TaskParked:
			parked = append(parked, t)
		case lifecycle.TaskOpen:
			open = append(open, t)
		}
	}
	s.show(w, http.StatusOK, "run.tmpl", struct {
		Run          lifecycle.Run
		PublishAt    time.Time
		Moves        []lifecycle.Move
		Parked, Open []lifecycle.Task
		Copies       []store.Copy
		Reasons      []lifecycle.Reason
		Audiences    []throughline.Audience
	}{run, s.Service.Rules.PublishAt(run), moves, parked, open, copies, lifecycle.Reasons, throughline.Audiences})
	return nil
}

// handoffPage shows a version as an audience sees it. The document brings its own
// content security policy, which is narrower than ours.
func (s *Server) handoffPage(w http.ResponseWriter, r *http.Request) error {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if run.Version == 0 {
		return problem{http.StatusNotFound, "There is no draft yet."}
	}
	audience := throughline.Audience(r.URL.Query().Get("audience"))
	if audience == "" {
		audience = throughline.AudienceTeam
	}
	h, err := s.Service.Current(r.Context(), run)
	if err != nil {
		return err
	}
	w.Header().Del("Content-Security-Policy")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return render.HTML(w, h, audience)
}

func (s *Server) accept(w http.ResponseWriter, r *http.Request) error {
	if err := s.Service.Accept(r.Context(), r.PathValue("id"), s.Me); err != nil {
		return err
	}
	return back(w, r)
}

func (s *Server) giveBack(w http.ResponseWriter, r *http.Request) error {
	err := s.Service.Return(r.Context(), r.PathValue("id"), s.Me, lifecycle.Reason(r.FormValue("reason")), r.FormValue("note"))
	if err != nil {
		return err
	}
	return back(w, r)
}

func (s *Server) note(w http.ResponseWriter, r *http.Request) error {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	err = s.Service.Review(r.Context(), run.ID, lifecycle.Review{
		Version: run.Version, By: s.Me, Role: "CSM",
		Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkAdded, Text: r.FormValue("text")}},
	})
	if err != nil {
		return problem{http.StatusBadRequest, err.Error()}
	}
	return back(w, r)
}

func (s *Server) setKickoff(w http.ResponseWriter, r *http.Request) error {
	at, err := time.Parse("2006-01-02T15:04", r.FormValue("at"))
	if err != nil {
		return problem{http.StatusBadRequest, "That is no date and time. Write it as 2026-10-06T15:00, in UTC."}
	}
	if err := s.Service.SetKickoff(r.Context(), r.PathValue("id"), s.Me, at); err != nil {
		return err
	}
	return back(w, r)
}

func (s *Server) retry(w http.ResponseWriter, r *http.Request) error {
	if err := s.Service.Retry(r.Context(), r.PathValue("id"), r.FormValue("task"), s.Me); err != nil {
		return err
	}
	return back(w, r)
}

// freshLink sends the AE another review link.
func (s *Server) freshLink(w http.ResponseWriter, r *http.Request) error {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.send(r, run); err != nil {
		return err
	}
	return back(w, r)
}

func back(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/runs/"+r.PathValue("id"), http.StatusSeeOther)
	return nil
}
