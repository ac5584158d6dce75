// Package slack is a stand-in for a Slack workspace: it answers over real HTTP
// what the vendor's Web API would, keeps what is written to it, delivers clicks and
// forms by Socket Mode or signed HTTP, and fails in the ways in which the service
// fails when it is told to.
package slack

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"throughline/twin/fault"
)

// Prefix begins the paths of the API's methods.
const Prefix = "/api/"

// PathSocket is where Socket Mode connects.
const PathSocket = "/link"

// An Object is one of the API's JSON objects.
type Object = map[string]any

// AllScopes are the bot scopes that the stand-in's methods ask for.
var AllScopes = []string{
	"channels:read", "channels:history", "channels:join", "groups:read", "groups:history", "im:history", "im:read", "im:write", "mpim:history", "mpim:read",
	"chat:write", "users:read", "users:read.email",
}

// A Server is a workspace with one app; it is an http.Handler. Its exported fields
// are set before it serves, Withheld also between calls.
type Server struct {
	fault.Faults // to be ordered by Fail, with methods as routes

	// Token is the app's bot token and AppToken its app-level one; any when empty.
	Token, AppToken string
	// SigningSecret signs what is sent to Requests, the app's request address. Where
	// that is empty, clicks go by Socket Mode.
	SigningSecret, Requests string
	// Withheld are scopes that the token lacks.
	Withheld []string
	// PerMinute limits the calls of a method; 0 for the vendor's tier, below 0 for
	// none. Where All is not 0, it is the limit of every method.
	PerMinute map[string]int
	All       int
	// URL is the workspace's address, as auth.test tells it. Where it is empty, the
	// answer has an empty one, so that nobody makes links of it.
	URL string
	// Lag is for how long a new message is not yet in the channel's history.
	Lag time.Duration
	// NoThreads refuses conversations.replies, as some of the vendor's pages say
	// it does to bot tokens.
	NoThreads bool
	// Now is the clock; nil for the machine's.
	Now func() time.Time

	mu       sync.Mutex
	users    map[string]Object
	channels map[string]*channel
	order    []string // of channels
	last     int64    // microseconds of the last ts given
	made     int      // ids given
	windows  map[string]*window
	requests []Request
	triggers map[string]time.Time
	tickets  map[string]bool
	sockets  []*socket
	views    []Object
	clicked  []json.RawMessage
}

type channel struct {
	info     Object
	members  []string
	messages []Object // in order of time
}

// A Request is a call that came.
type Request struct {
	Method string // "chat.postMessage"
	Args   url.Values
}

// The app's own ids.
const (
	TeamID = "T0HARBOR01"
	AppID  = "A0THROUGH1"
	BotID  = "B0THROUGH1"
	BotUID = "U0THROUGH1"
)

// New is an empty workspace that has only the app.
func New() *Server {
	s := &Server{users: map[string]Object{}, channels: map[string]*channel{}, windows: map[string]*window{}, triggers: map[string]time.Time{}, tickets: map[string]bool{}}
	s.AddUser(Object{"id": BotUID, "name": "throughline", "real_name": "Throughline", "is_bot": true, "profile": Object{"real_name": "Throughline", "bot_id": BotID, "api_app_id": AppID}})
	return s
}

// AddUser adds somebody, or changes the one with the id.
func (s *Server) AddUser(u Object) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := u["id"].(string)
	if id == "" {
		id = s.id("U")
	}
	full := Object{"id": id, "team_id": TeamID, "deleted": false, "is_bot": false, "is_app_user": false, "is_restricted": false, "is_ultra_restricted": false, "updated": 1700000000}
	maps.Copy(full, u)
	profile := Object{
		"avatar_hash": "g1", "display_name": "", "display_name_normalized": "", "real_name": full["real_name"], "real_name_normalized": full["real_name"], //nolint:misspell // the vendor's spelling
		"fields": Object{}, "status_text": "", "status_emoji": "", "team": TeamID, "phone": "", "skype": "", "title": "",
	}
	for _, size := range []string{"24", "32", "48", "72", "192", "512"} {
		profile["image_"+size] = "https://avatars.example/" + size + ".png"
	}
	if own, ok := u["profile"].(Object); ok {
		maps.Copy(profile, own)
	}
	for _, key := range []string{"real_name", "real_name_normalized"} { //nolint:misspell // the vendor's spelling
		if profile[key] == nil {
			profile[key] = ""
		}
	}
	full["id"], full["profile"] = id, profile
	if full["name"] == nil {
		full["name"] = strings.ToLower(id)
	}
	s.users[id] = full
	return id
}

