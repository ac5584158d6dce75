package hubspot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline/won"
)

// What the vendor's documents say of webhooks, and what we make of it
// (developers.hubspot.com, request validation; webhooks).
const (
	// signatureHolds is how old a signed request may be, or how far ahead.
	signatureHolds = 5 * time.Minute
	// hookAnswer is how long an answer may wait for what follows: HubSpot gives up
	// after 5 seconds.
	hookAnswer = 4 * time.Second
	// hookWork is how long what follows may go on after that.
	hookWork = time.Minute
	// hookRemembers is how long an event is known again: HubSpot repeats one for a day.
	hookRemembers = 25 * time.Hour
	// mostRemembered bounds how many events are known again.
	mostRemembered = 20_000
	// mostHookBody bounds what is read of a request before its signature is checked: a
	// request holds less than 100 events.
	mostHookBody = 1 << 20
)

// HookPattern is where webhooks are posted, as [http.ServeMux] has it; HookPath is its
// path, which follows the public address.
const (
	HookPattern = "POST " + HookPath
	HookPath    = "/hubspot/webhooks"
)

// dealType is what HubSpot numbers deals with.
const dealType = "0-3"

// Hook takes the webhooks of an app of a HubSpot project, whose client secret signs
// them. publicURL is the address that the app's subscriptions name, as HubSpot sees
// it: behind a proxy a request itself does not tell it.
//
// An event only says where to look: hear is told which deals to read again, as
// (*won.Watch).Hear does. HubSpot is answered with 204 when hear has dealt with
// them. Where that takes more than 4 seconds, or fails, it is answered with 503 and
// tells again, up to ten times within a day; what was begun goes on for a minute, so
// that the next time finds it done. hear may therefore be slow, and may be called
// again for the same deals.
func (p *Portal) Hook(secret, publicURL string, hear func(context.Context, won.Notice) error) http.Handler {
	return &hook{portal: p, secret: secret, public: publicURL, hear: hear, done: map[eventKey]time.Time{}}
}

type hook struct {
	portal         *Portal
	secret, public string
	hear           func(context.Context, won.Notice) error

	mu   sync.Mutex
	done map[eventKey]time.Time // events that were dealt with
}

// An event is one change that a webhook tells of.
type event struct {
	Subscription json.Number `json:"subscriptionId"`
	Portal       json.Number `json:"portalId"`
	OccurredAt   json.Number `json:"occurredAt"`
	Type         string      `json:"subscriptionType"`
	Object       json.Number `json:"objectId"`
	ObjectType   string      `json:"objectTypeId"`
	Property     string      `json:"propertyName"`
}

// An eventKey knows an event again: its eventId need not be unique.
type eventKey struct {
	subscription, object, occurredAt json.Number
	property                         string
}

func (e event) key() eventKey { return eventKey{e.Subscription, e.Object, e.OccurredAt, e.Property} }

// deals reports whether the event is about a deal, in either form.
func (e event) deals() bool {
	return strings.HasPrefix(e.Type, "deal.") || strings.HasPrefix(e.Type, "object.") && e.ObjectType == dealType
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.secret == "" || h.public == "" {
		http.Error(w, "no client secret or public address is configured", http.StatusServiceUnavailable)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST is taken", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostHookBody))
	if err != nil {
		http.Error(w, "the request is too long or breaks off", http.StatusRequestEntityTooLarge)
		return
	}
	if err := h.verify(r, body); err != nil {
		h.log(r.Context(), "a webhook without a valid signature was refused", "reason", err.Error())
		http.Error(w, "the signature is not valid", http.StatusUnauthorized)
		return
	}
	var events []event
	if json.Unmarshal(body, &events) != nil {
		http.Error(w, "the request is not a list of events", http.StatusBadRequest)
		return
	}
	if err := h.deliver(r.Context(), events); err != nil {
		h.log(r.Context(), "a webhook was not dealt with yet; HubSpot will tell it again", "why", err.Error())
		http.Error(w, "not dealt with yet; tell it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

var errLate = errors.New("reading the deals takes too long")

// deliver has hear deal with the events that are new, and waits as long as HubSpot
// does.
func (h *hook) deliver(ctx context.Context, events []event) error {
	fresh, deals := h.fresh(events)
	if len(deals) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hookWork)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		err := h.hear(ctx, won.Notice{Deals: deals})
		if err == nil {
			h.remember(fresh)
		}
		done <- err
	}()
	timer := time.NewTimer(hookAnswer)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errLate
	}
}

// fresh are the events of deals of our account that were not dealt with, and the
// deals.
func (h *hook) fresh(events []event) (fresh []eventKey, deals []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		_, done := h.done[e.key()]
		own := h.portal.cfg.Portal == "" || e.Portal.String() == h.portal.cfg.Portal
		if done || !own || !e.deals() || !recordID.MatchString(e.Object.String()) {
			continue
		}
		fresh = append(fresh, e.key())
		if !slices.Contains(deals, e.Object.String()) {
			deals = append(deals, e.Object.String())
		}
	}
	return fresh, deals
}

