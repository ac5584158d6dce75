package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"throughline"
	"throughline/connect"
	"throughline/render"
)

// The event types of our messages' metadata.
const (
	eventPrefix  = "throughline_"
	eventHandoff = eventPrefix + "handoff"
	eventUpdate  = eventPrefix + "handoff_update"
	eventMessage = eventPrefix + "message"
)

// A marker is what our message's metadata says. It is seen by all members of the
// channel, and holds no text of the deal.
type marker struct {
	Key     string
	Version int
	Digest  string // of the message as it was last written
	Items   string // tells the items apart, see itemMarks
	Outcome *Outcome

	ts string // of the message
}

func (m marker) metadata(event string) slackapi.SlackMetadata {
	payload := map[string]any{"key": m.Key}
	if m.Version != 0 {
		payload["version"] = m.Version
	}
	if m.Digest != "" {
		payload["digest"] = m.Digest
	}
	if m.Items != "" {
		payload["items"] = m.Items
	}
	if o := m.Outcome; o != nil {
		payload["outcome"], payload["outcome_version"] = "returned", o.Version
		if o.Accepted {
			payload["outcome"] = "accepted"
		}
		payload["outcome_by"], payload["outcome_at"] = connect.Cut(connect.Line(o.By), 100), o.At.Unix()
	}
	return slackapi.SlackMetadata{EventType: event, EventPayload: payload}
}

// markerOf reads a message's metadata.
func markerOf(m message) marker {
	text := func(name string) string { s, _ := m.Metadata.EventPayload[name].(string); return s }
	number := func(name string) int { n, _ := m.Metadata.EventPayload[name].(float64); return int(n) }
	out := marker{Key: text("key"), Version: number("version"), Digest: text("digest"), Items: text("items"), ts: m.TS}
	if outcome := text("outcome"); outcome != "" {
		out.Outcome = &Outcome{
			Accepted: outcome == "accepted", By: text("outcome_by"), At: time.Unix(int64(number("outcome_at")), 0).UTC(), Version: number("outcome_version"),
		}
	}
	return out
}

// Publish writes the handoff's summary to the deal channel, as the company may
// see it whatever audience is asked for, or the customer where that is asked.
// What is there already is changed where it differs; a newer version is also told
// in the thread. What is there of a later version stays. A channel that people
// outside the company can read is refused.
func (c *Client) Publish(ctx context.Context, p connect.Publication) (connect.Copy, error) {
	return c.publish(ctx, p, nil)
}

// Mark publishes the handoff with what became of it, which takes the buttons away.
func (c *Client) Mark(ctx context.Context, p connect.Publication, o Outcome) (connect.Copy, error) {
	return c.publish(ctx, p, &o)
}

func (c *Client) publish(ctx context.Context, p connect.Publication, o *Outcome) (connect.Copy, error) {
	const op = "publish the handoff"
	if connect.CheckKey(p.Key) != "" || p.Handoff == nil {
		return connect.Copy{}, &connect.Error{Vendor: Vendor, Op: op, Message: "there is no handoff or no usable key", Advice: "this is a fault in Throughline; please report it"}
	}
	view := render.For(render.For(p.Handoff, throughline.AudienceCompany), p.Audience)
	self, err := c.whoami(ctx)
	if err != nil {
		return connect.Copy{}, err
	}
	ch, err := c.dealChannel(ctx, &p.Deal)
	if err != nil {
		return connect.Copy{}, err
	}
	done, err := c.begin(ctx, ch.ID, p.Key)
	if err != nil {
		return connect.Copy{}, err
	}
	defer done()
	there, err := c.find(ctx, ch.ID, "", eventHandoff, p.Key, 0)
	if err != nil {
		return connect.Copy{}, err
	}
	if there != nil && there.Version > view.Version {
		return self.copy(ch.ID, there.ts, false), c.mayWrite(ctx, ch.ID, &p.Deal)
	}
	o = outcomeOf(view, there, o)
	now := summary(view, p.Key, p.Link, o)
	mark := marker{Key: p.Key, Version: view.Version, Digest: now.digest(), Items: itemMarks(view), Outcome: o}
	out := post{Channel: ch.ID, Text: now.text, Blocks: now.blocks, Metadata: mark.metadata(eventHandoff)}
	if there == nil {
		ts, err := c.write(ctx, op, out, eventHandoff, mark, &p.Deal)
		if err != nil {
			return connect.Copy{}, err
		}
		return self.copy(ch.ID, ts, true), nil
	}
	if there.Version == view.Version && there.Digest == mark.Digest {
		return self.copy(ch.ID, there.ts, false), c.mayWrite(ctx, ch.ID, &p.Deal)
	}
	// The thread is told before the message is changed, which holds what the
	// version is compared with.
	if there.Version < view.Version {
		if err := c.tellThread(ctx, ch.ID, there, view, &p.Deal); err != nil {
			return connect.Copy{}, err
		}
	}
	if err := c.mayWrite(ctx, ch.ID, &p.Deal); err != nil {
		return connect.Copy{}, err
	}
	out.TS = there.ts
	if err := c.updateMessage(ctx, "update the handoff's message", out); err != nil {
		return connect.Copy{}, err
	}
	return self.copy(ch.ID, there.ts, false), nil
}

