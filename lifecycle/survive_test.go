package lifecycle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"throughline"
	"throughline/collect"
	"throughline/connect"
	"throughline/connect/gong"
	"throughline/connect/mail"
	"throughline/connect/notion"
	"throughline/connect/salesforce"
	"throughline/connect/slack"
	"throughline/engine/builtin"
	"throughline/ground"
	"throughline/lifecycle"
	"throughline/lifecycle/jobs"
	"throughline/store"
	"throughline/store/storetest"
	gongtwin "throughline/twin/gong"
	notiontwin "throughline/twin/notion"
	salesforcetwin "throughline/twin/salesforce"
	slacktwin "throughline/twin/slack"
	smtptwin "throughline/twin/smtp"
	"throughline/won"
)

// The kill test: deals close while the process that serves is killed again and
// again, and the outside systems fail one call in ten. In the end every deal has
// one page, one message in its channel and one review request.
//
// The process is this test binary, started anew with the environment variable
// below; the outside systems are stand-ins in the test itself.

const workerVariable = "THROUGHLINE_TEST_WORKER"

// A site is what a worker must know of the outside.
type site struct {
	Name                            string // ends the credentials
	Database                        string
	Salesforce, Gong, Slack, Notion string
	Mail                            int       // port
	Real                            time.Time // when the play began
	Play                            time.Time // what the clocks said then
	Speed                           float64
}

// now is the play's clock, which all processes read alike.
func (at site) now() time.Time {
	return at.Play.Add(time.Duration(float64(time.Since(at.Real)) * at.Speed))
}

func TestMain(m *testing.M) {
	if said := os.Getenv(workerVariable); said != "" {
		if err := work(said); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The secrets of the stand-ins.
const (
	sfSecret, gongSecret, slackToken, notionToken = "sf-secret-0001", "gong-secret-0001", "xoxb-secret-0001", "ntn_secret_0001"
)

// work serves until it is killed.
func work(said string) error {
	var at site
	if err := json.Unmarshal([]byte(said), &at); err != nil {
		return err
	}
	ctx := context.Background()
	db, err := store.Open(ctx, at.Database)
	if err != nil {
		return err
	}
	s, watch, err := at.service(db)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	cfg := jobs.Config{Tick: 50 * time.Millisecond, Longest: 5 * time.Second, Rescue: 6 * time.Second, Workers: 4, Log: log}
	var r *jobs.Runner
	if db.Pool != nil {
		r, err = jobs.Postgres(ctx, db.Pool, s, cfg)
	} else {
		r, err = jobs.SQLite(ctx, db.SQL, s, cfg)
	}
	if err != nil {
		return err
	}
	go func() { _ = watch.Run(ctx) }() // the process is killed, not ended
	return r.Run(ctx, 0)
}

// means are how a service gets at the outside.
type means struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	http  *http.Client
	free  *connect.Limiter // in place of the vendors' paces; nil for these
	mail  lifecycle.Messenger
	// look is how often deals are looked at, and back how far Slack is searched for
	// what was posted; 0 for the defaults.
	look, back time.Duration
	// settle is how long Notion is given to find a page that was made; 0 for the default.
	settle time.Duration
}

// service is wired for a play whose hours pass in seconds.
func (at site) service(db *store.DB) (*lifecycle.Service, *won.Watch, error) {
	quick := func(ctx context.Context, d time.Duration) error { // vendors' seconds are long in this play
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(d/20, 200*time.Millisecond)):
			return nil
		}
	}
	hc := &http.Client{Timeout: 10 * time.Second}
	free := connect.NewLimiter(1e6, 1e6)
	post, err := mail.New(mail.Config{
		Host: "127.0.0.1", Port: at.Mail, TLS: mail.NoTLS, From: netmail.Address{Name: "Throughline", Address: "handoff@seller.example"},
		Limiter: free, Sent: db, Now: at.now, Sleep: quick, Timeout: 10 * time.Second,
	})
	if err != nil {
		return nil, nil, err
	}
	// Nothing comes late in this play, and a message is not to be out of sight.
	const year = 365 * 24 * time.Hour
	return at.wired(db, means{now: at.now, sleep: quick, http: hc, free: free, mail: post, look: year, back: year})
}

