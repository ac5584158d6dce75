package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheckServe: each thing that serve would lack gives exactly its row, and serve
// itself refuses what is needed and missing.
func TestCheckServe(t *testing.T) {
	const rules, engine, public, signing = "Rules and addresses", "Engine", "Public address", "Sign-in"
	b := playBed(t)
	for _, of := range []string{"ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_FILE", "ANTHROPIC_BASE_URL"} {
		t.Setenv(of, "")
	}
	t.Setenv("SIGNIN_CLIENT_SECRET", "not a secret")
	b.config.Play.Owner = "Ops <ops@northbeam.example>"
	whole := b.config
	for name, c := range map[string]struct {
		spoil    func(*config)
		lacking  []string // rows that are needed
		optional []string // rows that are not
		says     string   // in each of them
	}{
		"nothing":                     {func(*config) {}, nil, nil, ""},
		"a slash behind public_url":   {func(c *config) { c.Serve.PublicURL += "/" }, nil, nil, ""},
		"a public address for pages":  {func(c *config) { c.Serve.Listen = "0.0.0.0:8765" }, []string{rules}, nil, "serve.listen"},
		"no way to public_listen":     {func(c *config) { c.Serve.PublicURL = "" }, []string{rules}, []string{public}, "serve.public_url"},
		"a path in public_url":        {func(c *config) { c.Serve.PublicURL += "/handoffs" }, []string{rules}, nil, "serve.public_url"},
		"a query in public_url":       {func(c *config) { c.Serve.PublicURL += "?a=1" }, []string{rules}, nil, "serve.public_url"},
		"an empty query":              {func(c *config) { c.Serve.PublicURL += "/?" }, []string{rules}, nil, "serve.public_url"},
		"a fragment in public_url":    {func(c *config) { c.Serve.PublicURL += "/#top" }, []string{rules}, nil, "serve.public_url"},
		"a person in public_url":      {func(c *config) { c.Serve.PublicURL = "https://me@handoff.example.com" }, []string{rules}, nil, "serve.public_url"},
		"public_url without a scheme": {func(c *config) { c.Serve.PublicURL = "handoff.example.com" }, []string{rules}, nil, "serve.public_url"},
		"public_url without a host":   {func(c *config) { c.Serve.PublicURL = "https://" }, []string{rules}, nil, "serve.public_url"},
		"a path in team_url":          {func(c *config) { c.Serve.TeamURL = "http://localhost:8765/team" }, []string{rules}, nil, "serve.team_url"},
		"a time zone that is none":    {func(c *config) { c.Play.TimeZone = "Europe/Atlantis" }, []string{rules}, nil, "play.time_zone"},
		"hours that end too soon":     {func(c *config) { c.Play.HoursFrom, c.Play.HoursTo = 17, 9 }, []string{rules}, nil, "play.hours_from"},
		"a day that is none":          {func(c *config) { c.Play.Days = []string{"mon", "someday"} }, []string{rules}, nil, "play.days"},
		"an owner without an address": {func(c *config) { c.Play.Owner = "the CS team" }, []string{rules}, nil, "play.owner"},
		"a way that is not there":     {func(c *config) { c.Mail = nil }, []string{rules}, []string{"Mail"}, "mail"},
		"an engine that is none":      {func(c *config) { c.Engine.Name = "oracle" }, []string{engine}, nil, "engine.name"},
		"a provider that is none":     {func(c *config) { c.Engine = engineConfig{Name: "claude", Provider: "elsewhere"} }, []string{engine}, nil, "engine.provider"},
		"an effort that is none":      {func(c *config) { c.Engine = engineConfig{Name: "claude", Effort: "heroic"} }, []string{engine}, nil, "engine.effort"},
		"a pattern that is none":      {func(c *config) { c.Engine = engineConfig{Name: "claude", WithholdPatterns: []string{"("}} }, []string{engine}, nil, "engine.withhold_patterns"},
		"the model's key":             {func(c *config) { c.Engine.Name = "claude" }, []string{engine}, nil, "ANTHROPIC_API_KEY"},
		"mail":                        {func(c *config) { c.Mail, c.Play.Ways = nil, []string{"slack"} }, nil, []string{"Mail"}, "section mail"},
		"destinations":                {func(c *config) { c.Destinations = destinationsConfig{} }, nil, []string{"Destinations"}, "destinations"},
		"an owner":                    {func(c *config) { c.Play.Owner = "" }, nil, []string{"Owner"}, "play.owner"},
		"a public address":            {func(c *config) { c.Serve.PublicURL, c.Serve.PublicListen = "", "" }, nil, []string{public}, "serve.public_url"},
		"who asks by the proxy":       {func(c *config) { c.Serve.PublicURL = "https://handoff.example.com" }, nil, []string{"Proxy"}, "serve.client_header"},
		"a provider without TLS": {func(c *config) {
			c.Serve.Listen, c.Serve.TeamURL, c.SignIn = "0.0.0.0:8765", "http://team.example.com", &signInConfig{Issuer: "http://127.0.0.1:1", ClientID: "a"}
		}, []string{rules, signing}, nil, ""},
		"a provider without a client id": {func(c *config) { c.SignIn = &signInConfig{Issuer: "https://example.okta.com"} }, []string{signing}, nil, "signin.client_id"},
		"a provider by http":             {func(c *config) { c.SignIn = &signInConfig{Issuer: "http://example.okta.com", ClientID: "a"} }, []string{signing}, nil, "https://"},
		"who listens at public_url":      {func(c *config) { c.Serve.PublicListen = "" }, nil, []string{public}, "serve.public_listen"},
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := *whole
			c.spoil(&spoiled)
			b.config = &spoiled
			spoiled.file = b.file
			b.write(t)
			n := connectAll(t.Context(), &spoiled, tools{env: env{now: b.now}})
			defer n.close()
			rows := spoiled.checkPlay(t.Context(), n, b.now())
			var lacking, optional []string
			for _, p := range rows {
				switch {
				case p.OK, p.Name == "Survey": // which TestCheckSurvey is about
					continue
				case p.Optional:
					optional = append(optional, p.Name)
				default:
					lacking = append(lacking, p.Name)
				}
				if !strings.Contains(p.Problem, c.says) || p.For == "" {
					t.Errorf("%s, for %q: it says %q, want %q in it", p.Name, p.For, p.Problem, c.says)
				}
			}
			if diff := cmp.Diff(c.lacking, lacking); diff != "" {
				t.Errorf("needed: %s", diff)
			}
			if diff := cmp.Diff(c.optional, optional); diff != "" {
				t.Errorf("optional: %s", diff)
			}
			wantRows := 8
			if spoiled.SignIn != nil {
				wantRows++
			}
			if len(rows) != wantRows {
				t.Errorf("%d rows", len(rows))
			}
			if c.lacking == nil {
				return
			}
			if r := b.run(t, "serve"); r.status != exitFailed || !strings.Contains(r.stderr, c.says) {
				t.Errorf("serve: %+v", r)
			}
		})
	}
}
