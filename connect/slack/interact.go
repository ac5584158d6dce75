package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"
)

// An Interaction is a click on a button, or a form sent. Nothing in it can be
// trusted but who sent it: a value is what a button was given, as far as Slack
// keeps it.
type Interaction struct {
	// ID is the same each time that Slack delivers the interaction.
	ID      string
	User    User
	Action  string // the button's id; empty for a form
	Value   string // what the button is about: the handoff's key
	Version int    // of the handoff that the button stood beside; 0 where it does not say
	Trigger string // opens a form, for 3 seconds
	Channel string // id; empty for a form
	Message string // the ts of the message that the button is in
	View    *View  // of a form; nil for a click
}

// A User is who clicked.
type User struct {
	ID    string
	Email string // empty where it could not be read
}

// A View is a form as it was sent.
type View struct {
	ID     string
	Form   string // [Form.ID]
	About  string // [Form.About]
	Values map[string]string
}

// A Handler takes an interaction. It has 2.5 seconds to note what is to be done,
// since Slack wants an answer within 3; who clicked is told where it errs or takes
// longer, and may click again. Then its context ends a minute after.
type Handler func(context.Context, Interaction) error

// Interactions takes interactions, by Socket Mode (Listen) or by HTTP (it is an
// http.Handler), and hands each to a handler once, however often it is delivered.
type Interactions struct {
	client *Client
	handle Handler

	mu   sync.Mutex
	seen map[string]time.Time
}

// Interactions hands interactions to a handler.
func (c *Client) Interactions(handle Handler) *Interactions {
	return &Interactions{client: c, handle: handle, seen: map[string]time.Time{}}
}

const (
	answerWithin = 2500 * time.Millisecond
	handleWithin = time.Minute
	// remember is how long a delivery is known again: longer than the vendor
	// repeats one, and than a signature holds.
	remember = 30 * time.Minute
	// mostBody bounds what is read of a request before its signature is checked.
	mostBody = 1 << 20
)

// errLate says that the handler is still at it.
var errLate = errors.New("taking the interaction takes too long")

// errForeign says that the interaction is none of this workspace's.
var errForeign = errors.New("the interaction comes from somebody outside the workspace")

// deliver hands the interactions of a callback to the handler, and waits for it as
// long as Slack does.
func (i *Interactions) deliver(ctx context.Context, cb *slackapi.InteractionCallback) error {
	all := interactionsOf(cb)
	if len(all) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handleWithin)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		var errs []error
		for _, one := range all {
			errs = append(errs, i.take(ctx, cb, one))
		}
		done <- errors.Join(errs...)
	}()
	timer := time.NewTimer(answerWithin)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errLate
	}
}

// take hands one interaction to the handler, unless that was done.
func (i *Interactions) take(ctx context.Context, cb *slackapi.InteractionCallback, one Interaction) error {
	if !i.first(one.ID) {
		return nil
	}
	err := i.taken(ctx, cb, one)
	if err != nil {
		i.forget(one.ID)
		i.log(ctx, "an interaction could not be taken", "action", label(one.Action, one.View))
	}
	return err
}

func (i *Interactions) taken(ctx context.Context, cb *slackapi.InteractionCallback, one Interaction) error {
	self, err := i.client.whoami(ctx)
	if err != nil {
		return err
	}
	// A channel may have been shared after we wrote to it.
	if cb.User.TeamID != "" && cb.User.TeamID != self.TeamID && self.Enterprise == "" {
		return errForeign
	}
	if u, err := i.client.user(ctx, one.User.ID); err == nil && u.ID == one.User.ID {
		if u.IsStranger || u.IsRestricted || u.IsUltraRestricted {
			return errForeign
		}
		one.User.Email = strings.ToLower(u.Profile.Email)
	}
	return i.handle(ctx, one)
}

// label names an interaction for a log by names of ours, never by others'.
func label(action string, v *View) string {
	name := action
	if v != nil {
		name = v.Form
	}
	if strings.HasPrefix(name, eventPrefix) && len(name) < 40 {
		return strings.Map(func(r rune) rune {
			if r == '_' || r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, name)
	}
	return "other"
}

func (i *Interactions) log(ctx context.Context, what string, args ...any) {
	if log := i.client.cfg.Log; log != nil {
		log.LogAttrs(ctx, slog.LevelWarn, what, slog.Group("slack", args...))
	}
}

// first reports whether an interaction comes for the first time.
func (i *Interactions) first(id string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.client.cfg.Now()
	maps.DeleteFunc(i.seen, func(_ string, at time.Time) bool { return now.Sub(at) > remember })
	if _, had := i.seen[id]; had {
		return false
	}
	i.seen[id] = now
	return true
}

func (i *Interactions) forget(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.seen, id)
}

