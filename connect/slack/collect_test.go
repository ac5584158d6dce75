package slack_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/folder"
	"throughline/twin/fault"
	twin "throughline/twin/slack"
)

// TestPulledDealIsTheFoldersDeal: a deal whose channels come from the stand-in is
// the deal that its folder holds, links to messages aside.
func TestPulledDealIsTheFoldersDeal(t *testing.T) {
	for name, also := range map[string][]string{"harborline": nil, "atlas": {"ps-{domain}"}} {
		t.Run(name, func(t *testing.T) {
			native := filepath.Join("../../../shared/bench/deals", name, "native")
			if _, err := os.Stat(native); err != nil && name == "harborline" {
				native = "../../cmd/throughline/demo/harborline"
			} else if err != nil {
				t.Skipf("%s is not here: the annotated deals are kept beside the project", native)
			}
			want, err := folder.Read(t.Context(), native)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			r.twin.URL = ""
			r.twin.AddChannel(twin.Object{"name": "deal-somebody-else"})
			if err := r.twin.Seed(os.DirFS(native)); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(native)); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(dir, "slack")); err != nil {
				t.Fatal(err)
			}
			r.cfg.Also = also
			gaps, err := r.client(t).Collect(t.Context(), &connect.Record{ID: "1", Customer: want.Customer.Name, Domains: []string{name + ".example"}}, dir)
			if err != nil || len(gaps) > 0 {
				t.Fatalf("gaps %v: %v", gaps, err)
			}
			got, err := folder.Read(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			chats := 0
			for i, s := range want.Sources {
				if s.Kind == throughline.SourceChat {
					chats++
				}
				if i >= len(got.Sources) || !reflect.DeepEqual(got.Sources[i], s) {
					t.Errorf("%s %q differs", s.ID, s.Title)
				}
			}
			if !reflect.DeepEqual(got, want) || chats == 0 {
				t.Errorf("the deals differ, or have no chat: %d", chats)
			}
		})
	}
}

// TestCollect: pages, threads, our own messages, what is private and shared, who
// took part, and that nothing secret or of another channel is saved.
func TestCollect(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	for range 450 {
		r.twin.Post(channelID, aeID, "about the deal", "")
	}
	parent := r.twin.Post(channelID, aeID, "what did <@"+csmID+"> say?", "")
	reply := r.twin.Post(channelID, csmID, "that it works", parent)
	r.twin.Post("C0GENERAL1", aeID, "PLANTED in another channel", "")
	if _, err := r.client(t).Publish(t.Context(), r.publication(deal)); err != nil {
		t.Fatal(err)
	}
	r.clock.now = r.clock.now.Add(time.Hour)
	r.twin.Forget()

	dir := t.TempDir()
	gaps, err := r.client(t).Collect(t.Context(), &deal, dir)
	if err != nil || len(gaps) > 0 {
		t.Fatalf("gaps %v: %v", gaps, err)
	}
	want := map[string]int{"auth.test": 1, "conversations.list": 1, "conversations.info": 1, "conversations.members": 1, "conversations.history": 3, "conversations.replies": 1, "users.info": 3}
	if diff := cmp.Diff(want, r.twin.Calls()); diff != "" {
		t.Errorf("calls: %s", diff)
	}
	d, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s := d.Source("s1")
	if s == nil || len(s.Passages) != 453 || !s.Private || s.Shared || s.Title != "#deal-buyer" || s.URL != "https://northbeam.slack.example/archives/"+channelID || len(s.People) != 2 {
		t.Fatalf("the channel is %+v", s)
	}
	var answered, own bool
	for _, p := range s.Passages {
		if p.Text == "that it works" {
			link := "https://northbeam.slack.example/archives/" + channelID + "/p" + strings.ReplaceAll(reply, ".", "") + "?cid=" + channelID + "&thread_ts=" + parent
			answered = p.Thread != "" && p.URL == link && p.Speaker.Email == "cy@seller.example"
		}
		if strings.HasPrefix(p.Text, "Handoff for Buyer") {
			own = !p.Evidence()
		}
	}
	if !answered || !own {
		t.Errorf("the reply is as it should be: %v; our own message proves nothing: %v", answered, own)
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if info, err := e.Info(); err == nil && path != dir && info.Mode().Perm() != 0o700 {
				t.Errorf("%s is %v", path, info.Mode())
			}
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), "PLANTED") || strings.Contains(strings.ToLower(string(raw)), "planted") {
			t.Errorf("%s holds what was planted", path)
		}
		if info, err := e.Info(); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range r.twin.Requested() {
		if ch := req.Args.Get("channel"); ch != "" && ch != channelID {
			t.Errorf("%s asked for %s", req.Method, ch)
		}
	}
}

