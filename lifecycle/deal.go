package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"throughline"
	"throughline/folder"
)

// ErrUnreadable says that what is kept of a deal's raw text is damaged.
var ErrUnreadable = errors.New("it can't be read; the next time that the deal is collected replaces it, or a backup of the database does")

// Deal reads what was last collected of a run's deal. It errs with [ErrNotFound]
// where nothing was collected yet, or what was is erased, and with [ErrUnreadable]
// where it is damaged.
func (s *Service) Deal(ctx context.Context, run string) (*throughline.Deal, error) {
	archive, _, err := s.Store.Archive(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("reading what was collected of run %s: %w", run, err)
	}
	deal, err := folder.ReadZip(ctx, archive)
	if err != nil {
		return nil, fmt.Errorf("reading the deal of run %s: %w: %w", run, ErrUnreadable, err)
	}
	return deal, nil
}
