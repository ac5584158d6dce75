package slack

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"throughline/connect"
)

// A Use is what an app is used for.
type Use string

// The uses.
const (
	UseRead    Use = "read"    // Collect
	UsePublish Use = "publish" // Publish and Mark, and buttons
	UseSend    Use = "send"    // Send
)

// A need is a scope, and what it serves.
type need struct{ scope, purpose string }

// needs are the scopes that the configured use takes (docs.slack.dev, the page of
// each method).
func (c *Client) needs() []need {
	uses := c.cfg.Uses
	if len(uses) == 0 {
		uses = []Use{UseRead, UsePublish, UseSend}
	}
	var all []need
	add := func(scope, purpose string) {
		if !slices.ContainsFunc(all, func(n need) bool { return n.scope == scope }) {
			all = append(all, need{scope, purpose})
		}
	}
	channels := slices.Contains(uses, UseRead) || slices.Contains(uses, UsePublish)
	if channels {
		add("channels:read", "finding a deal's channel, and who is in it")
		add("channels:history", "reading its messages, and our own before one is written")
	}
	if channels && !c.cfg.PublicOnly {
		add("groups:read", "finding a deal's channel where it is private")
		add("groups:history", "reading private channels, and our own messages in them")
	}
	if channels && c.cfg.Join {
		add("channels:join", "joining a deal's public channel")
	}
	add("users:read", "who wrote, clicked or is in the channel")
	add("users:read.email", "telling people's sides by their addresses, and writing to somebody by theirs")
	if slices.Contains(uses, UsePublish) || slices.Contains(uses, UseSend) {
		add("chat:write", "writing messages")
	}
	if slices.Contains(uses, UseSend) {
		add("im:write", "opening a conversation with one person")
		add("im:history", "finding our own direct messages before one is written")
	}
	return all
}

// Check tells which scopes the token has and which of the configured use are
// missing, whether interactions can come, and whether the patterns match any
// channel. It makes at most three requests, and one for each further 999 channels.
func (c *Client) Check(ctx context.Context) []connect.Permission {
	self, err := c.test(ctx)
	out := []connect.Permission{{Name: "bot token", For: "any call", Err: err}}
	if err != nil {
		return out
	}
	for _, n := range c.needs() {
		row := connect.Permission{Name: n.scope, For: n.purpose}
		switch {
		case slices.Contains(self.scopes, n.scope):
		case self.told:
			e := &connect.Error{Vendor: Vendor, Op: "check the token"}
			yes := false
			explain(e, verdict{OK: &yes, Error: "missing_scope", Needed: n.scope})
			row.Err = e
		default:
			row.Err = &connect.Error{Vendor: Vendor, Op: "check the token", Message: "Slack does not tell which scopes the token has", Advice: "look under OAuth & Permissions in the app's settings whether it has " + n.scope}
		}
		out = append(out, row)
	}
	if c.uses(UsePublish) || c.uses(UseSend) {
		out = append(out, c.checkInteractions(ctx)...)
	}
	if c.uses(UseRead) || c.uses(UsePublish) {
		out = append(out, c.checkPatterns(ctx))
	}
	return out
}

func (c *Client) uses(u Use) bool { return len(c.cfg.Uses) == 0 || slices.Contains(c.cfg.Uses, u) }

// checkInteractions tells whether clicks can reach the program.
func (c *Client) checkInteractions(ctx context.Context) []connect.Permission {
	const purpose = "buttons and forms"
	if c.cfg.AppToken == "" && c.cfg.SigningSecret == "" {
		return []connect.Permission{{Name: "Socket Mode", For: purpose, Err: &connect.Error{
			Vendor: Vendor, Op: "check interactions", Message: "neither an app-level token nor a signing secret is configured",
			Advice: "enable Socket Mode in the app's settings, make an app-level token with connections:write under Basic Information, and set it as app_token; or set signing_secret where Slack can reach this machine",
		}}}
	}
	var out []connect.Permission
	if c.cfg.AppToken != "" {
		// The address that is answered is not used, and falls due by itself.
		_, err := c.ask(ctx, "try Socket Mode", methodConnect, nil, nil)
		out = append(out, connect.Permission{Name: "connections:write", For: purpose + " by Socket Mode", Err: err})
	}
	if c.cfg.SigningSecret != "" {
		out = append(out, connect.Permission{Name: "signing secret", For: purpose + " by HTTP (set; only a click shows whether it is right)"})
	}
	return out
}

// checkPatterns tells whether any channel has a name that some deal's could have.
func (c *Client) checkPatterns(ctx context.Context) connect.Permission {
	row := connect.Permission{Name: "channel names", For: "finding a deal's channel"}
	all, err := c.conversations(ctx)
	if err != nil {
		row.Err = err
		return row
	}
	var member, matched int
	for _, ch := range all {
		for _, p := range c.cfg.Patterns {
			ok, err := path.Match(strings.ToLower(placeholder.ReplaceAllString(p, "?*")), strings.ToLower(ch.Name))
			if err == nil && ok {
				matched++
				if ch.IsMember {
					member++
				}
				break
			}
		}
	}
	row.For = fmt.Sprintf("finding a deal's channel (%d of %d channels match, the app is in %d of them)", matched, len(all), member)
	if matched == 0 && c.cfg.Field == "" && len(c.cfg.Channels) == 0 {
		row.Err = &connect.Error{
			Vendor: Vendor, Op: "try the channel patterns", Message: "no channel that the app sees matches any pattern",
			Advice: "set patterns to how deals' channels are named, or field to the CRM field that holds them, and invite the app in private ones",
		}
	}
	return row
}
