package folder

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"throughline"
)

// slackReader reads a Slack export: users.json, the lists of channels, and one
// file of messages a day in a folder named after the channel. It also takes
// what conversations.history and conversations.replies answer.
//
// Messages of bots are kept to be read but prove nothing: they repeat what
// stands in other systems, and Throughline's own posts are among them.
type slackReader struct {
	users    map[string]slackUser
	channels map[string]slackChannel // by id, and by name below the folder of the list it stands in
	days     []slackDay
	// strangers are names by id of users whom only messages tell of.
	strangers map[string]string
}

func newSlackReader() reader {
	return &slackReader{users: map[string]slackUser{}, channels: map[string]slackChannel{}, strangers: map[string]string{}}
}

type slackUser struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	RealName   string `json:"real_name"`
	IsBot      bool   `json:"is_bot"`
	IsStranger bool   `json:"is_stranger"` // of another company, seen through a shared channel
	TeamID     string `json:"team_id"`
	Profile    struct {
		RealName    string `json:"real_name"`
		DisplayName string `json:"display_name"`
		Email       string `json:"email"`
		Title       string `json:"title"`
	} `json:"profile"`
}

type slackChannel struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Created     float64  `json:"created"`
	IsPrivate   bool     `json:"is_private"`
	IsIM        bool     `json:"is_im"`
	IsMPIM      bool     `json:"is_mpim"`
	IsExtShared bool     `json:"is_ext_shared"`
	IsConnected bool     `json:"is_connected"`
	Connected   []string `json:"connected_team_ids"`
	Members     []string `json:"members"`
	URL         string   `json:"url"` // opens it; in what connect/slack saves
}

type slackMessage struct {
	Type     string `json:"type"`
	Subtype  string `json:"subtype"`
	User     string `json:"user"`
	Username string `json:"username"`
	BotID    string `json:"bot_id"`
	Text     string `json:"text"`
	TS       string `json:"ts"`
	Thread   string `json:"thread_ts"`
	Edited   struct {
		TS string `json:"ts"`
	} `json:"edited"`
	// Changed is the message as it was edited, in a "message_changed" event.
	Changed   *slackMessage `json:"message"`
	Permalink string        `json:"permalink"`
	Profile   struct {
		RealName    string `json:"real_name"`
		DisplayName string `json:"display_name"`
	} `json:"user_profile"`
	Blocks      []slackBlock `json:"blocks"`
	Attachments []struct {
		Text       string `json:"text"`
		Fallback   string `json:"fallback"`
		AuthorID   string `json:"author_id"`
		AuthorName string `json:"author_name"`
		FromURL    string `json:"from_url"`
	} `json:"attachments"`
}

// A slackBlock is a block, or an element within one, as far as it says something.
type slackBlock struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"` // a string, or an object with one
	UserID   string          `json:"user_id"`
	URL      string          `json:"url"`
	Elements []slackBlock    `json:"elements"`
	Fields   []slackBlock    `json:"fields"`
}

type slackDay struct {
	file, channel string
	messages      []slackMessage
}

func (r *slackReader) take(f *file, c *collector) bool {
	if !looksJSON(f.data) {
		return false
	}
	records, err := slackRecords(f)
	if len(records) == 0 {
		// A channel without a message on that day is an empty list.
		return err == nil && records != nil && strings.TrimSpace(string(f.data)) == "[]" && r.knows(path.Dir(f.path))
	}
	switch slackKind(records[0]) {
	case "users":
		r.takeUsers(records)
	case "channels":
		r.takeChannels(records, f.path)
	case "messages":
		r.takeMessages(f, records, c)
	default:
		return false
	}
	if err != nil {
		c.problem(jsonProblem(f, "the file breaks off; the records before that are used", err))
	}
	return true
}

func (r *slackReader) knows(dir string) bool {
	_, ok := r.channel(dir)
	return ok
}