// Remove deletes the message that a [connect.Copy] names. What was said in its
// thread is people's, and stays. One that is gone is none to remove.
func (c *Client) Remove(ctx context.Context, id string) error {
	channel, ts, ok := strings.Cut(id, "/")
	if !ok || !timestamp.MatchString(ts) {
		return &connect.Error{Vendor: Vendor, Op: "remove the handoff's message", Message: "there is no id of a message", Advice: "delete the message in Slack"}
	}
	err := c.tell(ctx, "remove the handoff's message", "chat.delete", map[string]string{"channel": channel, "ts": ts}, true, nil)
	if coded(err) == "message_not_found" {
		return nil
	}
	return err
}

// outcomeOf is what the message shall say became of the handoff: what is told,
// else what it says already, unless a version was returned that a newer replaces.
func outcomeOf(view *throughline.Handoff, there *marker, told *Outcome) *Outcome {
	if told != nil {
		o := *told
		if o.Version == 0 {
			o.Version = view.Version
		}
		return &o
	}
	if there == nil || there.Outcome == nil || !there.Outcome.Accepted && there.Version < view.Version {
		return nil
	}
	return there.Outcome
}

func (id *identity) copy(channel, ts string, made bool) connect.Copy {
	return connect.Copy{ID: channel + "/" + ts, URL: id.permalink(channel, ts, ""), Made: made}
}

// tellThread says once in the message's thread what a version changed.
func (c *Client) tellThread(ctx context.Context, channel string, there *marker, view *throughline.Handoff, deal *connect.Record) error {
	told, err := c.find(ctx, channel, there.ts, eventUpdate, there.Key, view.Version)
	switch {
	case unreadable(err):
		return nil // who can't look must not write; the message itself says its version
	case err != nil || told != nil:
		return err
	}
	what := update(view, *there)
	mark := marker{Key: there.Key, Version: view.Version}
	_, err = c.write(ctx, "tell what changed", post{Channel: channel, Thread: there.ts, Text: what.text, Blocks: what.blocks, Metadata: mark.metadata(eventUpdate)}, eventUpdate, mark, deal)
	return err
}

// unreadable reports whether threads can't be read at all, on which the vendor's
// documents contradict each other for bot tokens.
func unreadable(err error) bool {
	switch coded(err) {
	case "not_allowed_token_type", "method_not_supported_for_channel_type", "no_permission", "access_denied":
		return true
	}
	return false
}

// find is our own message with a key, and a version where that is not 0, in a
// channel or a thread; nil where there is none as far back as is looked. It errs
// where it could not look so far back: who does not know must not write.
func (c *Client) find(ctx context.Context, channel, thread, event, key string, version int) (*marker, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return nil, err
	}
	const op = "look for our own message"
	all := c.history(ctx, op, channel, c.cfg.Now().Add(-c.cfg.LookBack), c.cfg.LookBackPages)
	if thread != "" {
		all = c.replies(ctx, op, channel, thread, c.cfg.LookBackPages)
	}
	for m, err := range all {
		if err != nil {
			return nil, err
		}
		// Another app can write any metadata.
		if !m.by(self) || m.Metadata.EventType != event {
			continue
		}
		if found := markerOf(m); found.Key == key && (version == 0 || found.Version == version) {
			return &found, nil
		}
	}
	return nil, nil
}

