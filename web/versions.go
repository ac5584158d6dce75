package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
)

// mostVersions is how many versions the page lists, the latest of them.
const mostVersions = 30

// A versionsView is a handoff's versions, and what changed between two.
type versionsView struct {
	frame
	Tabs     tabs
	Run      lifecycle.Run
	Versions []versionRow
	From, To int
	Changes  []string
}

type versionRow struct {
	Number              int
	At                  time.Time
	Path                string
	Published, Accepted bool
	Items               int
}

func (s *Server) versionsPage(w http.ResponseWriter, r *http.Request) error {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	may := s.access(r, run)
	v := versionsView{frame: framed(r, "Versions", placeDeals), Tabs: s.tabs(r, run, tabVersions), Run: may.shown(run)}
	documents := map[int]*throughline.Handoff{}
	read := func(n int) error {
		h, err := s.Store.Document(r.Context(), run.ID, n)
		if err == nil {
			documents[n] = render.For(h, may.Audience)
		}
		if errors.Is(err, lifecycle.ErrNotFound) {
			return problem{http.StatusNotFound, "There is no such version of this handoff."}
		}
		return err
	}
	for n := run.Version; n > max(0, run.Version-mostVersions); n-- {
		if err := read(n); err != nil {
			return err
		}
		v.Versions = append(v.Versions, versionRow{
			Number: n, At: documents[n].GeneratedAt, Path: runPath(run.ID) + "?version=" + strconv.Itoa(n), Items: len(documents[n].Items),
			Published: n == run.PublishedVersion, Accepted: n == run.AcceptedVersion,
		})
	}
	v.From, v.To = versionAsked(r, "from", run.Version-1), versionAsked(r, "to", run.Version)
	if v.From < 1 || v.To > run.Version || v.From >= v.To {
		v.From, v.To = run.Version-1, run.Version
	}
	if v.From >= 1 {
		for _, n := range []int{v.From, v.To} {
			if documents[n] == nil {
				if err := read(n); err != nil {
					return err
				}
			}
		}
		v.Changes = lifecycle.Changes(documents[v.From], documents[v.To])
	}
	if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: may.Audience, Of: "its versions"}); err != nil {
		return err
	}
	s.show(w, http.StatusOK, "versions.tmpl", v)
	return nil
}

// versionAsked is the number of a version that an address names; another where it names
// none.
func versionAsked(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}
