package collect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"throughline/connect"
)

// File is where a folder says how it was gathered.
const File = "collected.json"

// Schema is what its "schema" says.
const Schema = "throughline.collected/v1"

// A State says how a folder was gathered: what [File] holds.
type State struct {
	Schema      string    `json:"schema"`
	Opportunity string    `json:"opportunity"` // the CRM's id of the deal
	At          time.Time `json:"at"`
	Systems     []Read    `json:"systems"`
	// Sums are the SHA-256 sums of the systems' files, by path, in hexadecimal. A
	// file that has another by now was changed by people, and is theirs.
	Sums map[string]string `json:"sums"`
	Gaps []connect.Gap     `json:"gaps"`
}

// Read is what was read of one system.
type Read struct {
	Name string `json:"name"`
	// Files are those that it gave, as paths within the folder with slashes. The
	// next gathering replaces them, but for those that people have changed.
	Files []string `json:"files"`
}

// gave reports whether a system gave the file of the folder, and nobody changed it.
func (s *State) gave(dir, name string) bool {
	was, ok := s.Sums[name]
	now, err := sum(filepath.Join(dir, filepath.FromSlash(name)))
	return ok && err == nil && was == now
}

func sum(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:]), nil
}

// readState reads a state's file; nil where there is none.
func readState(file string) (*State, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(raw, &s); err != nil || s.Schema != Schema {
		return nil, fmt.Errorf("%s is not one that this version of Throughline wrote: name another directory", file)
	}
	return &s, nil
}
