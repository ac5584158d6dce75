package main

import (
	"context"

	"throughline/connect"
	"throughline/connect/totango"
)

type totangoConfig struct {
	Region    string `yaml:"region" ask:"yes" doc:"Where the organisation's data is: us or eu." default:"us" example:"eu"`
	Base      string `yaml:"base" doc:"The API's address." default:"https://api.totango.com, or https://api-eu1.totango.com" example:"https://api.totango.com"`
	Flow      string `yaml:"flow" ask:"yes" doc:"The id of the flow (activity type) that touchpoints and tasks belong to; 'throughline check' lists them where it is wrong. Tasks need one." example:"onboarding"`
	Type      string `yaml:"type" doc:"The id of the touchpoint's type." default:"none" example:"08317369-0154-404c-ad12-ca25c627d52e"`
	Attribute string `yaml:"attribute" doc:"The attribute of accounts that holds the CRM's id of the customer." default:"the account's own id is the CRM's" example:"Salesforce ID"`
	Tasks     bool   `yaml:"tasks" doc:"Whether each milestone is also a task of the CSM's." default:"false" example:"true"`
}

func connectTotango(c *config, n *connections, with tools) *connection {
	if c.Totango == nil {
		return nil
	}
	conn := &connection{name: totango.Vendor, budget: &connect.Budget{}}
	token, err := with.need("TOTANGO_TOKEN")
	if err != nil {
		conn.err = err
		return conn
	}
	s := c.Totango
	cfg := totango.Config{
		Token: token, Region: s.Region, Base: s.Base, Flow: s.Flow, Type: s.Type, Attribute: s.Attribute, Tasks: s.Tasks,
		Limiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	}
	if n.db != nil {
		cfg.Known = func(ctx context.Context, key string) (string, error) {
			known, _, err := n.db.Copy(ctx, "totango", key)
			return known.ID, err
		}
	}
	client, err := totango.New(cfg)
	if err != nil {
		conn.err = err
		return conn
	}
	conn.check = client.Check
	conn.publishes("totango", c.Destinations.Totango, client, client.Remove)
	conn.follows(s.Tasks, client)
	return conn
}
