// Package gong reads a deal's calls from Gong. The vendor's API can't be asked
// for the calls of an opportunity, so an [Index] of all calls is kept and synced
// by date; a deal's calls are found in it, and their transcripts fetched.
// Private calls stay out.
package gong

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"throughline/connect"
	"throughline/connect/callindex"
)

// Vendor is the name in messages.
const Vendor = "Gong"

// DefaultBase is where the API is, unless an organisation has its own host, as
// Gong's Settings > API shows it.
const DefaultBase = "https://api.gong.io"

// The scopes that reading calls needs.
const (
	ScopeCalls       = "api:calls:read:extensive"
	ScopeTranscripts = "api:calls:read:transcript"
)

const (
	pathCalls       = "/v2/calls/extensive"
	pathTranscripts = "/v2/calls/transcript"
)

// The API's default limits for a company.
const (
	perSecond = 3      // calls
	perDay    = 10_000 // calls
)

// recordsPerPage is how many records a page of an answer has.
const recordsPerPage = 100

// DefaultIDsPerRequest is the least that others' programs send; the vendor states no
// most.
const DefaultIDsPerRequest = 20

// An Index knows all calls of a Gong workspace. A sync of it takes a request for each
// hundred calls of the window, and at least one.
type Index = callindex.Index[*Client]

// A Client reads calls with one credential.
type Client struct {
	HTTP *connect.Client
	// Workspace limits what is read to one of Gong's workspaces; empty for all
	// that the credential may see.
	Workspace string
	// IDsPerRequest is how many calls are asked for by id at once. Default
	// [DefaultIDsPerRequest].
	IDsPerRequest int
}

// New is a client for the API at base, [DefaultBase] when empty; with an OAuth
// credential base may be left to it. The vendor's limit is a company's: clients
// with the company's own host share its pace, whatever their credentials. The
// default host tells no company, so there those with an equal credential do.
func New(base string, auth connect.Auth) *Client {
	if _, hosted := auth.(connect.Hosted); base == "" && !hosted {
		base = DefaultBase
	}
	return &Client{HTTP: &connect.Client{
		Vendor: Vendor, Base: base, Auth: auth, Decode: decode,
		Limiter: connect.SharedLimiter(Vendor, company(base, auth), perSecond, perSecond),
	}}
}

// company tells companies apart for the limiter, as far as that can be told.
func company(base string, auth connect.Auth) string {
	if at, err := url.Parse(base); err == nil && at.Host != "" && "https://"+at.Host != DefaultBase {
		return at.Host
	}
	return base + " " + identity(auth)
}

// identity tells credentials apart for the limiter, which hashes it.
func identity(auth connect.Auth) string {
	switch auth := auth.(type) {
	case connect.Basic:
		return auth.User
	case connect.Static:
		return string(auth)
	}
	return fmt.Sprintf("%p", auth)
}

// Key is the credential of an access key and its secret, which a technical
// administrator makes in Gong's Settings > API.
func Key(accessKey, secret string) connect.Auth {
	return connect.Basic{User: accessKey, Password: secret}
}

// decode reads Gong's errors: {"requestId": "…", "errors": ["…"]}. What they say
// is about the request's form. Where no call meets a filter, the answer is 404.
func decode(status int, header http.Header, body []byte) *connect.Error {
	if status == http.StatusNotFound {
		return nil
	}
	e := connect.Answered(status)
	var told struct {
		RequestID string   `json:"requestId"`
		Errors    []string `json:"errors"`
	}
	if json.Unmarshal(body, &told) == nil && len(told.Errors) > 0 {
		e.Message = strings.Join(told.Errors, "; ")
	}
	switch {
	case status == http.StatusUnauthorized:
		e.Advice = "check access key and secret in Gong under Settings > API, and that the key has not expired"
	case status == http.StatusForbidden:
		e.Advice = "check in Gong under Settings > API that this machine's address is among the allowed ones"
	case status/100 == 3:
		if to, err := url.Parse(header.Get("Location")); err == nil && to.Host != "" {
			e.Advice = "Gong points to " + to.Host + ": set the address that Gong shows under Settings > API"
		}
	}
	return e
}

// post makes a reading call: the API reads by POST, so all of them may be
// repeated.
func (c *Client) post(ctx context.Context, op, scope, path string, body, out any) error {
	_, err := c.HTTP.Do(ctx, connect.Request{Op: op, Method: http.MethodPost, Path: path, Body: body, Repeatable: true}, out)
	var e *connect.Error
	if errors.As(err, &e) && e.Status == http.StatusForbidden {
		e.Advice = "give the credential the scope " + scope + "; if it has it, " + e.Advice
	}
	return err
}