// wired is wired as a company's own would be.
func (at site) wired(db *store.DB, by means) (*lifecycle.Service, *won.Watch, error) {
	org, err1 := salesforce.New(salesforce.Config{
		Login: at.Salesforce, ClientID: "app" + at.Name, ClientSecret: sfSecret, CSMField: salesforcetwin.CSMField, HTTP: by.http, Limiter: by.free, Now: by.now, Sleep: by.sleep,
		Writing: &salesforce.Writing{},
	})
	var paces func(string) *connect.Limiter
	if by.free != nil {
		paces = func(string) *connect.Limiter { return by.free }
	}
	talk, err2 := slack.New(slack.Config{Token: slackToken + at.Name, Base: at.Slack + "/api", HTTP: by.http, Now: by.now, Sleep: by.sleep, Limiter: paces, LookBack: by.back})
	pages, err3 := notion.New(notion.Config{Token: notionToken + at.Name, DataSource: notiontwin.DataSource, Base: at.Notion, HTTP: by.http, Limiter: by.free, Settle: by.settle, Now: by.now, Sleep: by.sleep})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	calls := gong.New(at.Gong, gong.Key("key"+at.Name, gongSecret))
	calls.HTTP.Now, calls.HTTP.Sleep, calls.HTTP.HTTP = by.now, by.sleep, by.http
	if by.free != nil {
		calls.HTTP.Limiter = by.free
	}
	index := &gong.Collector{Index: &gong.Index{Client: calls, Store: db.Calls("w"), Now: by.now, History: 60 * 24 * time.Hour}}
	rules := lifecycle.DefaultRules()
	rules.Destinations, rules.Ways = []string{"notion", "salesforce", "slack"}, []string{lifecycle.WayMail, lifecycle.WayChat}
	rules.Agendas = []string{"notion"}
	if by.look > 0 {
		rules.LookEvery = by.look
	}
	s := &lifecycle.Service{
		Rules: rules, Store: db, Now: by.now,
		Collector: &lifecycle.Gatherer{Hours: rules.Hours, Gather: func(ctx context.Context, id, dir string) (*collect.Result, error) {
			systems := []collect.Named[collect.System]{{Name: "Gong", It: index}, {Name: "Slack", It: talk}}
			return collect.Deal(ctx, collect.Named[collect.CRM]{Name: "Salesforce", It: org}, systems, id, dir, by.now())
		}},
		Engine: &lifecycle.Drafter{Draft: func(ctx context.Context, deal *throughline.Deal, now time.Time) (*throughline.Handoff, error) {
			draft, err := builtin.Engine{}.Draft(ctx, deal)
			if err != nil {
				return nil, err
			}
			h, _ := ground.Settle(deal, ground.NewIndex(deal), draft, now)
			return h, nil
		}},
		Destinations: map[string]lifecycle.Destination{
			"notion":     {Publisher: pages, Audience: throughline.AudienceTeam, Agenda: pages.PublishAgenda},
			"salesforce": {Publisher: org, Audience: throughline.AudienceCompany},
			"slack":      {Publisher: talk, Audience: throughline.AudienceCompany},
		},
		Messengers: map[string]lifecycle.Messenger{lifecycle.WayMail: by.mail, lifecycle.WayChat: talk},
		ParkAfter:  1000, // in this play nothing waits for a person
	}
	watch := &won.Watch{CRM: org, Ledger: ledger{db, s}, Every: 300 * time.Millisecond, Now: by.now, Filter: won.Filter{From: at.Play}}
	return s, watch, nil
}

// A ledger begins runs for wins, and remembers them in the store.
type ledger struct {
	db *store.DB
	s  *lifecycle.Service
}

func (l ledger) Position(ctx context.Context) (won.Position, error) {
	w, err := l.db.Watched(ctx, "org")
	return won.Position(w), err
}

func (l ledger) Advance(ctx context.Context, p won.Position) error {
	return l.db.SetWatched(ctx, "org", store.Watched(p))
}

