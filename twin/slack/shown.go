package slack

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Message is one as the workspace keeps it.
type Message struct {
	TS, Thread string
	User, Bot  string // ids
	Text       string
	Blocks     []any
	Metadata   Object
	Edited     bool
}

// Messages are those of a channel, in order of time.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	if s.channels[channel] == nil {
		return nil
	}
	for _, m := range s.channels[channel].messages {
		one := Message{TS: text(m, "ts"), Thread: text(m, "thread_ts"), User: text(m, "user"), Bot: text(m, "bot_id"), Text: text(m, "text"), Edited: m["edited"] != nil}
		raw, err := json.Marshal(Object{"Blocks": m["blocks"], "Metadata": m["metadata"]})
		if err == nil {
			_ = json.Unmarshal(raw, &one) // a copy of what was JSON
		}
		out = append(out, one)
	}
	return out
}

// Own are the app's messages in a channel.
func (s *Server) Own(channel string) []Message {
	return slices.DeleteFunc(s.Messages(channel), func(m Message) bool { return m.Bot != BotID })
}

// Channels are the ids of all channels and conversations by name; a conversation
// with one person is named "@" and the person's id.
func (s *Server) Channels() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]string{}
	for id, ch := range s.channels {
		name := text(ch.info, "name")
		if user := text(ch.info, "user"); user != "" {
			name = "@" + user
		}
		out[name] = id
	}
	return out
}

// Views are the forms that were opened.
func (s *Server) Views() []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.views)
}

// Shown is a message as a person sees it.
type Shown struct {
	Name    string // of who wrote it
	At      time.Time
	Thread  bool // it is a reply
	Parts   []Part
	Buttons []Button
	// Alive are the mentions and links that Slack makes of the text: nobody is
	// notified, and nothing can be clicked, but these.
	Alive []string
}

// A Part is a paragraph.
type Part struct {
	Style string // "header", "small", "bold", or empty
	Text  string
}

// A Button is one as it is shown.
type Button struct{ Label, Action, Value, URL, Style string }

// Show is a channel as a person sees it.
func (s *Server) Show(channel string) []Shown {
	s.mu.Lock()
	names := map[string]string{}
	for id, u := range s.users {
		names[id] = text(u, "real_name")
	}
	s.mu.Unlock()
	var out []Shown
	for _, m := range s.Messages(channel) {
		one := Shown{Name: names[m.User], At: at(m.TS).UTC(), Thread: m.Thread != "" && m.Thread != m.TS}
		// The text notifies people, also where blocks are shown in its place.
		shown, alive := mrkdwn(m.Text)
		one.Alive = alive
		if len(m.Blocks) == 0 {
			one.Parts = []Part{{Text: shown}}
		}
		for _, b := range m.Blocks {
			block, _ := b.(Object)
			one.block(block)
		}
		out = append(out, one)
	}
	return out
}

func (o *Shown) block(b Object) {
	elements, _ := b["elements"].([]any)
	switch text(b, "type") {
	case "header":
		o.text("header", b["text"])
	case "section":
		o.text("", b["text"])
	case "context":
		for _, e := range elements {
			o.text("small", e)
		}
	case "actions":
		for _, e := range elements {
			button, _ := e.(Object)
			label, _ := button["text"].(Object)
			o.Buttons = append(o.Buttons, Button{Label: text(label, "text"), Action: text(button, "action_id"), Value: text(button, "value"), URL: text(button, "url"), Style: text(button, "style")})
		}
	}
}

func (o *Shown) text(style string, v any) {
	t, _ := v.(Object)
	if text(t, "type") != "mrkdwn" {
		o.Parts = append(o.Parts, Part{Style: style, Text: text(t, "text")})
		return
	}
	shown, alive := mrkdwn(text(t, "text"))
	if bold, ok := strings.CutPrefix(shown, "*"); ok && strings.HasSuffix(bold, "*") && style == "" {
		style, shown = "bold", strings.TrimSuffix(bold, "*")
	}
	o.Parts, o.Alive = append(o.Parts, Part{Style: style, Text: shown}), append(o.Alive, alive...)
}

var (
	angled  = regexp.MustCompile(`<([^<>]*)>`)
	bareURL = regexp.MustCompile(`(?i)\b(?:https?://|mailto:|www\.)[^\s<>]+`)
)

// mrkdwn is what the vendor makes of a text that it formats, and what of it comes
// alive: whatever stands between < and >, and addresses.
func mrkdwn(s string) (shown string, alive []string) {
	shown = angled.ReplaceAllStringFunc(s, func(tag string) string {
		alive = append(alive, tag)
		target, label, ok := strings.Cut(tag[1:len(tag)-1], "|")
		if ok {
			return label
		}
		return strings.TrimLeft(target, "!")
	})
	alive = append(alive, bareURL.FindAllString(angled.ReplaceAllString(s, ""), -1)...)
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(shown), alive
}

// Person is the id of the user with an address; empty where there is none.
func (s *Server) Person(email string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, u := range s.users {
		profile, _ := u["profile"].(Object)
		if email != "" && strings.EqualFold(text(profile, "email"), email) {
			return id
		}
	}
	return ""
}