// channel is the channel whose messages stand in a folder: the one of its name in
// the nearest list above it, since two workspaces may have a channel each of one
// name.
func (r *slackReader) channel(dir string) (slackChannel, bool) {
	name := path.Base(dir)
	for above := dir; above != "." && above != "/"; {
		above = path.Dir(above)
		if ch, ok := r.channels[path.Join(above, name)]; ok {
			return ch, true
		}
	}
	ch, ok := r.channels[name]
	return ch, ok
}

// slackRecords are the elements of a file's list, or of the messages, channels
// or members that an API answer holds; of a file that breaks off, those before.
func slackRecords(f *file) ([]json.RawMessage, error) {
	var list []json.RawMessage
	err := decode(f, &list)
	if err == nil {
		return list, nil
	}
	var answer struct {
		Messages []json.RawMessage `json:"messages"`
		Channels []json.RawMessage `json:"channels"`
		Members  []json.RawMessage `json:"members"`
	}
	if decode(f, &answer) == nil {
		return slices.Concat(answer.Messages, answer.Channels, answer.Members), nil
	}
	if !json.Valid(f.data) && strings.HasPrefix(strings.TrimSpace(string(f.data)), "[") {
		return wholeRecords(f.data, "["), err
	}
	return nil, err
}

// slackKind tells what a list is made of by the keys of its first element.
func slackKind(raw json.RawMessage) string {
	var keys map[string]json.RawMessage
	if json.Unmarshal(raw, &keys) != nil {
		return ""
	}
	has := func(names ...string) bool {
		for _, n := range names {
			if _, ok := keys[n]; !ok {
				return false
			}
		}
		return true
	}
	switch {
	case has("ts") && (has("text") || has("user") || has("subtype")):
		return "messages"
	case has("id", "profile") || has("id", "name", "real_name"):
		return "users"
	case has("id", "name") && (has("is_private") || has("members") || has("is_channel") || has("is_group") || has("created") || has("is_archived")):
		return "channels"
	case has("id", "members"): // dms.json: a conversation without a name
		return "channels"
	}
	return ""
}

func (r *slackReader) takeUsers(records []json.RawMessage) {
	for _, raw := range records {
		var u slackUser
		if json.Unmarshal(raw, &u) == nil && u.ID != "" {
			r.users[u.ID] = u
		}
	}
}

func (r *slackReader) takeChannels(records []json.RawMessage, file string) {
	for _, raw := range records {
		var ch slackChannel
		if json.Unmarshal(raw, &ch) != nil || ch.ID == "" {
			continue
		}
		// The lists of private groups and of direct messages don't say so themselves.
		switch path.Base(file) {
		case "groups.json", "dms.json", "mpims.json":
			ch.IsPrivate = true
		}
		ch.IsPrivate = ch.IsPrivate || ch.IsIM || ch.IsMPIM
		r.channels[ch.ID] = ch
		r.channels[path.Join(path.Dir(file), ch.ID)] = ch
		if ch.Name != "" {
			r.channels[path.Join(path.Dir(file), ch.Name)] = ch
		}
	}
}

func (r *slackReader) takeMessages(f *file, records []json.RawMessage, c *collector) {
	channel := path.Dir(f.path)
	if channel == "." {
		channel = strings.TrimSuffix(path.Base(f.path), path.Ext(f.path))
	}
	day := slackDay{file: f.path, channel: channel}
	for i, raw := range records {
		var m slackMessage
		if err := json.Unmarshal(raw, &m); err != nil || m.TS == "" {
			c.problem(throughline.Problem{File: f.path, Record: fmt.Sprintf("[%d]", i), What: fmt.Sprintf("not a Slack message with a time: %v", err)})
			continue
		}
		if m.Subtype == "message_changed" && m.Changed != nil && m.Changed.TS != "" {
			m = *m.Changed
		}
		day.messages = append(day.messages, m)
		r.meet(m)
	}
	r.days = append(r.days, day)
}