func (l ledger) Started(ctx context.Context, ids []string) ([]won.Event, error) {
	known, err := l.db.Starts(ctx, "org", ids)
	var out []won.Event
	for _, k := range known {
		out = append(out, won.Event{Deal: k.Opportunity, At: k.WonAt, ID: k.Event, Won: true, Started: true})
	}
	return out, err
}

func (l ledger) Begin(ctx context.Context, w won.Win, e won.Event) error {
	if _, _, err := l.s.Detected(ctx, connect.Record{ID: w.ID, Name: w.Name}, w.WonAt, len(w.Before) > 0, false); err != nil {
		return err
	}
	_, err := l.db.AddStart(ctx, store.Start{Org: "org", Opportunity: e.Deal, WonAt: e.At, Event: e.ID, Source: "poll", FirstSeen: l.s.Now()})
	return err
}

// faulty fails one call in so many, before or after the system did what it was
// asked.
func faulty(h http.Handler, every int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rand.IntN(every) > 0 {
			h.ServeHTTP(w, r)
			return
		}
		switch rand.IntN(4) {
		case 0: // turned away
			w.WriteHeader(http.StatusServiceUnavailable)
		case 1: // turned away for its rate
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2: // done, and answered with an error
			h.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusBadGateway)
		case 3: // done, and no answer
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
	})
}

// A town is the outside systems with their deals.
type town struct {
	at         site
	salesforce *salesforcetwin.Server
	gong       *gongtwin.Server
	slack      *slacktwin.Server
	notion     *notiontwin.Server
	mail       *smtptwin.Server
	deals      []townDeal
}

type townDeal struct{ id, channel string }

// Shown in the town: the seller's two people.
const aeMail, csmMail = "ann@seller.example", "cy@seller.example"

// newTown sets the outside systems up, with deals that are still open.
func newTown(t *testing.T, database string, deals, faults int) *town {
	t.Helper()
	v := &town{at: site{Database: database, Real: time.Now(), Play: monday, Speed: 4320}}
	v.build(v.at.now)
	v.salesforce.Limit, v.gong.PerSecond, v.gong.PerDay, v.slack.All, v.notion.PerMinute = 1e9, -1, -1, -1, -1
	v.mail = &smtptwin.Server{Now: v.at.now}
	for to, h := range map[*string]http.Handler{&v.at.Salesforce: v.salesforce, &v.at.Gong: v.gong, &v.at.Slack: v.slack, &v.at.Notion: v.notion} {
		srv := httptest.NewUnstartedServer(faulty(h, faults))
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it tells of every fault
		srv.Start()
		t.Cleanup(srv.Close)
		*to = srv.URL
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = v.mail.Serve(l) }()
	t.Cleanup(func() { _ = v.mail.Close() })
	v.at.Mail = l.Addr().(*net.TCPAddr).Port
	v.stock(deals, 1)
	return v
}

// build builds the outside systems, with the vendors' own limits.
func (v *town) build(now func() time.Time) {
	v.salesforce = salesforcetwin.New()
	v.salesforce.ClientID, v.salesforce.ClientSecret, v.salesforce.Now = "app"+v.at.Name, sfSecret, now
	v.gong = &gongtwin.Server{Key: "key" + v.at.Name, Secret: gongSecret, Now: now}
	v.slack = slacktwin.New()
	v.slack.Token, v.slack.Now = slackToken+v.at.Name, now
	v.notion = &notiontwin.Server{Token: notionToken + v.at.Name, Now: now}
}

// seller is a person of the seller's, in all systems.
func (v *town) seller(id, first, last, email, title string) (user string) {
	name := first + " " + last
	v.slack.AddUser(slacktwin.Object{"id": id, "name": strings.ToLower(id), "real_name": name, "profile": slacktwin.Object{"real_name": name, "email": email}})
	return v.salesforce.Put("User", salesforcetwin.Record{"Name": name, "FirstName": first, "LastName": last, "Email": email, "Title": title})
}

