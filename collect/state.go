package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"throughline/connect"
)

// File is where a folder says how it was gathered.
const File = "collected.json"

// Schema is what its "schema" says.
const Schema = "throughline.collected/v1"

// A State says how a folder was gathered: what [File] holds.
type State struct {
	Schema      string        `json:"schema"`
	Opportunity string        `json:"opportunity"` // the CRM's id of the deal
	At          time.Time     `json:"at"`
	Systems     []Read        `json:"systems"`
	Gaps        []connect.Gap `json:"gaps"`
}

// Read is what was read of one system.
type Read struct {
	Name string `json:"name"`
	// Files are those that it gave, as paths within the folder with slashes. The
	// next gathering replaces them.
	Files []string `json:"files"`
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