// meet takes the name of a user of another company, who has no row among the
// users, from their message: not each of their messages tells it.
func (r *slackReader) meet(m slackMessage) {
	if name := firstOf(m.Profile.RealName, m.Profile.DisplayName); name != "" && r.strangers[m.User] == "" {
		r.strangers[m.User] = name
	}
}

func (r *slackReader) done(c *collector) {
	for _, id := range slices.Sorted(maps.Keys(r.users)) {
		u := r.users[id]
		// Of an export's users, those who took no part in a channel of this deal
		// are none of its people; but an address may join a name seen elsewhere.
		if !u.IsBot && u.Profile.Email != "" && len(r.days) == 0 {
			c.mentions = append(c.mentions, r.mention(u.ID))
		}
	}
	var order []string
	byChannel := map[string][]slackDay{}
	for _, d := range r.days {
		if byChannel[d.channel] == nil {
			order = append(order, d.channel)
		}
		byChannel[d.channel] = append(byChannel[d.channel], d)
	}
	for _, name := range order {
		if s := r.source(name, byChannel[name]); len(s.passages) > 0 {
			c.sources = append(c.sources, s)
		}
	}
}

func (r *slackReader) source(dir string, days []slackDay) *rawSource {
	ch, known := r.channel(dir)
	name := path.Base(dir)
	if known && name == ch.ID && ch.Name != "" {
		name = ch.Name
	}
	direct := directMessages.MatchString(name)
	s := &rawSource{
		kind: throughline.SourceChat, title: "#" + name, nativeID: ch.ID, file: days[0].file, url: ch.URL, private: ch.IsPrivate || direct,
		shared: ch.IsExtShared || len(ch.Connected) > 1,
	}
	if !known {
		s.nativeID = name
	}
	if len(days) > 1 {
		s.file = path.Dir(days[0].file)
	}
	for _, id := range ch.Members {
		if m := r.mention(id); m.name != "" || m.email != "" {
			s.members = append(s.members, m)
		}
	}
	if direct {
		s.title = r.directTitle(s.members, days)
	}
	var messages []slackMessage
	seen := map[string]int{} // by time, which is a message's id, where it stands
	for _, d := range days {
		for _, m := range d.messages {
			switch at, ok := seen[m.TS]; {
			case !m.said():
			case !ok:
				seen[m.TS] = len(messages)
				messages = append(messages, m)
			case slackTime(m.Edited.TS).After(slackTime(messages[at].Edited.TS)):
				messages[at] = m
			}
		}
	}
	slices.SortStableFunc(messages, func(a, b slackMessage) int { return slackTime(a.TS).Compare(slackTime(b.TS)) })
	for _, m := range messages {
		s.passages = append(s.passages, r.passage(m))
	}
	if len(messages) > 0 {
		s.at = slackTime(messages[0].TS)
	}
	return s
}

// directMessages are the names of conversations that are no channels.
var directMessages = regexp.MustCompile(`^(mpdm-.*|D[A-Z0-9]{8,})$`)

