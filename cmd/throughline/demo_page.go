package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/survey"
	notiontwin "throughline/twin/notion"
	salesforcetwin "throughline/twin/salesforce"
	slacktwin "throughline/twin/slack"
	smtptwin "throughline/twin/smtp"
	pages "throughline/web"
)

//go:embed tour
var tourFiles embed.FS

var tourPage = template.Must(template.New("page.tmpl").Funcs(template.FuncMap{
	"words": plainWords, "clock": clockTime, "short": shortTime, "iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}).ParseFS(tourFiles, "tour/page.tmpl"))

func plainWords(s string) string { return strings.ReplaceAll(s, "_", " ") }

func clockTime(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006, 15:04") }

func shortTime(t time.Time) string { return t.UTC().Format("Mon 2 Jan, 15:04") }

// A tour is the page on which somebody watches the play, with what it takes to
// steer it.
type tour struct {
	*play
	speed float64 // how much faster time is than the watcher's

	looked sync.Once
	begin  chan struct{} // closed when somebody looks for the first time

	mu    sync.Mutex
	held  string // why time stands; empty while it runs
	stood int    // at how many of the stops it stood
	quick bool   // the handoff is accepted: what follows takes weeks
}

func newTour(p *play, speed float64) *tour {
	return &tour{play: p, speed: speed, begin: make(chan struct{})}
}

// curtain is how long the page is there before the deal is won: long enough to
// see that nothing is there yet.
const curtain = 2 * time.Second

// run has time pass until the context ends.
func (t *tour) run(ctx context.Context) error {
	const tick = 100 * time.Millisecond
	select {
	case <-ctx.Done():
		return nil
	case <-t.begin:
	}
	if connect.Sleep(ctx, curtain) != nil {
		return nil //nolint:nilerr // it is over before it began
	}
	t.win()
	for connect.Sleep(ctx, tick) == nil {
		most := time.Duration(float64(tick) * t.pace())
		if t.why() != "" {
			most = 0
		}
		if err := t.step(ctx, most); err != nil && ctx.Err() == nil {
			return err
		}
		if err := t.rest(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// quicker is how much faster time is once the handoff is accepted: from there on
// things are a week apart, and not hours.
const quicker = 6

// pace is how much faster time is than the watcher's now.
func (t *tour) pace() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.quick {
		return t.speed * quicker
	}
	return t.speed
}

// rest has time stand at the next of the stops, once all that is due then is done.
func (t *tour) rest(ctx context.Context) error {
	run, ok, err := t.play.run(ctx)
	if err != nil || !ok {
		return err
	}
	t.mu.Lock()
	t.quick = !run.Accepted.IsZero()
	t.mu.Unlock()
	if t.stood == len(stops) || !stops[t.stood].due(run) {
		return nil
	}
	next, ok, err := t.next(ctx)
	if err != nil || ok && !next.at.After(t.clock.now()) {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = stops[t.stood].why
	t.stood++
	return nil
}

func (t *tour) why() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held
}

func (t *tour) hold(why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = why
}

// pages are the tour's own page, the service's pages, and the handoff as each
// audience sees it.
func (t *tour) pages() (http.Handler, error) {
	mux := http.NewServeMux()
	site := t.site()
	public := site.Public()
	mux.Handle("/review/", t.reviewing(public))
	mux.Handle(survey.VotePath, t.answering(public))
	for _, path := range []string{"/runs/", "/operations", "/operations/", "/number", "/number.csv", "/number.json"} {
		mux.Handle(path, t.reviewing(t.signedIn(site)))
	}
	mux.Handle("GET /assets/", public)
	for name, kind := range map[string]string{"demo.css": "text/css; charset=utf-8", "demo.js": "text/javascript; charset=utf-8"} {
		body, err := tourFiles.ReadFile("tour/" + name)
		if err != nil {
			return nil, fmt.Errorf("finding the demo's page in the program: %w", err)
		}
		mux.Handle("GET /"+name, secured(servePage(kind, body)))
	}
	for _, a := range throughline.Audiences {
		for _, f := range demoFormats {
			mux.Handle(fmt.Sprintf("GET /%s.%s", a, f.ending), secured(t.view(a, f)))
		}
	}
	mux.Handle("GET /files/{version}", secured(http.HandlerFunc(t.file)))
	mux.Handle("GET /{$}", secured(http.HandlerFunc(t.show)))
	for path, act := range map[string]func(*http.Request) error{
		"POST /time/hold": func(*http.Request) error { t.hold("You stopped it."); return nil },
		"POST /time/run":  func(*http.Request) error { t.hold(""); return nil },
		"POST /time/jump": func(r *http.Request) error { return t.jump(r.Context()) },
		"POST /click":     t.click,
		"POST /form":      t.submit,
	} {
		mux.Handle(path, secured(http.NewCrossOriginProtection().Handler(t.pressed(act))))
	}
	return mux, nil
}

// pressed carries out what somebody pressed, and leads back to the page.
func (t *tour) pressed(act func(*http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := act(r); err != nil {
			http.Error(w, "That did not work: "+err.Error(), http.StatusConflict)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
}

// reviewing has time stand while somebody reviews, and run again when the review is
// saved.
func (t *tour) reviewing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.Contains(r.URL.Path, "/review"):
		case r.Method == http.MethodGet && !r.URL.Query().Has("saved"):
			t.hold("The review is open. Time runs again when it is saved.")
		case r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/open"):
			defer t.hold("")
		}
		next.ServeHTTP(w, r)
	})
}

// answering has time run again once the customer has answered.
func (t *tour) answering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			defer t.hold("The customer has answered. Open the number, or let time run on.")
		}
		next.ServeHTTP(w, r)
	})
}