// remember keeps events as dealt with. What is forgotten is only read once more.
func (h *hook) remember(events []eventKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.portal.cfg.Now()
	for key, at := range h.done {
		if now.Sub(at) > hookRemembers || len(h.done) > mostRemembered {
			delete(h.done, key)
		}
	}
	for _, key := range events {
		h.done[key] = now
	}
}

func (h *hook) log(ctx context.Context, what string, args ...any) {
	if log := h.portal.cfg.Log; log != nil {
		log.LogAttrs(ctx, slog.LevelWarn, what, slog.Group("hubspot", args...))
	}
}

var signedAt = regexp.MustCompile(`^[0-9]{1,15}$`)

// verify checks that HubSpot sent a request, by its signature v3. The older ones
// that come beside it are not looked at: they hold for ever.
func (h *hook) verify(r *http.Request, body []byte) error {
	stamp := r.Header.Get("X-HubSpot-Request-Timestamp")
	if !signedAt.MatchString(stamp) {
		return errors.New("no time")
	}
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("no time")
	}
	if h.portal.cfg.Now().Sub(time.UnixMilli(ms)).Abs() > signatureHolds {
		return errors.New("too old, or this machine's clock is wrong")
	}
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-HubSpot-Signature-v3"))
	if err != nil || len(given) == 0 {
		return errors.New("no signature v3")
	}
	address, err := signedAddress(h.public, r.URL.RawQuery)
	if err != nil {
		return err
	}
	if !hmac.Equal(given, sign(h.secret, r.Method, address, body, stamp)) {
		return errors.New("the signature does not fit: check the app's client secret, and that the public address is the one that its subscriptions name")
	}
	return nil
}

// sign is the signature v3 of a request to an address, at a moment in milliseconds.
func sign(secret, method, address string, body []byte, stamp string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(method + address))
	mac.Write(body)
	mac.Write([]byte(stamp))
	return mac.Sum(nil)
}

// signedAddress is the address as HubSpot signs it: the public one, with the query
// that came, in which some escapes are decoded.
func signedAddress(public, query string) (string, error) {
	u, err := url.Parse(public)
	if err != nil || u.Host == "" {
		return "", errors.New("the public address in the configuration is none")
	}
	if query != "" {
		u.RawQuery = query
	}
	u.Fragment = ""
	return decodeListed(u.String()), nil
}

// listed are the escapes that HubSpot decodes before it signs, and no others.
var listed = map[string]byte{
	"%3A": ':', "%2F": '/', "%3F": '?', "%40": '@', "%21": '!', "%24": '$', "%27": '\'', "%28": '(', "%29": ')', "%2A": '*', "%2C": ',', "%3B": ';',
}

// decodeListed decodes the listed escapes, each once: what comes of one is not
// looked at again.
func decodeListed(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+3 <= len(s) {
			if c, ok := listed[strings.ToUpper(s[i:i+3])]; ok {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
