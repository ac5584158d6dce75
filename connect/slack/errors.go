package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"throughline/connect"
)

// An answer as far as it says whether it is one: {"ok": false, "error": "…"}.
type verdict struct {
	OK     *bool  `json:"ok"`
	Error  string `json:"error"`
	Needed string `json:"needed"`
}

// refused reads the refusals that Slack answers with 200.
func refused(_ http.Header, body []byte) *connect.Error {
	var v verdict
	switch whole := json.Unmarshal(body, &v) == nil; {
	case !whole:
		return nil // the client knows what is cut short
	case v.OK == nil:
		return &connect.Error{Temporary: true, Message: "the answer does not say whether it was done", Advice: "check that nothing between this machine and Slack changes answers"}
	case *v.OK:
		return nil
	}
	e := &connect.Error{}
	explain(e, v)
	return e
}

// decode reads answers that are not 2xx, of which 429 also says why.
func decode(status int, _ http.Header, body []byte) *connect.Error {
	e := connect.Answered(status)
	var v verdict
	if json.Unmarshal(body, &v) == nil && errorCode.MatchString(v.Error) {
		e.Code = v.Error
	}
	return e
}

var (
	errorCode  = regexp.MustCompile(`^[a-z][a-z_]{1,60}$`)
	scopeNames = regexp.MustCompile(`^[a-z][a-z:._,]{1,200}$`)
)

// explain says what an error code means and what to do, as the method pages at
// docs.slack.dev list them.
func explain(e *connect.Error, v verdict) {
	if !errorCode.MatchString(v.Error) {
		e.Message, e.Advice = "it was refused without a reason", "try again; if this goes on, look at the app's settings at api.slack.com/apps"
		return
	}
	e.Code = v.Error
	switch code := v.Error; code {
	case "missing_scope":
		e.Message, e.Advice = "the app lacks a scope", "add the missing scope under OAuth & Permissions in the app's settings, and install the app to the workspace again"
		if scopeNames.MatchString(v.Needed) {
			e.Message = "the app lacks the scope " + strings.ReplaceAll(v.Needed, ",", " or ")
			e.Advice = "add " + strings.ReplaceAll(v.Needed, ",", " or ") + " under OAuth & Permissions in the app's settings, and install the app to the workspace again"
		}
	case "not_in_channel":
		e.Message, e.Advice = "the app is not in the channel", "invite the app in that channel (/invite and its name), or set join for public channels"
	case "channel_not_found":
		e.Message, e.Advice = "the app can't see the channel", "check its id or name; if it is private, invite the app in it (/invite and its name)"
	case "is_archived":
		e.Message, e.Advice = "the channel is archived", "unarchive it, or name another one"
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive":
		e.Message, e.Advice = "the token is not valid", "install the app to the workspace again and put its token into the configuration"
	case "not_allowed_token_type":
		e.Message, e.Advice = "this kind of token is not taken", "use the bot token (xoxb-) as token and the app-level token (xapp-) as app_token"
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		e.Status, e.Temporary = http.StatusTooManyRequests, true
		e.Message, e.Advice = "too many calls", "wait; other apps of the workspace do not count"
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "update_failed":
		e.Temporary, e.Message, e.Advice = true, "Slack could not do it now", "try again later; if this goes on, look at status.slack.com"
	case "users_not_found", "user_not_found", "user_not_visible":
		e.Message, e.Advice = "nobody in the workspace has that address or id", "check the person's email address in the CRM and in Slack"
	case "user_disabled", "cannot_dm_bot", "messages_tab_disabled":
		e.Message, e.Advice = "the person can't be written to", "check the person's account, and that the app's settings show its messages tab under App Home"
	case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel", "restricted_action_thread_locked":
		e.Message, e.Advice = "the workspace's settings keep the app from posting there", "allow the app to post in the channel's settings, or name another channel"
	case "access_denied", "app_access_restricted", "ekm_access_denied", "enterprise_is_restricted", "org_login_required", "team_access_not_granted", "no_permission", "channel_is_limited_access":
		e.Message, e.Advice = "an administrator's settings keep the app out", "ask an administrator of the workspace to allow the app"
	case "expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id":
		e.Message, e.Advice = "the click is too old to open a window", "click again; if this goes on, check that this machine can keep up"
	case "message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed":
		e.Message, e.Advice = "the message is gone or can't be changed", "publish again, so that a new one is written"
	case "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_metadata_format", "metadata_too_large", "view_too_large", "invalid_arguments":
		e.Message, e.Advice = "the message's form is refused", "this is likely a fault in Throughline; please report it with the code"
	default:
		e.Message, e.Advice = "it was refused", "look the code up at docs.slack.dev; if it is none of the workspace's settings, please report it"
	}
}

// coded is the vendor's code of an error; empty where it has none.
func coded(err error) string {
	var e *connect.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// temporary reports whether an error may pass.
func temporary(err error) bool {
	var e *connect.Error
	return errors.As(err, &e) && e.Temporary
}

// unclear reports whether a write that failed may have been done all the same.
// What Slack refused for good, or turned away for its rate, was not.
func unclear(err error) bool {
	var e *connect.Error
	if !errors.As(err, &e) {
		return err != nil
	}
	return e.Status != http.StatusTooManyRequests && (e.Temporary || e.Err != nil)
}
