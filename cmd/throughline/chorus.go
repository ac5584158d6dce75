package main

import (
	"cmp"
	"errors"

	"throughline/connect"
	"throughline/connect/chorus"
)

type chorusConfig struct {
	Base      string   `yaml:"base" doc:"The API's address." default:"https://chorus.ai" example:"https://chorus.ai"`
	PerSecond float64  `yaml:"per_second" doc:"How many calls of the API are made a second. Chorus publishes no limit." default:"2" example:"1"`
	Kinds     []string `yaml:"kinds" doc:"The kinds of engagement that are read as calls, by Chorus's names." default:"[meeting, dialer]" example:"[meeting]"`
}

func connectChorus(c *config, n *connections, with tools) *connection {
	if c.Chorus == nil {
		return nil
	}
	conn := &connection{name: chorus.Vendor, budget: &connect.Budget{}}
	token, err := with.need("CHORUS_API_TOKEN")
	if err == nil && n.db == nil {
		err = errors.New("it needs the database, for the index of calls")
	}
	if err != nil {
		conn.err = err
		return conn
	}
	client, err := chorus.New(chorus.Config{
		Token: token, Base: c.Chorus.Base, PerSecond: c.Chorus.PerSecond, Kinds: c.Chorus.Kinds, Store: n.db.Calls(cmp.Or(c.Chorus.Base, chorus.DefaultBase)),
		Limiter: with.env.limiter, Budget: conn.budget, Log: with.log, Now: with.env.now, Sleep: with.sleep,
	})
	if err != nil {
		conn.err = err
		return conn
	}
	conn.system, conn.records, conn.check = client, true, client.Check
	return conn
}