// AddChannel adds a channel, or changes the one with the id. The app is in it,
// unless is_member says otherwise.
func (s *Server) AddChannel(ch Object, members ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := ch["id"].(string)
	if id == "" {
		id = s.id("C")
	}
	private, _ := ch["is_private"].(bool)
	full := Object{
		"id": id, "created": 1700000000, "creator": "U00000001", "is_archived": false, "is_channel": !private, "is_group": private, "is_im": false, "is_mpim": false,
		"is_private": private, "is_general": false, "is_shared": false, "is_ext_shared": false, "is_org_shared": false, "is_pending_ext_shared": false,
		"pending_shared": []any{}, "pending_connected_team_ids": []any{}, "unlinked": 0, "previous_names": []any{}, "is_member": true,
		"topic":   Object{"value": "", "creator": "", "last_set": 0},
		"purpose": Object{"value": "", "creator": "", "last_set": 0},
	}
	maps.Copy(full, ch)
	full["id"], full["name_normalized"] = id, full["name"] //nolint:misspell // the vendor's spelling
	had := s.channels[id]
	if had == nil {
		had = &channel{}
		s.channels[id] = had
		s.order = append(s.order, id)
	}
	had.info = full
	if members != nil {
		had.members = members
	}
	if full["is_member"] == true && !slices.Contains(had.members, BotUID) {
		had.members = append(had.members, BotUID)
	}
	return id
}

// Post adds a message of somebody's, and returns its ts; empty where there is no
// such channel. Thread is the ts of the message that it answers, or empty.
func (s *Server) Post(channel, user, text, thread string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channels[channel] == nil {
		return ""
	}
	m := Object{"type": "message", "user": user, "text": text, "ts": s.ts(), "team": TeamID}
	if thread != "" {
		m["thread_ts"] = thread
	}
	s.add(s.channels[channel], m)
	return m["ts"].(string)
}

// add puts a message into its place, and counts it where it is a reply.
func (s *Server) add(ch *channel, m Object) {
	ts, thread := text(m, "ts"), text(m, "thread_ts")
	at, _ := slices.BinarySearchFunc(ch.messages, ts, func(m Object, ts string) int { return strings.Compare(text(m, "ts"), ts) })
	ch.messages = slices.Insert(ch.messages, at, m)
	if thread == "" || thread == ts {
		return
	}
	for _, parent := range ch.messages {
		if text(parent, "ts") != thread {
			continue
		}
		count, _ := parent["reply_count"].(int)
		users, _ := parent["reply_users"].([]any)
		if user := text(m, "user"); !slices.Contains(users, any(user)) && user != "" {
			users = append(users, user)
		}
		parent["thread_ts"], parent["reply_count"], parent["reply_users"] = thread, count+1, users
		m["parent_user_id"] = parent["user"]
		parent["reply_users_count"], parent["latest_reply"], parent["subscribed"] = len(users), ts, false
	}
}

// ts is a new message's: the time, and never the same twice.
func (s *Server) ts() string {
	micro := max(s.now().UnixMicro(), s.last+1)
	s.last = micro
	return strconv.FormatInt(micro/1e6, 10) + "." + padded(micro%1e6)
}

func padded(n int64) string {
	digits := strconv.FormatInt(n, 10)
	return strings.Repeat("0", 6-len(digits)) + digits
}

// id is a new id of a kind.
func (s *Server) id(kind string) string {
	s.made++
	return kind + "0TWIN" + padded(int64(s.made))
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func text(o Object, key string) string { v, _ := o[key].(string); return v }

// Calls is how many calls came, by method, answered well or not.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for _, r := range s.requests {
		out[r.Method]++
	}
	return out
}

// Requested are the calls that came, in order.
func (s *Server) Requested() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget forgets which calls came.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Withhold takes scopes away from the token, and gives back the others.
func (s *Server) Withhold(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Withheld = scopes
}

// A call is what a method is called with.
type call struct {
	method string
	args   url.Values
	body   Object // of JSON; nil otherwise
	host   string
}