// signedIn signs whoever opens the team's pages in as the CSM, since the demo's
// only user is the one who started it.
func (t *tour) signedIn(site *pages.Server) http.Handler {
	team := site.Team()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		csm, _ := t.csm()["Email"].(string)
		session, err := site.Session(r.Context(), csm)
		if err != nil {
			http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
			return
		}
		signed := r.Clone(r.Context())
		signed.AddCookie(session)
		team.ServeHTTP(w, signed)
	})
}

// click presses a button of a message in the workspace, as the CSM.
func (t *tour) click(r *http.Request) error {
	t.hold("You answer in Slack.")
	_, channel := t.channel()
	return t.twins.slack.Click(r.Context(), t.slackCSM(), channel, r.FormValue("ts"), r.FormValue("button"))
}

// submit sends the form that a button opened.
func (t *tour) submit(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	values := map[string]string{}
	for name := range r.PostForm {
		values[name] = r.PostForm.Get(name)
	}
	return t.twins.slack.Submit(r.Context(), t.slackCSM(), values)
}

func (t *tour) slackCSM() string {
	email, _ := t.csm()["Email"].(string)
	return t.twins.slack.Person(email)
}

// view is the handoff as it stands, in a format, as an audience sees it.
func (t *tour) view(a throughline.Audience, f demoFormat) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		run, ok, err := t.play.run(r.Context())
		if err == nil && (!ok || run.Version == 0) {
			http.Error(w, "There is no draft yet.", http.StatusNotFound)
			return
		}
		var body []byte
		if err == nil {
			var h *throughline.Handoff
			if h, err = t.service.Current(r.Context(), run); err == nil {
				body, err = demoView(h, a, f)
			}
		}
		if err != nil {
			http.Error(w, "The handoff can't be shown.", http.StatusInternalServerError)
			return
		}
		servePage(f.contentType, body)(w, r)
	}
}

