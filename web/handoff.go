package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
	"throughline/lifecycle"
	"throughline/render"
)

// The pages of a run, between which tabs lead.
const (
	tabHandoff    = "handoff"
	tabKickoff    = "kickoff"
	tabMilestones = "milestones"
	tabSources    = "sources"
	tabVersions   = "versions"
	tabHistory    = "history"
)

// tabs lead to a run's other pages.
type tabs struct {
	Base string // the run's address
	Name string // the customer, or the deal
	At   string // which of the pages it is
	Team bool   // they see the pages that are the team's
}

func (s *Server) tabs(r *http.Request, run lifecycle.Run, at string) tabs {
	t := tabs{Base: runPath(run.ID), At: at, Team: s.access(r, run).Team()}
	for _, name := range []string{run.Deal.Customer, run.Deal.Name, "A deal without a name"} {
		if t.Name == "" {
			t.Name = flat(name)
		}
	}
	return t
}

// A handoffView is the handoff's page: what an audience may see of a version, and
// what its reader has to do.
type handoffView struct {
	frame
	Page      *render.Page // nil before the first draft
	Tabs      tabs
	Access    access
	Run       lifecycle.Run
	Version   int // which is shown
	Audiences []throughline.Audience
	Ended     bool
	PublishAt time.Time
	First     []firstPromise // the 30/60/90 in brief
	Map       *politicalMap
	Line      *timeline
	Work      *milestoneCount // nil where there is none, and for whom it is not
	Reads     map[int]sectionRead
	Since     []string // what changed since the accepted version
	Reasons   []lifecycle.Reason
	Done      string
	Problem   map[string]string
	Typed     url.Values
}

// A firstPromise is what was promised first of a day's.
type firstPromise struct {
	Day  int
	ID   string
	Text string
	More int // how many there are beside it
}

// A sectionRead is who has read a section of the version that is shown.
type sectionRead struct {
	Section int
	Base    string
	Version int
	Mine    bool
	Others  []string // their addresses
}

// handoffPage is a run's first page, and notes who read it.
func (s *Server) handoffPage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.handoffView(r)
	if err != nil {
		return err
	}
	if v.Page != nil {
		if err := s.noteRead(r, v.Run, person(r), lifecycle.Reading{Audience: v.Page.Audience}); err != nil {
			return err
		}
	}
	s.show(w, http.StatusOK, "handoff.tmpl", v)
	return nil
}

func (s *Server) handoffView(r *http.Request) (v handoffView, err error) {
	run, err := s.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return v, err
	}
	may := s.access(r, run)
	v = handoffView{
		frame: framed(r, "Handoff", placeDeals), Tabs: s.tabs(r, run, tabHandoff), Access: may, Run: may.shown(run), Version: run.Version,
		Audiences: may.audiences(), Ended: ended(run), PublishAt: s.Service.Rules.PublishAt(run), Reasons: lifecycle.Reasons,
	}
	v.Title, v.Wide = v.Tabs.Name, true
	if run.Version == 0 {
		return v, nil
	}
	if n := versionAsked(r, "version", run.Version); n >= 1 && n <= run.Version {
		v.Version = n
	}
	of := run
	of.Version = v.Version
	whole, err := s.Service.Current(r.Context(), of)
	if err != nil {
		return v, err
	}
	h := render.For(whole, may.sees(throughline.Audience(r.URL.Query().Get("audience"))))
	v.Page = render.NewPage(whole, h.Audience) // of the whole: a view of a view has no wording of the CSM's any more
	v.First = firstPromises(h)
	if h.Audience != throughline.AudienceCustomer {
		v.Line = newTimeline(h, s.Service.Now())
	}
	if !v.Page.Team() {
		return v, nil
	}
	v.Map = newMap(h)
	v.Work = countMilestones(run, s.Service.Now())
	v.Reads = reads(run, v.Version, person(r))
	v.Since, err = s.since(r, run)
	return v, err
}

// firstPromises are the first of each day's milestones, and how many more there are.
func firstPromises(h *throughline.Handoff) []firstPromise {
	var out []firstPromise
	for _, day := range []int{30, 60, 90} {
		p := firstPromise{Day: day}
		for _, it := range h.Items {
			switch {
			case it.Kind != throughline.KindMilestone || it.Day != day:
			case p.ID == "":
				p.ID, p.Text = it.ID, short(flat(it.Text), mostBrief)
			default:
				p.More++
			}
		}
		out = append(out, p)
	}
	return out
}

