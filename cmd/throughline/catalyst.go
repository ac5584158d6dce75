package main

import (
	"errors"

	"throughline"
	"throughline/connect"
	"throughline/connect/catalyst"
)

type catalystConfig struct {
	Base       string `yaml:"base" doc:"The API's address." default:"https://api.catalyst.io" example:"https://api.catalyst.io"`
	PathPrefix string `yaml:"path_prefix" doc:"What stands before the API's paths." default:"none" example:"/v1"`
	Header     string `yaml:"header" doc:"The header in which the key is sent." default:"Authorization" example:"X-Api-Key"`
	Scheme     string `yaml:"scheme" doc:"The word before the key in that header; none where it stands alone." default:"Bearer" example:"none"`
	Attribute  string `yaml:"attribute" ask:"yes" doc:"The label, in Catalyst, of the attribute that mirrors the link's field." default:"any that holds the link" example:"Handoff link"`
}

// connectCatalyst has nothing published: as a destination it only looks whether the
// link that the CRM's connector wrote has arrived.
func connectCatalyst(c *config, _ *connections, with tools) *connection {
	if c.Catalyst == nil {
		return nil
	}
	conn := &connection{name: catalyst.Vendor, budget: &connect.Budget{}}
	key, err := with.need("CATALYST_API_KEY")
	if err == nil && (c.Salesforce == nil || c.Destinations.Salesforce == "" || c.Salesforce.Fields.Link == "") {
		err = errors.New("nothing can be written to Catalyst: set salesforce.fields.link and destinations.salesforce, and have Catalyst mirror that field")
	}
	if err != nil {
		conn.err = err
		return conn
	}
	s := c.Catalyst
	client, err := catalyst.New(catalyst.Config{
		Key: key, Base: s.Base, PathPrefix: s.PathPrefix, Header: s.Header, Scheme: s.Scheme, Attribute: s.Attribute,
		Limiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.check = client.Check
	conn.publishes("catalyst", destination(throughline.AudienceCompany), client, client.Remove)
	return conn
}
