package notion

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"throughline/connect"
)

func asError(err error, e **connect.Error) bool { return errors.As(err, e) }

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Check tries what publishing and reading need, in at most six calls, and changes
// nothing. Where something is missing on which the rest depends, the rest is not
// tried.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	_, err := c.self(ctx)
	out := []connect.Permission{{Name: "Access token", For: "everything", Err: err}}
	if err != nil || c.cfg.DataSource == "" {
		return out
	}
	database, err := c.schema(ctx)
	if denied(err) {
		return append(out, connect.Permission{Name: readContent, For: "finding the page of a handoff, and reading pages that records link to", Err: err})
	}
	out = append(out, connect.Permission{Name: "Database shared with the connection", For: "publishing handoffs", Err: err})
	if err != nil {
		return out
	}
	out = append(out,
		connect.Permission{Name: "Property " + c.cfg.ExternalID, For: "finding the page of a handoff", Err: c.hasExternalID(database)},
		connect.Permission{Name: readContent, For: "finding the page of a handoff, and reading pages that records link to"},
		connect.Permission{Name: insertContent, For: "making the page of a handoff", Err: c.mayInsert(ctx)},
		connect.Permission{Name: updateContent, For: "changing it with a new version", Err: c.mayUpdate(ctx)},
		connect.Permission{Name: readComments, For: "keeping blocks that people commented on", Err: c.mayReadComments(ctx, database)},
	)
	return out
}

// denied reports whether an error says that a capability is missing.
func denied(err error) bool {
	var e *connect.Error
	return asError(err, &e) && e.Code == codeRestricted
}

// mayInsert tries to make a page that can't be made: with a property that no
// database has. The refusal tells whether it was the capability that was missing.
func (c *Client) mayInsert(ctx context.Context) error {
	err := c.call(ctx, insertContent, connect.Request{
		Op: "try to make a page", Method: http.MethodPost, Path: "/v1/pages",
		Body: map[string]any{
			"parent":     map[string]any{"type": "data_source_id", "data_source_id": c.cfg.DataSource},
			"properties": map[string]any{"Throughline checks its permissions": textValue("This page is not made.")},
		},
	}, nil)
	if answered(err, http.StatusBadRequest) {
		return nil
	}
	return err
}

// mayUpdate changes nothing of the database.
func (c *Client) mayUpdate(ctx context.Context) error {
	return c.call(ctx, updateContent, connect.Request{
		Op: "try to change the database", Method: http.MethodPatch, Path: "/v1/data_sources/" + c.cfg.DataSource, Repeatable: true, Body: map[string]any{},
	}, nil)
}

func (c *Client) mayReadComments(ctx context.Context, d *dataSource) error {
	err := c.call(ctx, readComments, connect.Request{
		Op: "try to read comments", Path: "/v1/comments", Query: url.Values{"block_id": {d.Parent.Database}, "page_size": {"1"}},
	}, nil)
	if answered(err, http.StatusNotFound) || answered(err, http.StatusBadRequest) {
		return nil // not a place for comments, but they may be read
	}
	return err
}
