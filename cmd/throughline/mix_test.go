package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	"throughline/render"
	hubspottwin "throughline/twin/hubspot"
	salesforcetwin "throughline/twin/salesforce"
)

// A mix is a company's choice of systems.
type mix struct {
	deal     string // a folder beside the project, or empty for the demo's
	recorder string // "gong", "chorus" or empty
	success  string // where CSMs work: "vitally", "totango" or empty
	wiki     bool   // handoffs are pages of Notion
	chat     bool   // there is Slack
	catalyst bool
	calls    bool // there are calls, in the recorder or in the CRM
}

func (m mix) String() string {
	parts := []string{filepath.Base(filepath.Dir(m.deal))}
	if m.deal == "" {
		parts[0] = "demo"
	}
	for name, there := range map[string]bool{"notion": m.wiki, "slack": m.chat, "catalyst": m.catalyst} {
		if there {
			parts = append(parts, name)
		}
	}
	return strings.Join(append(parts, m.recorder, m.success), " ")
}

// mixes are all pairs of choices, and those of the deals as they lie beside the
// project with the systems that they were sold with.
func mixes() []mix {
	out := []mix{
		{recorder: "gong", success: "totango", wiki: true, chat: true, catalyst: true, calls: true},
		{recorder: "chorus", success: "vitally", wiki: false, chat: true, calls: true},
		{recorder: "", success: "vitally", wiki: true, chat: false},
		{recorder: "gong", success: "", wiki: false, chat: false, calls: true},
	}
	const beside = "../../../shared/bench/deals/"
	for i, deal := range []string{"meridian", "quarry"} {
		out = append(out,
			mix{deal: beside + deal + "/native", recorder: "chorus", success: []string{"vitally", "totango"}[i], wiki: true, chat: true, calls: true},
			mix{deal: beside + deal + "/native", recorder: "gong", success: []string{"totango", "vitally"}[i], wiki: false, chat: true, calls: i == 1},
			mix{deal: beside + deal + "/native", recorder: "", success: "", wiki: true, chat: i == 0, calls: i == 1},
		)
	}
	return out
}

// TestAnyMix runs the whole play, from the win to the acceptance, through the
// stand-ins of each mix of systems: every one ends with one of everything.
func TestAnyMix(t *testing.T) {
	all := mixes()
	if raced { // `make test` runs all of them without the race detector
		all = all[1:2]
	}
	for _, m := range all {
		t.Run(m.String(), func(t *testing.T) {
			if m.deal != "" && !isDir(m.deal) {
				t.Skipf("%s is not beside the project", filepath.Base(filepath.Dir(m.deal)))
			}
			newMixed(t, m).play(t)
		})
	}
}

// A mixed is a mix at work.
type mixed struct {
	mix
	*wired
	twins *twins
	clock *demoClock
}

