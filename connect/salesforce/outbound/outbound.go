// Package outbound hears of opportunities by Salesforce's outbound messages, which an
// administrator sets up without any code: it is where they are posted to.
//
// A message is a request to look again and nothing more, since anybody who learns the
// address could write one (they are not signed), they come late, repeatedly and out of
// order, and the values in them are those of the time of sending. It is acknowledged
// once that was done, see [won.Watch.Hear]; what is not acknowledged within a minute,
// Salesforce sends again, for 24 hours (developer.salesforce.com, "Outbound Messaging").
package outbound

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"throughline/won"
)

// Pattern is where messages are posted, as [http.ServeMux] has it. What stands for
// the secret makes the address one that nobody guesses.
const Pattern = "POST /salesforce/outbound/{secret}"

// Config says whose messages are taken. All but Log must be set.
type Config struct {
	// Secret is the last part of the address: 24 to 128 letters, digits, hyphens and
	// underscores.
	Secret string
	// Org is the org's id, of 15 or 18 characters: "00D…".
	Org string

	Log *slog.Logger
}

// An Endpoint takes outbound messages.
type Endpoint struct {
	secret       [sha256.Size]byte
	organisation string // its first 15 characters
	log          *slog.Logger
}

var (
	secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{24,128}$`)
	orgForm    = regexp.MustCompile(`^00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?$`)
)

// New errs where the configuration can't be used.
func New(cfg Config) (*Endpoint, error) {
	if !secretForm.MatchString(cfg.Secret) {
		return nil, errors.New("the secret of outbound messages is 24 to 128 letters, digits, hyphens and underscores, since it is part of an address: make one with 'openssl rand -hex 24'")
	}
	if !orgForm.MatchString(cfg.Org) {
		return nil, errors.New("outbound messages are only taken from an organisation whose id is known: 15 or 18 characters that begin with 00D, from Salesforce's Setup > Company Information")
	}
	e := &Endpoint{secret: sha256.Sum256([]byte(cfg.Secret)), organisation: cfg.Org[:plainID], log: cfg.Log}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// plainID is how much of an id tells it from others; the three characters that may
// follow only guard against a change of case.
const plainID = 15

// answerWithin is how long a message may take. Salesforce waits for 60 seconds
// (help.salesforce.com, "Outbound Message Considerations").
const answerWithin = 45 * time.Second

// mostBody bounds what is read: a hundred notifications with a few fields each have
// 100 KB; with long texts among the fields they would have more than this.
const mostBody = 4 << 20

// Handler takes messages at [Pattern], and hands over which opportunities to look at.
// A message is acknowledged once hear returns nil. Whoever does not know the secret,
// or sends for another organisation, is answered as if nothing were there.
func (e *Endpoint) Handler(hear func(context.Context, won.Notice) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := sha256.Sum256([]byte(r.PathValue("secret")))
		if r.Method != http.MethodPost || subtle.ConstantTimeCompare(given[:], e.secret[:]) != 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		m, err := e.read(w, r)
		if err != nil {
			e.log.WarnContext(r.Context(), "an outbound message of Salesforce's was turned away", "why", err)
			w.WriteHeader(statusOf(err))
			return
		}
		if err := e.pass(r.Context(), m, hear); err != nil {
			e.log.WarnContext(r.Context(), "an outbound message of Salesforce's could not be dealt with; it is sent again", "why", err)
			answer(w, http.StatusServiceUnavailable, "false")
			return
		}
		answer(w, http.StatusOK, "true")
	})
}

// errForeign says that a message came from another organisation.
var errForeign = errors.New("it comes from another organisation than salesforce.organization_id in the configuration says")

func (e *Endpoint) read(w http.ResponseWriter, r *http.Request) (message, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		return message{}, err
	}
	m, err := parse(body)
	if err == nil && m.organisation[:plainID] != e.organisation {
		err = errForeign
	}
	return m, err
}

func statusOf(err error) int {
	if errors.Is(err, errForeign) {
		return http.StatusNotFound
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// pass hands a message over.
func (e *Endpoint) pass(ctx context.Context, m message, hear func(context.Context, won.Notice) error) error {
	e.log.DebugContext(ctx, "outbound message", slog.Int("notifications", m.notifications), slog.Int("opportunities", len(m.opportunities)))
	if len(m.opportunities) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return hear(ctx, won.Notice{Deals: m.opportunities})
}

// answer acknowledges a message, or does not.
func answer(w http.ResponseWriter, status int, ack string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	// Who has gone is told the next time.
	_, _ = io.WriteString(w, `<soapenv:Envelope xmlns:soapenv="`+soapSpace+`"><soapenv:Body><notificationsResponse xmlns="`+messageSpace+`"><Ack>`+ack+
		`</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`)
}
