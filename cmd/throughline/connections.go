package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"throughline"
	"throughline/collect"
	"throughline/connect"
	"throughline/connect/catalyst"
	"throughline/connect/chorus"
	"throughline/connect/gong"
	"throughline/connect/hubspot"
	"throughline/connect/mail"
	"throughline/connect/notion"
	"throughline/connect/salesforce"
	"throughline/connect/salesforce/changes"
	"throughline/connect/salesforce/outbound"
	"throughline/connect/slack"
	"throughline/connect/totango"
	"throughline/connect/vitally"
	"throughline/lifecycle"
	"throughline/store"
	"throughline/won"
)

// A connection is one configured system, with what it can do for a deal.
type connection struct {
	name   string // as people call it
	budget *connect.Budget

	// err is why the system can't be talked to as it is configured; all below is
	// nil then.
	err error

	crm  collect.CRM // nil for what is none
	wins won.CRM     // of a CRM: which deals were won
	org  string      // of a CRM: what its wins are remembered under, which stays the same
	// listen opens what tells a CRM's changes as they happen; nil where that is not used.
	listen func(won.Filter) (feed, error)
	// hook answers what a CRM posts to the public address when something is changed
	// there, at hookPath, a pattern of http.ServeMux, and tells where to look again; nil
	// where that is not used.
	hook     func(hear func(context.Context, won.Notice) error) http.Handler
	hookPath string

	system  collect.System // nil for what holds nothing of deals, and for the CRM
	records bool           // the system records calls
	check   func(context.Context) []connect.Permission

	destination string                                                      // its key under destinations; empty where handoffs are not published there
	publish     lifecycle.Destination                                       // of that
	remove      func(context.Context, string) error                         // takes a copy away, by its id; nil where that can't be done
	way         string                                                      // lifecycle's name of the way to people; empty for none
	messenger   lifecycle.Messenger                                         // of that
	post        func(context.Context, connect.Letter) (connect.Copy, error) // sends letters; nil for what is no mail server
}

// A feed tells of a CRM's changes until it is closed.
type feed interface {
	won.Feed
	io.Closer
}

// connections are the systems that the configuration names.
type connections struct {
	db    *store.DB     // nil where it can't be opened
	slack *slack.Client // nil where none is configured, or not well
	all   []*connection // the CRM first
}

// close ends what was opened.
func (n *connections) close() {
	if n.db != nil {
		_ = n.db.Close() // what was written stands
	}
}

// A connector is what Throughline can be connected to.
type connector struct {
	about *connect.About
	// set sets a connection up, for its section of the configuration; it gives nil
	// where that is not there. It is nil itself for what another connector sets up.
	set func(c *config, n *connections, with tools) *connection
}

// connectors are all of them. Who adds a system adds its line here.
var connectors = []connector{
	{&salesforce.About, connectSalesforce},
	{&changes.About, nil},
	{&outbound.About, nil},
	{&hubspot.About, connectHubSpot},
	{&gong.About, connectGong},
	{&chorus.About, connectChorus},
	{&slack.About, connectSlack},
	{&notion.About, connectNotion},
	{&vitally.About, connectVitally},
	{&totango.About, connectTotango},
	{&catalyst.About, connectCatalyst},
	{&mail.About, connectMail},
}

// crms are the sections of the configuration that name a CRM.
var crms = []string{"salesforce", "hubspot"}

// errNoCRM says that none is named.
var errNoCRM = fmt.Errorf("the configuration names no CRM: add a section %s ('throughline init' writes one)", strings.Join(crms, " or "))

// tools are what every connection is given.
type tools struct {
	env env
	log *slog.Logger // nil for none
	// sleep waits, on a clock that is env's; nil for the machine's.
	sleep func(context.Context, time.Duration) error
	// tick is how often due tasks are looked for; 0 for the default.
	tick time.Duration
	// secret is the value of a secret by its variable's name, empty for none; nil
	// for [lookSecret].
	secret func(name string) (string, error)
}

// look is the value of a secret; empty where there is none.
func (t tools) look(name string) (string, error) {
	if t.secret != nil {
		return t.secret(name)
	}
	return lookSecret(name)
}