// write posts a message that find did not find. Where it is unclear whether
// that was done, it looks once more, and never posts again: a next try begins by
// looking. The deal is nil for a message to one person, to whom it may be shown.
func (c *Client) write(ctx context.Context, op string, p post, event string, mark marker, deal *connect.Record) (string, error) {
	if deal != nil {
		if err := c.mayWrite(ctx, p.Channel, deal); err != nil {
			return "", err
		}
	}
	ts, err := c.postMessage(ctx, op, p)
	c.writes.wrote(p.Channel, mark.Key, c.cfg.Now())
	if err == nil || !unclear(err) || ctx.Err() != nil {
		return ts, err
	}
	if err := c.cfg.Sleep(ctx, c.cfg.Settle); err != nil {
		return "", err
	}
	found, lookErr := c.find(ctx, p.Channel, p.Thread, event, mark.Key, mark.Version)
	if lookErr != nil || found == nil {
		return "", err
	}
	return found.ts, nil
}

// mayWrite reports why the deal's summary may not be written to a channel: it is
// shared with another organisation or about to be, or somebody is in it who is
// not of the company.
func (c *Client) mayWrite(ctx context.Context, channel string, deal *connect.Record) error {
	const op = "look who reads the deal channel"
	refusal := func(what string) error {
		return &connect.Error{
			Vendor: Vendor, Op: op, Code: "not_internal", Message: what,
			Advice: "nothing is written there: make a channel that only the company is in, name it for the deal, and keep this one as a source",
		}
	}
	ch, err := c.info(ctx, op, channel)
	if err != nil {
		return err
	}
	if external(ch) {
		return refusal("the channel is shared with another organisation, or was offered to one")
	}
	if ch.IsIM || ch.IsMpIM {
		return refusal("it is a conversation, not a channel")
	}
	self, err := c.whoami(ctx)
	if err != nil {
		return err
	}
	members, err := c.members(ctx, channel)
	if err != nil {
		return err
	}
	if len(members) > mostPeople {
		return refusal(fmt.Sprintf("the channel has more than %d members, which is no deal's", mostPeople))
	}
	for _, id := range members {
		u, err := c.user(ctx, id)
		if err != nil {
			return err
		}
		if outsider(u, self, deal) {
			return refusal("somebody is in the channel who is a guest or not of the company")
		}
	}
	return nil
}

// outsider reports whether a member of a channel is, or may be, the customer's: of
// another workspace, with an address of the customer's, or a guest whose address
// is not of a domain of the seller's people.
func outsider(u *slackapi.User, self *identity, deal *connect.Record) bool {
	if u.IsBot || u.Deleted || u.ID == self.UserID {
		return false
	}
	if u.IsStranger || u.TeamID != "" && u.TeamID != self.TeamID && self.Enterprise == "" {
		return true
	}
	email := strings.ToLower(u.Profile.Email)
	domain := domainOf(email)
	if slices.ContainsFunc(deal.Contacts, func(c string) bool { return email != "" && strings.EqualFold(c, email) }) ||
		slices.ContainsFunc(deal.Domains, func(d string) bool { return domain != "" && within(domain, strings.ToLower(d)) }) {
		return true
	}
	if !u.IsRestricted && !u.IsUltraRestricted {
		return false
	}
	ours := slices.Concat(deal.Sellers, []string{deal.AE, deal.CSM})
	return !slices.ContainsFunc(ours, func(s string) bool { return domain != "" && domainOf(strings.ToLower(s)) == domain })
}

func domainOf(email string) string {
	_, domain, _ := strings.Cut(email, "@")
	return domain
}

// within reports whether a domain is another or below it.
func within(domain, of string) bool {
	of = strings.TrimPrefix(of, "www.")
	return of != "" && (domain == of || strings.HasSuffix(domain, "."+of))
}

// writes keeps two goroutines from writing the same, and remembers what was
// written a moment ago: the channel's history may not tell of it yet.
type writes struct {
	mu  sync.Mutex
	all map[string]*writing
}

type writing struct {
	turn chan struct{} // holds one while somebody is at it

	mu sync.Mutex
	at time.Time
}

func (w *writes) of(channel, key string) *writing {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[string]*writing{}
	}
	name := channel + " " + key
	if w.all[name] == nil {
		w.all[name] = &writing{turn: make(chan struct{}, 1)}
	}
	return w.all[name]
}