// TestCollectReplaces: what an earlier pull saved and is gone is gone, and others'
// files stay.
func TestCollectReplaces(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	r.twin.Post(channelID, aeID, "hello", "")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "slack"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "slack", "note.md"), []byte("# Note"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := r.client(t)
	for range 2 {
		if gaps, err := c.Collect(t.Context(), &deal, dir); err != nil || len(gaps) > 0 {
			t.Fatal(gaps, err)
		}
	}
	r.twin.AddChannel(twin.Object{"id": channelID, "name": "old-buyer", "is_private": true})
	r.clock.now = r.clock.now.Add(time.Hour)
	gaps, err := c.Collect(t.Context(), &deal, dir)
	if err != nil || len(gaps) != 1 || !strings.Contains(gaps[0].What, "#deal-buyer") || !strings.Contains(gaps[0].What, "nvite the app") {
		t.Errorf("gaps %v: %v", gaps, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "slack", "*.*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "note.md" {
		t.Errorf("left are %v: %v", left, err)
	}
}

// TestSharedChannel: one with the customer's company is a shared source in which
// their people are heard.
func TestSharedChannel(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	r.twin.AddUser(twin.Object{"id": "U0CUSTOMER", "name": "bo", "real_name": "Bo Ek", "is_stranger": true, "team_id": "T0OTHER001", "profile": twin.Object{"real_name": "Bo Ek", "email": "bo@buyer.example"}})
	r.twin.AddChannel(twin.Object{"id": channelID, "name": "deal-buyer", "is_shared": true, "is_ext_shared": true, "connected_team_ids": []any{"T0OTHER001"}}, aeID, "U0CUSTOMER")
	r.twin.Post(channelID, "U0CUSTOMER", "we key it by hand", "")
	dir := t.TempDir()
	if gaps, err := r.client(t).Collect(t.Context(), &deal, dir); err != nil || len(gaps) > 0 {
		t.Fatal(gaps, err)
	}
	d, err := folder.Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.Source("s1"); s == nil || !s.Shared || s.Internal || s.Private {
		t.Errorf("the channel is %+v", s)
	}
}

// TestWhichChannel: the rules by which a deal's channel is found, and what is said
// where it is not.
func TestWhichChannel(t *testing.T) {
	for _, tc := range []struct {
		name     string
		channels []string
		record   connect.Record
		set      func(*rig)
		want     string // channels read; empty for none
		gap      string
	}{
		{name: "the customer's name", channels: []string{"deal-buyer"}, record: connect.Record{Customer: "Buyer, Inc."}, want: "deal-buyer"},
		{name: "with its legal form", channels: []string{"deal-buyer-inc", "deal-buyer"}, record: connect.Record{Customer: "Buyer, Inc."}, want: "deal-buyer-inc"},
		{name: "accents and signs", channels: []string{"deal-societe-d-ete-co"}, record: connect.Record{Customer: "Société d Été & Co"}, want: "deal-societe-d-ete-co"},
		{name: "the domain", channels: []string{"deal-buyer"}, record: connect.Record{Customer: "The Buyer Company of Ohio", Domains: []string{"www.buyer.example"}}, want: "deal-buyer"},
		{name: "none", channels: []string{"deal-buyer-two"}, record: connect.Record{Customer: "Buyer"}, gap: "no channel named #deal-buyer."},
		{name: "nothing is known", channels: []string{"deal-"}, gap: "tells nothing"},
		{name: "several", channels: []string{"deal-buyer-x", "deal-buyer-y"}, record: connect.Record{Customer: "Buyer"}, set: func(r *rig) { r.cfg.Patterns = []string{"deal-{customer}-*"} }, gap: "2 channels match"},
		{name: "a run", channels: []string{"deal-buyer-2026", "deal-buyers"}, record: connect.Record{Customer: "Buyer"}, set: func(r *rig) { r.cfg.Patterns = []string{"deal-{customer}-*"} }, want: "deal-buyer-2026"},
		{name: "the deal's name and id", channels: []string{"won-006a-big-deal"}, record: connect.Record{ID: "006A", Name: "Big deal!"}, set: func(r *rig) { r.cfg.Patterns = []string{"won-{id}-{deal}"} }, want: "won-006a-big-deal"},
		{name: "a star in the customer's name is none", channels: []string{"deal-a", "deal-b"}, record: connect.Record{Customer: "*"}, gap: "tells nothing"},
		{name: "a field", channels: []string{"x", "deal-buyer"}, record: connect.Record{Customer: "Buyer", Fields: map[string]string{"Slack__c": "#X"}}, set: func(r *rig) { r.cfg.Field = "Slack__c" }, want: "x"},
		{name: "an empty field", channels: []string{"deal-buyer"}, record: connect.Record{Customer: "Buyer"}, set: func(r *rig) { r.cfg.Field = "Slack__c" }, want: "deal-buyer"},
		{name: "a field of prose", channels: []string{"deal-buyer"}, record: connect.Record{Customer: "Buyer", Fields: map[string]string{"Slack__c": "(ask Ann)"}}, set: func(r *rig) { r.cfg.Field = "Slack__c" }, gap: "no channel's name"},
		{name: "a field that names none", channels: []string{"deal-buyer"}, record: connect.Record{Customer: "Buyer", Fields: map[string]string{"Slack__c": "gone"}}, set: func(r *rig) { r.cfg.Field = "Slack__c" }, gap: `no channel "gone"`},
		{name: "configured, two", channels: []string{"x", "y", "deal-buyer"}, record: connect.Record{ID: "1", Customer: "Buyer"}, set: func(r *rig) { r.cfg.Channels = map[string][]string{"1": {"x", "#y"}} }, want: "x y"},
		{name: "further ones", channels: []string{"deal-buyer", "ps-buyer"}, record: connect.Record{Customer: "Buyer"}, set: func(r *rig) { r.cfg.Also = []string{"ps-{customer}", "cs-{customer}"} }, want: "deal-buyer ps-buyer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.twin.AddUser(twin.Object{"id": aeID})
			for _, name := range tc.channels {
				r.twin.Post(r.twin.AddChannel(twin.Object{"name": name}, aeID), aeID, "hello", "")
			}
			if tc.set != nil {
				tc.set(r)
			}
			dir := t.TempDir()
			gaps, err := r.client(t).Collect(t.Context(), &tc.record, dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			days, err := filepath.Glob(filepath.Join(dir, "slack", "*", "*.json"))
			if err != nil {
				t.Fatal(err)
			}
			for _, day := range days {
				got = append(got, filepath.Base(filepath.Dir(day)))
			}
			if strings.Join(got, " ") != tc.want || tc.gap == "" != (len(gaps) == 0) {
				t.Errorf("read %v, gaps %v", got, gaps)
			}
			if tc.gap != "" && !strings.Contains(gaps[0].What, tc.gap) {
				t.Errorf("the gap says %q", gaps[0].What)
			}
		})
	}
}

// TestChannelByAddress: ids and addresses are asked for directly.
func TestChannelByAddress(t *testing.T) {
	for _, at := range []string{channelID, "https://northbeam.slack.example/archives/" + channelID + "/p1784044920000001", "<#" + channelID + "|deal-buyer>", "slack://channel?team=T1&id=" + channelID} {
		r := newRig(t)
		deal := r.deal()
		deal.Fields = map[string]string{"Slack__c": at}
		r.cfg.Field = "Slack__c"
		r.twin.Post(channelID, aeID, "hello", "")
		gaps, err := r.client(t).Collect(t.Context(), &deal, t.TempDir())
		if err != nil || len(gaps) > 0 || r.twin.Calls()["conversations.list"] > 0 || r.twin.Calls()["conversations.history"] != 1 {
			t.Errorf("%s: gaps %v: %v, %v", at, gaps, err, r.twin.Calls())
		}
	}
}

// TestReadingFaults: what breaks off is said, what can't be read at all is an
// error with advice, and a second try reads all.
func TestReadingFaults(t *testing.T) {
	for _, tc := range []struct {
		name  string
		set   func(*rig)
		gap   string
		fails string
		again bool // a second try reads all
	}{
		{name: "turned away", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "conversations.history", Status: 429, RetryAfter: "30"}) }},
		{name: "busy for long", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "conversations.history", Status: 429, RetryAfter: "600"}) }, fails: "429", again: true},
		{name: "down for a moment", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "conversations.replies", Status: 503}) }},
		{name: "reset", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "conversations.members", Reset: true}) }},
		{name: "cut short", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "conversations.history", Cut: 20}) }},
		{name: "ratelimited in an answer of 200", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "users.info", Status: 200, Code: "ratelimited"}) }},
		{name: "down on the second page", set: func(r *rig) {
			r.twin.Fail(fault.Fault{Route: "conversations.history", After: 1, Times: 4, Status: 500})
		}, gap: "earlier messages", again: true},
		{name: "threads refused", set: func(r *rig) { r.twin.NoThreads = true }, gap: "1 of 1 threads"},
		{name: "members down", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "conversations.members", Times: 4, Status: 500}) }, gap: "Who is in", again: true},
		{name: "no scope for people", set: func(r *rig) { r.twin.Withhold("users:read") }, gap: "scope users:read"},
		{name: "no scope for messages", set: func(r *rig) { r.twin.Withhold("groups:history") }, fails: "groups:history"},
		{name: "not invited", set: func(r *rig) {
			r.twin.AddChannel(twin.Object{"id": channelID, "name": "deal-buyer", "is_member": false}, aeID)
		}, fails: "nvite the app"},
		{name: "revoked", set: func(r *rig) { r.twin.Fail(fault.Fault{Route: "auth.test", Status: 200, Code: "token_revoked"}) }, fails: "nstall the app", again: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			deal := r.deal()
			for range 210 {
				r.twin.Post(channelID, aeID, "hello", "")
			}
			r.twin.Post(channelID, csmID, "yes", r.twin.Post(channelID, aeID, "is it?", ""))
			tc.set(r)
			dir := t.TempDir()
			gaps, err := r.client(t).Collect(t.Context(), &deal, dir)
			switch {
			case tc.fails == "" && err != nil, tc.fails != "" && (err == nil || !strings.Contains(err.Error(), tc.fails)):
				t.Fatalf("got %v", err)
			case tc.gap == "" && len(gaps) > 0, tc.gap != "" && (len(gaps) != 1 || !strings.Contains(gaps[0].What, tc.gap)):
				t.Fatalf("gaps are %v", gaps)
			}
			var known *connect.Error
			if err != nil && (!errors.As(err, &known) || known.Advice == "") {
				t.Errorf("%v gives no advice", err)
			}
			for _, said := range []string{r.log.String(), errText(err)} {
				if strings.Contains(said, "planted") || strings.Contains(said, "hello") || strings.Contains(said, "@") {
					t.Errorf("it is said: %s", said)
				}
			}
			if !tc.again {
				return
			}
			r.clock.now = r.clock.now.Add(time.Hour)
			if gaps, err := r.client(t).Collect(t.Context(), &deal, dir); err != nil || len(gaps) > 0 {
				t.Errorf("the second try: gaps %v, %v", gaps, err)
			}
			if d, err := folder.Read(t.Context(), dir); err != nil || d.Source("s1") == nil || len(d.Source("s1").Passages) != 212 {
				t.Errorf("the second try read too little: %v", err)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestJoin: a public internal channel is joined where that is configured.
func TestJoin(t *testing.T) {
	for _, tc := range []struct {
		name   string
		ch     twin.Object
		joined int
		fails  bool
	}{
		{name: "public", ch: twin.Object{}, joined: 1},
		{name: "shared", ch: twin.Object{"is_ext_shared": true}, fails: true},
		{name: "archived", ch: twin.Object{"is_archived": true}, fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			deal := r.deal()
			r.cfg.Join = true
			tc.ch["id"], tc.ch["name"], tc.ch["is_member"] = channelID, "deal-buyer", false
			r.twin.AddChannel(tc.ch, aeID)
			_, err := r.client(t).Collect(t.Context(), &deal, t.TempDir())
			if r.twin.Calls()["conversations.join"] != tc.joined || (err != nil) != tc.fails {
				t.Errorf("joined %d times: %v", r.twin.Calls()["conversations.join"], err)
			}
		})
	}
}

// TestFilesAreNamedOnly: addresses of shared files, which may open them without
// signing in, are not saved.
func TestFilesAreNamedOnly(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	native := t.TempDir()
	if err := os.MkdirAll(filepath.Join(native, "slack", "deal-files"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"users.json": []any{}, "channels.json": []any{map[string]any{"id": "C0FILES001", "name": "deal-files"}},
		"deal-files/2026-03-03.json": []any{map[string]any{"type": "message", "user": aeID, "text": "the plan", "ts": "1772540000.000100", "files": []any{map[string]any{
			"id": "F1", "name": "plan.pdf", "permalink_public": "https://files.example/T-F-planted", "url_private_download": "https://files.example/?t=planted",
		}}}},
	} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(native, "slack", name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.twin.Seed(os.DirFS(native)); err != nil {
		t.Fatal(err)
	}
	r.cfg.Channels = map[string][]string{deal.ID: {"deal-files"}}
	dir := t.TempDir()
	gaps, err := r.client(t).Collect(t.Context(), &deal, dir)
	if err != nil || len(gaps) != 1 || !gaps[0].Optional {
		t.Fatal(gaps, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "slack", "deal-files", "2026-03-03.json"))
	if err != nil || strings.Contains(string(raw), "planted") || !strings.Contains(string(raw), "plan.pdf") {
		t.Errorf("saved is %s: %v", raw, err)
	}
}
