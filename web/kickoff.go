package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"throughline"
	"throughline/kickoff"
	"throughline/lifecycle"
	"throughline/render"
	"throughline/store"
	"throughline/survey"
)

// A kickoffView is the page of a run's kickoff: its agenda to be ticked off in the
// call, what its recording showed, and whom the survey asks.
type kickoffView struct {
	frame
	Tabs      tabs
	Access    access
	Run       lifecycle.Run
	PublishAt time.Time
	Ended     bool
	Kickoff   *throughline.Kickoff // nil before the handoff is out
	Sections  []kickoffSection
	Say, Know tally
	Open      []throughline.TalkingPoint // what keeps it from being marked as held
	People    []attendee
	More      string          // addresses of others who were there
	Check     *kickoff.Report // nil where no recording was read
	CameUp    int             // points that came up and are not ticked
	Survey    *surveyShown
	Sheet     *throughline.Agenda // the customer's form, where that is looked at
	Elsewhere []agendaCopy        // where else the agenda is
	Problem   map[string]string
	Typed     url.Values
}

// An agendaCopy is the agenda in another system.
type agendaCopy struct {
	System string // "Notion"
	URL    string
	Theirs bool // it is the customer's form
}

// A tally counts points that are settled.
type tally struct{ Done, Of int }

// A kickoffSection is one of the five, as points to say and to know.
type kickoffSection struct {
	Number    int
	Title     string
	Say, Know []point
	Unread    bool // some of what is to be known is open
}

// A point is one of the agenda, with what became of it.
type point struct {
	throughline.TalkingPoint
	Base   string
	Tick   *throughline.Tick // nil while it is open
	Lead   *heard            // the quote that its text is over again, which stands in its place
	Again  bool              // its text is a quote's over again, and what is asked names it
	Words  []heard
	Came   *heard // where it came up in the recording
	Silent bool   // it was not found in the recording
	Own    string // how it is worded for the customer, as somebody typed it; empty for as it stands
}

// A heard is a quote, and where it is shown.
type heard struct {
	throughline.Evidence
	Clock string // 12:31
	Href  string // of the recording or the message; empty for none
	Path  string // of its source's page; empty where it has none
}

// An attendee is one of the customer's people who may have been there.
type attendee struct {
	Name, Title, Email string
	There              bool
}

// A surveyShown is whom the survey asks.
type surveyShown struct {
	Off     string // why nobody is asked; empty where they are
	Asked   []respondentShown
	Not     []survey.LeftOut
	Settled bool // the first mail is out
	Closes  time.Time
}

type respondentShown struct {
	Name, Email   string
	At            time.Time // when they are asked, or were
	Was, Reminded bool
	Answer        *throughline.Answer
}

// The forms of the kickoff's page.
const (
	formTick        = "tick"
	formHeld        = "held"
	formRespondents = "respondents"
	formWording     = "wording"
)

func (s *Server) kickoffPage(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	v, err := s.kickoffView(r, run)
	if err != nil {
		return err
	}
	if v.Kickoff != nil {
		if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: throughline.AudienceTeam, Of: "the kickoff’s agenda"}); err != nil {
			return err
		}
	}
	s.show(w, http.StatusOK, "kickoff.tmpl", v)
	return nil
}

func (s *Server) kickoffView(r *http.Request, run lifecycle.Run) (v kickoffView, err error) {
	ctx := r.Context()
	v = kickoffView{
		frame: framed(r, "Kickoff", placeDeals), Tabs: s.tabs(r, run, tabKickoff), Access: s.access(r, run), Run: run,
		PublishAt: s.Service.Rules.PublishAt(run), Ended: ended(run), Problem: map[string]string{},
	}
	if run.Published.IsZero() {
		return v, nil
	}
	h, err := s.Service.Published(ctx, run)
	if err != nil {
		return v, err
	}
	v.Kickoff = lifecycle.KickoffOf(run, h)
	if r.URL.Query().Get("audience") == string(throughline.AudienceCustomer) {
		v.Sheet = kickoff.Agenda(h, throughline.AudienceCustomer)
	}
	if v.Check, err = s.Store.Check(ctx, run.ID); err != nil && !errors.Is(err, lifecycle.ErrNotFound) {
		return v, err
	}
	v.points()
	v.People = attendeesOf(h, run)
	if v.Elsewhere, err = s.agendasElsewhere(ctx, run); err != nil {
		return v, err
	}
	v.Survey, err = s.surveyShown(ctx, run)
	return v, err
}