func (w *writes) wrote(channel, key string, at time.Time) {
	one := w.of(channel, key)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.at = at
}

// begin waits until nobody else writes under the key, and until what was written
// last is sure to be found.
func (c *Client) begin(ctx context.Context, channel, key string) (done func(), err error) {
	one := c.writes.of(channel, key)
	select {
	case one.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, &connect.Error{Vendor: Vendor, Op: "wait for another write", Err: ctx.Err()}
	}
	done = func() { <-one.turn }
	one.mu.Lock()
	wait := one.at.Add(c.cfg.Settle).Sub(c.cfg.Now())
	one.mu.Unlock()
	if wait > 0 {
		if err := c.cfg.Sleep(ctx, wait); err != nil {
			done()
			return nil, &connect.Error{Vendor: Vendor, Op: "wait for the last write to be seen", Err: err}
		}
	}
	return done, nil
}

// Send writes a direct message to the person with the address, once.
func (c *Client) Send(ctx context.Context, m connect.Message) (connect.Copy, error) {
	const op = "send a direct message"
	if connect.CheckKey(m.Key) != "" {
		return connect.Copy{}, &connect.Error{Vendor: Vendor, Op: op, Message: "the message has no usable key", Advice: "this is a fault in Throughline; please report it"}
	}
	self, err := c.whoami(ctx)
	if err != nil {
		return connect.Copy{}, err
	}
	to, err := c.userByEmail(ctx, m.To)
	if err != nil {
		return connect.Copy{}, err
	}
	if to.IsStranger || to.IsBot || to.Deleted || to.ID == "" || to.TeamID != "" && to.TeamID != self.TeamID && self.Enterprise == "" {
		return connect.Copy{}, &connect.Error{
			Vendor: Vendor, Op: op, Code: "not_internal", Err: errors.New("the address is not that of somebody in the workspace"),
			Advice: "check the person's email address in the CRM",
		}
	}
	channel, err := c.direct(ctx, to.ID)
	if err != nil {
		return connect.Copy{}, err
	}
	done, err := c.begin(ctx, channel, m.Key)
	if err != nil {
		return connect.Copy{}, err
	}
	defer done()
	there, err := c.find(ctx, channel, "", eventMessage, m.Key, 0)
	if err != nil {
		return connect.Copy{}, err
	}
	if there != nil {
		return self.copy(channel, there.ts, false), nil
	}
	what := direct(m)
	mark := marker{Key: m.Key}
	ts, err := c.write(ctx, op, post{Channel: channel, Text: what.text, Blocks: what.blocks, Metadata: mark.metadata(eventMessage)}, eventMessage, mark, nil)
	if err != nil {
		return connect.Copy{}, err
	}
	return self.copy(channel, ts, true), nil
}

// direct is a message to one person.
func direct(m connect.Message) content {
	subject := cmp.Or(connect.Line(m.Subject), "A message about a deal")
	blocks := []slackapi.Block{slackapi.NewHeaderBlock(plain(subject, mostHeader))}
	left := mostOfBlocks - 1000
	for _, p := range m.Paragraphs {
		p = paragraph(p)
		if p == "" {
			continue
		}
		if len(blocks) == mostBlocks-3 || left < 100 {
			blocks = append(blocks, small("The rest was too long for a message."))
			break
		}
		p = connect.Cut(p, min(left, mostSection))
		left -= connect.Length(p)
		blocks = append(blocks, section(p))
	}
	var all []slackapi.BlockElement
	for i, a := range m.Actions[:min(len(m.Actions), mostActions)] {
		id := a.ID
		if id == "" {
			id = fmt.Sprintf("%s_%d", ActionOpen, i)
		}
		label := cmp.Or(connect.Line(a.Label), "Open")
		if a.URL == "" {
			all = append(all, button(id, label, a.Value, a.Primary))
			continue
		}
		to, ok := webAddress(a.URL)
		if !ok {
			continue
		}
		b := linkButton(connect.Cut(id, mostActionID), label, to)
		if a.Primary {
			b.Style = slackapi.StylePrimary
		}
		all = append(all, b)
	}
	if len(all) > 0 {
		blocks = append(blocks, slackapi.NewActionBlock("", all...))
	}
	return content{text: fallback(subject), blocks: blocks}
}

// paragraph is a text of several lines, each tidied.
func paragraph(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if l = connect.Line(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}
