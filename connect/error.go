package connect

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An Error is why a call to a vendor failed, in words for the person who has to
// put it right. It holds no content of a request or an answer and no secret.
type Error struct {
	Vendor  string // as people call it: "Gong"
	Op      string // what was being done: "list calls"
	Status  int    // of the HTTP answer; 0 where none came
	Code    string // the vendor's own code, where it gives one
	Message string // what the vendor said, where that cannot be content
	Advice  string // what to do next

	// RetryAfter is how long the vendor wants to be left alone; 0 when it
	// does not say.
	RetryAfter time.Duration
	// Temporary says that the same call may well succeed later.
	Temporary bool

	// Err is what went wrong below HTTP; nil when an answer came. Its text is
	// part of the message, so it must not hold content either.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Vendor)
	if e.Op != "" {
		b.WriteString(": " + e.Op)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Advice != "" {
		b.WriteString(". " + strings.ToUpper(e.Advice[:1]) + e.Advice[1:])
	}
	return b.String()
}

// Unwrap gives what went wrong below HTTP, a cancelled context for one.
func (e *Error) Unwrap() error { return e.Err }

// Answered is the error that an answer's status stands for, as far as HTTP
// itself tells. A connector's Decode begins with it and adds what its vendor's
// body tells.
func Answered(status int) *Error {
	e := &Error{Status: status, Message: strings.ToLower(http.StatusText(status))}
	switch {
	case status == http.StatusUnauthorized:
		e.Advice = "check the credential in the configuration, and that it has not expired or been revoked"
	case status == http.StatusForbidden:
		e.Advice = "give the credential the permission that this call needs, and check the vendor's list of allowed addresses"
	case status == http.StatusNotFound:
		e.Advice = "check the address in the configuration, and that the credential may see the record"
	case status == http.StatusTooManyRequests:
		e.Temporary, e.Advice = true, "wait; if this goes on, let less run at the same time or ask the vendor for a higher limit"
	case status == http.StatusRequestTimeout, status >= 500:
		e.Temporary, e.Advice = true, "try again later; if this goes on, look at the vendor's status page"
	case status >= 300 && status < 400:
		e.Advice = "the address in the configuration is not the one to use; credentials are not sent on to another"
	default:
		e.Advice = "this is likely a fault in Throughline; please report it with the status and the code"
	}
	return e
}

// shortestSecret keeps a token that is set wrong, to a letter or two, from eating
// up every message. No vendor's secret is so short.
const shortestSecret = 6

// cleaned fits a vendor's words for a message: one line, short, and without any
// of the secrets.
func cleaned(s string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			s = strings.ReplaceAll(s, secret, "[secret]")
		}
	}
	s = strings.Join(strings.Fields(s), " ")
	const most = 300
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
