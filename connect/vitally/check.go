package vitally

import (
	"context"
	"net/http"
	"net/url"

	"throughline/connect"
)

// Check tries what publishing needs, in at most six calls, and changes nothing.
// Where the key is refused, the rest is not tried. Whether an account has the
// external id that a deal gives shows only with the deal.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	err := c.mayRead(ctx, "accounts")
	if answered(err, http.StatusUnauthorized) {
		return []connect.Permission{{Name: "API key", For: "everything", Err: err}}
	}
	out := []connect.Permission{
		{Name: "API key", For: "everything"},
		{Name: "Accounts", For: "finding the customer's account", Err: err},
		{Name: "Notes", For: "publishing handoffs", Err: c.mayWrite(ctx, "notes")},
	}
	if c.cfg.Category != "" {
		_, err := c.categoryID(ctx)
		out = append(out, connect.Permission{Name: "Note category", For: "the category of published handoffs", Err: err})
	}
	if c.cfg.Tasks {
		out = append(out, connect.Permission{Name: "Tasks", For: "a task for each milestone", Err: c.mayWrite(ctx, "tasks")})
	}
	return out
}

func (c *Client) mayRead(ctx context.Context, what string) error {
	_, err := c.http.Do(ctx, connect.Request{Op: "try to list " + what, Path: what, Query: url.Values{"limit": {"1"}}}, nil)
	return err
}

// mayWrite reads, and then tries to make something with nothing of what it must
// have. The refusal as a bad request tells that it may be made.
func (c *Client) mayWrite(ctx context.Context, what string) error {
	if err := c.mayRead(ctx, what); err != nil {
		return err
	}
	_, err := c.http.Do(ctx, connect.Request{Op: "try to write " + what, Method: http.MethodPost, Path: what, Body: map[string]any{}}, nil)
	if answered(err, http.StatusBadRequest) {
		return nil
	}
	return err
}