// need is look where there must be one.
func (t tools) need(name string) (string, error) {
	v, err := t.look(name)
	if err == nil && v == "" {
		err = errors.New("set the environment variable " + name + ", or " + name + "_FILE to a file that holds it")
	}
	return v, err
}

// wait waits on the tools' clock.
func (t tools) wait(ctx context.Context, d time.Duration) error {
	if t.sleep != nil {
		return t.sleep(ctx, d)
	}
	return connect.Sleep(ctx, d)
}

// connectAll opens the database and sets up what the configuration names. It calls
// none of the systems. The caller closes it.
func connectAll(ctx context.Context, c *config, with tools) *connections {
	n := &connections{}
	database := n.open(ctx, c, with)
	for _, to := range connectors {
		if to.set == nil {
			continue
		}
		if conn := to.set(c, n, with); conn != nil {
			n.all = append(n.all, conn)
		}
	}
	if len(n.all) > 0 {
		n.all = append(n.all, database)
	}
	return n
}

// databaseName is how the database stands among the connections.
const databaseName = "Database"

// open opens the database, before the systems are set up. Where several machines
// share it, they keep the vendors' pace together.
func (n *connections) open(ctx context.Context, c *config, with tools) *connection {
	conn := &connection{name: databaseName, budget: &connect.Budget{}}
	address, err := c.database(with)
	if err == nil {
		n.db, err = store.Open(ctx, address, store.WithClock(with.env.now))
	}
	if err != nil {
		conn.err = err
		return conn
	}
	if n.db.Dialect == store.PostgreSQL {
		connect.ShareAcross(n.db, with.log)
	}
	conn.check = func(context.Context) []connect.Permission {
		return []connect.Permission{{Name: string(n.db.Dialect), For: "what must be remembered"}}
	}
	return conn
}

// err is what is wrong with any of the connections.
func (n *connections) err() error {
	var errs []error
	for _, c := range n.all {
		if c.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, c.err))
		}
	}
	return errors.Join(errs...)
}

// crm is the connection to the CRM; nil where none is configured, or not well.
func (n *connections) crm() *connection {
	for _, c := range n.all {
		if c.crm != nil {
			return c
		}
	}
	return nil
}

// systems are the others that hold something of deals.
func (n *connections) systems() []collect.Named[collect.System] {
	var out []collect.Named[collect.System]
	for _, c := range n.all {
		if c.system != nil {
			out = append(out, collect.Named[collect.System]{Name: c.name, It: c.system})
		}
	}
	return out
}

// publishes has handoffs published there, where the configuration says for whom.
func (c *connection) publishes(key string, audience destination, to lifecycle.Publisher, remove func(context.Context, string) error) {
	c.remove = remove
	if audience != "" {
		c.destination, c.publish = key, lifecycle.Destination{Publisher: to, Audience: throughline.Audience(audience)}
	}
}

// follows has what became of the milestones' tasks read back, where handoffs are
// published there with tasks.
func (c *connection) follows(tasks bool, in tasked) {
	if tasks && c.destination != "" {
		c.publish.Follow, c.publish.SetTasks = in.Follow, in.SetTasks
	}
}

// tasked is a connector with a task for each milestone.
type tasked interface {
	Follow(ctx context.Context, p connect.Publication) ([]connect.Followed, error)
	SetTasks(ctx context.Context, p connect.Publication, changes []connect.TaskChange) error
}

