package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"throughline/connect"
	pages "throughline/web"
)

type signInConfig struct {
	Name          string              `yaml:"name" doc:"What the button calls the provider." default:"your company's account" example:"Okta"`
	Issuer        string              `yaml:"issuer" doc:"The provider's address, as its discovery document has it: https://accounts.google.com; https://slack.com; https://YOURS.okta.com; for Entra https://login.microsoftonline.com/TENANT/v2.0, with the tenant's id." example:"https://example.okta.com"`
	ClientID      string              `yaml:"client_id" doc:"The app's client id." example:"CLIENT_ID"`
	Domains       []string            `yaml:"domains" doc:"The domains of the email addresses that may sign in." default:"seller.domain" example:"[example.com]"`
	VerifiedClaim string              `yaml:"verified_claim" doc:"The claim by which the provider says that an address is verified. Entra has no email_verified; there add the optional claim xms_edov to the app, and name it here." default:"email_verified" example:"xms_edov"`
	Claims        map[string][]string `yaml:"claims" doc:"Further claims that must be one of some values. For Google, hd must be one of domains without being named here; for Slack, https://slack.com/team_id is your workspace." example:"{\"https://slack.com/team_id\": [T0123456789]}"`
}

// provider is who signs the team in; nil where a one-time link does.
func (c *config) provider(with tools) (*pages.Provider, error) {
	if c.SignIn == nil {
		return nil, nil //nolint:nilnil // none is configured
	}
	s := c.SignIn
	secret, err := with.look("SIGNIN_CLIENT_SECRET")
	if err != nil {
		return nil, err
	}
	domains := s.Domains
	if len(domains) == 0 && c.Seller.Domain != "" {
		domains = []string{c.Seller.Domain}
	}
	var errs []error
	for _, one := range []struct{ value, problem string }{
		{s.Issuer, "signin.issuer in the configuration is missing: the address of your provider"},
		{s.ClientID, "signin.client_id in the configuration is missing: the id of the app that you registered with your provider"},
		{strings.Join(domains, ""), "neither signin.domains nor seller.domain is set in the configuration: without them nobody may sign in"},
		{secret, "SIGNIN_CLIENT_SECRET is not set: the secret of the app that you registered with your provider"},
	} {
		if one.value == "" {
			errs = append(errs, errors.New(one.problem))
		}
	}
	if u, err := url.Parse(s.Issuer); s.Issuer != "" && (err != nil || u.Host == "" || u.Scheme != "https" && !localAddress(s.Issuer)) {
		errs = append(errs, errors.New("signin.issuer in the configuration is to be an https:// address"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &pages.Provider{
		Name: cmp.Or(s.Name, "your company’s account"), Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: secret, Domains: domains,
		VerifiedClaim: s.VerifiedClaim, Claims: s.Claims,
	}, nil
}

// admins are who runs the installation.
func (c *config) admins() []string {
	if len(c.Serve.Admins) > 0 {
		return c.Serve.Admins
	}
	return []string{c.me()}
}

// reachable says why the team's pages may not be where other machines reach them;
// nil where they may.
func (c *config) reachable() error {
	switch {
	case onThisMachine(c.listen()):
		return nil
	case c.SignIn == nil:
		return errors.New("serve.listen in the configuration is an address that other machines reach, and a one-time link is no way for them to sign in: use 127.0.0.1 and a port, or add the section signin")
	case !byTLS(c.Serve.TeamURL):
		return errors.New("serve.listen in the configuration is an address that other machines reach, and serve.team_url is not https://: set it to the address of your own TLS, or use 127.0.0.1 and a port")
	}
	return nil
}

// localAddress reports whether an address is one of this machine.
func localAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && connect.Loopback(u.Hostname())
}

// checkSignIn asks the provider for what it says of itself.
func (c *config) checkSignIn(ctx context.Context, with tools) error {
	p, err := c.provider(with)
	if err != nil {
		return err
	}
	if err := p.Discover(ctx); err != nil {
		return fmt.Errorf("%w; look at signin.issuer", err)
	}
	return nil
}

// byProvider reports whether one-time links sign nobody in: the team's pages are not
// on this machine's own address, and a provider signs in.
func (c *config) byProvider() bool { return c.SignIn != nil && !localAddress(c.teamURL()) }

// byTLS reports whether an address is one that a proxy of theirs answers by TLS.
func byTLS(address string) bool { return isOrigin(address) && strings.HasPrefix(address, "https://") }
