package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Click is somebody clicking a button of a message. It errs where the vendor would
// show the person that the app did not answer.
func (s *Server) Click(ctx context.Context, user, channel, ts, action string) error {
	s.mu.Lock()
	payload, err := s.clickOn(user, channel, ts, action)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Deliver(ctx, payload)
}

// clickOn is the payload of a click.
func (s *Server) clickOn(user, channel, ts, action string) (json.RawMessage, error) {
	ch, who := s.channels[channel], s.users[user]
	if ch == nil || who == nil {
		return nil, fmt.Errorf("there is no channel %s or no user %s", channel, user)
	}
	for _, m := range ch.messages {
		if text(m, "ts") != ts {
			continue
		}
		button := findButton(m["blocks"], action)
		if button == nil {
			return nil, fmt.Errorf("the message %s has no button %s", ts, action)
		}
		clicked := Object{"type": "button", "action_id": action, "block_id": "b1", "value": text(button, "value"), "text": button["text"], "action_ts": s.ts()}
		payload, err := json.Marshal(Object{
			"type": "block_actions", "api_app_id": AppID, "token": "none", "trigger_id": s.trigger(), "response_url": "",
			"team":      Object{"id": TeamID, "domain": "northbeam"},
			"user":      Object{"id": user, "username": who["name"], "name": who["name"], "team_id": who["team_id"]},
			"container": Object{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false},
			"channel":   Object{"id": channel, "name": ch.info["name"]},
			"message":   m, "actions": []any{clicked},
			"state": Object{"values": Object{}},
		})
		return payload, err
	}
	return nil, fmt.Errorf("the channel has no message %s", ts)
}

func findButton(v any, action string) Object {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if b := findButton(e, action); b != nil {
				return b
			}
		}
	case Object:
		if text(v, "type") == "button" && text(v, "action_id") == action {
			return v
		}
		return findButton(v["elements"], action)
	}
	return nil
}

// trigger is a new trigger id, which holds for 3 seconds.
func (s *Server) trigger() string {
	id := "1.2." + random()
	s.triggers[id] = s.now().Add(3 * time.Second)
	return id
}

// Submit is somebody sending the form that was opened last, with values by the
// ids of its blocks.
func (s *Server) Submit(ctx context.Context, user string, values map[string]string) error {
	s.mu.Lock()
	payload, err := s.submitted(user, values)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Deliver(ctx, payload)
}

func (s *Server) submitted(user string, values map[string]string) (json.RawMessage, error) {
	if len(s.views) == 0 || s.users[user] == nil {
		return nil, errors.New("no form was opened")
	}
	view := s.views[len(s.views)-1]
	state := Object{}
	blocks, _ := view["blocks"].([]any)
	for _, b := range blocks {
		block, _ := b.(Object)
		element, _ := block["element"].(Object)
		value, given := values[text(block, "block_id")]
		if !given {
			continue
		}
		filled := Object{"type": element["type"]}
		if text(element, "type") == "static_select" {
			filled["selected_option"] = Object{"value": value, "text": Object{"type": "plain_text", "text": value}}
		} else {
			filled["value"] = value
		}
		state[text(block, "block_id")] = Object{text(element, "action_id"): filled}
	}
	view["state"] = Object{"values": state}
	return json.Marshal(Object{
		"type": "view_submission", "api_app_id": AppID, "token": "none", "trigger_id": s.trigger(), "response_urls": []any{},
		"team": Object{"id": TeamID, "domain": "northbeam"},
		"user": Object{"id": user, "username": s.users[user]["name"], "team_id": s.users[user]["team_id"]},
		"view": view,
	})
}

// Delivered are the payloads that were sent, in order.
func (s *Server) Delivered() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]json.RawMessage(nil), s.clicked...)
}

// Deliver sends an interaction to the app, by HTTP where a request address is set,
// else by Socket Mode. It errs where the app does not answer within 3 seconds.
func (s *Server) Deliver(ctx context.Context, payload json.RawMessage) error {
	s.mu.Lock()
	s.clicked = append(s.clicked, payload)
	to := s.Requests
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if to == "" {
		return s.push(ctx, payload)
	}
	return s.send(ctx, "application/x-www-form-urlencoded", url.Values{"payload": {string(payload)}}.Encode())
}

// Verify asks the app's request address whether it is the app's, as the vendor
// does when the address is set.
func (s *Server) Verify(ctx context.Context) error {
	raw, err := json.Marshal(Object{"token": "none", "challenge": "c-" + random(), "type": "url_verification"})
	if err != nil {
		return err
	}
	return s.send(ctx, "application/json", string(raw))
}

// send posts a signed body to the app's request address.
func (s *Server) send(ctx context.Context, kind, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Requests, strings.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(s.now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.SigningSecret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	req.Header.Set("Content-Type", kind)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the app answered %d: %s", resp.StatusCode, answer)
	}
	var asked struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if kind == "application/json" && json.Unmarshal([]byte(body), &asked) == nil && asked.Type == "url_verification" && !strings.Contains(string(answer), asked.Challenge) {
		return errors.New("the app did not repeat the challenge")
	}
	return nil
}
