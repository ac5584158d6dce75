package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/lifecycle"
	salesforcetwin "throughline/twin/salesforce"
	slacktwin "throughline/twin/slack"
	pages "throughline/web"
)

// When the demo's deal is signed, and when its kickoff is. Its calls, mails and
// messages are from before the one, and name the other.
var (
	demoSigned  = time.Date(2026, 9, 28, 20, 5, 0, 0, time.UTC)
	demoKickoff = time.Date(2026, 10, 6, 15, 0, 0, 0, time.UTC)
)

// The business hours are nine to five in New York, where the demo's people are, by
// the clock that the demo shows.
const demoHoursFrom, demoHoursTo = 13, 21

// demoPoll is how often the CRM is asked for deals that were won.
const demoPoll = 5 * time.Minute

// A demoClock is the time in the demo. It moves when it is told to, and stands
// while something is done.
type demoClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// to moves the clock forward.
func (c *demoClock) to(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.at) {
		c.at = t
	}
}

// A play is the demo: stand-ins for the outside systems, and the lifecycle service
// that talks to them over real HTTP, wired as 'throughline serve' wires it.
type play struct {
	*wired
	clock       *demoClock
	twins       *twins
	opportunity string
	seeded      map[string]bool // files of the opportunity that were there at the start
	draft       lifecycle.Drafter

	met bool // the kickoff has been

	acting sync.Mutex // one step at a time
	won    atomic.Bool
	polled atomic.Int64 // when the watch last looked, in microseconds since 1970

	ends []func() // what is to be done in the end, the last first
}

// newPlay sets the demo up. Pages are the address at which its pages will be.
func newPlay(ctx context.Context, pagesAt string, draft func(context.Context, *throughline.Deal, time.Time) (*throughline.Handoff, error)) (*play, error) {
	p := &play{clock: &demoClock{at: demoSigned}}
	p.draft.Draft = draft
	err := p.setUp(ctx, pagesAt)
	if err != nil {
		p.end()
		return nil, fmt.Errorf("setting the demo up: %w", err)
	}
	return p, nil
}

func (p *play) setUp(ctx context.Context, pagesAt string) error {
	dir, err := os.MkdirTemp("", "throughline-demo-")
	if err != nil {
		return err
	}
	p.ends = append(p.ends, func() { _ = os.RemoveAll(dir) }) // the system's cleaner has the rest
	if p.twins, err = newTwins(nil, p.clock.now); err != nil {
		return err
	}
	p.twins.ease()
	p.openDeal()
	c, err := p.serveTwins(ctx)
	if err != nil {
		return err
	}
	c.Database = filepath.Join(dir, "demo.db")
	c.Serve.PublicURL, c.Serve.TeamURL, c.Serve.PublicListen = pagesAt, pagesAt, pagesAt
	p.configure(c)
	// Nothing waits for the vendors' pace, which is counted in seconds of theirs.
	with := tools{env: env{now: p.clock.now, limiter: connect.NewLimiter(1e6, 1e6)}, sleep: demoSleep, secret: demoSecret}
	n := connectAll(ctx, c, with)
	p.ends = append(p.ends, n.close)
	if p.wired, err = n.wire(ctx, c, with); err != nil {
		return err
	}
	p.ends = append(p.ends, p.close)
	p.service.Engine = &p.draft
	return p.before(ctx)
}

// configure is what the demo's company has in its configuration, beside where the
// systems are.
func (p *play) configure(c *config) {
	c.Chorus, c.Vitally, c.Totango, c.Catalyst = nil, nil, nil, nil // it has none of these
	c.Seller = p.twins.seller
	c.Deals.From = demoSigned
	c.Play.PollEvery, c.Play.HoursFrom, c.Play.HoursTo = demoPoll, demoHoursFrom, demoHoursTo
	c.Salesforce.Note, c.Salesforce.Fields = true, demoFields
	c.Destinations = destinationsConfig{
		Notion: destination(throughline.AudienceTeam), Salesforce: destination(throughline.AudienceCompany), Slack: destination(throughline.AudienceCompany),
	}
}

