package gong

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

// Pulled is what Gong holds of a deal.
type Pulled struct {
	Calls       []Call // in order of time, without the private ones
	Transcripts []Transcript

	// Pending are calls that have no transcript yet.
	Pending []Call
	// Private are the ids of calls that were left out because Gong restricts
	// them.
	Private []string
	// Unknown are the ids of calls that Gong did not tell of: not yet, or not
	// to this credential.
	Unknown []string
}

// Pull reads calls and transcripts: two requests for up to twenty calls, none for
// none. The calls are read anew although the index knows them, because one may
// have become private since, or have been opened.
func (c *Client) Pull(ctx context.Context, ids []string) (*Pulled, error) {
	out := &Pulled{}
	calls, err := c.CallsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var open []string
	for _, call := range calls {
		if known[call.ID] {
			continue
		}
		known[call.ID] = true
		if call.Private {
			out.Private = append(out.Private, call.ID)
			continue
		}
		out.Calls = append(out.Calls, call)
		open = append(open, call.ID)
	}
	for _, id := range distinct(ids) {
		if !known[id] {
			out.Unknown = append(out.Unknown, id)
		}
	}
	transcripts, err := c.Transcripts(ctx, open)
	if err != nil {
		return nil, err
	}
	said := map[string]bool{}
	for _, t := range transcripts {
		if !t.Empty && !said[t.CallID] && slices.Contains(open, t.CallID) {
			said[t.CallID] = true
			out.Transcripts = append(out.Transcripts, t)
		}
	}
	for _, call := range out.Calls {
		if !said[call.ID] {
			out.Pending = append(out.Pending, call)
		}
	}
	return out, nil
}

// Save writes gong/calls.json and gong/transcripts.json below a deal's folder, as
// the bodies that Gong answers with, for their owner alone. Only the address to
// join a meeting is left out: it can hold the meeting's password.
func (p *Pulled) Save(dir string) error {
	calls := make([]json.RawMessage, 0, len(p.Calls))
	for _, call := range p.Calls {
		raw, err := withoutMeetingURL(call.Raw)
		if err != nil {
			return fmt.Errorf("saving call %s: %w", call.ID, err)
		}
		calls = append(calls, raw)
	}
	transcripts := make([]json.RawMessage, 0, len(p.Transcripts))
	for _, t := range p.Transcripts {
		transcripts = append(transcripts, t.Raw)
	}
	into := filepath.Join(dir, "gong")
	if err := os.MkdirAll(into, 0o700); err != nil {
		return fmt.Errorf("saving Gong's calls: %w", err)
	}
	for name, body := range map[string]any{
		"calls.json":       map[string]any{"calls": calls},
		"transcripts.json": map[string]any{"callTranscripts": transcripts},
	} {
		raw, err := json.MarshalIndent(body, "", "  ")
		if err != nil {
			return fmt.Errorf("saving Gong's %s: %w", name, err)
		}
		if err := connect.WriteFile(filepath.Join(into, name), append(raw, '\n')); err != nil {
			return fmt.Errorf("saving Gong's %s: %w", name, err)
		}
	}
	return nil
}

// withoutMeetingURL is a call's record without the address to join it, however
// its keys are written: the reading side takes them in any letter case.
func withoutMeetingURL(raw json.RawMessage) (json.RawMessage, error) {
	var call map[string]json.RawMessage
	if err := json.Unmarshal(raw, &call); err != nil {
		return nil, err
	}
	for key, value := range call {
		var meta map[string]json.RawMessage
		if !strings.EqualFold(key, "metaData") || json.Unmarshal(value, &meta) != nil {
			continue
		}
		maps.DeleteFunc(meta, func(key string, _ json.RawMessage) bool { return strings.EqualFold(key, "meetingUrl") })
		cut, err := json.Marshal(meta)
		if err != nil {
			return nil, err
		}
		call[key] = cut
	}
	return json.Marshal(call)
}

// title is that of a call that was pulled; false for another.
func (p *Pulled) title(id string) (string, bool) {
	i := slices.IndexFunc(p.Calls, func(c Call) bool { return c.ID == id })
	if i < 0 {
		return "", false
	}
	return p.Calls[i].Title, true
}

// Ready reports whether every call has its transcript, or took place so long ago
// that none is to be expected any more.
func (p *Pulled) Ready(now time.Time, wait time.Duration) bool {
	return !slices.ContainsFunc(p.Pending, func(c Call) bool { return now.Sub(c.Started) < wait })
}