func (s *Server) agendasElsewhere(ctx context.Context, run lifecycle.Run) ([]agendaCopy, error) {
	if len(s.Service.Rules.Agendas) == 0 {
		return nil, nil
	}
	copies, err := s.Store.Copies(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	var out []agendaCopy
	for _, name := range s.Service.Rules.Agendas {
		i := slices.IndexFunc(copies, func(c store.Copy) bool { return c.Destination == lifecycle.AgendaOf(name) && c.URL != "" })
		if i >= 0 {
			theirs := kickoff.Audience(s.Service.Destinations[name].Audience) == throughline.AudienceCustomer
			out = append(out, agendaCopy{System: strings.ToUpper(name[:1]) + name[1:], URL: copies[i].URL, Theirs: theirs})
		}
	}
	return out, nil
}

// points lays the agenda out by sections, and counts.
func (v *kickoffView) points() {
	last := map[string]*throughline.Tick{}
	for i, t := range v.Kickoff.Ticks {
		last[t.Point] = &v.Kickoff.Ticks[i]
	}
	v.Open = v.Kickoff.Open()
	open := map[string]bool{}
	for _, p := range v.Open {
		open[p.ID] = true
	}
	for _, n := range throughline.Sections {
		section := kickoffSection{Number: int(n), Title: n.Title()}
		for _, p := range v.Kickoff.Agenda.Points {
			if p.Section != n {
				continue
			}
			one := point{TalkingPoint: p, Base: v.Tabs.Base}
			one.Came, one.Silent = v.cameUp(p)
			one.quotes(v)
			count := &v.Say
			if p.Mode == throughline.PointKnow {
				count = &v.Know
			}
			count.Of++
			if !open[p.ID] {
				one.Tick = last[p.ID]
				count.Done++
			} else if one.Came != nil && p.Mode == throughline.PointSay {
				v.CameUp++
			}
			if p.Mode == throughline.PointKnow {
				section.Know, section.Unread = append(section.Know, one), section.Unread || open[p.ID]
			} else {
				section.Say = append(section.Say, one)
			}
		}
		v.Sections = append(v.Sections, section)
	}
}

// quotes lays out the point's words.
func (p *point) quotes(v *kickoffView) {
	lead := kickoff.Told(p.TalkingPoint)
	if p.Ask != "" {
		p.Again, lead = lead >= 0, -1
	}
	for i, e := range p.TalkingPoint.Words {
		if h := heardIn(v.Run.ID, e); i == lead {
			p.Lead = &h
		} else {
			p.Words = append(p.Words, h)
		}
	}
}

// cameUp is where a point came up in the recording, or that it was not found to. Of a
// point that says something else since, nothing is known.
func (v *kickoffView) cameUp(p throughline.TalkingPoint) (where *heard, silent bool) {
	if v.Check == nil {
		return nil, false
	}
	is := func(q throughline.TalkingPoint) bool { return q.ID == p.ID && q.Text == p.Text }
	if i := slices.IndexFunc(v.Check.Referred, func(r kickoff.Referred) bool { return is(r.Point) }); i >= 0 {
		h := heardInCall(v.Check.Referred[i].Where)
		return &h, false
	}
	return nil, slices.ContainsFunc(v.Check.Silent, is)
}

// heardIn is a quote of the deal's sources.
func heardIn(run string, e throughline.Evidence) heard {
	h := heardInCall(e)
	if e.Ref != "" {
		h.Path = sourcePath(run, e.Ref)
	}
	return h
}

// heardInCall is a quote of the kickoff, which is none of the deal's sources.
func heardInCall(e throughline.Evidence) heard {
	h := heard{Evidence: e}
	if href, ok := render.Link(e.URL); ok {
		h.Href = href
	}
	if e.OffsetMS != nil {
		h.Clock = clockOf(time.Duration(*e.OffsetMS) * time.Millisecond)
	}
	return h
}

// Asked are the questions that the customer had answered before.
func (v kickoffView) Asked() []struct{ Question, Answer heard } {
	var out []struct{ Question, Answer heard }
	if v.Check != nil {
		for _, a := range v.Check.Asked {
			out = append(out, struct{ Question, Answer heard }{heardInCall(a.Question), heardIn(v.Run.ID, a.Answer)})
		}
	}
	return out
}

// Sheeted are the points of the customer's form.
func (v kickoffView) Sheeted() []point {
	var out []point
	for _, p := range v.Sheet.Points {
		one := point{TalkingPoint: p, Base: v.Tabs.Base}
		one.quotes(&v)
		if v.Problem[formWording] != "" && v.Typed.Get("item") == p.Item {
			one.Own = v.Typed.Get("text")
		}
		out = append(out, one)
	}
	return out
}

// attendeesOf are the customer's people whose address is known, and those who were
// named beside them.
func attendeesOf(h *throughline.Handoff, run lifecycle.Run) []attendee {
	var out []attendee
	add := func(a attendee) {
		if a.Email != "" && !slices.ContainsFunc(out, func(b attendee) bool { return strings.EqualFold(b.Email, a.Email) }) {
			out = append(out, a)
		}
	}
	there := func(email string) bool {
		return slices.ContainsFunc(run.Attendees, func(p lifecycle.Person) bool { return strings.EqualFold(p.Email, email) })
	}
	for _, p := range h.Deal.People {
		if p.Side == throughline.SideCustomer {
			add(attendee{p.Name, p.Title, p.Email, there(p.Email)})
		}
	}
	for _, p := range run.Attendees {
		add(attendee{Name: p.Name, Email: p.Email, There: true})
	}
	return out
}

func (s *Server) surveyShown(ctx context.Context, run lifecycle.Run) (*surveyShown, error) {
	if s.Service.Surveys == nil {
		return &surveyShown{Off: cmp.Or(s.NoSurvey, "surveys are off")}, nil
	}
	if run.TookPlace().IsZero() {
		return nil, nil
	}
	made, not, err := s.Service.SurveyOf(ctx, run)
	if err != nil {
		return nil, err
	}
	if run.Survey != nil {
		made = run.Survey
	}
	answers, err := s.Store.AnswersTo(ctx, made.ID)
	if err != nil {
		return nil, err
	}
	out := &surveyShown{Not: not, Closes: made.Closes}
	for _, one := range made.Respondents {
		shown := respondentShown{Name: one.Name, Email: one.Email, At: s.Service.Rules.AskAt(*made, one), Reminded: one.RemindedAt != nil}
		if one.AskedAt != nil {
			shown.At, shown.Was, out.Settled = *one.AskedAt, true, true
		}
		for i, a := range answers {
			if a.Respondent == one.ID {
				shown.Answer = &answers[i]
			}
		}
		out.Asked = append(out.Asked, shown)
	}
	return out, nil
}

// tickPoint keeps what became of points: of one, of all of a section that are to be
// known, or of all that came up in the recording.
func (s *Server) tickPoint(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	f := r.PostForm
	state, reason := throughline.TickState(f.Get("state")), f.Get("reason")
	var ticks []throughline.Tick
	for _, id := range f["point"] {
		ticks = append(ticks, throughline.Tick{Point: id, State: state, Reason: reason})
	}
	if len(ticks) == 0 {
		return s.kickoffDone(w, r, run, formTick, "", problem{http.StatusUnprocessableEntity, "The form named no point of the agenda. Tick it here."})
	}
	at := ""
	if len(ticks) == 1 {
		at = "#p-" + ticks[0].Point
	}
	return s.kickoffDone(w, r, run, formTick, at, s.Service.Tick(r.Context(), run.ID, person(r), ticks...))
}

// held marks the kickoff as held.
func (s *Server) held(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	at := run.Kickoff
	if typed := r.PostForm.Get("at"); at.IsZero() || typed != "" && typed != at.UTC().Format(minutes) {
		var err error
		if at, err = typedTime(typed, run); err != nil {
			return s.kickoffDone(w, r, run, formHeld, "#held", err)
		}
	}
	there, err := s.typedAttendees(r, run)
	if err == nil {
		err = s.Service.Hold(r.Context(), run.ID, person(r), at, there)
	}
	return s.kickoffDone(w, r, run, formHeld, "#held", err)
}

// respondents settles whom the survey asks.
func (s *Server) respondents(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	there, err := s.typedAttendees(r, run)
	if err == nil {
		err = s.Service.ChooseRespondents(r.Context(), run.ID, person(r), there)
	}
	return s.kickoffDone(w, r, run, formRespondents, "#survey", err)
}

// mostAttendees bounds how many people one form names.
const mostAttendees = 200

// typedAttendees are those whom a form ticks and names. Nobody is nil: nobody says who
// was there.
func (s *Server) typedAttendees(r *http.Request, run lifecycle.Run) ([]lifecycle.Person, error) {
	h, err := s.Service.Published(r.Context(), run)
	if err != nil {
		return nil, err
	}
	var out []lifecycle.Person
	known := attendeesOf(h, run)
	typed := strings.FieldsFunc(r.PostForm.Get("more"), func(c rune) bool { return unicode.IsSpace(c) || c == ',' || c == ';' })
	for _, email := range append(slices.Clone(r.PostForm["who"]), typed...) {
		a, err := netmail.ParseAddress(email)
		if err != nil || a.Name != "" {
			return nil, problem{http.StatusUnprocessableEntity, "“" + line(email) + "” is no email address. Nothing was saved."}
		}
		is := func(email string) bool { return strings.EqualFold(email, a.Address) }
		p := lifecycle.Person{Email: strings.ToLower(a.Address)}
		if i := slices.IndexFunc(known, func(k attendee) bool { return is(k.Email) }); i >= 0 {
			p.Name = known[i].Name
		}
		if i := slices.IndexFunc(run.Attendees, func(was lifecycle.Person) bool { return is(was.Email) }); i >= 0 {
			p.Zone = run.Attendees[i].Zone
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if len(out) > mostAttendees {
		return nil, problem{http.StatusUnprocessableEntity, "These are too many people for one kickoff. Nothing was saved."}
	}
	return out, nil
}

// word keeps the CSM's wording of an item for the customer.
func (s *Server) word(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
	text, item := r.PostForm.Get("text"), r.PostForm.Get("item")
	back := "?audience=customer#p-" + item
	switch {
	case s.access(r, run).part() != string(roleCSM):
		return s.kickoffDone(w, r, run, formWording, back, problem{http.StatusForbidden, "What the customer reads is worded by the CSM."})
	case text == "":
		return s.kickoffDone(w, r, run, formWording, back, problem{http.StatusUnprocessableEntity, "There is no text yet. Write what the customer should read."})
	case tooLong(text) != "":
		return s.kickoffDone(w, r, run, formWording, back, problem{http.StatusUnprocessableEntity, tooLong(text)})
	}
	h, err := s.Service.Published(r.Context(), run)
	if err != nil {
		return s.kickoffDone(w, r, run, formWording, back, err)
	}
	if !slices.ContainsFunc(kickoff.Agenda(h, throughline.AudienceCustomer).Points, func(p throughline.TalkingPoint) bool { return p.Item == item }) {
		return s.kickoffDone(w, r, run, formWording, back, problem{http.StatusConflict, "The customer sees no such item: not all of it was heard by two of their people, or it was corrected since. Nothing was saved."})
	}
	err = s.Service.Review(r.Context(), run.ID, lifecycle.Review{
		Version: run.PublishedVersion, By: person(r), Role: string(roleCSM), Remarks: []lifecycle.ReviewRemark{{Kind: throughline.RemarkWording, Item: item, Text: text}},
	})
	return s.kickoffDone(w, r, run, formWording, back, err)
}

// kickoffDone leads back to the page; what was not possible is said there beside the
// form, which keeps what was typed.
func (s *Server) kickoffDone(w http.ResponseWriter, r *http.Request, run lifecycle.Run, form, at string, err error) error {
	var known problem
	var open *throughline.OpenPointsError
	var wrong lifecycle.EditError
	switch {
	case err == nil:
		http.Redirect(w, r, runPath(run.ID)+"/kickoff"+at, http.StatusSeeOther)
		return nil
	case errors.As(err, &known):
	case errors.As(err, &wrong):
		known = problem{http.StatusUnprocessableEntity, "Nothing was saved: " + wrong.Error() + "."}
	case errors.As(err, &open):
		known = problem{http.StatusConflict, "Some points are open still. Cover each, mark it as read, or leave it out with a reason; then mark the kickoff as held."}
	case errors.Is(err, lifecycle.ErrTooEarly):
		known = problem{http.StatusConflict, "The handoff is not published yet. There is an agenda once it is."}
	case errors.Is(err, lifecycle.ErrTooLate):
		known = problem{http.StatusConflict, "The run of this handoff has ended, or the kickoff is known to have been. Nothing was changed."}
	case errors.Is(err, lifecycle.ErrNotYet):
		known = problem{http.StatusConflict, "The kickoff is still to come by its date. Set the date at which it was held."}
	case errors.Is(err, lifecycle.ErrNoSurvey):
		known = problem{http.StatusConflict, "Nobody is asked: " + cmp.Or(s.NoSurvey, "surveys are off") + "."}
	case errors.Is(err, lifecycle.ErrAsked):
		known = problem{http.StatusConflict, "The first mails are out: whom they went to can’t be changed any more."}
	case errors.Is(err, lifecycle.ErrNoPoint):
		known = problem{http.StatusConflict, "The agenda has no such point any more: a newer version came out. Look at it here."}
	case errors.Is(err, lifecycle.ErrNoReason):
		known = problem{http.StatusUnprocessableEntity, "A point is left out for a reason. Say it in a sentence."}
	default:
		return err
	}
	if run, err = s.Store.Run(r.Context(), run.ID); err != nil {
		return err
	}
	v, err := s.kickoffView(r, run)
	if err != nil {
		return err
	}
	if form == formWording && v.Kickoff != nil {
		h, err := s.Service.Published(r.Context(), run)
		if err != nil {
			return err
		}
		v.Sheet = kickoff.Agenda(h, throughline.AudienceCustomer)
	}
	v.Problem[form], v.Typed, v.More = known.text, r.PostForm, r.PostForm.Get("more")
	if form == formHeld || form == formRespondents {
		for i := range v.People {
			v.People[i].There = slices.Contains(r.PostForm["who"], v.People[i].Email)
		}
	}
	s.show(w, known.status, "kickoff.tmpl", v)
	return nil
}

// kickoffFile is the agenda to take along or to send ahead, in one of its forms, as the
// team or the customer sees it.
func (s *Server) kickoffFile(kind, ending string, write func(io.Writer, *throughline.Handoff, throughline.Audience, lifecycle.Run) error) func(http.ResponseWriter, *http.Request, lifecycle.Run) error {
	return func(w http.ResponseWriter, r *http.Request, run lifecycle.Run) error {
		audience := throughline.AudienceTeam
		if r.URL.Query().Get("audience") == string(throughline.AudienceCustomer) {
			audience = throughline.AudienceCustomer
		}
		h, err := s.Service.Published(r.Context(), run)
		if errors.Is(err, lifecycle.ErrTooEarly) {
			return problem{http.StatusNotFound, "The handoff is not published yet. There is an agenda once it is."}
		}
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := write(&b, h, audience, run); err != nil {
			return err
		}
		if err := s.noteRead(r, run, person(r), lifecycle.Reading{Audience: audience, Of: "the kickoff’s agenda"}); err != nil {
			return err
		}
		w.Header().Set("Content-Type", kind)
		if ending == "" {
			w.Header().Set("Content-Security-Policy", documentPolicy)
		} else {
			w.Header().Set("Content-Disposition", `attachment; filename="kickoff-`+string(audience)+ending+`"`)
		}
		_, _ = w.Write(b.Bytes()) // who has gone needs none
		return nil
	}
}

func writeAgenda(w io.Writer, h *throughline.Handoff, a throughline.Audience, _ lifecycle.Run) error {
	return kickoff.Markdown(w, h, a)
}

func printAgenda(w io.Writer, h *throughline.Handoff, a throughline.Audience, _ lifecycle.Run) error {
	return kickoff.HTML(w, h, a)
}

func (s *Server) calendarEntry(w io.Writer, h *throughline.Handoff, a throughline.Audience, run lifecycle.Run) error {
	if run.Kickoff.IsZero() {
		return problem{http.StatusConflict, "No date of the kickoff is known. Set it first, on the kickoff’s page."}
	}
	return kickoff.Calendar(w, h, a, kickoff.Meeting{Key: run.ID, Start: run.Kickoff, Stamp: s.Service.Now()})
}