// demoSecret is what stands for a secret; the database needs none.
func demoSecret(name string) (string, error) {
	if !slices.Contains(twinSecrets, name) {
		return "", nil
	}
	return twinSecret(name), nil
}

func (p *play) end() {
	for i := len(p.ends) - 1; i >= 0; i-- {
		p.ends[i]()
	}
}

// ease takes the limits of the stand-ins away, since a day of the vendors' is seconds
// here, and gives Notion's database the columns of handoffs.
func (t *twins) ease() {
	t.salesforce.Limit, t.salesforce.TokenLife = 1e9, 365*24*time.Hour
	t.gong.PerSecond, t.gong.PerDay, t.slack.All, t.notion.PerMinute = -1, -1, -1, -1
	for name, kind := range map[string]string{
		"Status": "status", "Customer": "select", "AE": "rich_text", "CSM": "rich_text", "Version": "number", "Close date": "date", "Document": "select",
	} {
		t.notion.SetColumn(name, kind, string(throughline.StatusPublished))
	}
}

// openDeal has the deal open, as it was before it was signed.
func (p *play) openDeal() {
	p.opportunity = p.twins.deals[0].opportunity
	org := p.twins.salesforce
	for _, h := range org.All("OpportunityHistory") {
		if h["StageName"] == "Closed Won" {
			id, _ := h["Id"].(string)
			org.Remove("OpportunityHistory", id)
		}
	}
	for field, kind := range map[string]string{demoFields.Link: "string", demoFields.Status: "string", demoFields.Version: "double", demoFields.Published: "datetime"} {
		org.Define("Opportunity", salesforcetwin.Field{Name: field, Type: kind})
	}
	before := demoSigned.Add(-14 * 24 * time.Hour)
	org.Set("Opportunity", p.opportunity, salesforcetwin.Record{
		"StageName": "Negotiation", "IsWon": false, "IsClosed": false, "LastStageChangeDate": before.Format("2006-01-02T15:04:05.000+0000"),
	}, before)
	p.seeded = map[string]bool{}
	for _, link := range org.All("ContentDocumentLink") {
		id, _ := link["ContentDocumentId"].(string)
		p.seeded[id] = true
	}
}

// demoFields are the custom fields that the demo's org has for handoffs.
var demoFields = salesforceFields{
	Link: "Handoff_Link__c", Status: "Handoff_Status__c", Version: "Handoff_Version__c", Published: "Handoff_Published__c",
}

// serveTwins serves the stand-ins on addresses of this machine, until the play is
// closed, and gives these as a configuration names them.
func (p *play) serveTwins(ctx context.Context) (*config, error) {
	c := &config{}
	for _, s := range p.twins.standIns() {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("serving the stand-in of %s: %w", s.name, err)
		}
		s.configure(c, ln.Addr().String())
		var serving sync.WaitGroup
		serving.Go(func() { _ = s.server.Serve(ln) }) // it ends by being closed
		p.ends = append(p.ends, func() {
			_ = s.server.Close() // what is in flight is of no account
			serving.Wait()
		})
	}
	return c, nil
}

// demoSleep is a wait for a vendor, such as until what was written can be read
// again: the stand-ins need none of it.
func demoSleep(ctx context.Context, d time.Duration) error {
	return connect.Sleep(ctx, min(d/20, 50*time.Millisecond))
}

// run is the run of the deal; false before it is detected.
func (p *play) run(ctx context.Context) (lifecycle.Run, bool, error) {
	runs, err := p.db.RunsOf(ctx, p.opportunity)
	if err != nil || len(runs) == 0 {
		return lifecycle.Run{}, false, err
	}
	return runs[len(runs)-1], true, nil
}

// win is the AE moving the deal to Closed Won.
func (p *play) win() {
	p.acting.Lock()
	defer p.acting.Unlock()
	if p.won.CompareAndSwap(false, true) {
		p.twins.salesforce.Move(p.opportunity, "Closed Won", true, p.clock.now())
	}
}

