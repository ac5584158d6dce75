package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"

	"throughline/connect"
	"throughline/connect/hubspot"
	"throughline/won"
)

type hubspotConfig struct {
	Base    string `yaml:"base" doc:"The API's address." default:"https://api.hubapi.com" example:"https://api.hubapi.com"`
	Version string `yaml:"version" doc:"The dated version of the API." default:"2026-09" example:"2026-09"`
	Portal  string `yaml:"portal" doc:"The account's id (Hub ID): webhooks of other accounts are passed over. Only needed by an app that is installed in several." example:"\"12345678\""`

	Tasks  bool          `yaml:"tasks" ask:"yes" doc:"Whether each milestone of a published handoff that has a due date becomes a task of the deal, owned by the CSM." default:"false" example:"true"`
	Fields hubspotFields `yaml:"fields" doc:"Properties of the deal, made by you, that are set when a handoff is published, by internal name."`
}

type hubspotFields struct {
	Link      string `yaml:"link" doc:"The property for the address of the handoff." example:"handoff_link"`
	Status    string `yaml:"status" doc:"The property for its status." example:"handoff_status"`
	Version   string `yaml:"version" doc:"The property for its version." example:"handoff_version"`
	Published string `yaml:"published_at" doc:"The property for when the version was written." example:"handoff_published"`
	Summary   string `yaml:"summary" doc:"The property for the use cases in one line." example:"handoff_summary"`
}

func connectHubSpot(c *config, _ *connections, with tools) *connection {
	if c.HubSpot == nil {
		return nil
	}
	h := c.HubSpot
	conn := &connection{name: hubspot.Vendor, budget: &connect.Budget{}}
	token, err := with.need("HUBSPOT_TOKEN")
	secret, err2 := with.look("HUBSPOT_CLIENT_SECRET")
	if err == nil && secret != "" && c.Serve.PublicURL == "" {
		err = errors.New("HUBSPOT_CLIENT_SECRET is set, so HubSpot's webhooks are to be heard: set serve.public_url in the configuration, by which their signatures are checked")
	}
	if conn.err = errors.Join(err, err2); conn.err != nil {
		return conn
	}
	portal, err := hubspot.New(hubspot.Config{
		Token: token, Base: h.Base, Version: h.Version, Portal: h.Portal, AEField: c.Deals.AEField, CSMField: c.Deals.CSMField, KickoffField: c.Deals.KickoffField,
		Seller: c.company(), Writing: c.hubspotWriting(), Limiter: with.env.limiter, SearchLimiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.crm, conn.wins, conn.org, conn.check = portal, portal, cmp.Or(h.Base, "hubspot"), portal.Check
	if secret != "" {
		public := strings.TrimRight(c.Serve.PublicURL, "/") + hubspot.HookPath
		conn.hook = func(hear func(context.Context, won.Notice) error) http.Handler {
			return portal.Hook(secret, public, hear)
		}
		conn.hookPath = hubspot.HookPattern
	}
	conn.publishes("hubspot", c.Destinations.HubSpot, portal, portal.Remove)
	conn.follows(h.Tasks, portal)
	return conn
}

// hubspotWriting is how handoffs are published to HubSpot; nil where they are not.
func (c *config) hubspotWriting() *hubspot.Writing {
	if c.Destinations.HubSpot == "" {
		return nil
	}
	f := c.HubSpot.Fields
	w := &hubspot.Writing{Tasks: c.HubSpot.Tasks, Fields: map[hubspot.Value]string{
		hubspot.ValueLink: f.Link, hubspot.ValueStatus: f.Status, hubspot.ValueVersion: f.Version, hubspot.ValuePublished: f.Published, hubspot.ValueSummary: f.Summary,
	}}
	maps.DeleteFunc(w.Fields, func(_ hubspot.Value, field string) bool { return field == "" })
	return w
}