// mostBrief is how long a text on the first screen is, in characters.
const mostBrief = 105

// reads are who read which section of a version as the team sees it.
func reads(run lifecycle.Run, version int, me string) map[int]sectionRead {
	out := map[int]sectionRead{}
	for _, n := range throughline.Sections {
		read := sectionRead{Section: int(n), Base: runPath(run.ID), Version: version}
		for _, who := range run.Readers {
			switch {
			case who.Version != version || !slices.Contains(who.Sections, n):
			case strings.EqualFold(who.Who, me):
				read.Mine = true
			case !slices.Contains(read.Others, who.Who):
				read.Others = append(read.Others, who.Who)
			}
		}
		out[int(n)] = read
	}
	return out
}

// Proof is what the template of a quote needs: the quote, and where its source is
// shown to who may see it.
func (v handoffView) Proof(about string, quote any, ref string) any {
	p := struct {
		Quote        any
		Path, Beside string
	}{Quote: quote}
	if v.Access.Team() && v.Page.Team() && ref != "" {
		p.Path, p.Beside = sourcePath(v.Run.ID, ref), besidePath(v.Run.ID, ref, about)
	}
	return p
}

// Passage is the address of a passage, for who may see it; empty for others.
func (v handoffView) Passage(ref string) string {
	if !v.Access.Team() || !v.Page.Team() || ref == "" {
		return ""
	}
	return sourcePath(v.Run.ID, ref)
}

// Of is what the template of an item needs.
func (v handoffView) Of(entry any) any {
	return struct {
		View  handoffView
		Entry any
	}{v, entry}
}

// Seen is the address of the version as an audience sees it.
func (v handoffView) Seen(a throughline.Audience) string {
	q := url.Values{}
	if a != v.Access.Audience {
		q.Set("audience", string(a))
	}
	if v.Version != v.Run.Version {
		q.Set("version", strconv.Itoa(v.Version))
	}
	if len(q) == 0 {
		return v.Tabs.Base
	}
	return v.Tabs.Base + "?" + q.Encode()
}

// Read is who read a section, for its template; nil where nobody's reading of it is
// noted.
func (v handoffView) Read(section int) *sectionRead {
	if r, ok := v.Reads[section]; ok {
		return &r
	}
	return nil
}

// SectionsRead is how many of the sections the reader has read.
func (v handoffView) SectionsRead() (n int) {
	for _, r := range v.Reads {
		if r.Mine {
			n++
		}
	}
	return n
}

// Unanswered is how many questions are open.
func (v handoffView) Unanswered() (n int) {
	for _, q := range v.Page.Questions {
		if q.Answer == "" {
			n++
		}
	}
	return n
}

// readSection notes that a person read a section: by pressing its button, or by
// having it on the screen for a while.
func (s *Server) readSection(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	n, err := strconv.Atoi(r.PostForm.Get("section"))
	if err != nil || !slices.Contains(throughline.Sections, throughline.Section(n)) {
		return problem{http.StatusBadRequest, "The form did not say which of the five sections was read."}
	}
	if v, err := strconv.Atoi(r.PostForm.Get("version")); err != nil || v != run.Version || v == 0 {
		return problem{http.StatusConflict, "A newer version came out while you were reading. Open the handoff again."}
	}
	of := lifecycle.Reading{Audience: throughline.AudienceTeam, Section: throughline.Section(n)}
	if err := s.Service.Read(r.Context(), run.ID, person(r), of); err != nil {
		return err
	}
	if r.Header.Get("HX-Request") == "" {
		http.Redirect(w, r, runPath(run.ID)+"#section-"+strconv.Itoa(n), http.StatusSeeOther)
		return nil
	}
	if run, err = s.Store.Run(r.Context(), run.ID); err != nil {
		return err
	}
	s.show(w, http.StatusOK, "section-read", reads(run, run.Version, person(r))[n])
	return nil
}

// RefLink is what the template of a ref needs.
func (v handoffView) RefLink(ref string) link { return link{v.Passage(ref), ref} }
