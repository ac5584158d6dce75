package salesforce

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

// decode makes an error of the body that the API sends with it. Salesforce's
// messages repeat the query, ids and values, so only what is known to be about
// the request's form is taken from them.
func decode(status int, _ http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var list []struct {
		Message string   `json:"message"`
		Code    string   `json:"errorCode"`
		Fields  []string `json:"fields"`
	}
	if json.Unmarshal(body, &list) != nil || len(list) == 0 {
		if status == http.StatusGone {
			e.Message, e.Advice = "this version of the API is retired", "name a newer one as version in the configuration"
		}
		return e
	}
	if !errorCode.MatchString(list[0].Code) {
		return e
	}
	e.Code = list[0].Code
	explain(e, list[0].Message)
	explainWrite(e, list[0].Fields)
	return e
}

// explainWrite says why a record was not made or changed. The fields are those
// that the org blames.
func explainWrite(e *connect.Error, fields []string) {
	switch e.Code {
	case "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "INVALID_TYPE_FOR_OPERATION":
		e.Message, e.Advice = "the user may not write this", "give the app's user Create on files and notes, Edit on the opportunity, and Edit Tasks, as far as each is written, by a permission set, and share the deal with them for editing"
	case "INVALID_FIELD_FOR_INSERT_UPDATE":
		e.Message, e.Advice = "a field may not be set by the user", "give the app's user Edit on the field (field-level security)"
	case "FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION":
		e.Message, e.Advice = "a validation rule of the org refuses the change", "let the rule pass the app's user, or leave the field out of the configuration"
	case "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "JSON_PARSER_ERROR":
		e.Message, e.Advice = "a field can't hold the value", "make the field's type one that can, or leave it out of the configuration"
	case "HTML_FILE_UPLOAD_NOT_ALLOWED":
		e.Message, e.Advice = "the org takes no HTML files", "allow them in Setup > File Upload and Download Security, or set the format to markdown"
	case "STORAGE_LIMIT_EXCEEDED":
		e.Message, e.Advice = "the org has no room for files left", "free some in Setup > Storage Usage"
	case "REQUIRED_FIELD_MISSING":
		e.Message, e.Advice = "the org wants a field that is not set", "make it optional for the app's user, or give it a default"
	case "DUPLICATE_VALUE":
		e.Message, e.Advice = "it is there already", "try again"
	}
	if named := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return !apiName.MatchString(f) }); len(named) > 0 {
		e.Message += " (" + strings.Join(named, ", ") + ")"
	}
}

// Where Salesforce says how long a quota is closed, it doesn't: the daily one
// opens bit by bit as the last 24 hours move on.
const quotaWait = 15 * time.Minute

func explain(e *connect.Error, message string) {
	switch code := e.Code; {
	case code == "INVALID_SESSION_ID":
		e.Message, e.Advice = "the session has expired or is not valid", "check that the app's user may log in and that its session policy lets API calls through"
	case code == "REQUEST_LIMIT_EXCEEDED" && strings.Contains(message, "Concurrent"):
		e.Temporary, e.Message, e.Advice = true, "too many long requests at the same time", "wait; other integrations are busy too"
	case code == "REQUEST_LIMIT_EXCEEDED":
		e.Temporary, e.RetryAfter = true, quotaWait
		e.Message, e.Advice = "the org's API calls of the last 24 hours are used up", "wait until older calls fall out of the 24 hours, or let other integrations call less (Setup > System Overview)"
	case code == "API_DISABLED_FOR_ORG", code == "API_CURRENTLY_DISABLED":
		e.Message, e.Advice = "the API is not enabled for the user", "give the app's user the permission API Enabled"
	case strings.HasPrefix(code, "INSUFFICIENT_ACCESS"):
		e.Message, e.Advice = "the user may not read this", "share it with the app's user, or give a permission set with Read on it"
	case code == "INVALID_FIELD":
		e.Message, e.Advice = "a field is not there, or hidden from the user", "give the app's user Read on the field (field-level security)"
		if field, object := missingField(message); field != "" {
			e.Message = "no field " + object + "." + field + " that the user may see"
			e.Advice = "give the app's user Read on the field " + object + "." + field + " (field-level security), if the org has it"
		}
	case code == "INVALID_TYPE":
		e.Message, e.Advice = "the object is not there, or hidden from the user", "give the app's user Read on the object, if the org has it"
	case code == "NOT_FOUND", code == "ENTITY_IS_DELETED":
		e.Message, e.Advice = "no such record that the user may see", "check the id, and that the record is shared with the app's user"
	case code == "INVALID_QUERY_LOCATOR":
		e.Message, e.Advice = "the query's further pages are gone", "start the reading anew"
	case code == "MALFORMED_QUERY":
		e.Message, e.Advice = "the query is not understood", "check the field names in the configuration; if they are right, please report this as a fault in Throughline"
	case code == "QUERY_TIMEOUT", code == "SERVER_UNAVAILABLE", code == "UNABLE_TO_LOCK_ROW", code == "UNKNOWN_EXCEPTION":
		e.Temporary = true
	}
}

// errorCode is what a code looks like; anything else is not repeated.
var errorCode = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{1,60}$`)

var noColumn = regexp.MustCompile(`No such column '([\w.]+)' on (?:entity|sobject of type) '?(\w+)`)

// missingField is the field that an INVALID_FIELD message names, and its object.
func missingField(message string) (field, object string) {
	if m := noColumn.FindStringSubmatch(message); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// decodeToken makes an error of the token endpoint's answer.
func decodeToken(status int, _ http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var answer struct {
		Code string `json:"error"`
		Why  string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil || !errorCode.MatchString(answer.Code) {
		return e
	}
	e.Code = answer.Code
	e.Message, e.Advice = "no token was given", "check the app's settings and the credential in the configuration"
	switch {
	case strings.Contains(answer.Why, "hasn't approved this consumer"):
		e.Message = "the user has not been approved for the app"
		e.Advice = "in the External Client App, set Permitted Users to admin-approved and add the user's profile or permission set; check username"
	case strings.Contains(answer.Why, "audience"):
		e.Message, e.Advice = "the audience is not the one this org wants", "set audience to https://login.salesforce.com, or https://test.salesforce.com for a sandbox"
	case strings.Contains(answer.Why, "invalid assertion"):
		e.Message, e.Advice = "the JWT's signature does not fit", "check that key_file belongs to the certificate uploaded to the External Client App, and this machine's clock"
	case strings.Contains(answer.Why, "expired authorization"):
		e.Message, e.Advice = "the JWT counts as expired", "check this machine's clock"
	case answer.Code == "invalid_client_id", strings.Contains(answer.Why, "client identifier"):
		e.Message, e.Advice = "the app is not known here", "check client_id, and that login is this org's address"
	case answer.Code == "invalid_client":
		e.Message, e.Advice = "the app's secret is refused", "check client_secret"
	case strings.Contains(answer.Why, "client credentials"), answer.Code == "invalid_grant" && strings.Contains(answer.Why, "no client credentials user"):
		e.Message, e.Advice = "the client credentials flow is not open here", "enable it in the External Client App with a Run As user, and set login to the org's My Domain"
	}
	return e
}
