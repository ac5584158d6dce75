package slack

import (
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"
)

// A message is one as the API gives it.
type message struct {
	raw map[string]json.RawMessage

	TS         string                 `json:"ts"`
	Thread     string                 `json:"thread_ts"`
	User       string                 `json:"user"`
	BotID      string                 `json:"bot_id"`
	Text       string                 `json:"text"`
	ReplyCount int                    `json:"reply_count"`
	Metadata   slackapi.SlackMetadata `json:"metadata"`
	Files      []json.RawMessage      `json:"files"`
}

// timestamps look like "1784044920.000001": seconds since 1970, and a counter.
var timestamp = regexp.MustCompile(`^[0-9]{1,11}\.[0-9]{1,6}$`)

// parseMessage reads a message; false for what has no time, and so no name. A
// field of another form than documented leaves the others as they are.
func parseMessage(raw json.RawMessage) (message, bool) {
	var m message
	if json.Unmarshal(raw, &m.raw) != nil || m.raw == nil {
		return message{}, false
	}
	for key, to := range map[string]any{
		"ts": &m.TS, "thread_ts": &m.Thread, "user": &m.User, "bot_id": &m.BotID, "text": &m.Text,
		"reply_count": &m.ReplyCount, "metadata": &m.Metadata, "files": &m.Files,
	} {
		if v, ok := m.raw[key]; ok {
			_ = json.Unmarshal(v, to) // it stays empty
		}
	}
	return m, timestamp.MatchString(m.TS)
}

// at is when the message was written.
func (m *message) at() time.Time {
	whole, _, _ := strings.Cut(m.TS, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > math.MaxInt32*8 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// by reports whether the app itself wrote the message.
func (m *message) by(self *identity) bool {
	return m.BotID != "" && m.BotID == self.BotID || m.User != "" && m.User == self.UserID
}

// permalink is where a person opens a message, as Slack's "copy link" gives it:
// no document states the form, and asking for each would take a call a message.
func (id *identity) permalink(channel, ts, thread string) string {
	base := id.archive(channel)
	if base == "" {
		return ""
	}
	to := base + "/p" + strings.ReplaceAll(ts, ".", "")
	if thread != "" && thread != ts {
		to += "?" + url.Values{"thread_ts": {thread}, "cid": {channel}}.Encode()
	}
	return to
}

// archive is where a person opens a channel; empty where the workspace's address
// is not told.
func (id *identity) archive(channel string) string {
	u, err := url.Parse(id.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/archives/" + url.PathEscape(channel)
}
