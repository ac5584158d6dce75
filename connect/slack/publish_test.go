package slack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/slack"
	"throughline/twin/fault"
	twin "throughline/twin/slack"
)

// words are all that the deal channel shows, by message.
func (r *rig) words() []string {
	var out []string
	for _, m := range r.twin.Show(channelID) {
		var parts []string
		for _, p := range m.Parts {
			parts = append(parts, p.Text)
		}
		out = append(out, strings.Join(parts, "\n"))
	}
	return out
}

func labels(m twin.Shown) string {
	var out []string
	for _, b := range m.Buttons {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

// TestPublish: the summary as the company may see it, once; and how few calls
// that takes.
func TestPublish(t *testing.T) {
	r := newRig(t)
	p := r.publication(r.deal())
	p.Audience = throughline.AudienceTeam // which a channel is never shown
	got, err := r.client(t).Publish(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	shown := r.twin.Show(channelID)
	if len(shown) != 1 {
		t.Fatalf("%d messages", len(shown))
	}
	want := "Handoff: Buyer, Inc.\nVersion 1 · reviewed by the AE · AE Ann Lee · CSM Cy Ng · won 2026-09-28\n" +
		"Champion\n• Bo Ek, Head of Data\nPains\n• They key orders by hand.\nMilestones\n• By day 30: First orders flow.\nRisks\n• security: A security review is open."
	if diff := cmp.Diff(want, r.words()[0]); diff != "" {
		t.Error(diff)
	}
	if got := labels(shown[0]); got != "Open the handoff, Accept, Return, Add a note" || len(shown[0].Alive) > 0 {
		t.Errorf("buttons are %s, alive is %v", got, shown[0].Alive)
	}
	for _, req := range r.twin.Requested() {
		if req.Method == "chat.postMessage" && (req.Args.Get("unfurl_links") != "false" || req.Args.Get("unfurl_media") != "false" || req.Args.Get("parse") != "none" || req.Args.Get("link_names") != "false") {
			t.Errorf("it was posted with %v", req.Args)
		}
		if strings.Contains(fmt.Sprint(req.Args), "PLANTED-TEAM") {
			t.Errorf("%s was told what is the team's", req.Method)
		}
	}
	calls := map[string]int{"auth.test": 1, "conversations.list": 1, "conversations.history": 1, "conversations.info": 1, "conversations.members": 1, "users.info": 3, "chat.postMessage": 1}
	if diff := cmp.Diff(calls, r.twin.Calls()); diff != "" {
		t.Errorf("calls: %s", diff)
	}
	ts := r.twin.Messages(channelID)[0].TS
	link := "https://northbeam.slack.example/archives/" + channelID + "/p" + strings.ReplaceAll(ts, ".", "")
	if diff := cmp.Diff(connect.Copy{ID: channelID + "/" + ts, URL: link, Made: true}, got); diff != "" {
		t.Error(diff)
	}
	again, err := r.client(t).Publish(t.Context(), p)
	if err != nil || again.Made || again.ID != got.ID || len(r.twin.Messages(channelID)) != 1 || r.twin.Messages(channelID)[0].Edited {
		t.Errorf("again: %+v, %v, %v", again, err, r.words())
	}
}

// TestVersions: a newer version changes the message and is told once in its thread;
// an older one that comes late changes nothing; what became of the handoff is shown.
func TestVersions(t *testing.T) {
	r := newRig(t)
	c := r.client(t)
	p := r.publication(r.deal())
	publish := func(o *slack.Outcome) {
		t.Helper()
		r.clock.now = r.clock.now.Add(time.Hour)
		var err error
		if o != nil {
			_, err = c.Mark(t.Context(), p, *o)
		} else {
			_, err = c.Publish(t.Context(), p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	head := func() (string, string) {
		return strings.SplitN(r.words()[0], "\n", 3)[1], labels(r.twin.Show(channelID)[0])
	}
	publish(nil)
	publish(&slack.Outcome{By: "Cy Ng", At: today})
	if all := r.words()[0]; !strings.Contains(all, "Version 1 was returned by Cy Ng on 1 October 2026") {
		t.Errorf("returned is not shown: %s", all)
	}
	publish(nil)
	if _, buttons := head(); buttons != "Open the handoff" {
		t.Errorf("published again after the return, there are %s", buttons)
	}

	second := *p.Handoff
	second.Version = 2
	second.Items = append([]throughline.Item(nil), p.Handoff.Items[1:]...)
	second.Items[0].Text = "They key all orders by hand."
	second.Items = append(second.Items, throughline.Item{ID: "pain-2", Section: 1, Kind: throughline.KindPain, Text: "It takes two days.", Evidence: second.Items[0].Evidence})
	first := p.Handoff
	p.Handoff = &second
	publish(nil)
	publish(nil)
	if line, buttons := head(); !strings.HasPrefix(line, "Version 2 ·") || buttons != "Open the handoff, Accept, Return, Add a note" {
		t.Errorf("the second version is shown as %q with %s", line, buttons)
	}
	want := "Version 2 replaces version 1.\nNew\n• Pains: It takes two days.\nChanged\n• Pains: They key all orders by hand.\nNo longer there: 1."
	if diff := cmp.Diff([]string{want}, r.words()[1:]); diff != "" {
		t.Error(diff)
	}
	if !r.twin.Show(channelID)[1].Thread {
		t.Error("what changed does not stand in the thread")
	}
	p.Handoff = first
	publish(nil)
	if line, _ := head(); !strings.HasPrefix(line, "Version 2 ·") {
		t.Errorf("the first version came late and is shown: %q", line)
	}
	p.Handoff = &second
	publish(&slack.Outcome{Accepted: true, By: "Cy Ng", At: today})
	third := second
	third.Version = 3
	p.Handoff = &third
	publish(nil)
	all := r.words()
	if _, buttons := head(); buttons != "Open the handoff" || !strings.Contains(all[0], "Version 2 was accepted by Cy Ng on 1 October 2026.") || len(all) != 3 || !strings.Contains(all[2], "Nothing changed") {
		t.Errorf("after the acceptance there stand %q with %s", all, buttons)
	}
}

// TestCallsOfAnUpdate: a newer version takes ten calls of a program started anew,
// and a direct message five.
func TestCallsOfAnUpdate(t *testing.T) {
	r := newRig(t)
	p := r.publication(r.deal())
	if _, err := r.client(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	p.Handoff.Version = 2
	r.twin.Forget()
	if _, err := r.client(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"auth.test": 1, "conversations.list": 1, "conversations.history": 1, "conversations.replies": 1, "conversations.info": 2, "conversations.members": 2, "users.info": 3,
		"chat.postMessage": 1, "chat.update": 1,
	}
	if diff := cmp.Diff(want, r.twin.Calls()); diff != "" {
		t.Errorf("publishing: %s", diff)
	}
	r.twin.Forget()
	if _, err := r.client(t).Send(t.Context(), connect.Message{Key: "k", To: "ann@seller.example", Subject: "Hello"}); err != nil {
		t.Fatal(err)
	}
	want = map[string]int{"auth.test": 1, "users.lookupByEmail": 1, "conversations.open": 1, "conversations.history": 1, "chat.postMessage": 1}
	if diff := cmp.Diff(want, r.twin.Calls()); diff != "" {
		t.Errorf("sending: %s", diff)
	}
}

// TestThreadsUnreadable: where the app can't see what stands in the thread, it
// writes nothing there, and the message says its version all the same.
func TestThreadsUnreadable(t *testing.T) {
	r := newRig(t)
	r.twin.NoThreads = true
	p := r.publication(r.deal())
	for version := 1; version <= 2; version++ {
		p.Handoff.Version = version
		r.clock.now = r.clock.now.Add(time.Hour)
		if _, err := r.client(t).Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if all := r.words(); len(all) != 1 || !strings.Contains(all[0], "Version 2 ·") {
		t.Errorf("there stand %q", all)
	}
}

// TestNeverToOthers: a channel that people outside the company can read is refused,
// also where it became one between the look and the write.
func TestNeverToOthers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		ch      twin.Object
		user    twin.Object
		allowed bool
	}{
		{name: "shared", ch: twin.Object{"is_ext_shared": true}},
		{name: "shared, said otherwise", ch: twin.Object{"is_shared": true}},
		{name: "offered", ch: twin.Object{"is_pending_ext_shared": true}},
		{name: "offered to somebody", ch: twin.Object{"pending_shared": []any{"T0OTHER001"}}},
		{name: "shared within the organisation", ch: twin.Object{"is_shared": true, "is_org_shared": true}, allowed: true},
		{name: "a guest of the customer's", user: twin.Object{"is_restricted": true, "profile": twin.Object{"email": "x@buyer.example"}}},
		{name: "a guest of nobody knows whose", user: twin.Object{"is_ultra_restricted": true}},
		{name: "a guest with an address of the seller's", user: twin.Object{"is_ultra_restricted": true, "profile": twin.Object{"email": "x@seller.example"}}, allowed: true},
		{name: "a member with the customer's address", user: twin.Object{"profile": twin.Object{"email": "x@eu.buyer.example"}}},
		{name: "a contact", user: twin.Object{"profile": twin.Object{"email": "BO@buyer.example"}}},
		{name: "a stranger", user: twin.Object{"is_stranger": true}},
		{name: "of another workspace", user: twin.Object{"team_id": "T0OTHER001"}},
		{name: "a colleague", user: twin.Object{"profile": twin.Object{"email": "x@seller.example"}}, allowed: true},
		{name: "a bot", user: twin.Object{"is_bot": true}, allowed: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, late := range []bool{false, true} {
				r := newRig(t)
				p := r.publication(r.deal())
				change := func() {
					members := []string{aeID}
					if tc.user != nil {
						members = append(members, r.twin.AddUser(tc.user))
					}
					ch := twin.Object{"id": channelID, "name": "deal-buyer"}
					for k, v := range tc.ch {
						ch[k] = v
					}
					r.twin.AddChannel(ch, members...)
				}
				c := r.client(t)
				if late {
					// The list is known, and the first version is there.
					if _, err := c.Publish(t.Context(), p); err != nil {
						t.Fatal(err)
					}
					r.clock.now = r.clock.now.Add(time.Minute)
					p.Handoff.Version = 2
				}
				change()
				before := len(r.twin.Messages(channelID))
				_, err := c.Publish(t.Context(), p)
				var e *connect.Error
				refused := errors.As(err, &e) && e.Code == "not_internal" && strings.Contains(e.Advice, "only the company")
				if refused == tc.allowed {
					t.Errorf("late %v: %v", late, err)
				}
				all := r.twin.Messages(channelID)
				if written := len(all) > before || len(all) > 0 && all[0].Edited; written != tc.allowed {
					t.Errorf("late %v: written is %v", late, written)
				}
			}
		})
	}
}

// TestWritingFaults: after any fault a second try ends with one copy of everything,
// on a workspace whose history tells of a message only a moment later.
func TestWritingFaults(t *testing.T) {
	faults := []fault.Fault{
		{Status: 429, RetryAfter: "20"},
		{Status: 429, RetryAfter: "900"},
		{Status: 500, Times: 4},
		{Status: 200, Code: "internal_error", Times: 4},
		{Reset: true},
		{Cut: 20},
		// The rest is for what writes.
		{Status: 503, RetryAfter: "5"},
		{Status: 200, Code: "fatal_error", Stored: true},
		{Status: 200, Code: "ratelimited"},
		{Status: 500, Stored: true},
		{Status: 502, Stored: true, RetryAfter: "5"},
		{Reset: true, Stored: true},
		{Cut: 20, Stored: true},
		{Status: 500, Times: 4, Stored: true},
		{Reset: true, Times: 2},
	}
	for _, method := range []string{"chat.postMessage", "chat.update", "auth.test", "conversations.list", "conversations.info", "conversations.members", "conversations.history", "conversations.replies", "users.info", "users.lookupByEmail", "conversations.open"} {
		if !strings.HasPrefix(method, "chat.") {
			faults = faults[:6]
		}
		for i, f := range faults {
			f.Route = method
			t.Run(fmt.Sprintf("%s %d", method, i), func(t *testing.T) {
				r := newRig(t)
				r.twin.Lag = 2 * time.Second
				c := r.client(t)
				p := r.publication(r.deal())
				m := connect.Message{Key: "review-006A", To: "ann@seller.example", Subject: "Review the draft", Paragraphs: []string{"Please look."}}
				do := func(what func(context.Context) error) {
					t.Helper()
					r.twin.Fail(f)
					failed := what(t.Context())
					r.twin.Heal()
					if failed != nil {
						var e *connect.Error
						if !errors.As(failed, &e) || e.Advice == "" || strings.Contains(failed.Error(), "planted") {
							t.Errorf("it failed with %v", failed)
						}
						r.clock.now = r.clock.now.Add(15 * time.Minute)
					}
					for range 2 {
						if err := what(t.Context()); err != nil {
							t.Fatalf("the second try: %v, after %v", err, failed)
						}
					}
				}
				publish := func(ctx context.Context) error { _, err := c.Publish(ctx, p); return err }
				do(publish)
				second := *p.Handoff
				second.Version = 2
				p.Handoff = &second
				do(publish)
				do(func(ctx context.Context) error { _, err := c.Send(ctx, m); return err })

				all := r.twin.Own(channelID)
				if len(all) != 2 || !strings.Contains(r.words()[0], "Version 2 ·") || all[1].Thread != all[0].TS {
					t.Errorf("the channel has %q", r.words())
				}
				if direct := r.twin.Own(r.twin.Channels()["@"+aeID]); len(direct) != 1 {
					t.Errorf("%d direct messages", len(direct))
				}
				if log := r.log.String(); strings.Contains(log, "planted") || strings.Contains(log, "seller.example") || strings.Contains(log, "Buyer") {
					t.Errorf("the log holds %s", log)
				}
			})
		}
	}
}

// TestTogether: many at once end with one message.
func TestTogether(t *testing.T) {
	r := newRig(t)
	r.twin.Lag = 2 * time.Second
	c := r.client(t)
	p := r.publication(r.deal())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := c.Publish(t.Context(), p); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(r.twin.Own(channelID)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// TestOthersMarker: what another app writes is never taken for ours.
func TestOthersMarker(t *testing.T) {
	r := newRig(t)
	p := r.publication(r.deal())
	if _, err := r.client(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	own := r.twin.Own(channelID)[0]
	other := newRig(t)
	other.deal()
	other.twin.Forge(channelID, "B0OTHER001", own.Metadata)
	if copied, err := other.client(t).Publish(t.Context(), p); err != nil || !copied.Made {
		t.Errorf("%+v, %v", copied, err)
	}
}

// TestTooFarBack: who could not look so far back as is asked does not write.
func TestTooFarBack(t *testing.T) {
	r := newRig(t)
	p := r.publication(r.deal())
	for range 450 {
		r.twin.Post(channelID, aeID, "hello", "")
	}
	r.cfg.LookBackPages = 2
	_, err := r.client(t).Publish(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "look_back") || len(r.twin.Own(channelID)) > 0 {
		t.Errorf("%v", err)
	}
	r.cfg.LookBackPages = 3
	if _, err := r.client(t).Publish(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// TestPace: within the vendor's limits, the stand-in turns nobody away; the
// slowest of them is waited for.
func TestPace(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	for range 90 {
		r.twin.Post(channelID, csmID, "yes", r.twin.Post(channelID, aeID, "is it?", ""))
	}
	r.twin.All = 0
	r.cfg.Limiter = nil
	r.cfg.Token, r.twin.Token = "xoxb-of-the-pace", "xoxb-of-the-pace"
	if gaps, err := r.client(t).Collect(t.Context(), &deal, t.TempDir()); err != nil || len(gaps) > 0 {
		t.Fatal(gaps, err)
	}
	if n := r.twin.Calls()["conversations.replies"]; n != 90 {
		t.Errorf("%d threads were asked for 90 times or were turned away", n)
	}
	if took := r.clock.Now().Sub(today); took < time.Minute || took > 3*time.Minute {
		t.Errorf("it took %v", took)
	}
}

// TestSend: a message with a button and a link, to somebody of the workspace.
func TestSend(t *testing.T) {
	r := newRig(t)
	r.deal()
	c := r.client(t)
	m := connect.Message{Key: "k", To: "Ann@seller.example", Subject: "Review <!here> the draft", Paragraphs: []string{"One\ntwo", "", "three"}, Actions: []connect.Action{
		{Label: "Review", URL: "https://throughline.example/r/1", Primary: true}, {Label: "Note", ID: slack.ActionNote, Value: "006A"}, {Label: "Bad", URL: "javascript:alert(1)"},
	}}
	got, err := c.Send(t.Context(), m)
	if err != nil || !got.Made {
		t.Fatal(got, err)
	}
	shown := r.twin.Show(r.twin.Channels()["@"+aeID])
	if len(shown) != 1 || labels(shown[0]) != "Review, Note" || len(shown[0].Alive) > 0 || shown[0].Buttons[0].Style != "primary" {
		t.Errorf("it is shown as %+v", shown)
	}
	if _, err := c.Send(t.Context(), connect.Message{Key: "k", To: "nobody@seller.example", Subject: "x"}); err == nil || !strings.Contains(err.Error(), "heck the person") {
		t.Errorf("nobody got %v", err)
	}
}
