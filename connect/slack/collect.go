package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"throughline/connect"
)

// Collect saves the deal's channels below slack/ in dir, as a Slack export: the
// channels, who is or wrote in them, and their messages with all threads, one file
// a day. It errs where no message could be read. That a deal's channel can't be
// told is a gap.
func (c *Client) Collect(ctx context.Context, r *connect.Record, dir string) ([]connect.Gap, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return nil, err
	}
	channels, gaps, err := c.dealChannels(ctx, r)
	if errors.Is(err, errNoChannel) {
		return gaps, removeEarlier(dir)
	}
	if err != nil {
		return nil, err
	}
	export := &export{self: self}
	for i, ch := range channels {
		got, missing, err := c.channel(ctx, ch.ID, self)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			gaps = append(gaps, gapOf(err, "The channel #"+ch.Name+" could not be read."))
			continue
		}
		gaps = append(gaps, missing...)
		export.channels = append(export.channels, *got)
	}
	users, missing := c.people(ctx, export.channels)
	export.users = users
	if err := export.save(dir); err != nil {
		return nil, fmt.Errorf("saving the deal's channels: %w", err)
	}
	return append(gaps, missing...), nil
}

// gapOf is something that an error kept from being read.
func gapOf(err error, what string) connect.Gap {
	return connect.Gap{System: Vendor, What: what + " " + err.Error(), Pending: temporary(err)}
}

// A conversation is a channel with its messages and members.
type conversation struct {
	slackapi.Channel
	members  []string
	messages []message // in no order; each once
}

// channel reads a channel as it is now.
func (c *Client) channel(ctx context.Context, id string, self *identity) (*conversation, []connect.Gap, error) {
	ch, err := c.info(ctx, "look at the deal channel", id)
	if err != nil {
		return nil, nil, err
	}
	if c.cfg.Join && !ch.IsMember && !ch.IsPrivate && !ch.IsArchived && !external(ch) {
		if err := c.join(ctx, id); err != nil {
			return nil, nil, err
		}
	}
	out := &conversation{Channel: *ch}
	gaps, err := c.messages(ctx, out)
	if err != nil {
		return nil, nil, err
	}
	gaps = append(gaps, c.threads(ctx, out)...)
	if out.members, err = c.members(ctx, id); err != nil {
		gaps = append(gaps, gapOf(err, "Who is in the channel #"+ch.Name+" could not be read."))
	}
	files := 0
	for _, m := range out.messages {
		if !m.by(self) {
			files += len(m.Files)
		}
	}
	if files > 0 {
		gaps = append(gaps, connect.Gap{System: Vendor, Optional: true, What: fmt.Sprintf(
			"Files shared in #%s (%d) are named, not read. Attach to the deal's record those that matter.", ch.Name, files)})
	}
	return out, gaps, nil
}

// messages reads what stands in the channel itself. Where that breaks off, what
// came before is kept.
func (c *Client) messages(ctx context.Context, to *conversation) ([]connect.Gap, error) {
	for m, err := range c.history(ctx, "read the deal channel", to.ID, time.Time{}, 0) {
		switch {
		case err != nil && len(to.messages) > 0:
			return []connect.Gap{gapOf(err, "The earlier messages of #"+to.Name+" could not be read.")}, nil
		case err != nil:
			return nil, err
		case len(to.messages) >= c.cfg.MaxMessages:
			return []connect.Gap{{System: Vendor, What: fmt.Sprintf(
				"#%s has more than %d messages: the earlier ones were not read. Raise max_messages in the configuration, or name a channel that is the deal's alone.", to.Name, c.cfg.MaxMessages)}}, nil
		}
		to.messages = append(to.messages, m)
	}
	return nil, nil
}

