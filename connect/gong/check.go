package gong

import (
	"context"
	"time"

	"throughline/connect"
)

// Check tries what reading calls needs, by one request each over the day before
// now, and keeps nothing of the answers.
func (c *Client) Check(ctx context.Context, now time.Time) []connect.Permission {
	day := callsRequest{Filter: filter{From: stamp(now.Add(-24 * time.Hour)), To: stamp(now), Workspace: c.Workspace}}
	return []connect.Permission{
		{Name: ScopeCalls, For: "finding a deal's calls", Err: c.post(ctx, "try to list calls", ScopeCalls, pathCalls, day, nil)},
		{Name: ScopeTranscripts, For: "reading what was said", Err: c.post(ctx, "try to read transcripts", ScopeTranscripts, pathTranscripts, day, nil)},
	}
}