// step lets so much time pass, but not past what is due next, and carries out what
// is due then.
func (p *play) step(ctx context.Context, most time.Duration) error {
	p.acting.Lock()
	defer p.acting.Unlock()
	_, detected, err := p.run(ctx)
	if err != nil {
		return err
	}
	next, ok, err := p.next(ctx)
	if err != nil {
		return err
	}
	to := p.clock.now().Add(most)
	if ok && next.at.Before(to) {
		to = next.at
	}
	p.clock.to(to)
	if p.won.Load() && !detected {
		if err := p.watch.Poll(ctx); err != nil {
			return err
		}
		p.polled.Store(p.clock.now().UnixMicro())
	}
	if err := p.meet(ctx); err != nil {
		return err
	}
	if err := p.carryOut(ctx); err != nil {
		return err
	}
	return p.plan(ctx)
}

// plan is the CSM planning the kickoff, once the deal is collected.
func (p *play) plan(ctx context.Context) error {
	run, _, err := p.run(ctx)
	if err != nil || run.Collected.IsZero() || !run.Kickoff.IsZero() || run.CSM.Email == "" {
		return err
	}
	return p.service.SetKickoff(ctx, run.ID, run.CSM.Email, demoKickoff)
}

// carryOut carries out all that is due.
func (p *play) carryOut(ctx context.Context) error {
	for {
		n, err := p.service.RunDue(ctx, 50)
		if n == 0 || err != nil {
			return err
		}
	}
}

// A coming thing is what is due next.
type coming struct {
	at   time.Time
	task lifecycle.Task
}

// next is what is due next; false where nothing is.
func (p *play) next(ctx context.Context) (coming, bool, error) {
	run, detected, err := p.run(ctx)
	switch {
	case err != nil || !p.won.Load():
		return coming{}, false, err
	case !detected:
		return coming{at: time.UnixMicro(p.polled.Load()).UTC().Add(demoPoll)}, true, nil
	}
	tasks, err := p.db.Tasks(ctx, run.ID)
	if err != nil {
		return coming{}, false, err
	}
	var first coming
	for _, t := range tasks {
		at := t.Due
		if t.NotBefore.After(at) {
			at = t.NotBefore
		}
		if t.State == lifecycle.TaskOpen && (first.at.IsZero() || at.Before(first.at)) {
			first = coming{at, t}
		}
	}
	return first, !first.at.IsZero(), nil
}

// jump lets time pass to what is due next, and carries that out.
func (p *play) jump(ctx context.Context) error {
	p.acting.Lock()
	next, ok, err := p.next(ctx)
	p.acting.Unlock()
	if err != nil || !ok {
		return err
	}
	return p.step(ctx, max(0, next.at.Sub(p.clock.now())))
}

// hearClicks takes clicks by Socket Mode until the context ends.
func (p *play) hearClicks(ctx context.Context) {
	for ctx.Err() == nil {
		_ = p.connections.slack.Interactions(p.click).Listen(ctx)
		_ = connect.Sleep(ctx, time.Second)
	}
}

// site is the service's own pages.
func (p *play) site() *pages.Server {
	csm, _ := p.csm()["Email"].(string) // the demo's only user
	site := &pages.Server{Service: p.service, Store: p.db, Links: p.links, Admins: []string{csm}, Number: p.number, NoSurvey: p.noSurvey}
	if asked := p.surveyPages(); asked != nil {
		site.Survey = asked
	}
	return site
}

func (p *play) csm() salesforcetwin.Record {
	id, _ := p.twins.salesforce.Get("Opportunity", p.opportunity)[salesforcetwin.CSMField].(string)
	return p.twins.salesforce.Get("User", id)
}

// channel is the deal channel, by name and id.
func (p *play) channel() (name, id string) {
	for name, id := range p.twins.slack.Channels() {
		if name != "" && name[0] != '@' {
			return name, id
		}
	}
	return "", ""
}

// directMessages are those to a user of Slack.
func (p *play) directMessages(user string) []slacktwin.Shown {
	return p.twins.slack.Show(p.twins.slack.Channels()["@"+user])
}