// directTitle names a conversation without a name by those who are in it.
func (r *slackReader) directTitle(members []mention, days []slackDay) string {
	var names []string
	add := func(m mention) {
		if name := firstOf(m.name, m.email); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, m := range members {
		add(m)
	}
	for _, d := range days {
		for _, m := range d.messages {
			add(r.mention(m.User))
		}
	}
	slices.Sort(names)
	return strings.TrimSuffix("Direct messages: "+strings.Join(names, ", "), ": ")
}

// said reports whether somebody said something in the message: not who came and
// went, not what was deleted.
func (m slackMessage) said() bool {
	switch m.Subtype {
	case "", "thread_broadcast", "me_message", "file_share", "bot_message", "file_comment", "reply_broadcast":
		return strings.TrimSpace(m.Text) != "" || len(m.Attachments) > 0 || len(m.Blocks) > 0
	}
	return false
}

func (r *slackReader) passage(m slackMessage) rawPassage {
	body, forwarded := m.Text, false
	if strings.TrimSpace(body) == "" {
		var b strings.Builder
		r.blocks(&b, m.Blocks, 0)
		body = strings.TrimSpace(b.String())
	}
	if body == "" {
		for _, a := range m.Attachments {
			forwarded = forwarded || a.AuthorID != "" || a.AuthorName != "" || a.FromURL != ""
			body = strings.TrimSpace(body + "\n" + firstOf(a.Text, a.Fallback))
		}
	}
	// What somebody passes on, somebody else has written, and it stands elsewhere.
	p := rawPassage{text: strings.TrimSpace(r.shown(body)), at: slackTime(m.TS), offset: -1, url: m.Permalink, key: m.TS, history: forwarded}
	if m.Thread != "" && m.Thread != m.TS {
		p.replyTo = m.Thread
	}
	if m.BotID != "" || m.Subtype == "bot_message" || r.users[m.User].IsBot || m.User == "USLACKBOT" {
		p.by, p.history = mention{system: "slack-bot", name: m.Username}, true
		return p
	}
	p.by = r.mention(m.User)
	return p
}

// maxBlockDepth is deeper than Slack nests its blocks.
const maxBlockDepth = 10

// blocks writes what blocks say, in the notation of a message's text.
func (r *slackReader) blocks(b *strings.Builder, bs []slackBlock, depth int) {
	if depth > maxBlockDepth {
		return
	}
	for _, e := range bs {
		var text string
		var of slackBlock
		if json.Unmarshal(e.Text, &text) != nil && json.Unmarshal(e.Text, &of) == nil {
			_ = json.Unmarshal(of.Text, &text) // an object without a text says nothing
		}
		switch {
		case e.Type == "user" && e.UserID != "":
			text = "<@" + e.UserID + ">"
		case e.Type == "link":
			text = firstOf(text, e.URL)
		}
		b.WriteString(text)
		r.blocks(b, e.Elements, depth+1)
		r.blocks(b, e.Fields, depth+1)
		switch e.Type {
		case "rich_text_section", "rich_text_preformatted", "rich_text_quote", "section", "header", "context", "mrkdwn", "plain_text":
			b.WriteByte('\n')
		}
	}
}

// mention is a user as the export knows them; a user of another company has no
// row among the users, only the name on their messages.
func (r *slackReader) mention(id string) mention {
	u, ok := r.users[id]
	if !ok {
		return mention{system: "slack", id: id, name: r.strangers[id]}
	}
	m := mention{system: "slack", id: id, name: firstOf(u.Profile.RealName, u.RealName, u.Profile.DisplayName, u.Name), email: u.Profile.Email, title: u.Profile.Title}
	return m
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return ""
}

var slackLink = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)

// shown is a message's text as Slack shows it: names for ids, labels for links,
// characters for entities.
func (r *slackReader) shown(s string) string {
	s = slackLink.ReplaceAllStringFunc(s, func(link string) string {
		parts := slackLink.FindStringSubmatch(link)
		target, label := parts[1], parts[2]
		switch target[0] {
		case '@':
			return "@" + strings.TrimPrefix(firstOf(label, r.mention(target[1:]).name, target[1:]), "@")
		case '#':
			return "#" + firstOf(label, r.channels[target[1:]].Name, target[1:])
		case '!':
			if strings.HasPrefix(target, "!date^") {
				return label
			}
			return "@" + strings.TrimPrefix(firstOf(label, strings.TrimPrefix(target, "!")), "@")
		}
		return firstOf(label, strings.TrimPrefix(target, "mailto:"))
	})
	return html.UnescapeString(s)
}

// slackTime reads a message's ts, seconds since 1970 with a counter behind the
// point.
func slackTime(ts string) time.Time {
	sec, err := strconv.ParseFloat(ts, 64)
	if err != nil || math.IsNaN(sec) || sec < 0 || sec > 1e11 {
		return time.Time{}
	}
	whole, frac, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	micro, _ := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	return time.Unix(n, micro*1000).UTC()
}