// ServeHTTP answers as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == PathSocket {
		s.serveSocket(w, r)
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, Prefix)
	if !ok {
		http.NotFound(w, r)
		return
	}
	c, code := parse(r, method)
	s.mu.Lock()
	s.requests = append(s.requests, Request{Method: method, Args: c.args})
	wait := s.overLimit(method)
	s.mu.Unlock()
	s.Serve(w, r, method, refuse, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case wait > 0:
			w.Header().Set("Retry-After", strconv.Itoa(wait))
			reply(w, http.StatusTooManyRequests, refusal("ratelimited"))
		case code != "":
			reply(w, http.StatusOK, refusal(code))
		default:
			s.serve(w, r, c)
		}
	})
}

// serve answers a call that is well formed and not one too many.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c call) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = c.args.Get("token")
	}
	s.mu.Lock()
	answer, err := json.Marshal(s.answer(c, token))
	scopes := s.scopes()
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(scopes, ","))
	write(w, http.StatusOK, answer)
}

// parse reads a call's arguments: of the query, a form, or a JSON object.
func parse(r *http.Request, method string) (call, string) {
	c := call{method: method, args: r.URL.Query(), host: r.Host}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return c, "request_timeout"
	}
	if len(body) == 0 {
		return c, ""
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		if json.Unmarshal(body, &c.body) != nil {
			return c, "invalid_json"
		}
		for key, v := range c.body {
			if t, ok := v.(string); ok {
				c.args.Set(key, t)
				continue
			}
			raw, err := json.Marshal(v)
			if err != nil {
				return c, "invalid_json"
			}
			c.args.Set(key, string(raw))
		}
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return c, "invalid_form_data"
		}
		maps.Copy(c.args, form)
	default:
		return c, "invalid_post_type"
	}
	return c, ""
}

// scopes are those that the token has.
func (s *Server) scopes() []string {
	var out []string
	for _, scope := range AllScopes {
		if !slices.Contains(s.Withheld, scope) {
			out = append(out, scope)
		}
	}
	return out
}

func (s *Server) has(scope string) bool { return !slices.Contains(s.Withheld, scope) }

// lacks is the refusal of a call for which the token lacks a scope.
func (s *Server) lacks(scope string) Object {
	o := refusal("missing_scope")
	o["needed"], o["provided"] = scope, strings.Join(s.scopes(), ",")
	return o
}

func refusal(code string) Object { return Object{"ok": false, "error": code} }

func reply(w http.ResponseWriter, status int, answer Object) {
	raw, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, status, raw)
}

func write(w http.ResponseWriter, status int, raw []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // who went away needs none
}

// A window counts the calls of a method within a minute.
type window struct {
	began time.Time
	calls int
}

// tiers are the vendor's limits by the minute where they are not 50.
var tiers = map[string]int{
	"conversations.list": 20, "users.list": 20, "conversations.members": 100, "users.info": 100, "views.open": 100, "chat.postMessage": 60, "auth.test": 600,
}

// overLimit counts a call, and says how many seconds to wait where it is too many.
func (s *Server) overLimit(method string) int {
	most := s.PerMinute[method]
	if most == 0 {
		most = s.All
	}
	if most == 0 {
		if most = tiers[method]; most == 0 {
			most = 50
		}
	}
	if most < 0 {
		return 0
	}
	now, w := s.now(), s.windows[method]
	if w == nil || now.Sub(w.began) >= time.Minute {
		w = &window{began: now}
		s.windows[method] = w
	}
	if w.calls++; w.calls > most {
		return int(w.began.Add(time.Minute).Sub(now).Seconds()) + 1
	}
	return 0
}

// random is a text that nobody guesses.
func random() string { return rand.Text() }

// Forge adds a message of another app with any metadata.
func (s *Server) Forge(channel, bot string, metadata Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channels[channel] == nil {
		return
	}
	s.add(s.channels[channel], Object{"type": "message", "subtype": "bot_message", "bot_id": bot, "text": "forged", "ts": s.ts(), "metadata": metadata})
}

// Clear removes all messages of a channel.
func (s *Server) Clear(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[channel]; ch != nil {
		ch.messages = nil
	}
}

// Trigger makes a trigger id hold for 3 seconds, as a click's does.
func (s *Server) Trigger(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.triggers[id] = s.now().Add(3 * time.Second)
}