func newMixed(t *testing.T, m mix) *mixed {
	t.Helper()
	p := &play{clock: &demoClock{at: time.Date(2026, 9, 28, 20, 5, 0, 0, time.UTC)}}
	t.Cleanup(p.end)
	var err error
	if m.deal == "" {
		p.twins, err = newTwins(nil, p.clock.now)
	} else {
		p.clock.at = closeOf(t, m.deal).Add(20 * time.Hour)
		p.twins, err = newTwins([]string{m.deal}, p.clock.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.twins.ease()
	p.clock.to(p.clock.at.Add(5 * time.Minute))
	if m.deal == "" {
		p.openDeal()
		seedChorus(t, p.twins)
		p.twins.salesforce.Move(p.opportunity, "Closed Won", true, p.clock.now())
		p.clock.to(p.clock.at.Add(5 * time.Minute))
	}
	c, err := p.serveTwins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.choose(c)
	c.Database, c.Seller = filepath.Join(t.TempDir(), "t.db"), p.twins.seller
	c.Deals.From = p.clock.now().AddDate(-2, 0, 0)
	c.Serve.PublicURL, c.Play.Owner = "https://handoff.example.com", "cs-ops@"+c.Seller.Domain
	with := tools{env: env{now: p.clock.now, limiter: connect.NewLimiter(1e6, 1e6)}, sleep: demoSleep, secret: demoSecret}
	n := connectAll(t.Context(), c, with)
	t.Cleanup(n.close)
	w, err := n.wire(t.Context(), c, with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return &mixed{m, w, p.twins, p.clock}
}

// seedChorus has Chorus hold the calls of the demo's deal, which were recorded with
// Gong.
func seedChorus(t *testing.T, tw *twins) {
	t.Helper()
	dir, err := demoOnDisk()
	if err == nil {
		err = errors.Join(tw.chorus.Seed(dir, tw.deals[0].opportunity, ""), os.RemoveAll(dir))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// closeOf is the day on which a folder's deal was closed.
func closeOf(t *testing.T, dir string) time.Time {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "deal.json"))
	if err != nil {
		t.Fatal(err)
	}
	var deal struct {
		Close string `json:"close_date"`
	}
	if err := json.Unmarshal(raw, &deal); err != nil {
		t.Fatal(err)
	}
	day, err := time.Parse(time.DateOnly, deal.Close)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// choose leaves in a configuration what the company has.
func (m mix) choose(c *config) {
	company := destination(throughline.AudienceCompany)
	if c.Salesforce != nil {
		c.Salesforce.Tasks = true
	}
	if m.recorder != "gong" {
		c.Gong = nil
	}
	if m.recorder != "chorus" {
		c.Chorus = nil
	}
	if c.Destinations.Vitally = company; m.success != "vitally" {
		c.Vitally, c.Destinations.Vitally = nil, ""
	}
	if c.Destinations.Totango = company; m.success != "totango" {
		c.Totango, c.Destinations.Totango = nil, ""
	}
	if c.Destinations.Notion = company; !m.wiki {
		c.Notion, c.Destinations.Notion = nil, ""
	}
	if c.Destinations.Slack = company; !m.chat {
		c.Slack, c.Destinations.Slack = nil, ""
	}
	if !m.catalyst {
		c.Catalyst = nil
	}
}

func (m *mixed) play(t *testing.T) {
	ctx := t.Context()
	for range 2 { // the second finds nothing new
		if err := m.watch.Poll(ctx); err != nil {
			t.Fatal(err)
		}
	}
	m.until(t, m.clock.now().Add(28*time.Hour))
	run := m.run(t)
	if run.Published.IsZero() || run.Version != 1 {
		t.Fatalf("the run is %s, at version %d", run.Stage, run.Version)
	}
	if err := m.service.AcceptVersion(ctx, run.ID, run.CSM.Email, run.PublishedVersion); err != nil {
		t.Fatal(err)
	}
	m.until(t, m.clock.now().Add(5*24*time.Hour))
	if run = m.run(t); run.AcceptedBy != run.CSM.Email {
		t.Errorf("the run is %s", run.Stage)
	}
	parked, err := m.db.Parked(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range parked {
		t.Errorf("%s is parked: %s", task.Key(), task.Error)
	}
	h, err := m.service.Current(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	m.heard(t, h)
	m.copies(t, run, h)
	m.followed(t)
	if m.deal == "" && m.recorder != "" {
		m.meets(t)
	}
}

// meets: the kickoff's recording is found, whoever recorded it, and held against the
// agenda.
func (m *mixed) meets(t *testing.T) {
	t.Helper()
	run := m.run(t)
	if err := m.service.SetKickoff(t.Context(), run.ID, run.CSM.Email, demoKickoff); err != nil {
		t.Fatal(err)
	}
	m.until(t, demoKickoff.Add(time.Minute))
	switch p := (&play{twins: m.twins}); m.recorder {
	case "gong":
		if err := p.record(); err != nil {
			t.Fatal(err)
		}
	case "chorus":
		dir := t.TempDir()
		files, err := fs.Sub(kickoffFiles, "demo/kickoff")
		if err == nil {
			err = os.CopyFS(filepath.Join(dir, "gong"), files)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := m.twins.chorus.Seed(dir, m.twins.deals[0].opportunity, ""); err != nil {
			t.Fatal(err)
		}
	}
	m.until(t, demoKickoff.Add(15*time.Hour))
	if run = m.run(t); !run.Recorded.Equal(demoKickoff) || len(run.Attendees) != 3 || run.Covered < 10 || run.Covered > run.Points {
		t.Errorf("its recording is seen to begin %s, with %d attendees and %d of %d points", run.Recorded, len(run.Attendees), run.Covered, run.Points)
	}
}

// followed: that somebody completes a milestone's task is known a day later, wherever
// it was, and its tasks elsewhere are completed as well.
func (m *mixed) followed(t *testing.T) {
	t.Helper()
	crm := m.crmTasks()
	switch now := m.clock.now(); {
	case m.success == "vitally" && len(m.twins.vitally.Tasks()) > 0:
		m.twins.vitally.Edit(m.twins.vitally.Tasks()[0].ID, map[string]any{"completedAt": now.UTC().Format(time.RFC3339)})
	case m.success == "totango" && len(m.twins.totango.Tasks()) > 0:
		m.twins.totango.Complete(m.twins.totango.Tasks()[0].ID)
	case len(crm) == 0:
		return
	case m.twins.withHubSpot:
		m.twins.hubspot.Set("tasks", crm[0], hubspottwin.Record{"hs_task_status": "COMPLETED"}, now)
	default:
		m.twins.salesforce.Set("Task", crm[0], salesforcetwin.Record{"Status": "Completed"}, now)
	}
	m.until(t, m.clock.now().Add(24*time.Hour))
	met, tasks := 0, 0
	for _, milestone := range m.run(t).Milestones {
		if milestone.Status == throughline.MilestoneMet {
			met++
			tasks += len(milestone.Seen)
		}
	}
	if met != 1 {
		t.Errorf("%d milestones are met, not 1: %+v", met, m.run(t).Milestones)
	}
	if done := m.completed(); tasks == 0 || done != tasks {
		t.Errorf("of the %d tasks of the one that is met %d are completed", tasks, done)
	}
}

// completed counts the tasks of milestones that are, in all systems.
func (m *mixed) completed() int {
	n := 0
	for _, task := range m.twins.vitally.Tasks() {
		n += one(task.Completed != "")
	}
	for _, task := range m.twins.totango.Tasks() {
		n += one(task.Status == "closed")
	}
	for _, id := range m.crmTasks() {
		if m.twins.withHubSpot {
			n += one(m.twins.hubspot.Get("tasks", id)["hs_task_status"] == "COMPLETED")
		} else {
			n += one(m.twins.salesforce.Get("Task", id)["IsClosed"] == true)
		}
	}
	return n
}

// crmTasks are the ids of the tasks in the CRM that were written for milestones.
func (m *mixed) crmTasks() []string {
	const ours = "Written by Throughline"
	var out []string
	for _, r := range m.twins.salesforce.All("Task") {
		comment, _ := r["Description"].(string)
		if id, ok := r["Id"].(string); ok && strings.HasPrefix(comment, ours) {
			out = append(out, id)
		}
	}
	for _, r := range m.twins.hubspot.All("tasks") {
		if strings.Contains(r["hs_task_body"], ours) {
			out = append(out, r["id"])
		}
	}
	return out
}

func (m *mixed) run(t *testing.T) lifecycle.Run {
	t.Helper()
	runs, err := m.db.RunsOf(t.Context(), m.twins.deals[0].opportunity)
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	return runs[0]
}

// until lets time pass to a moment, and everything happen that is due by then.
func (m *mixed) until(t *testing.T, end time.Time) {
	t.Helper()
	for {
		next, err := m.db.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if next.IsZero() || next.After(end) {
			break
		}
		m.clock.to(next)
		if _, err := m.service.RunDue(t.Context(), 50); err != nil {
			t.Fatal(err)
		}
	}
	m.clock.to(end)
}

// heard: what was recorded was read, and nothing else.
func (m *mixed) heard(t *testing.T, h *throughline.Handoff) {
	t.Helper()
	n := 0
	for _, s := range h.Sources {
		if s.Kind == throughline.SourceCall {
			n++
		}
	}
	if (n > 0) != m.calls {
		t.Errorf("%d calls were read", n)
	}
}

// copies: there is one in each place, and a task for each milestone.
func (m *mixed) copies(t *testing.T, run lifecycle.Run, h *throughline.Handoff) {
	t.Helper()
	milestones, dated := 0, 0
	for _, milestone := range connect.Milestones(render.For(h, throughline.AudienceCompany)) {
		milestones++
		dated += one(milestone.Due != "")
	}
	want := map[string]int{"review requests": 1, "pages": 2 * one(m.wiki), "posts": one(m.chat), "notes in Vitally": 0, "tasks in Vitally": 0, "touchpoints": 0, "tasks in Totango": 0, "tasks in the CRM": milestones}
	if m.twins.withHubSpot { // where a task must have a day
		want["tasks in the CRM"] = dated
	}
	switch m.success {
	case "vitally":
		want["notes in Vitally"], want["tasks in Vitally"] = 1, milestones
	case "totango":
		want["touchpoints"], want["tasks in Totango"] = 1, milestones
	}
	got := map[string]int{
		"pages": len(m.twins.notion.Published()), "notes in Vitally": len(m.twins.vitally.Notes()), "tasks in Vitally": len(m.twins.vitally.Tasks()),
		"touchpoints": len(m.twins.totango.Touchpoints()), "tasks in Totango": len(m.twins.totango.Tasks()),
		"tasks in the CRM": len(m.crmTasks()),
	}
	for name, id := range m.twins.slack.Channels() {
		if !strings.HasPrefix(name, "@") {
			got["posts"] += len(m.twins.slack.Own(id))
		}
	}
	for _, mail := range m.twins.mail.All(run.AE.Email) {
		if strings.Contains(mail.Subject, "is drafted") {
			got["review requests"]++
		}
	}
	for what, n := range want {
		if got[what] != n {
			t.Errorf("there are %d %s, not %d", got[what], what, n)
		}
	}
	made, err := m.db.Copies(t.Context(), run.ID)
	if err != nil || len(made) != 1+2*one(m.wiki)+one(m.chat)+one(m.success != "")+one(m.catalyst) {
		t.Errorf("%d copies are known, %v: %+v", len(made), err, made)
	}
}

func one(there bool) int {
	if there {
		return 1
	}
	return 0
}
