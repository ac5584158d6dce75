package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"

	"throughline/collect"
	"throughline/connect"
	"throughline/connect/gong"
	"throughline/connect/notion"
	"throughline/connect/salesforce"
	"throughline/connect/slack"
)

// A connection is one configured system, with what it can do for a deal.
type connection struct {
	name   string // as people call it
	budget *connect.Budget

	// err is why the system can't be talked to as it is configured; all below is
	// nil then.
	err error

	crm    collect.CRM    // nil for what is none
	system collect.System // nil for what holds nothing of deals, and for the CRM
	check  func(context.Context) []connect.Permission
}

// connections are the systems that the configuration names.
type connections struct {
	salesforce *salesforce.Org // nil where none is configured, or not well
	all        []*connection   // the CRM first
}

// A connector sets a connection up, for its section of the configuration; nil
// where that is not there.
type connector func(c *config, n *connections, with tools) *connection

// connectors are all of them. Who adds a system adds it here.
var connectors = []connector{connectSalesforce, connectGong, connectSlack, connectNotion}

// tools are what every connection is given.
type tools struct {
	env env
	log *slog.Logger // nil for none
}

// connectAll sets up what the configuration names. It calls nobody.
func connectAll(c *config, with tools) *connections {
	n := &connections{}
	for _, set := range connectors {
		if conn := set(c, n, with); conn != nil {
			n.all = append(n.all, conn)
		}
	}
	return n
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

// crm is the connection to the CRM; nil where none is configured.
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

func connectSalesforce(c *config, n *connections, with tools) *connection {
	if c.Salesforce == nil {
		return nil
	}
	s := c.Salesforce
	conn := &connection{name: "Salesforce", budget: &connect.Budget{}}
	secret, err := lookSecret("SALESFORCE_CLIENT_SECRET")
	if err == nil && secret == "" && (s.KeyFile == "" || s.Username == "") {
		err = errors.New("set the environment variable SALESFORCE_CLIENT_SECRET (or SALESFORCE_CLIENT_SECRET_FILE), or username and key_file under salesforce in the configuration")
	}
	if err != nil {
		conn.err = err
		return conn
	}
	org, err := salesforce.New(salesforce.Config{
		Login: s.Login, ClientID: s.ClientID, ClientSecret: secret, Username: s.Username, KeyFile: c.path(s.KeyFile), Audience: s.Audience, Version: s.Version,
		AEField: c.Deals.AEField, CSMField: c.Deals.CSMField, Seller: c.company(), Writing: c.writing(), Budget: conn.budget, Log: with.log, Now: with.env.now,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	n.salesforce, conn.crm, conn.check = org, org, org.Check
	return conn
}

// writing is how handoffs are published to Salesforce; nil where they are not.
func (c *config) writing() *salesforce.Writing {
	if c.Destinations.Salesforce == "" {
		return nil
	}
	s := c.Salesforce
	w := &salesforce.Writing{Format: s.Format, Note: s.Note, Fields: map[salesforce.Value]string{
		salesforce.ValueLink: s.Fields.Link, salesforce.ValueStatus: s.Fields.Status, salesforce.ValueVersion: s.Fields.Version,
		salesforce.ValuePublished: s.Fields.Published, salesforce.ValueSummary: s.Fields.Summary,
	}}
	maps.DeleteFunc(w.Fields, func(_ salesforce.Value, field string) bool { return field == "" })
	return w
}

func connectGong(c *config, _ *connections, with tools) *connection {
	if c.Gong == nil {
		return nil
	}
	conn := &connection{name: gong.Vendor, budget: &connect.Budget{}}
	key, err := needSecret("GONG_ACCESS_KEY")
	secret, err2 := needSecret("GONG_ACCESS_KEY_SECRET")
	dir, err3 := c.dataDir()
	if conn.err = errors.Join(err, err2, err3); conn.err != nil {
		return conn
	}
	client := gong.New(c.Gong.Base, gong.Key(key, secret))
	client.Workspace = c.Gong.Workspace
	client.HTTP.Budget, client.HTTP.Log, client.HTTP.Now = conn.budget, with.log, with.env.now
	store, err := gong.OpenMemory(filepath.Join(dir, "gong-calls.json"))
	if err != nil {
		conn.err = err
		return conn
	}
	conn.system = &gong.Collector{Index: &gong.Index{Client: client, Store: store, Now: with.env.now}}
	conn.check = func(ctx context.Context) []connect.Permission { return client.Check(ctx, with.env.now()) }
	return conn
}

func connectSlack(c *config, _ *connections, with tools) *connection {
	if c.Slack == nil {
		return nil
	}
	s := c.Slack
	conn := &connection{name: slack.Vendor, budget: &connect.Budget{}}
	token, err := needSecret("SLACK_BOT_TOKEN")
	app, err2 := lookSecret("SLACK_APP_TOKEN")
	signing, err3 := lookSecret("SLACK_SIGNING_SECRET")
	if conn.err = errors.Join(err, err2, err3); conn.err != nil {
		return conn
	}
	uses := []slack.Use{slack.UseRead}
	if c.Destinations.Slack != "" {
		uses = append(uses, slack.UsePublish, slack.UseSend)
	}
	client, err := slack.New(slack.Config{
		Token: token, AppToken: app, SigningSecret: signing, Base: s.Base, Channels: s.Channels, Field: s.Field, Patterns: s.Patterns, Also: s.Also,
		PublicOnly: s.PublicOnly, Join: s.Join, Uses: uses, Budget: conn.budget, Log: with.log, Now: with.env.now,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.system, conn.check = client, client.Check
	return conn
}

func connectNotion(c *config, _ *connections, with tools) *connection {
	if c.Notion == nil {
		return nil
	}
	conn := &connection{name: notion.Vendor, budget: &connect.Budget{}}
	token, err := needSecret("NOTION_TOKEN")
	if err == nil && c.Destinations.Notion != "" && c.Notion.DataSource == "" {
		err = errors.New("handoffs are to be published to Notion: set notion.data_source in the configuration")
	}
	if err != nil {
		conn.err = err
		return conn
	}
	client, err := notion.New(notion.Config{
		Token: token, DataSource: c.Notion.DataSource, ExternalID: c.Notion.Property, Base: c.Notion.Base, Budget: conn.budget, Log: with.log, Now: with.env.now,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.system, conn.check = client, client.Check
	return conn
}
