package hubspot

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// An event is what a webhook tells of.
type event struct {
	EventID      int64  `json:"eventId"`
	Subscription int64  `json:"subscriptionId"`
	Portal       int    `json:"portalId"`
	App          int64  `json:"appId"`
	OccurredAt   int64  `json:"occurredAt"`
	Type         string `json:"subscriptionType"`
	Attempt      int    `json:"attemptNumber"`
	Object       int64  `json:"objectId"`
	ObjectType   string `json:"objectTypeId,omitempty"`
	Property     string `json:"propertyName,omitempty"`
	Value        string `json:"propertyValue,omitempty"`
	Source       string `json:"changeSource"`
}

// mostEvents is how many events a request may hold; mostAttempts how often one is
// sent again.
const (
	mostEvents   = 100
	mostAttempts = 10
)

// subscribed are the properties of deals whose changes are told.
var subscribed = []string{"dealstage", "amount", "hs_merged_object_ids"}

// tell queues what happened to a property, where webhooks are sent.
func (s *Server) tell(kind, id, property, value string, at time.Time) {
	number, err := strconv.ParseInt(id, 10, 64)
	if s.Target == "" || err != nil || kind == "deals" && !slices.Contains(subscribed, property) {
		return
	}
	s.made++
	e := event{
		EventID: s.made, Portal: s.Portal, App: 7, OccurredAt: at.UnixMilli(), Object: number, Property: property, Value: value, Source: "CRM_UI",
		Type: map[string]string{"deals": "deal", "contacts": "contact", "companies": "company"}[kind] + ".propertyChange", Subscription: int64(10 + slices.Index(subscribed, property)),
	}
	if e.Type == ".propertyChange" {
		e.Type, e.ObjectType = "object.propertyChange", typeNumber[kind]
	}
	s.events = append(s.events, e)
}

// Pending is how many events are to be sent, first or again.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// Deliver sends the events that wait, in one request as the service does, last
// first where shuffled is set. What is not answered with a 2xx within 5 seconds
// waits for the next Deliver.
func (s *Server) Deliver(ctx context.Context, shuffled bool) error {
	s.mu.Lock()
	n := min(len(s.events), mostEvents-1)
	batch := slices.Clone(s.events[:n])
	s.mu.Unlock()
	if n == 0 {
		return nil
	}
	if shuffled {
		slices.Reverse(batch)
	}
	if err := s.Post(ctx, batch); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		kept := s.events[:0]
		for i, e := range s.events {
			if i < n {
				e.Attempt++
			}
			if e.Attempt <= mostAttempts {
				kept = append(kept, e)
			}
		}
		s.events = kept
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = slices.Clone(s.events[n:])
	return nil
}

// Post sends one request to the target, signed.
func (s *Server) Post(ctx context.Context, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Target, bytes.NewReader(data))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(s.Now().UnixMilli(), 10)
	old := sha256.Sum256(append([]byte(s.Secret), data...))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "HubSpot Webhooks/1.0")
	r.Header.Set("X-HubSpot-Request-Timestamp", stamp)
	r.Header.Set("X-HubSpot-Signature-v3", Sign(s.Secret, http.MethodPost, s.Target, data, stamp))
	r.Header.Set("X-HubSpot-Signature-Version", "v1")
	r.Header.Set("X-HubSpot-Signature", hex.EncodeToString(old[:]))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook was answered with %d", answer.StatusCode)
	}
	return nil
}

// Sign is the signature v3 of a request to an address that needs no decoding.
func Sign(secret, method, address string, body []byte, stamp string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(method + address))
	mac.Write(body)
	mac.Write([]byte(stamp))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
