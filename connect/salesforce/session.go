package salesforce

import (
	"context"
	"regexp"
	"strings"

	"throughline/connect"
)

// A Session is what the org's other interfaces are asked with.
type Session struct {
	Token    string
	Instance string // "https://example.my.salesforce.com"
	OrgID    string // 18 characters
}

// granter is an auth whose token may be had for other interfaces than REST.
type granter interface {
	connect.Auth
	Grant(ctx context.Context) (connect.Grant, error)
}

// Session is the token in use, which is fetched where there is none yet.
func (o *Org) Session(ctx context.Context) (Session, error) {
	g, err := o.auth.Grant(ctx)
	if err != nil {
		return Session{}, err
	}
	if g.Tenant == "" {
		return Session{}, &connect.Error{Vendor: vendor, Op: "get an access token", Message: "the answer does not tell the org's id", Advice: "check login in the configuration"}
	}
	return Session{Token: g.Token, Instance: g.Base, OrgID: g.Tenant}, nil
}

// Renew gets a new token after the session's was refused, unless somebody has got
// one since.
func (o *Org) Renew(ctx context.Context, refused Session) error {
	g, err := o.auth.Grant(ctx)
	if err != nil {
		return err
	}
	if g.Token != refused.Token {
		return nil
	}
	return o.auth.Refresh(ctx)
}

var orgIDForm = regexp.MustCompile(`^00D[A-Za-z0-9]{15}$`)

// orgID is the org's id in the identity URL that comes with a token, such as
// https://login.salesforce.com/id/00D…/005…; empty where there is none.
func orgID(identity string) string {
	_, rest, _ := strings.Cut(identity, "/id/")
	id, _, _ := strings.Cut(rest, "/")
	if !orgIDForm.MatchString(id) {
		return ""
	}
	return id
}