// stock fills them with deals that are still open, of so many AEs.
func (v *town) stock(deals, aes int) {
	calls := v.gong
	stamp := monday.Add(-30 * 24 * time.Hour).Format("2006-01-02T15:04:05.000+0000")
	team := make([][2]string, aes) // an AE and a CSM
	for i := range team {
		mark := ""
		if i > 0 {
			mark = strconv.Itoa(i)
		}
		team[i] = [2]string{
			v.seller("U0AE"+mark, "Ann", "Lee"+mark, strings.Replace(aeMail, "@", mark+"@", 1), "Account Executive"),
			v.seller("U0CSM"+mark, "Cy", "Ng"+mark, strings.Replace(csmMail, "@", mark+"@", 1), "Customer Success Manager"),
		}
	}
	for i := range deals {
		ae, csm := team[i%aes][0], team[i%aes][1]
		name := fmt.Sprintf("Buyer%03d", i)
		account := v.salesforce.Put("Account", salesforcetwin.Record{"Name": name, "Website": "https://" + strings.ToLower(name) + ".example"})
		contact := v.salesforce.Put("Contact", salesforcetwin.Record{"AccountId": account, "Name": "Bo Ek", "FirstName": "Bo", "LastName": "Ek", "Email": "bo@" + strings.ToLower(name) + ".example", "Title": "Head of Data"})
		opp := v.salesforce.Put("Opportunity", salesforcetwin.Record{
			"Name": name + " - Sync", "AccountId": account, "OwnerId": ae, salesforcetwin.CSMField: csm, "StageName": "Negotiation", "IsWon": false, "IsClosed": false, "Amount": 50000,
			"CloseDate": monday.Format(time.DateOnly), "CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp,
		})
		v.salesforce.Put("OpportunityContactRole", salesforcetwin.Record{"OpportunityId": opp, "ContactId": contact, "Role": "Champion", "IsPrimary": true, "CreatedDate": stamp})
		call := strconv.Itoa(1000 + i)
		calls.AddCall(map[string]any{
			"metaData": map[string]any{"id": call, "title": "Discovery", "started": monday.Add(-72 * time.Hour).Format(time.RFC3339), "duration": 600, "scope": "External", "primaryUserId": "1"},
			"context":  []any{map[string]any{"system": "Salesforce", "objects": []any{map[string]any{"objectType": "Opportunity", "objectId": opp, "fields": []any{}}}}},
			"parties": []any{
				map[string]any{"id": "1", "speakerId": "1", "name": "Ann Lee", "emailAddress": aeMail, "affiliation": "Internal", "userId": "1"},
				map[string]any{"id": "2", "speakerId": "2", "name": "Bo Ek", "emailAddress": "bo@" + strings.ToLower(name) + ".example", "affiliation": "External"},
			},
		})
		calls.AddTranscript(map[string]any{"callId": call, "transcript": []any{
			map[string]any{"speakerId": "2", "sentences": []any{map[string]any{"start": 1000, "end": 9000, "text": "Today we key every order by hand, and it takes us two days a week. That is the pain."}}},
			map[string]any{"speakerId": "1", "sentences": []any{map[string]any{"start": 10000, "end": 19000, "text": "We will have the nightly load live within thirty days, I'd need to confirm the volume with our engineers."}}},
		}})
		channel := v.slack.AddChannel(slacktwin.Object{"name": "deal-" + strings.ToLower(name), "is_private": true}, "U0AE", "U0CSM")
		v.deals = append(v.deals, townDeal{opp, channel})
	}
}

// worker starts a process that serves.
func (v *town) worker(t *testing.T, log io.Writer) *exec.Cmd {
	t.Helper()
	said, err := json.Marshal(v.at)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"="+string(said))
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// pagesIn are the handoffs and the agendas that are pages.
func pagesIn(n *notiontwin.Server) (handoffs, agendas int) {
	for _, p := range n.Published() {
		if strings.HasPrefix(p.Title, "Kickoff: ") {
			agendas++
		} else {
			handoffs++
		}
	}
	return handoffs, agendas
}

// count is what of the wished-for is there.
func (v *town) count() (pages, agendas, files, posts, requests int) {
	pages, agendas = pagesIn(v.notion)
	for _, d := range v.deals {
		for _, m := range v.slack.Own(d.channel) {
			if m.Thread == "" || m.Thread == m.TS {
				posts++
			}
		}
	}
	for _, link := range v.salesforce.All("ContentDocumentLink") {
		if to, _ := link["LinkedEntityId"].(string); strings.HasPrefix(to, "006") {
			files++
		}
	}
	for _, m := range v.mail.Inbox(aeMail) {
		if strings.HasPrefix(m.Subject, "Your handoff of") {
			requests++
		}
	}
	return pages, agendas, files, posts, requests
}

