package slack

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer does what a method is called for. The lock is held.
func (s *Server) answer(c call, token string) Object {
	if c.method == "apps.connections.open" {
		if s.AppToken != "" && token != s.AppToken {
			return refusal("invalid_auth")
		}
		ticket := random()
		s.tickets[ticket] = true
		return Object{"ok": true, "url": "ws://" + c.host + PathSocket + "?ticket=" + ticket}
	}
	switch {
	case token == "":
		return refusal("not_authed")
	case s.Token != "" && token != s.Token:
		return refusal("invalid_auth")
	}
	do := map[string]func(call) Object{
		"auth.test": s.authTest, "conversations.list": s.list, "conversations.info": s.info, "conversations.members": s.membersOf,
		"conversations.history": s.history, "conversations.replies": s.replies, "conversations.join": s.join, "conversations.open": s.open,
		"users.info": s.user, "users.list": s.userList, "users.lookupByEmail": s.byEmail, "chat.postMessage": s.post, "chat.update": s.update, "chat.delete": s.remove,
		"chat.getPermalink": s.permalink, "views.open": s.openView,
	}[c.method]
	if do == nil {
		return refusal("unknown_method")
	}
	return do(c)
}

func (s *Server) authTest(call) Object {
	return Object{
		"ok": true, "url": s.URL, "team": "Northbeam", "user": "throughline", "team_id": TeamID, "user_id": BotUID, "bot_id": BotID, "is_enterprise_install": false,
	}
}

// family begins the scopes of a channel's kind.
func family(info Object) string {
	switch {
	case info["is_im"] == true:
		return "im"
	case info["is_mpim"] == true:
		return "mpim"
	case info["is_private"] == true:
		return "groups"
	}
	return "channels"
}

// reach is the channel that a call names, if the token may see it with a scope.
func (s *Server) reach(c call, scope string) (*channel, Object) {
	ch := s.channels[c.args.Get("channel")]
	if ch == nil || family(ch.info) != "channels" && ch.info["is_member"] != true {
		return nil, refusal("channel_not_found")
	}
	if need := family(ch.info) + ":" + scope; scope != "" && !s.has(need) {
		return nil, s.lacks(need)
	}
	return ch, nil
}

func (s *Server) list(c call) Object {
	var all []any
	types := strings.Split(c.args.Get("types"), ",")
	if c.args.Get("types") == "" {
		types = []string{"public_channel"}
	}
	for _, t := range types {
		name := map[string]string{"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}[t]
		if name == "" {
			return refusal("invalid_types")
		}
		if !s.has(name + ":read") {
			return s.lacks(name + ":read")
		}
		for _, id := range s.order {
			ch := s.channels[id]
			if family(ch.info) != name || name != "channels" && ch.info["is_member"] != true {
				continue
			}
			if c.args.Get("exclude_archived") == "true" && ch.info["is_archived"] == true {
				continue
			}
			all = append(all, s.described(ch))
		}
	}
	return paged(c, "channels", all, 100, 999)
}

func (s *Server) described(ch *channel) Object {
	out := maps.Clone(ch.info)
	out["num_members"] = len(ch.members)
	return out
}

func (s *Server) info(c call) Object {
	ch, no := s.reach(c, "read")
	if no != nil {
		return no
	}
	out := s.described(ch)
	if c.args.Get("include_num_members") != "true" {
		delete(out, "num_members")
	}
	return Object{"ok": true, "channel": out}
}

func (s *Server) membersOf(c call) Object {
	ch, no := s.reach(c, "read")
	if no != nil {
		return no
	}
	var all []any
	for _, id := range ch.members {
		all = append(all, id)
	}
	return paged(c, "members", all, 100, 1000)
}

// paged is a page of a list, and the cursor of the next.
func paged(c call, key string, all []any, standard, most int) Object {
	limit, from, no := page(c, standard, most)
	if no != nil {
		return no
	}
	if from > len(all) {
		return refusal("invalid_cursor")
	}
	to, next := min(from+limit, len(all)), ""
	if to < len(all) {
		next = cursor(to)
	}
	return Object{"ok": true, key: append([]any{}, all[from:to]...), "response_metadata": Object{"next_cursor": next}}
}

func cursor(at int) string {
	return base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(at)))
}

