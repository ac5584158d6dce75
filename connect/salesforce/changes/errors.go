package changes

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"throughline/connect"
)

const vendor = "Salesforce"

// errEnded is that the vendor ended a subscription without saying why.
var errEnded = errors.New("the subscription was ended")

// An unheard is that whoever was handed a notice could not deal with it.
type unheard struct{ err error }

func (e *unheard) Error() string { return "a notice could not be dealt with: " + e.err.Error() }
func (e *unheard) Unwrap() error { return e.err }

// A codedError is a call's error with the vendor's own code, which says more than
// the status that gRPC has.
type codedError struct {
	error
	code string // without what all begin with; empty where none came
}

func (e *codedError) Unwrap() error { return e.error }

// codePrefix is what the vendor's codes begin with (developer.salesforce.com,
// Pub/Sub API, "Handle Errors").
const codePrefix = "sfdc.platform.eventbus.grpc."

var codeForm = regexp.MustCompile(`^[a-z][a-z._]{0,80}$`)

// coded finds the code in what follows an answer.
func coded(err error, trailer metadata.MD) error {
	code := ""
	for _, value := range trailer.Get("error-code") {
		value = strings.TrimPrefix(value, codePrefix)
		if codeForm.MatchString(value) {
			code = value
		}
	}
	return &codedError{err, code}
}

// Codes that are dealt with, without their prefix.
const (
	codeAuth  = "service.auth.error"
	codeTopic = "topic.not.found"
	codeLimit = "subscription.limit.exceeded"
)

// stale reports whether the place in the stream is refused: it is older than what
// is kept, or broken.
func stale(e *connect.Error) bool { return strings.Contains(e.Code, ".replayid.") }

// refused reports whether the token is.
func refused(e *connect.Error) bool {
	return e.Code == codeAuth || e.Code == codes.Unauthenticated.String()
}

// limitWait is how long a closed quota is left alone. The vendor does not say how
// long: deliveries are counted over the last 24 hours, which move on bit by bit.
const limitWait = 15 * time.Minute

// explain makes one of our errors of what went wrong. The vendor's message, which
// may hold content, is not repeated.
func (f *Feed) explain(op string, err error) *connect.Error {
	if own, ok := errors.AsType[*connect.Error](err); ok {
		if _, ok := errors.AsType[*unheard](err); !ok {
			return own
		}
		again := *own
		again.Temporary = true // the records may be readable later; the place is kept
		return &again
	}
	e := &connect.Error{Vendor: vendor, Op: op, Temporary: true, Advice: "it is tried again; if this goes on, look at the vendor's status page"}
	if _, ok := errors.AsType[*codedError](err); !ok || errors.Is(err, errSilent) || errors.Is(err, errEnded) {
		e.Err = err
		if c, ok := errors.AsType[*codedError](err); ok {
			e.Err = c.error
		}
		return e
	}
	c, _ := errors.AsType[*codedError](err)
	state := status.Code(c.error)
	e.Code = c.code
	if e.Code == "" {
		e.Code = state.String()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), state == codes.DeadlineExceeded:
		e.Message = "no answer in time"
	case stale(e):
		e.Message, e.Advice = "the place in the events is no longer known (they are kept for 72 hours)", "nothing needs doing: what was missed is found by polling"
	case refused(e):
		e.Message, e.Advice = "the token is refused", "check that the app's user may log in and that its session policy lets API calls through"
	case c.code == codeLimit:
		e.RetryAfter = limitWait
		e.Message, e.Advice = "the org's deliveries of change events in 24 hours are used up", "wait; won opportunities are found by polling until then. Let fewer others subscribe, or buy the add-on for change events"
	case c.code == codeTopic, state == codes.NotFound:
		e.Temporary, e.Message = false, "there are no such change events that the user may see"
		e.Advice = "in Setup > Change Data Capture select Opportunity, and give the app's user View All Records on Opportunity"
	case state == codes.PermissionDenied:
		e.Temporary, e.Message = false, "the user may not subscribe to the change events"
		e.Advice = "give the app's user View All Records on Opportunity (View All Data for a channel with tasks or events)"
	case state == codes.InvalidArgument:
		e.Temporary, e.Message, e.Advice = false, "the request is not understood", "check the topic in the configuration"
	case state == codes.Unimplemented:
		e.Temporary, e.Message, e.Advice = false, "this is not the Pub/Sub API", "check the endpoint in the configuration; it is usually "+DefaultEndpoint
	case c.code == "" && state == codes.Unavailable:
		e.Message, e.Advice = "the API can't be reached", "check that this machine may reach "+f.cfg.Endpoint+"; it is tried again"
	default:
		e.Message = "the call failed"
	}
	return e
}
