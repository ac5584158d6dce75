package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Known reports whether a message was sent.
func (q Queries) Known(ctx context.Context, key string) (bool, error) {
	var n int
	if err := q.row(ctx, `SELECT COUNT(*) FROM sent_messages WHERE message = $1`, key).Scan(&n); err != nil {
		return false, fmt.Errorf("reading whether a message was sent: %w", err)
	}
	return n > 0, nil
}

// Record remembers that a message was sent; the first time counts.
func (q Queries) Record(ctx context.Context, key string, at time.Time) error {
	_, err := q.exec(ctx, `INSERT INTO sent_messages (message, sent) VALUES ($1, $2) ON CONFLICT DO NOTHING`, key, moment(at))
	if err != nil {
		return fmt.Errorf("remembering that a message was sent: %w", err)
	}
	return nil
}

// A Copy says where a publication stands in an outside system.
type Copy struct {
	Destination string // the system, and where it has several places, the place
	Key         string // of the publication
	ID, URL     string // there
	Version     int    // of the handoff
	Published   time.Time
}

// Copy is the one of the destination and key; false where there is none.
func (q Queries) Copy(ctx context.Context, destination, key string) (Copy, bool, error) {
	c := Copy{Destination: destination, Key: key}
	var published int64
	err := q.row(ctx, `SELECT id, url, version, published FROM copies WHERE destination = $1 AND publication = $2`, destination, key).
		Scan(&c.ID, &c.URL, &c.Version, &published)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Copy{}, false, nil
	case err != nil:
		return Copy{}, false, fmt.Errorf("reading where a handoff stands in %s: %w", destination, err)
	}
	c.Published = at(published)
	return c, true, nil
}

// SetCopy remembers a copy, in place of one of an earlier version or the same.
func (q Queries) SetCopy(ctx context.Context, c Copy) error {
	_, err := q.exec(ctx, `INSERT INTO copies AS c (destination, publication, id, url, version, published) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (destination, publication) DO UPDATE SET id = excluded.id, url = excluded.url, version = excluded.version, published = excluded.published
		WHERE c.version <= excluded.version`, c.Destination, c.Key, c.ID, c.URL, c.Version, moment(c.Published))
	if err != nil {
		return fmt.Errorf("remembering where a handoff stands in %s: %w", c.Destination, err)
	}
	return nil
}
