package connect

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteFile writes a file whole or not at all, in the place of an earlier one, for
// its owner alone: what is kept of deals is nobody else's to read.
func WriteFile(file string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".throughline-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
