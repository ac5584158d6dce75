package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhereTheTeamMaySignIn: other machines reach the pages only by TLS, and where a
// provider signs in.
func TestWhereTheTeamMaySignIn(t *testing.T) {
	for name, c := range map[string]struct {
		serve    serveConfig
		provider bool
		says     string // empty where it may be
		links    bool   // one-time links sign in
	}{
		"nothing":                    {serveConfig{}, false, "", true},
		"a provider on this machine": {serveConfig{}, true, "", true},
		"everywhere":                 {serveConfig{Listen: "0.0.0.0:8765", TeamURL: "https://team.example.com"}, false, "section signin", true},
		"everywhere, by a provider":  {serveConfig{Listen: "0.0.0.0:8765", TeamURL: "https://team.example.com"}, true, "", false},
		"everywhere, without TLS":    {serveConfig{Listen: "0.0.0.0:8765", TeamURL: "http://team.example.com"}, true, "serve.team_url", false},
		"everywhere, no address":     {serveConfig{Listen: ":8765"}, true, "serve.team_url", false},
		"by a proxy of this machine": {serveConfig{TeamURL: "https://team.example.com"}, true, "", false},
	} {
		cfg := &config{Serve: c.serve}
		if c.provider {
			cfg.SignIn = &signInConfig{}
		}
		err := cfg.reachable()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if cfg.byProvider() == c.links {
			t.Errorf("%s: one-time links sign in: %t", name, !c.links)
		}
	}
}

func TestProviderOfTheConfiguration(t *testing.T) {
	c := &config{Seller: sellerConfig{Domain: "example.com"}}
	if p, err := c.provider(tools{}); p != nil || err != nil {
		t.Errorf("none is configured: %v, %v", p, err)
	}
	c.SignIn = &signInConfig{Issuer: "https://example.okta.com", ClientID: "id", VerifiedClaim: "xms_edov", Claims: map[string][]string{"tid": {"a"}}}
	t.Setenv("SIGNIN_CLIENT_SECRET", "")
	if _, err := c.provider(tools{}); err == nil || !strings.Contains(err.Error(), "SIGNIN_CLIENT_SECRET") {
		t.Errorf("without a secret: %v", err)
	}
	t.Setenv("SIGNIN_CLIENT_SECRET", "of the tests")
	p, err := c.provider(tools{})
	if err != nil {
		t.Fatal(err)
	}
	if p.ClientSecret != "of the tests" || p.VerifiedClaim != "xms_edov" || p.Name == "" || !cmp.Equal(p.Domains, []string{"example.com"}) || !cmp.Equal(p.Claims, c.SignIn.Claims) {
		t.Errorf("it is %s of %s", p.Name, p.Domains)
	}
	c.SignIn.Domains = []string{"example.net"}
	if p, err = c.provider(tools{}); err != nil || !cmp.Equal(p.Domains, []string{"example.net"}) {
		t.Errorf("%v, %v", p, err)
	}
	for what, spoil := range map[string]func(*signInConfig){
		"signin.issuer in the configuration is missing": func(s *signInConfig) { s.Issuer = "" }, "https:// address": func(s *signInConfig) { s.Issuer = "http://example.okta.com" },
		"signin.client_id": func(s *signInConfig) { s.ClientID = "" },
	} {
		spoiled := *c.SignIn
		spoil(&spoiled)
		if _, err := (&config{SignIn: &spoiled, Seller: c.Seller}).provider(tools{}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := (&config{SignIn: &signInConfig{Issuer: "https://example.okta.com", ClientID: "id"}}).provider(tools{}); err == nil || !strings.Contains(err.Error(), "signin.domains") {
		t.Errorf("of no domain: %v", err)
	}
}

func TestAdminsOfTheConfiguration(t *testing.T) {
	for _, c := range []struct {
		config config
		want   []string
	}{
		{config{Play: playConfig{Owner: "Ops <ops@example.com>"}}, []string{"ops@example.com"}},
		{config{Play: playConfig{Owner: "ops@example.com"}, Serve: serveConfig{Me: "me@example.com"}}, []string{"me@example.com"}},
		{config{Serve: serveConfig{Me: "me@example.com", Admins: []string{"a@example.com", "b@example.com"}}}, []string{"a@example.com", "b@example.com"}},
	} {
		if diff := cmp.Diff(c.want, c.config.admins()); diff != "" {
			t.Error(diff)
		}
	}
}
