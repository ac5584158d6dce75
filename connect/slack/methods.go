package slack

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"throughline/connect"
)

// methodConnect is the only method that is called with the app-level token.
const methodConnect = "apps.connections.open"

// An identity is who the app is in the workspace.
type identity struct {
	URL        string `json:"url"` // "https://example.slack.com/"
	UserID     string `json:"user_id"`
	BotID      string `json:"bot_id"`
	TeamID     string `json:"team_id"`
	Enterprise string `json:"enterprise_id"`

	scopes []string // that the token has
	told   bool     // the answer told the scopes
}

// whoami asks once who the app is.
func (c *Client) whoami(ctx context.Context) (*identity, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil {
		return self, nil
	}
	self, err := c.test(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = self
	return self, nil
}

// test asks who the app is. The header that tells the token's scopes stands in
// the answers of the vendor and of its clients' tests, in no document.
func (c *Client) test(ctx context.Context) (*identity, error) {
	var self identity
	resp, err := c.ask(ctx, "check the token", "auth.test", url.Values{}, &self)
	if err != nil {
		return nil, err
	}
	if self.UserID == "" {
		return nil, &connect.Error{Vendor: Vendor, Op: "check the token", Message: "the answer does not say who the app is", Advice: "check the address in the configuration"}
	}
	header := resp.Header.Get("X-Oauth-Scopes")
	self.told = header != ""
	for s := range strings.SplitSeq(header, ",") {
		if s = strings.TrimSpace(s); s != "" {
			self.scopes = append(self.scopes, s)
		}
	}
	return &self, nil
}

// paging is how an answer tells of its next page.
type paging struct {
	Next struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// pageSize is how many records a page is asked for; the vendor recommends at
// most 200 where it allows up to 999.
func (c *Client) pageSize(method string) string {
	switch {
	case c.cfg.Restricted && (method == "conversations.history" || method == "conversations.replies"):
		return "15"
	case method == "conversations.list":
		return "999"
	}
	return "200"
}

// pages yields the records of all pages of a method. It stops with an error
// after so many pages, where most is not 0.
func pages[T any](ctx context.Context, c *Client, op, method string, args url.Values, most int, records func([]byte) ([]T, error)) iter.Seq2[T, error] {
	asked := 0
	return connect.Pages(ctx, func(ctx context.Context, cursor string) ([]T, string, error) {
		if asked++; most > 0 && asked > most {
			return nil, "", &connect.Error{Vendor: Vendor, Op: op, Message: "there are more pages than may be read", Advice: "raise look_back_pages in the configuration, or shorten look_back"}
		}
		form := url.Values{"limit": {c.pageSize(method)}}
		for k, v := range args {
			form[k] = v
		}
		if cursor != "" {
			form.Set("cursor", cursor)
		}
		var body json.RawMessage
		if _, err := c.ask(ctx, op, method, form, &body); err != nil {
			return nil, "", err
		}
		var next paging
		list, err := records(body)
		if err == nil {
			err = json.Unmarshal(body, &next)
		}
		if err != nil {
			return nil, "", &connect.Error{Vendor: Vendor, Op: op, Message: "the answer has another form than the vendor documents", Advice: "this is likely a fault in Throughline; please report it"}
		}
		return list, next.Next.Cursor, nil
	})
}

// history yields a channel's messages, the newest first.
func (c *Client) history(ctx context.Context, op, channel string, oldest time.Time, most int) iter.Seq2[message, error] {
	args := url.Values{"channel": {channel}, "include_all_metadata": {"true"}}
	if !oldest.IsZero() {
		args.Set("oldest", strconv.FormatInt(oldest.Unix(), 10)+".000000")
	}
	return pages(ctx, c, op, "conversations.history", args, most, messagesIn)
}

// replies yields the messages of a thread, its first one too.
func (c *Client) replies(ctx context.Context, op, channel, thread string, most int) iter.Seq2[message, error] {
	args := url.Values{"channel": {channel}, "ts": {thread}, "include_all_metadata": {"true"}}
	return pages(ctx, c, op, "conversations.replies", args, most, messagesIn)
}

func messagesIn(body []byte) ([]message, error) {
	var page struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	out := make([]message, 0, len(page.Messages))
	for _, raw := range page.Messages {
		if m, ok := parseMessage(raw); ok {
			out = append(out, m)
		}
	}
	return out, nil
}

// conversations are the channels of the workspace that the app can see.
func (c *Client) conversations(ctx context.Context) ([]slackapi.Channel, error) {
	c.mu.Lock()
	had := c.channels
	c.mu.Unlock()
	if had.is != nil && c.cfg.Now().Sub(had.at) < channelsHold {
		return had.is, nil
	}
	types := "public_channel,private_channel"
	if c.cfg.PublicOnly {
		types = "public_channel"
	}
	all := []slackapi.Channel{}
	for ch, err := range pages(ctx, c, "list channels", "conversations.list", url.Values{"types": {types}}, 0, func(body []byte) ([]slackapi.Channel, error) {
		var page struct {
			Channels []slackapi.Channel `json:"channels"`
		}
		err := json.Unmarshal(body, &page)
		return page.Channels, err
	}) {
		if err != nil {
			return nil, err
		}
		all = append(all, ch)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.channels = known[[]slackapi.Channel]{is: all, at: c.cfg.Now()}
	return all, nil
}

// info is a channel as it is now.
func (c *Client) info(ctx context.Context, op, id string) (*slackapi.Channel, error) {
	var out struct {
		Channel slackapi.Channel `json:"channel"`
	}
	if _, err := c.ask(ctx, op, "conversations.info", url.Values{"channel": {id}}, &out); err != nil {
		return nil, err
	}
	if out.Channel.ID != id {
		return nil, &connect.Error{Vendor: Vendor, Op: op, Message: "the answer is about another channel", Advice: "name the channel by its present id"}
	}
	return &out.Channel, nil
}

// members are the ids of who is in a channel.
func (c *Client) members(ctx context.Context, channel string) ([]string, error) {
	var all []string
	for id, err := range pages(ctx, c, "list the channel's members", "conversations.members", url.Values{"channel": {channel}}, 0, func(body []byte) ([]string, error) {
		var page struct {
			Members []string `json:"members"`
		}
		err := json.Unmarshal(body, &page)
		return page.Members, err
	}) {
		if err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, nil
}

// user is somebody by id.
func (c *Client) user(ctx context.Context, id string) (*slackapi.User, error) {
	c.mu.Lock()
	had, ok := c.users[id]
	c.mu.Unlock()
	if ok && c.cfg.Now().Sub(had.at) < usersHold {
		return &had.is, nil
	}
	var out struct {
		User slackapi.User `json:"user"`
	}
	if _, err := c.ask(ctx, "read who somebody is", "users.info", url.Values{"user": {id}}, &out); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users[id] = known[slackapi.User]{is: out.User, at: c.cfg.Now()}
	return &out.User, nil
}

// userByEmail is somebody of the workspace by email address.
func (c *Client) userByEmail(ctx context.Context, email string) (*slackapi.User, error) {
	var out struct {
		User slackapi.User `json:"user"`
	}
	_, err := c.ask(ctx, "find the person by address", "users.lookupByEmail", url.Values{"email": {email}}, &out)
	return &out.User, err
}

// A post is what chat.postMessage and chat.update take. Nothing in it is parsed
// for names or links, and no link unfurls.
type post struct {
	Channel     string                 `json:"channel"`
	TS          string                 `json:"ts,omitempty"`        // of the message to change
	Thread      string                 `json:"thread_ts,omitempty"` // of the thread to reply in
	Text        string                 `json:"text"`
	Blocks      []slackapi.Block       `json:"blocks"`
	Metadata    slackapi.SlackMetadata `json:"metadata"`
	Parse       string                 `json:"parse"`
	LinkNames   bool                   `json:"link_names"`
	UnfurlLinks *bool                  `json:"unfurl_links,omitempty"`
	UnfurlMedia *bool                  `json:"unfurl_media,omitempty"`
}

// postMessage writes a message. It is never repeated: a second one would stand
// beside the first.
func (c *Client) postMessage(ctx context.Context, op string, p post) (ts string, err error) {
	var out struct {
		TS string `json:"ts"`
	}
	no := false
	p.Parse, p.UnfurlLinks, p.UnfurlMedia = "none", &no, &no
	if err := c.tell(ctx, op, "chat.postMessage", p, false, &out); err != nil {
		return "", err
	}
	return out.TS, nil
}

// updateMessage changes a message to what is given, which may be done twice.
func (c *Client) updateMessage(ctx context.Context, op string, p post) error {
	p.Parse = "none"
	return c.tell(ctx, op, "chat.update", p, true, nil)
}

// direct is the id of the app's conversation with somebody. Opening it twice
// opens the one that is there.
func (c *Client) direct(ctx context.Context, user string) (string, error) {
	var out struct {
		Channel struct {
			ID string `json:"id"`
		} `json:"channel"`
	}
	if err := c.tell(ctx, "open a conversation", "conversations.open", map[string]string{"users": user}, true, &out); err != nil {
		return "", err
	}
	return out.Channel.ID, nil
}

// join makes the app a member of a public channel.
func (c *Client) join(ctx context.Context, channel string) error {
	return c.tell(ctx, "join the channel", "conversations.join", map[string]string{"channel": channel}, true, nil)
}
