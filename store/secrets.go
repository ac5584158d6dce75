package store

import (
	"context"
	"crypto/rand"
	"fmt"
)

// Secret is the installation's own secret of a name: 32 random bytes, made when
// it is first asked for, the same for all processes.
func (q Queries) Secret(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	if _, err := q.exec(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, fresh); err != nil {
		return nil, fmt.Errorf("making the secret %s: %w", name, err)
	}
	var value []byte
	if err := q.row(ctx, `SELECT value FROM secrets WHERE name = $1`, name).Scan(&value); err != nil {
		return nil, fmt.Errorf("reading the secret %s: %w", name, err)
	}
	return value, nil
}
