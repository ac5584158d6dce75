package lifecycle

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"

	"throughline"
	"throughline/folder"
)

// Deal reads what was last collected of a run's deal. It errs with [ErrNotFound]
// where nothing was collected yet, or what was is erased.
func (s *Service) Deal(ctx context.Context, run string) (*throughline.Deal, error) {
	archive, _, err := s.Store.Archive(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("reading what was collected of run %s: %w", run, err)
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("unpacking what was collected of run %s: %w", run, err)
	}
	deal, err := folder.ReadFS(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("reading the deal of run %s: %w", run, err)
	}
	return deal, nil
}
