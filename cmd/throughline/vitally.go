package main

import (
	"throughline/connect"
	"throughline/connect/vitally"
)

type vitallyConfig struct {
	Region    string `yaml:"region" ask:"yes" doc:"Where the organisation's data is: us or eu." default:"us" example:"eu"`
	Subdomain string `yaml:"subdomain" ask:"yes" doc:"The first part of the address at which people sign in to Vitally; needed where the region is us." example:"example"`
	AccountBy string `yaml:"account_by" doc:"What an account's external id in Vitally is: account for the CRM's id of the customer, or a text with {account}, {id}, {domain}, {customer} or a field of the deal by API name in braces." default:"account" example:"\"{Vitally_Id__c}\""`
	Category  string `yaml:"category" doc:"The note category that published handoffs get, by its name or id." default:"none" example:"Handoffs"`
	Tasks     bool   `yaml:"tasks" doc:"Whether each milestone is also a task of the account, assigned to the CSM." default:"false" example:"true"`
	Base      string `yaml:"base" doc:"The API's address, with /resources at its end." default:"that of the region" example:"https://rest.vitally-eu.io/resources"`
}

func connectVitally(c *config, _ *connections, with tools) *connection {
	if c.Vitally == nil {
		return nil
	}
	v := c.Vitally
	conn := &connection{name: vitally.Vendor, budget: &connect.Budget{}}
	key, err := with.need("VITALLY_API_KEY")
	if err != nil {
		conn.err = err
		return conn
	}
	client, err := vitally.New(vitally.Config{
		APIKey: key, Region: vitally.Region(v.Region), Subdomain: v.Subdomain, Base: v.Base, AccountBy: v.AccountBy, Category: v.Category, Tasks: v.Tasks,
		Limiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.check = client.Check
	conn.publishes("vitally", c.Destinations.Vitally, client, client.Remove)
	conn.follows(v.Tasks, client)
	return conn
}