func connectSalesforce(c *config, _ *connections, with tools) *connection {
	if c.Salesforce == nil {
		return nil
	}
	s := c.Salesforce
	conn := &connection{name: "Salesforce", budget: &connect.Budget{}}
	secret, err := with.look("SALESFORCE_CLIENT_SECRET")
	if err == nil && secret == "" && (s.KeyFile == "" || s.Username == "") {
		err = errors.New("set the environment variable SALESFORCE_CLIENT_SECRET (or SALESFORCE_CLIENT_SECRET_FILE), or username and key_file under salesforce in the configuration")
	}
	messages, err2 := c.outboundMessages(with)
	if conn.err = errors.Join(err, err2); conn.err != nil {
		return conn
	}
	org, err := salesforce.New(salesforce.Config{
		Login: s.Login, ClientID: s.ClientID, ClientSecret: secret, Username: s.Username, KeyFile: c.path(s.KeyFile), Audience: s.Audience, Version: s.Version,
		AEField: c.Deals.AEField, CSMField: c.Deals.CSMField, KickoffField: c.Deals.KickoffField, Seller: c.company(), Writing: c.writing(), Limiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.crm, conn.wins, conn.org, conn.check = org, org, cmp.Or(s.Login, "salesforce"), org.Check
	if s.ChangeEvents {
		conn.listen = func(f won.Filter) (feed, error) {
			return changes.New(changes.Config{
				Org: org, Endpoint: s.ChangeEndpoint, Topic: s.ChangeTopic, Fields: append(salesforce.Fields(f), nonEmpty("IsClosed", c.Deals.KickoffField)...), Plain: onThisMachine(s.ChangeEndpoint),
				Log: with.log, Now: with.env.now, Sleep: with.sleep,
			})
		}
	}
	if messages != nil {
		conn.hook, conn.hookPath = messages.Handler, outbound.Pattern
	}
	conn.publishes("salesforce", c.Destinations.Salesforce, org, org.Remove)
	conn.follows(s.Tasks, org)
	return conn
}

// outboundMessages takes Salesforce's outbound messages; nil where no secret is set
// for their address.
func (c *config) outboundMessages(with tools) (*outbound.Endpoint, error) {
	secret, err := with.look("SALESFORCE_OUTBOUND_SECRET")
	if err != nil || secret == "" {
		return nil, err
	}
	endpoint, err := outbound.New(outbound.Config{Secret: secret, Org: c.Salesforce.OrganizationID, Log: with.log})
	if err != nil {
		return nil, fmt.Errorf("SALESFORCE_OUTBOUND_SECRET and salesforce.organization_id in the configuration: %w", err)
	}
	return endpoint, nil
}

// writing is how handoffs are published to Salesforce; nil where they are not.
func (c *config) writing() *salesforce.Writing {
	if c.Destinations.Salesforce == "" {
		return nil
	}
	s := c.Salesforce
	w := &salesforce.Writing{Format: s.Format, Note: s.Note, Tasks: s.Tasks, Fields: map[salesforce.Value]string{
		salesforce.ValueLink: s.Fields.Link, salesforce.ValueStatus: s.Fields.Status, salesforce.ValueVersion: s.Fields.Version,
		salesforce.ValuePublished: s.Fields.Published, salesforce.ValueSummary: s.Fields.Summary,
	}}
	maps.DeleteFunc(w.Fields, func(_ salesforce.Value, field string) bool { return field == "" })
	return w
}

func connectGong(c *config, n *connections, with tools) *connection {
	if c.Gong == nil {
		return nil
	}
	conn := &connection{name: gong.Vendor, budget: &connect.Budget{}}
	key, err := with.need("GONG_ACCESS_KEY")
	secret, err2 := with.need("GONG_ACCESS_KEY_SECRET")
	if conn.err = errors.Join(err, err2); conn.err != nil {
		return conn
	}
	if n.db == nil {
		conn.err = errors.New("it needs the database, for the index of calls")
		return conn
	}
	client := gong.New(c.Gong.Base, gong.Key(key, secret))
	client.Workspace = c.Gong.Workspace
	client.HTTP.Budget, client.HTTP.Log, client.HTTP.Now, client.HTTP.Sleep = conn.budget, with.log, with.env.now, with.sleep
	if with.env.limiter != nil {
		client.HTTP.Limiter = with.env.limiter
	}
	index := n.db.Calls(cmp.Or(c.Gong.Base, gong.DefaultBase) + " " + c.Gong.Workspace)
	conn.system, conn.records = &gong.Collector{Index: &gong.Index{Client: client, Store: index, Now: with.env.now}}, true
	conn.check = func(ctx context.Context) []connect.Permission { return client.Check(ctx, with.env.now()) }
	return conn
}

func connectSlack(c *config, n *connections, with tools) *connection {
	if c.Slack == nil {
		return nil
	}
	s := c.Slack
	conn := &connection{name: slack.Vendor, budget: &connect.Budget{}}
	token, err := with.need("SLACK_BOT_TOKEN")
	app, err2 := with.look("SLACK_APP_TOKEN")
	signing, err3 := with.look("SLACK_SIGNING_SECRET")
	if conn.err = errors.Join(err, err2, err3); conn.err != nil {
		return conn
	}
	uses := []slack.Use{slack.UseRead}
	if c.Destinations.Slack != "" {
		uses = append(uses, slack.UsePublish)
	}
	if slices.Contains(c.ways(), lifecycle.WayChat) {
		uses = append(uses, slack.UseSend)
	}
	cfg := slack.Config{
		Token: token, AppToken: app, SigningSecret: signing, Base: s.Base, Channels: s.Channels, Field: s.Field, Patterns: s.Patterns, Also: s.Also,
		PublicOnly: s.PublicOnly, Join: s.Join, Uses: uses, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	}
	if with.env.limiter != nil {
		cfg.Limiter = func(string) *connect.Limiter { return with.env.limiter }
	}
	client, err := slack.New(cfg)
	if err != nil {
		conn.err = err
		return conn
	}
	n.slack, conn.system, conn.check = client, client, client.Check
	conn.publishes("slack", c.Destinations.Slack, client, client.Remove)
	conn.publish.Mark = func(ctx context.Context, p connect.Publication, o lifecycle.Outcome) (connect.Copy, error) {
		return client.Mark(ctx, p, slack.Outcome(o))
	}
	conn.way, conn.messenger = lifecycle.WayChat, client
	return conn
}

func connectNotion(c *config, _ *connections, with tools) *connection {
	if c.Notion == nil {
		return nil
	}
	conn := &connection{name: notion.Vendor, budget: &connect.Budget{}}
	token, err := with.need("NOTION_TOKEN")
	if err == nil && c.Destinations.Notion != "" && c.Notion.DataSource == "" {
		err = errors.New("handoffs are to be published to Notion: set notion.data_source in the configuration")
	}
	if err != nil {
		conn.err = err
		return conn
	}
	client, err := notion.New(notion.Config{
		Token: token, DataSource: c.Notion.DataSource, ExternalID: c.Notion.Property, Base: c.Notion.Base, Limiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.system, conn.check = client, client.Check
	conn.publishes("notion", c.Destinations.Notion, client, client.Remove)
	conn.publish.Agenda = client.PublishAgenda
	return conn
}

func connectMail(c *config, n *connections, with tools) *connection {
	if c.Mail == nil {
		return nil
	}
	conn := &connection{name: mail.Vendor, budget: &connect.Budget{}}
	m := c.Mail
	password, err := with.look("SMTP_PASSWORD")
	if err == nil && password == "" && m.Username != "" {
		_, err = with.need("SMTP_PASSWORD")
	}
	from, err2 := mailAddress("mail.from", m.From)
	reply, err3 := mailAddress("mail.reply_to", m.ReplyTo)
	if conn.err = errors.Join(err, err2, err3); conn.err != nil {
		return conn
	}
	cfg := mail.Config{
		Host: m.Host, Port: m.Port, TLS: mail.TLSMode(m.TLS), Username: m.Username, From: from, ReplyTo: reply, Limiter: with.env.limiter, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	}
	if m.Username != "" {
		cfg.Password = password
	}
	if n.db != nil {
		cfg.Sent = n.db
	}
	client, err := mail.New(cfg)
	if err != nil {
		conn.err = err
		return conn
	}
	conn.check, conn.way, conn.messenger, conn.post = client.Check, lifecycle.WayMail, client, client.Post
	return conn
}

// mailAddress is the address at a key of the configuration; none where it is
// left out.
func mailAddress(key, text string) (netmail.Address, error) {
	if text == "" {
		return netmail.Address{}, nil
	}
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return netmail.Address{}, fmt.Errorf("%s in the configuration is no email address", key)
	}
	return *a, nil
}
