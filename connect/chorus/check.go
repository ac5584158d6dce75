package chorus

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"throughline/connect"
)

// What a token's user must be allowed to do. The vendor has no names for it: the
// role of the user permits the API, and the user's data access says which calls.
const (
	PermissionAPI    = "API access of the user's role"
	PermissionList   = "list of engagements"
	PermissionSpoken = "conversations with what was said"
)

// pathMe says whose token it is.
const pathMe = "/api/v1/users/me"

// checked is how far back a call is looked for, to try whether it can be read.
const checked = 30 * 24 * time.Hour

// Check tries what reading calls needs, by three requests, and keeps nothing of the
// answers. A conversation is tried without what was said; where there is no call in
// the last 30 days, it can't be tried, and only the list is told of.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	_, err := c.api.Do(ctx, connect.Request{Op: "look whose token it is", Path: pathMe, Header: http.Header{"Accept": {"application/vnd.api+json"}}}, nil)
	out := []connect.Permission{{Name: PermissionAPI, For: "reading anything", Err: err}}
	now := c.index.Clock()
	latest, err := c.first(ctx, url.Values{"engagement_type": {c.kinds[0]}, "min_date": {stamp(now.Add(-checked))}, "max_date": {stamp(now)}})
	out = append(out, connect.Permission{Name: PermissionList, For: "finding a deal's calls", Err: err})
	if err != nil || latest == "" {
		return out
	}
	_, err = c.api.Do(ctx, connect.Request{
		Op: "try to read a conversation", Path: pathConversations + url.PathEscape(latest) + "?fields=status",
		Header: http.Header{"Accept": {"application/vnd.api+json"}},
	}, nil)
	return append(out, connect.Permission{Name: PermissionSpoken, For: "reading what was said", Err: err})
}

// first is the id of the first engagement of a list; empty where there is none.
func (c *Client) first(ctx context.Context, query url.Values) (string, error) {
	for e, err := range c.list(ctx, "try to list calls", query) {
		return e.ID, err
	}
	return "", nil
}