// page is how many records a call asks for, and where it begins.
func page(c call, standard, most int) (limit, from int, no Object) {
	limit = standard
	if l := c.args.Get("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > most {
			return 0, 0, refusal("invalid_limit")
		}
		limit = n
	}
	if cur := c.args.Get("cursor"); cur != "" {
		raw, err := base64.StdEncoding.DecodeString(cur)
		digits, ok := strings.CutPrefix(string(raw), "next:")
		n, err2 := strconv.Atoi(digits)
		if err != nil || err2 != nil || !ok || n < 0 {
			return 0, 0, refusal("invalid_cursor")
		}
		from = n
	}
	return limit, from, nil
}

// seen are the messages that a call may see now, with metadata where it asks.
func (s *Server) seen(c call, of []Object) []any {
	oldest, latest := c.args.Get("oldest"), c.args.Get("latest")
	inclusive := c.args.Get("inclusive") == "true" || c.args.Get("inclusive") == "1"
	all := c.args.Get("include_all_metadata")
	var out []any
	for _, m := range of {
		ts := text(m, "ts")
		switch {
		case s.now().Before(at(ts).Add(s.Lag)) && m["bot_id"] == BotID,
			oldest != "" && number(ts) < number(oldest), oldest != "" && number(ts) == number(oldest) && !inclusive,
			latest != "" && number(ts) > number(latest), latest != "" && number(ts) == number(latest) && !inclusive:
			continue
		}
		m = maps.Clone(m)
		if all != "true" && all != "1" {
			delete(m, "metadata")
		}
		out = append(out, m)
	}
	return out
}

func number(ts string) float64 { n, _ := strconv.ParseFloat(ts, 64); return n }

func at(ts string) time.Time {
	whole, frac, _ := strings.Cut(ts, ".")
	sec, _ := strconv.ParseInt(whole, 10, 64)
	micro, _ := strconv.ParseInt(frac, 10, 64)
	return time.Unix(sec, micro*1000)
}

func (s *Server) history(c call) Object {
	ch, no := s.reach(c, "history")
	if no != nil {
		return no
	}
	if ch.info["is_member"] != true {
		return refusal("not_in_channel")
	}
	var own []Object
	for _, m := range slices.Backward(ch.messages) {
		if thread := text(m, "thread_ts"); thread == "" || thread == text(m, "ts") || text(m, "subtype") == "thread_broadcast" {
			own = append(own, m)
		}
	}
	all := s.seen(c, own)
	out := paged(c, "messages", all, 100, 999)
	if out["ok"] == true {
		next := out["response_metadata"].(Object)["next_cursor"] != ""
		out["has_more"], out["pin_count"], out["channel_actions_ts"], out["channel_actions_count"] = next, 0, nil, 0
		if !next {
			delete(out, "response_metadata")
		}
	}
	return out
}

func (s *Server) replies(c call) Object {
	ch, no := s.reach(c, "history")
	if no != nil {
		return no
	}
	if s.NoThreads {
		return refusal("not_allowed_token_type")
	}
	thread := c.args.Get("ts")
	var own []Object
	for _, m := range ch.messages {
		if text(m, "ts") == thread || text(m, "thread_ts") == thread {
			own = append(own, m)
		}
	}
	if len(own) == 0 {
		return refusal("thread_not_found")
	}
	out := paged(c, "messages", s.seen(c, own), 1000, 1000)
	if out["ok"] == true {
		out["has_more"] = out["response_metadata"].(Object)["next_cursor"] != ""
	}
	return out
}