// A safeLog is written by several processes.
type safeLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestSurvivesKills is the whole with THROUGHLINE_SOAK=1: 200 deals, 100 kills. Else
// it is short.
func TestSurvivesKills(t *testing.T) {
	deals, kills := 20, 10
	switch {
	case os.Getenv("THROUGHLINE_SOAK") != "":
		deals, kills = 200, 100
	case raceEnabled: // which makes it many times slower
		deals, kills = 8, 6
	}
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Run("sqlite", func(t *testing.T) {
		survive(t, "sqlite:"+filepath.Join(t.TempDir(), "throughline.db"), deals, kills, 1)
	})
	t.Run("postgres", func(t *testing.T) { survive(t, storetest.PostgreSQL(t), deals, kills, 3) })
}

func survive(t *testing.T, database string, deals, kills, processes int) {
	v := newTown(t, database, deals, 10)
	log := &safeLog{}
	workers := make([]*exec.Cmd, processes)
	for i := range workers {
		workers[i] = v.worker(t, log)
	}
	defer func() {
		for _, w := range workers {
			_ = w.Process.Kill()
			_ = w.Wait()
		}
	}()
	kill := func(i int) {
		_ = workers[i].Process.Kill() // SIGKILL: it gets no word in
		_ = workers[i].Wait()
		workers[i] = v.worker(t, log)
	}
	// The deals close in the first seconds; the kills come all through the play, most
	// of them while handoffs are published.
	closing := time.Duration(deals) * 200 * time.Millisecond
	day := time.Duration(float64(24*time.Hour) / v.at.Speed)
	var moments []time.Duration
	for i := range kills {
		if i%3 == 0 {
			moments = append(moments, rand.N(closing+day))
		} else {
			moments = append(moments, day+rand.N(closing+time.Second))
		}
	}
	slices.Sort(moments)
	go func() {
		for _, d := range v.deals {
			time.Sleep(closing / time.Duration(deals))
			v.salesforce.Move(d.id, "Closed Won", true, v.at.now())
		}
	}()
	for _, at := range moments {
		time.Sleep(time.Until(v.at.Real.Add(at)))
		kill(rand.IntN(processes))
	}
	deadline := time.Now().Add(4*time.Minute + time.Duration(deals)*time.Second)
	for time.Now().Before(deadline) {
		if p, a, f, s, r := v.count(); p >= deals && a >= deals && f >= deals && s >= deals && r >= deals {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	time.Sleep(2 * time.Second) // for what would come twice
	pages, agendas, files, posts, requests := v.count()
	if pages != deals || agendas != deals || files != deals || posts != deals || requests != deals {
		t.Errorf("of %d deals: %d handoffs and %d agendas as pages, %d files, %d channel messages, %d review requests", deals, pages, agendas, files, posts, requests)
	}
	v.inOrder(t)
	if t.Failed() {
		t.Logf("the workers' log ends:\n%s", tail(log.String(), 4000))
	}
}

// inOrder looks at each run's trail: it was drafted before it was published, and
// published no sooner than a day after it was won.
func (v *town) inOrder(t *testing.T) {
	t.Helper()
	db := storetest.Open(t, v.at.Database)
	runs, err := db.Runs(t.Context(), 10000)
	if err != nil || len(runs) != len(v.deals) {
		t.Errorf("%d runs of %d deals, %v", len(runs), len(v.deals), err)
	}
	for _, run := range runs {
		if run.FirstDrafted.IsZero() || run.Published.Before(run.Won.Add(24*time.Hour)) || run.FirstDrafted.After(run.Published) {
			t.Errorf("%s: won %v, drafted %v, published %v", run.ID, run.Won, run.FirstDrafted, run.Published)
		}
		if run.Version != 1 {
			t.Errorf("%s has %d versions", run.ID, run.Version)
		}
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