// interactionsOf are the clicks and forms in a callback that are for us. Buttons
// that only open a page are none.
func interactionsOf(cb *slackapi.InteractionCallback) []Interaction {
	if cb.User.ID == "" {
		return nil
	}
	who := User{ID: cb.User.ID}
	switch cb.Type {
	case slackapi.InteractionTypeBlockActions:
		channel, ts := cmp.Or(cb.Channel.ID, cb.Container.ChannelID), cmp.Or(cb.Message.Timestamp, cb.Container.MessageTs)
		var out []Interaction
		for _, a := range cb.ActionCallback.BlockActions {
			if a == nil || a.ActionID == "" || strings.HasPrefix(a.ActionID, ActionOpen) {
				continue
			}
			value, version := ofButton(a.Value)
			out = append(out, Interaction{
				ID:   "click/" + fingerprint(strings.Join([]string{cb.Team.ID, who.ID, channel, ts, cb.Container.ViewID, a.ActionID, a.Value, a.ActionTs}, "\x00"), 32),
				User: who, Action: a.ActionID, Value: value, Version: version, Trigger: cb.TriggerID, Channel: channel, Message: ts,
			})
		}
		return out
	case slackapi.InteractionTypeViewSubmission:
		if cb.View.ID == "" {
			return nil
		}
		return []Interaction{{
			ID: "form/" + fingerprint(cb.View.ID, 32), User: who, Trigger: cb.TriggerID,
			View: &View{ID: cb.View.ID, Form: cb.View.CallbackID, About: cb.View.PrivateMetadata, Values: values(cb.View.State)},
		}}
	}
	return nil
}

// values are what a form's fields hold, by the fields' ids.
func values(s *slackapi.ViewState) map[string]string {
	out := map[string]string{}
	if s == nil {
		return out
	}
	for _, block := range s.Values {
		for id, a := range block {
			out[id] = cmp.Or(a.SelectedOption.Value, a.Value)
		}
	}
	return out
}

// ServeHTTP takes what Slack sends to an app's request address: interactions, and
// the question whether the address is ours. The signature is checked before
// anything is read from it.
func (i *Interactions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := i.client.cfg
	if c.SigningSecret == "" {
		http.Error(w, "no signing secret is configured", http.StatusServiceUnavailable)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST is taken", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		http.Error(w, "the request is too long or breaks off", http.StatusRequestEntityTooLarge)
		return
	}
	if err := verify(r.Header, body, c.SigningSecret, c.Now()); err != nil {
		i.log(r.Context(), "a request without a valid signature was refused", "reason", err.Error())
		http.Error(w, "the signature is not valid", http.StatusUnauthorized)
		return
	}
	if strings.HasPrefix(strings.TrimSpace(r.Header.Get("Content-Type")), "application/json") {
		answerEvent(w, body)
		return
	}
	cb, err := parseForm(body)
	if err != nil {
		http.Error(w, "the request has no payload that can be read", http.StatusBadRequest)
		return
	}
	switch err := i.deliver(r.Context(), cb); {
	case errors.Is(err, errForeign):
		http.Error(w, "not for you", http.StatusForbidden)
	case err != nil:
		http.Error(w, "it could not be taken; try again", http.StatusServiceUnavailable)
	}
}

// parseForm reads the callback in a form's field "payload".
func parseForm(body []byte) (*slackapi.InteractionCallback, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("not a form")
	}
	return parseCallback([]byte(form.Get("payload")))
}

func parseCallback(payload []byte) (*slackapi.InteractionCallback, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")) {
		return nil, errors.New("no payload")
	}
	var cb slackapi.InteractionCallback
	if err := json.Unmarshal(payload, &cb); err != nil {
		return nil, errors.New("the payload is not an interaction")
	}
	return &cb, nil
}

// answerEvent answers the question whether the address is ours, and takes events,
// of which the app needs none.
func answerEvent(w http.ResponseWriter, body []byte) {
	var event struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(body, &event) != nil {
		http.Error(w, "the event can't be read", http.StatusBadRequest)
		return
	}
	if event.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, event.Challenge) // who asked and went away needs no answer
	}
}
