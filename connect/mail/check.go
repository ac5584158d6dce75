package mail

import (
	"context"

	"throughline/connect"
)

// Check tries what sending needs, as far as the server tells without a message:
// it connects, encrypts, signs in, and has the sender accepted, which it takes
// back. The names are those of the settings. After one that fails, those that
// depend on it are not there.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, errTimeout)
	defer cancel()
	s := &session{cfg: &c.cfg}
	defer s.end()
	var out []connect.Permission
	for _, step := range s.steps() {
		row := connect.Permission{Name: step.setting, For: step.serves}
		if err := step.take(ctx); err != nil {
			row.Err = c.failure(ctx, step.op, err, "")
			return append(out, row)
		}
		out = append(out, row)
	}
	_ = s.client.Reset() // the end of the session does it as well
	return out
}
