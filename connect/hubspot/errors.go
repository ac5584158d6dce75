package hubspot

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

// What the API answers beyond the statuses of HTTP (developers.hubspot.com, error
// handling).
const (
	statusMigrating = 477 // the account is being moved; Retry-After says for how long, up to a day
	lockedWait      = 2 * time.Second
	rollingWait     = 10 * time.Second
	secondWait      = time.Second
	dailyWait       = time.Hour // the day ends at midnight in the account's time zone, which no answer tells
)

// A refusal is the body that the API sends with an error. Its messages repeat
// values and ids, so only what is known to be about the request's form is taken.
type refusal struct {
	Category string          `json:"category"`
	Policy   string          `json:"policyName"`
	Message  string          `json:"message"`
	Context  json.RawMessage `json:"context"`
	Errors   []struct {
		Code    string          `json:"code"`
		Context json.RawMessage `json:"context"`
	} `json:"errors"`
}

// decode makes an error of an answer that refuses.
func decode(status int, header http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var r refusal
	if json.Unmarshal(body, &r) != nil {
		r = refusal{}
	}
	if category.MatchString(r.Category) {
		e.Code = r.Category
	}
	switch {
	case status == http.StatusTooManyRequests:
		explainRate(e, r, header)
	case status == http.StatusLocked:
		e.Temporary, e.RetryAfter = true, lockedWait
		e.Message, e.Advice = "the records are being changed too fast and are locked", "try again; if this goes on, let other programs change less at the same time"
	case status == statusMigrating:
		e.Temporary, e.Message, e.Advice = true, "HubSpot is moving the account to another data center", "wait until it is done"
	case status == http.StatusUnauthorized:
		e.Message, e.Advice = "the token is not accepted", "check that HUBSPOT_TOKEN holds the whole token and that the Service Key or app was not revoked"
	case status == http.StatusForbidden:
		explainScopes(e, r)
	case status == http.StatusNotFound:
		e.Message, e.Advice = "no such record that the token may see", "check the id, and that the record was not deleted"
	case status == http.StatusBadRequest && r.Category == "VALIDATION_ERROR":
		explainInvalid(e, r)
	}
	return e
}

// category is what a category or a code looks like; anything else is not repeated.
var category = regexp.MustCompile(`^[A-Z][A-Z_]{1,60}$`)

// explainRate says how long to leave the account alone: the API says it only of
// accounts that are moved.
func explainRate(e *connect.Error, r refusal, header http.Header) {
	e.Code = "RATE_LIMIT"
	if category.MatchString(r.Policy) {
		e.Code = r.Policy
	}
	if header.Get("Retry-After") != "" {
		return // which the client reads
	}
	switch {
	case strings.Contains(r.Policy, "DAILY"):
		e.RetryAfter, e.Message = dailyWait, "the account's calls of the day are used up"
		e.Advice = "wait until midnight in the account's time zone, or let other integrations call less"
	case strings.HasPrefix(r.Policy, "SECONDLY"):
		e.RetryAfter = secondWait
	default:
		e.RetryAfter = rollingWait
	}
}

// explainScopes names the scopes that the token lacks.
func explainScopes(e *connect.Error, r refusal) {
	scopes := r.scopes()
	if e.Code != "MISSING_SCOPES" && len(scopes) == 0 {
		e.Advice = "give the token's user access to the record, and the Service Key or app the scope that this call needs"
		return
	}
	e.Code, e.Message = "MISSING_SCOPES", "the token lacks a scope"
	e.Advice = "add the scope to the Service Key or app, and use the token that it then has"
	if len(scopes) > 0 {
		e.Message = "the token lacks " + strings.Join(scopes, " or ")
		e.Advice = "add " + strings.Join(scopes, " or ") + " to the Service Key or app, and use the token that it then has"
	}
}

var scopeForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,80}$`)

// scopes are those that an answer names, wherever it does.
func (r refusal) scopes() []string {
	var out []string
	contexts := []json.RawMessage{r.Context}
	for _, e := range r.Errors {
		contexts = append(contexts, e.Context)
	}
	for _, raw := range contexts {
		var c map[string]json.RawMessage
		if json.Unmarshal(raw, &c) != nil {
			continue
		}
		for _, key := range []string{"requiredGranularScopes", "missingScopes", "requiredScopes"} {
			var names []string
			if json.Unmarshal(c[key], &names) != nil {
				continue
			}
			for _, name := range names {
				if scopeForm.MatchString(name) && !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// invalidName finds the property that a validation error is about, and its code:
// the message holds them as JSON, beside the value, which is not repeated.
var (
	invalidName = regexp.MustCompile(`"name":"([a-z][a-z0-9_]{0,99})"`)
	invalidCode = regexp.MustCompile(`"(?:error|code)":"([A-Z][A-Z_]{1,60})"`)
)

// explainInvalid says which property can't hold what was to be written.
func explainInvalid(e *connect.Error, r refusal) {
	e.Message, e.Advice = "the request is refused as invalid", "check the properties in the configuration; if they are right, please report this as a fault in Throughline"
	name, code := invalidName.FindStringSubmatch(r.Message), invalidCode.FindStringSubmatch(r.Message)
	if name == nil {
		return
	}
	why := "it can't hold the value"
	if code != nil {
		why = strings.ToLower(strings.ReplaceAll(code[1], "_", " "))
	}
	e.Message = "the property " + name[1] + " can't be set: " + why
	e.Advice = "make the property, or its type or rules, so that it can hold the value, or leave it out of the configuration"
}

// asError is an error of the core as what it is.
func asError(err error) *connect.Error {
	if e, ok := errors.AsType[*connect.Error](err); ok {
		return e
	}
	return &connect.Error{Vendor: Vendor, Err: err}
}

// refused is an error of ours, before anybody is called.
func refused(op, message, advice string) *connect.Error {
	return &connect.Error{Vendor: Vendor, Op: op, Message: message, Advice: advice}
}