// threads adds the replies to the channel's messages. The vendor's documents
// contradict each other on whether an app may read them with its bot token;
// where it may not, the gap says so once.
func (c *Client) threads(ctx context.Context, to *conversation) []connect.Gap {
	seen := map[string]bool{}
	var parents []message
	for _, m := range to.messages {
		seen[m.TS] = true
		if m.ReplyCount > 0 && (m.Thread == "" || m.Thread == m.TS) {
			parents = append(parents, m)
		}
	}
	for i, parent := range parents {
		err := c.thread(c.replies(ctx, "read a thread", to.ID, parent.TS, 0), to, seen)
		switch {
		case err == nil:
		case coded(err) == "thread_not_found": // deleted meanwhile
		default:
			return []connect.Gap{gapOf(err, fmt.Sprintf("The replies in %d of %d threads of #%s could not be read.", len(parents)-i, len(parents), to.Name))}
		}
	}
	return nil
}

func (c *Client) thread(replies iter.Seq2[message, error], to *conversation, seen map[string]bool) error {
	for m, err := range replies {
		if err != nil {
			return err
		}
		if !seen[m.TS] {
			seen[m.TS] = true
			to.messages = append(to.messages, m)
		}
	}
	return nil
}

var mentioned = regexp.MustCompile(`<@([UW][A-Z0-9]{2,20})`)

// mostPeople bounds who is asked for by id: nobody discusses a deal with more.
const mostPeople = 300

// people are those who are, wrote or are mentioned in the channels, as far as
// they can be asked for.
func (c *Client) people(ctx context.Context, channels []conversation) ([]slackapi.User, []connect.Gap) {
	var ids []string
	seen := map[string]bool{}
	meet := func(id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, ch := range channels {
		for _, m := range ch.messages {
			meet(m.User)
		}
		for _, id := range ch.members {
			meet(id)
		}
		for _, m := range ch.messages {
			for _, named := range mentioned.FindAllStringSubmatch(m.Text, -1) {
				meet(named[1])
			}
		}
	}
	slices.Sort(ids)
	var gaps []connect.Gap
	if len(ids) > mostPeople {
		gaps = append(gaps, connect.Gap{System: Vendor, What: fmt.Sprintf("%d people are in the deal's channels; who %d of them are was not asked.", len(ids), len(ids)-mostPeople)})
		ids = ids[:mostPeople]
	}
	var out []slackapi.User
	for i, id := range ids {
		u, err := c.user(ctx, id)
		switch {
		case err == nil && u.ID == id:
			out = append(out, *u)
		case err == nil, strings.HasPrefix(coded(err), "user"): // nobody to be seen, who keeps the name that their messages tell
		default:
			return out, append(gaps, gapOf(err, fmt.Sprintf("Who %d of %d people in the deal's channels are could not be read.", len(ids)-i, len(ids))))
		}
	}
	return out, gaps
}

// saved is a message with what a reader of the export needs. Addresses of files
// are not kept: some open the file without signing in.
func (m *message) saved(channel string, self *identity) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, key := range []string{
		"type", "subtype", "user", "username", "bot_id", "app_id", "text", "ts", "thread_ts", "parent_user_id", "reply_count", "edited", "blocks",
		"attachments", "user_profile", "user_team", "source_team", "metadata", "message",
	} {
		if v, ok := m.raw[key]; ok {
			out[key] = v
		}
	}
	if m.ours(self) && m.BotID == "" {
		out["bot_id"] = quoted(self.BotID) // so that it is known to prove nothing
	}
	if link := self.permalink(channel, m.TS, m.Thread); link != "" {
		out["permalink"] = quoted(link)
	}
	var files []map[string]json.RawMessage
	for _, raw := range m.Files {
		var f map[string]json.RawMessage
		if json.Unmarshal(raw, &f) != nil {
			continue
		}
		kept := map[string]json.RawMessage{}
		for _, key := range []string{"id", "name", "title", "filetype", "mimetype", "size", "created"} {
			if v, ok := f[key]; ok {
				kept[key] = v
			}
		}
		files = append(files, kept)
	}
	if files != nil {
		out["files"], _ = json.Marshal(files) // of what came as JSON
	}
	return out
}

// ours reports whether the message is Throughline's own, by whichever app.
func (m *message) ours(self *identity) bool {
	return m.by(self) || strings.HasPrefix(m.Metadata.EventType, eventPrefix)
}

func quoted(s string) json.RawMessage {
	raw, _ := json.Marshal(s) // which can't fail for a string
	return raw
}