func (s *Server) join(c call) Object {
	ch := s.channels[c.args.Get("channel")]
	switch {
	case !s.has("channels:join"):
		return s.lacks("channels:join")
	case ch == nil:
		return refusal("channel_not_found")
	case family(ch.info) != "channels":
		return refusal("method_not_supported_for_channel_type")
	case ch.info["is_archived"] == true:
		return refusal("is_archived")
	}
	ch.info["is_member"] = true
	if !slices.Contains(ch.members, BotUID) {
		ch.members = append(ch.members, BotUID)
	}
	return Object{"ok": true, "channel": s.described(ch)}
}

func (s *Server) open(c call) Object {
	if !s.has("im:write") {
		return s.lacks("im:write")
	}
	user := c.args.Get("users")
	switch {
	case user == "":
		return refusal("users_list_not_supplied")
	case s.users[user] == nil:
		return refusal("user_not_found")
	}
	for _, id := range s.order {
		if ch := s.channels[id]; ch.info["is_im"] == true && ch.info["user"] == user {
			return Object{"ok": true, "no_op": true, "already_open": true, "channel": Object{"id": id}}
		}
	}
	id := s.id("D")
	s.channels[id] = &channel{info: Object{"id": id, "created": 1700000000, "is_im": true, "user": user, "is_member": true, "is_org_shared": false, "priority": 0}, members: []string{BotUID, user}}
	s.order = append(s.order, id)
	return Object{"ok": true, "channel": Object{"id": id}}
}

// person is somebody as the token's scopes let them be seen.
func (s *Server) person(u Object) Object {
	out := maps.Clone(u)
	profile := maps.Clone(u["profile"].(Object))
	if !s.has("users:read.email") {
		delete(profile, "email")
	}
	out["profile"] = profile
	return out
}

func (s *Server) user(c call) Object {
	u := s.users[c.args.Get("user")]
	switch {
	case !s.has("users:read"):
		return s.lacks("users:read")
	case u == nil:
		return refusal("user_not_found")
	}
	return Object{"ok": true, "user": s.person(u)}
}

func (s *Server) userList(c call) Object {
	if !s.has("users:read") {
		return s.lacks("users:read")
	}
	var all []any
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		if s.users[id]["is_stranger"] != true {
			all = append(all, s.person(s.users[id]))
		}
	}
	out := paged(c, "members", all, 1000, 1000)
	out["cache_ts"] = s.now().Unix()
	return out
}

func (s *Server) byEmail(c call) Object {
	if !s.has("users:read.email") {
		return s.lacks("users:read.email")
	}
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		profile := s.users[id]["profile"].(Object)
		if email := text(profile, "email"); email != "" && strings.EqualFold(email, c.args.Get("email")) {
			return Object{"ok": true, "user": s.person(s.users[id])}
		}
	}
	return refusal("users_not_found")
}

// written reads what chat.postMessage and chat.update have in common.
func written(c call) (m Object, no string) {
	m = Object{"text": c.args.Get("text")}
	if raw := c.args.Get("blocks"); raw != "" && raw != "null" {
		blocks, err := parseBlocks(raw)
		if err != "" {
			return nil, err
		}
		m["blocks"] = blocks
	}
	if m["text"] == "" && m["blocks"] == nil {
		return nil, "no_text"
	}
	if length(text(m, "text")) > mostText {
		return nil, "msg_too_long"
	}
	if raw := c.args.Get("metadata"); raw != "" {
		var meta Object
		if json.Unmarshal([]byte(raw), &meta) != nil || text(meta, "event_type") == "" || meta["event_payload"] == nil {
			return nil, "invalid_metadata_format"
		}
		if len(raw) > mostMetadata {
			return nil, "metadata_too_large"
		}
		m["metadata"] = meta
	}
	return m, ""
}