// file is a file of the opportunity's.
func (t *tour) file(w http.ResponseWriter, r *http.Request) {
	for _, f := range t.files() {
		if f.Version == r.PathValue("version") {
			kind := "text/plain; charset=utf-8"
			if f.Kind == "HTML" {
				kind = "text/html; charset=utf-8"
			}
			servePage(kind, t.twins.salesforce.Blob(f.Version))(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

// show is the tour's page.
func (t *tour) show(w http.ResponseWriter, r *http.Request) {
	t.looked.Do(func() { close(t.begin) })
	s, err := t.scene(r.Context())
	var page bytes.Buffer
	if err == nil {
		err = tourPage.Execute(&page, s)
	}
	if err != nil {
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	servePage("text/html; charset=utf-8", page.Bytes())(w, r)
}

// A scene is what the page shows at a moment.
type scene struct {
	Customer string
	Now      time.Time
	Held     string
	Begun    bool
	Pace     string
	Next     *nextShown
	Steps    []stepShown
	Caption  caption
	Channel  string
	Messages []messageShown
	Earlier  int
	Form     *formShown
	AE, CSM  personShown
	Asked    *askedShown // nil before the customer was asked
	Record   recordShown
	Pages    []notiontwin.Page
	Run      lifecycle.Run
	Handoff  string // its address; empty before there is one
	Moves    []lifecycle.Move
}

type nextShown struct {
	What string
	At   time.Time
}

type stepShown struct {
	Name, State string // done, now, or later
	At          time.Time
}

type caption struct{ Title, Text string }

type messageShown struct {
	slacktwin.Shown
	TS   string
	Own  bool
	More []slacktwin.Part // what Slack folds away of a long message
}

type personShown struct {
	Name, Role, Address string
	Letters             []letter
}

// A letter is a mail, or a direct message.
type letter struct {
	Way, Subject, Text string
	At                 time.Time
	Links              []smtptwin.Link
}

// An askedShown is one of the customer's people with the mail that asks them.
type askedShown struct {
	Name, Subject string
	At            time.Time
	Scores        []smtptwin.Link
	Others        int  // who were asked as well
	Answered      bool // somebody has
}

type recordShown struct {
	Name, Stage, Amount, Close, Owner, CSM string
	Won                                    bool
	Fields                                 []fieldShown
	Files                                  []fileShown
}

type fieldShown struct{ Label, Value, URL string }

type fileShown struct {
	Title, Kind, Version string
	New                  bool // made by the program
}

type formShown struct {
	Title, Submit string
	Fields        []formField
}

type formField struct {
	ID, Label, Hint string
	Choices         []formChoice
}

type formChoice struct{ Value, Label string }

// inNotion are the pages there: the agenda's, which is folded, then the handoff's.
func (t *tour) inNotion() []notiontwin.Page {
	pages := t.twins.notion.Published()
	slices.SortStableFunc(pages, func(a, b notiontwin.Page) int {
		return strings.Compare(b.Properties["External ID"], a.Properties["External ID"])
	})
	return pages
}

func (t *tour) scene(ctx context.Context) (*scene, error) {
	run, detected, err := t.play.run(ctx)
	if err != nil {
		return nil, err
	}
	s := &scene{
		Customer: "Harborline Logistics", Now: t.clock.now(), Held: t.why(), Begun: t.won.Load(), Run: run, Record: t.record(), Pages: t.inNotion(),
		Pace: fmt.Sprintf("%g hours a second", t.pace()/3600),
	}
	if next, ok, err := t.next(ctx); err != nil {
		return nil, err
	} else if ok {
		s.Next = &nextShown{duties[next.task.Name], next.at}
		if !detected {
			s.Next.What = "Salesforce is asked for won deals"
		}
	}
	s.talk(t)
	ae := t.twins.salesforce.Get("User", text(t.twins.salesforce.Get("Opportunity", t.opportunity)["OwnerId"]))
	s.AE, s.CSM = t.person(ae, "AE"), t.person(t.csm(), "CSM")
	if s.Asked, err = t.asked(ctx, run); err != nil {
		return nil, err
	}
	s.Caption, s.Steps = captionOf(run, detected, t.won.Load(), s.Asked), stepsOf(run, detected, s.Asked)
	if detected {
		if s.Moves, err = t.db.Moves(ctx, run.ID); err != nil {
			return nil, err
		}
		slices.Reverse(s.Moves)
	}
	if run.Version > 0 {
		// The address changes when the document does, and the frame with it.
		s.Handoff = fmt.Sprintf("/team.html?of=%d-%d-%d-%d", run.Version, run.Reviewed.Unix(), run.Published.Unix(), run.Reissued)
	}
	return s, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// duties are what is due next, in words.
var duties = map[string]string{
	lifecycle.DutyCollect: "the deal is looked at for what came late", lifecycle.DutyDraft: "the handoff is drafted", lifecycle.DutyAskReview: "the AE is written to in Slack",
	lifecycle.DutyRemindAE: "a kind reminder to the AE", lifecycle.DutyRelease: "the handoff is published", lifecycle.DutyPublish: "the handoff is published",
	lifecycle.DutyMark: "the message shows what became of it", lifecycle.DutyTellCSM: "the CSM is told", lifecycle.DutyRemindCSM: "a reminder to the CSM",
	lifecycle.DutyAgenda: "the CSM has the agenda", lifecycle.DutyPublishAgenda: "the agenda goes to Notion", lifecycle.DutyListen: "the kickoff’s recording is looked for", lifecycle.DutyAskHeld: "the CSM is asked whether it was held",
	lifecycle.DutySurvey: "whom the survey asks is settled", lifecycle.DutyAsk: "the customer is asked", lifecycle.DutyAskAgain: "the customer is reminded, once",
	lifecycle.DutyMilestones: "the promises become work", lifecycle.DutyRemindMilestone: "an owner is reminded of a promise", lifecycle.DutyFollow: "tasks are followed back",
	lifecycle.DutyTellAE: "the AE is asked", lifecycle.DutyKickoff: "the kickoff", lifecycle.DutyClose: "the run ends", lifecycle.DutyReopened: "people are told that it rests",
}

// asked is the customer's mailbox.
func (t *tour) asked(ctx context.Context, run lifecycle.Run) (*askedShown, error) {
	name, address := customer(run)
	inbox := t.twins.mail.Inbox(address)
	if address == "" || len(inbox) == 0 {
		return nil, nil
	}
	at, err := t.answered(ctx, run)
	if err != nil {
		return nil, err
	}
	mail := inbox[len(inbox)-1]
	return &askedShown{Name: name, Subject: mail.Subject, At: mail.Date, Scores: t.votes(address), Others: len(run.Survey.Respondents) - 1, Answered: !at.IsZero()}, nil
}

func stepsOf(run lifecycle.Run, detected bool, asked *askedShown) []stepShown {
	steps := []stepShown{
		{Name: "Closed Won", At: run.Won},
		{Name: "Collected", At: run.Collected},
		{Name: "Drafted", At: run.FirstDrafted},
		{Name: "Reviewed by the AE", At: run.Reviewed},
		{Name: "Published", At: run.Published},
		{Name: "Accepted", At: run.Accepted},
		{Name: "Kickoff", At: run.TookPlace()},
		{Name: "Customer asked"},
	}
	if asked != nil {
		steps[7].At = asked.At
	}
	if run.Reviewed.IsZero() && !run.Published.IsZero() {
		steps[3].Name = "Not reviewed by the AE"
	}
	for i := range steps {
		switch {
		case !steps[i].At.IsZero():
			steps[i].State = "done"
		case i == 3 && !run.Published.IsZero(), i == 5 && !run.TookPlace().IsZero():
			steps[i].State = "later"
		case i > 0 && steps[i-1].State == "done":
			steps[i].State = "now"
		default:
			steps[i].State = "later"
		}
	}
	if !detected {
		steps[0].State = "now"
	}
	return steps
}

// captionOf says what has just happened, and why.
func captionOf(run lifecycle.Run, detected, won bool, asked *askedShown) caption {
	switch {
	case asked != nil && asked.Answered:
		return caption{"The customer has answered", "One answer says little, and the page of the number says so: it waits for answers of twenty deals before it names a lift. The answers of the year before are invented, as the deal is."}
	case asked != nil:
		return caption{"A week after the kickoff, the customer is asked", "One question by mail, to those of the customer’s people who were there. A score’s link opens a page and counts nothing by itself, so that what opens every link of a mail does not vote."}
	case !won:
		return caption{"The deal is about to be signed", "In a moment the AE moves it to Closed Won in Salesforce. From then on nobody pushes anything."}
	case !detected:
		return caption{"Closed Won", "The AE moved the deal to Closed Won. Throughline asks Salesforce for won deals every five minutes, or hears of them by change events."}
	}
	switch run.Stage {
	case lifecycle.StageDetected, lifecycle.StageCollecting:
		return caption{"Closed Won: the deal is collected", "Calls from Gong, mails and files from Salesforce, the deal channel from Slack. Where a call is still being transcribed, it waits, but never past the time to publish."}
	case lifecycle.StageDrafted, lifecycle.StageInReview:
		if !run.Reviewed.IsZero() {
			return caption{"The AE has reviewed the draft", "What the AE said stands in the handoff beside the quotes. It goes out 24 hours after Closed Won, or sooner where the kickoff is."}
		}
		return caption{"Drafted, and with the AE for review", "Every item stands on quotes found in the deal, word by word. Open the review link in the AE’s mailbox: it needs no account. Time stands while you review. Silence holds nothing up: then it says “not reviewed by AE”."}
	case lifecycle.StageReturned:
		return caption{"Returned to the AE", "The CSM said what is missing. The AE has a mail with a link, and answers there; then it goes back to the CSM."}
	case lifecycle.StageAccepted:
		return caption{"Accepted", "The message in the deal channel says so, and its buttons are gone. An accepted handoff is never altered silently: what comes late makes a new version, told in the thread."}
	case lifecycle.StageKickoff, lifecycle.StageClosed:
		if run.TookPlace().IsZero() {
			return caption{"Kickoff", "The CSM starts where the AE left off: “I’ve reviewed everything you discussed.” Throughline looks for the recording."}
		}
		return caption{"The kickoff has been", "Its recording shows which talking points came up, and what was asked that the customer had answered before: a private help for the CSM, never a ranking. The promises of the 30/60/90 are work now, with owners and days."}
	}
	return caption{"Published, 24 hours after Closed Won", "The whole handoff is in Notion, for the deal’s team, and beside it the agenda of the kickoff. Salesforce and the deal channel show what the whole company may see. The CSM has a mail. Press Accept in the deal channel."}
}

// unfolded is how many paragraphs of a message are shown at once.
const unfolded = 6

// talk is the deal channel: what was said last, and what the program wrote.
func (s *scene) talk(t *tour) {
	name, id := t.channel()
	s.Channel = name
	shown := t.twins.slack.Show(id)
	for i, m := range t.twins.slack.Messages(id) {
		one := messageShown{Shown: shown[i], TS: m.TS, Own: m.Bot == slacktwin.BotID}
		if len(one.Parts) > unfolded {
			one.Parts, one.More = one.Parts[:unfolded], one.Parts[unfolded:]
		}
		s.Messages = append(s.Messages, one)
	}
	const last = 3
	first := slices.IndexFunc(s.Messages, func(m messageShown) bool { return m.Own })
	if first < 0 {
		first = len(s.Messages)
	}
	s.Earlier = max(0, first-last)
	s.Messages = s.Messages[s.Earlier:]
	if views := t.twins.slack.Views(); len(views) > 0 && s.Run.Stage == lifecycle.StagePublished && s.Run.Returns < len(views) {
		s.Form = formOf(views[len(views)-1])
	}
}

// formOf is a form that a button opened.
func formOf(view slacktwin.Object) *formShown {
	word := func(v any) string { o, _ := v.(slacktwin.Object); return text(o["text"]) }
	f := &formShown{Title: word(view["title"]), Submit: word(view["submit"])}
	blocks, _ := view["blocks"].([]any)
	for _, b := range blocks {
		block, _ := b.(slacktwin.Object)
		element, _ := block["element"].(slacktwin.Object)
		field := formField{ID: text(block["block_id"]), Label: word(block["label"]), Hint: word(block["hint"])}
		options, _ := element["options"].([]any)
		for _, o := range options {
			option, _ := o.(slacktwin.Object)
			field.Choices = append(field.Choices, formChoice{text(option["value"]), word(option["text"])})
		}
		f.Fields = append(f.Fields, field)
	}
	return f
}

// person is somebody with what came for them, the newest first.
func (t *tour) person(u salesforcetwin.Record, role string) personShown {
	p := personShown{Name: text(u["Name"]), Role: role, Address: text(u["Email"])}
	for _, m := range t.twins.mail.Inbox(p.Address) {
		at := m.Date
		if at.IsZero() {
			at = m.Arrived
		}
		l := letter{Way: "Mail", Subject: m.Subject, Text: withoutLinks(m.Text), At: at}
		for _, link := range m.Links {
			if link.Label != link.URL { // a mail shows its addresses in full as well
				l.Links = append(l.Links, link)
			}
		}
		p.Letters = append(p.Letters, l)
	}
	for _, m := range t.directMessages(t.twins.slack.Person(p.Address)) {
		l := letter{Way: "Slack", At: m.At}
		for i, part := range m.Parts {
			if i == 0 {
				l.Subject = part.Text
			} else {
				l.Text += part.Text + "\n"
			}
		}
		for _, b := range m.Buttons {
			l.Links = append(l.Links, smtptwin.Link{Label: b.Label, URL: b.URL})
		}
		p.Letters = append(p.Letters, l)
	}
	slices.SortStableFunc(p.Letters, func(a, b letter) int { return b.At.Truncate(time.Minute).Compare(a.At.Truncate(time.Minute)) })
	return p
}

// withoutLinks is a mail's text without the addresses of its links, which stand
// below it as buttons.
func withoutLinks(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "://") {
			if last := len(out) - 1; last >= 0 && strings.HasSuffix(out[last], ":") {
				out = out[:last] // the label of the address
			}
			continue
		}
		if line != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// record is the opportunity as its page shows it.
func (t *tour) record() recordShown {
	org := t.twins.salesforce
	opp := org.Get("Opportunity", t.opportunity)
	won, _ := opp["IsWon"].(bool)
	r := recordShown{
		Name: text(opp["Name"]), Stage: text(opp["StageName"]), Close: text(opp["CloseDate"]), Won: won,
		Owner: text(org.Get("User", text(opp["OwnerId"]))["Name"]), CSM: text(t.csm()["Name"]),
	}
	if amount, ok := opp["Amount"].(float64); ok {
		r.Amount = fmt.Sprintf("%s %s", text(opp["CurrencyIsoCode"]), thousands(int(amount)))
	}
	for _, name := range []string{"Handoff_Status__c", "Handoff_Version__c", "Handoff_Published__c", "Handoff_Link__c"} {
		f := fieldShown{Label: plainWords(strings.TrimSuffix(name, "__c"))}
		switch v := opp[name].(type) {
		case nil:
			continue
		case string:
			f.Value = v
			if strings.HasPrefix(v, "http://") {
				f.Value, f.URL = "Open the handoff", v
			}
			if at, err := time.Parse("2006-01-02T15:04:05.000-0700", v); err == nil {
				f.Value = shortTime(at)
			} else if at, err := time.Parse(time.RFC3339, v); err == nil {
				f.Value = shortTime(at)
			}
		default:
			f.Value = fmt.Sprint(v)
		}
		r.Fields = append(r.Fields, f)
	}
	r.Files = t.files()
	return r
}

// files are those of the opportunity, the newest first.
func (t *tour) files() []fileShown {
	org := t.twins.salesforce
	var out []fileShown
	for _, link := range org.All("ContentDocumentLink") {
		if text(link["LinkedEntityId"]) != t.opportunity {
			continue
		}
		doc := org.Get("ContentDocument", text(link["ContentDocumentId"]))
		version := org.Get("ContentVersion", text(doc["LatestPublishedVersionId"]))
		out = append(out, fileShown{
			Title: cmp.Or(text(doc["Title"]), text(version["Title"])), Kind: cmp.Or(text(doc["FileType"]), text(version["FileType"])),
			Version: text(version["Id"]), New: !t.seeded[text(link["ContentDocumentId"])],
		})
	}
	slices.Reverse(out)
	return out
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