func (s *Server) post(c call) Object {
	if !s.has("chat:write") {
		return s.lacks("chat:write")
	}
	ch, no := s.reach(c, "")
	if no != nil {
		return no
	}
	switch {
	case ch.info["is_member"] != true:
		return refusal("not_in_channel")
	case ch.info["is_archived"] == true:
		return refusal("is_archived")
	}
	m, code := written(c)
	if code != "" {
		return refusal(code)
	}
	maps.Copy(m, Object{
		"type": "message", "user": BotUID, "bot_id": BotID, "app_id": AppID, "team": TeamID, "ts": s.ts(),
		"bot_profile": Object{
			"id": BotID, "app_id": AppID, "name": "Throughline", "deleted": false, "updated": 1700000000, "team_id": TeamID,
			"icons": Object{"image_36": "https://a.example/36.png", "image_48": "https://a.example/48.png", "image_72": "https://a.example/72.png"},
		},
	})
	if thread := c.args.Get("thread_ts"); thread != "" {
		if !slices.ContainsFunc(ch.messages, func(m Object) bool { return text(m, "ts") == thread }) {
			return refusal("thread_not_found")
		}
		m["thread_ts"] = thread
	}
	s.add(ch, m)
	return Object{"ok": true, "channel": text(ch.info, "id"), "ts": m["ts"], "message": maps.Clone(m)}
}

// remove takes a message of the app's own away.
func (s *Server) remove(c call) Object {
	if !s.has("chat:write") {
		return s.lacks("chat:write")
	}
	ch, no := s.reach(c, "")
	if no != nil {
		return no
	}
	for i, m := range ch.messages {
		if text(m, "ts") != c.args.Get("ts") {
			continue
		}
		if m["bot_id"] != BotID {
			return refusal("cant_delete_message")
		}
		ch.messages = slices.Delete(ch.messages, i, i+1)
		return Object{"ok": true, "channel": text(ch.info, "id"), "ts": c.args.Get("ts")}
	}
	return refusal("message_not_found")
}

func (s *Server) update(c call) Object {
	if !s.has("chat:write") {
		return s.lacks("chat:write")
	}
	ch, no := s.reach(c, "")
	if no != nil {
		return no
	}
	for _, m := range ch.messages {
		if text(m, "ts") != c.args.Get("ts") {
			continue
		}
		if m["bot_id"] != BotID {
			return refusal("cant_update_message")
		}
		now, code := written(c)
		if code != "" {
			return refusal(code)
		}
		maps.Copy(m, now)
		m["edited"] = Object{"user": BotUID, "ts": strconv.FormatInt(s.now().Unix(), 10) + ".000000"}
		return Object{"ok": true, "channel": text(ch.info, "id"), "ts": m["ts"], "text": m["text"], "message": maps.Clone(m)}
	}
	return refusal("message_not_found")
}

func (s *Server) permalink(c call) Object {
	ch, no := s.reach(c, "")
	if no != nil {
		return no
	}
	id := text(ch.info, "id")
	return Object{"ok": true, "channel": id, "permalink": s.URL + "archives/" + id + "/p" + strings.ReplaceAll(c.args.Get("message_ts"), ".", "")}
}

func (s *Server) openView(c call) Object {
	trigger := c.args.Get("trigger_id")
	until, known := s.triggers[trigger]
	switch {
	case !known:
		return refusal("invalid_trigger_id")
	case until.IsZero():
		return refusal("exchanged_trigger_id")
	case s.now().After(until):
		return refusal("expired_trigger_id")
	}
	var view Object
	if json.Unmarshal([]byte(c.args.Get("view")), &view) != nil {
		return refusal("invalid_arguments")
	}
	if code := checkView(view); code != "" {
		return refusal(code)
	}
	s.triggers[trigger] = time.Time{}
	view["id"], view["team_id"], view["app_id"], view["bot_id"], view["hash"] = s.id("V"), TeamID, AppID, BotID, "1."+random()[:8]
	view["state"] = Object{"values": Object{}}
	s.views = append(s.views, view)
	return Object{"ok": true, "view": view}
}
