package slack_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"throughline"
	"throughline/connect"
	"throughline/connect/slack"
)

const injectionFile = "../../../shared/data/injection/attacks.jsonl"

// hostile are texts that would do something where they are not shown as they are.
var hostile = []string{
	"<!here> <!channel> <!everyone> <@" + csmID + "> <#" + channelID + "> <!subteam^S1|@x>", "@here @channel @everyone", "<https://evil.example|your bank>", "https://evil.example/x www.evil.example mailto:a@evil.example",
	"&lt;!here&gt; &amp;lt;", "*bold* _it_ ~no~ `code` ```block```", "> quote\n\n# head", ":tada: :slack:", "\u202egnp.exe \u2066x\u2069", "\U000e0041\U000e0042 tagged", "a\x00b\x07c", strings.Repeat("long ", 2000),
	strings.Repeat("🦊", 3000), strings.Repeat("x", 50_000), strings.Repeat("&<>", 5000), "<", "|", "", "   ", "\xff\xfe", `{"type":"section"}`, `"}]}`, "javascript:alert(1)", "{customer}", "../../etc",
}

// rounds are lists of texts: each of hostile by itself, and what others have tried,
// twelve at a time.
func rounds(t *testing.T) [][]string {
	t.Helper()
	var all [][]string
	for _, text := range hostile {
		all = append(all, []string{text})
	}
	f, err := os.Open(injectionFile)
	if os.IsNotExist(err) {
		return all
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var attacks []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var attack struct {
			Text string `json:"text"`
		}
		if err := json.Unmarshal(lines.Bytes(), &attack); err != nil {
			t.Fatal(err)
		}
		attacks = append(attacks, attack.Text)
	}
	if err := lines.Err(); err != nil || len(attacks) < 100 {
		t.Fatalf("%d texts: %v", len(attacks), err)
	}
	return slices.AppendSeq(all, slices.Chunk(attacks, 12))
}

// cycle gives texts in turn.
func cycle(texts []string) func() string {
	n := 0
	return func() string {
		n++
		return texts[n%len(texts)]
	}
}

// put sets all free texts of a value, but those that keep an item in the company's
// view: kinds, matches, sides and other fixed sets.
func put(v reflect.Value, next func() string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(next())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			put(v.Elem(), next)
		}
	case reflect.Slice:
		for i := range v.Len() {
			put(v.Index(i), next)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			put(v.Field(i), next)
		}
	}
}

// inert checks that nothing of what a channel shows came alive, and nothing of the
// team's is there.
func (r *rig) inert(t *testing.T, channel, text string) {
	t.Helper()
	for _, m := range r.twin.Show(channel) {
		if len(m.Alive) > 0 {
			t.Errorf("of %.60q comes alive %q", text, m.Alive)
		}
		for _, b := range m.Buttons {
			if b.URL != "" && !strings.HasPrefix(b.URL, "https://throughline.example/") {
				t.Errorf("of %.60q a button opens %q", text, b.URL)
			}
		}
	}
	raw, err := json.Marshal(r.twin.Messages(channel))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "PLANTED") || strings.ContainsAny(string(raw), "\u202e\u2066\U000e0041\x00") {
		t.Errorf("of %.60q there stands %s", text, raw)
	}
}

// TestHostileHandoffs: whatever stands in every field of a handoff, its summary and
// updates are taken by the workspace and do nothing.
func TestHostileHandoffs(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	c := r.client(t)
	for i, texts := range rounds(t) {
		next, text := cycle(texts), texts[0]
		p := r.publication(deal)
		p.Key = fmt.Sprint("k", i)
		put(reflect.ValueOf(p.Handoff).Elem(), next)
		for j := range 12 {
			item := p.Handoff.Items[1]
			item.Kind = []throughline.Kind{throughline.KindPain, throughline.KindUseCase, throughline.KindRisk}[j%3]
			item.ID, item.Text = fmt.Sprintf("%s-%d", item.Kind, j+2), next()
			p.Handoff.Items = append(p.Handoff.Items, item)
		}
		// What is the team's alone is not the text.
		for j := range p.Handoff.Items {
			it := &p.Handoff.Items[j]
			it.Why, it.Promise, it.Doubt, it.Condition, it.NextStep, it.Vendor, it.Function = "PLANTED", "PLANTED", "PLANTED", "PLANTED", "PLANTED", "PLANTED", "PLANTED"
			if it.Kind == throughline.KindStretch {
				it.Text = "PLANTED"
			}
		}
		p.Handoff.Questions = []throughline.Question{{Text: "PLANTED"}}
		p.Handoff.LeftOut = []throughline.LeftOut{{Text: "PLANTED"}}
		p.Handoff.Contradictions = []throughline.Contradiction{{Text: "PLANTED"}}
		p.Handoff.Notes, p.Handoff.Thin = []string{"PLANTED"}, []string{next(), next()}
		if _, err := c.Publish(t.Context(), p); err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		second := *p.Handoff
		second.Version = 2
		second.Items = append([]throughline.Item(nil), second.Items[1:]...)
		second.Items[0].Text += " and more"
		p.Handoff = &second
		if _, err := c.Mark(t.Context(), p, slack.Outcome{Accepted: i%2 == 0, By: next(), At: today}); err != nil {
			t.Fatalf("the second version of %.60q: %v", text, err)
		}
		r.inert(t, channelID, text)
		if n := len(r.twin.Own(channelID)); n != 2 {
			t.Fatalf("%.60q: %d messages", text, n)
		}
		r.twin.Clear(channelID)
	}
}

// TestHostileMessages: whatever stands in a message and its actions, and in a form.
func TestHostileMessages(t *testing.T) {
	r := newRig(t)
	r.deal()
	c := r.client(t)
	r.twin.Trigger("t")
	for i, texts := range rounds(t) {
		next, text := cycle(texts), texts[0]
		m := connect.Message{
			Key: fmt.Sprint("k", i), To: "ann@seller.example", Subject: next(), Paragraphs: []string{next() + "\n" + next()},
			Actions: []connect.Action{{Label: next(), URL: "https://throughline.example/r/1"}, {Label: next(), URL: "javascript:" + next()}, {Label: next(), ID: slack.ActionNote, Value: "006A"}},
		}
		for range 60 {
			m.Paragraphs = append(m.Paragraphs, next())
		}
		if _, err := c.Send(t.Context(), m); err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		channel := r.twin.Channels()["@"+aeID]
		r.inert(t, channel, text)
		r.twin.Clear(channel)

		form := slack.ReturnForm("006A", []slack.Choice{{Code: "a", Label: next()}, {Code: "b", Label: "B"}})
		form.Title, form.Submit, form.Fields[1].Label, form.Fields[1].Hint = next(), next(), next(), next()
		r.twin.Trigger("t")
		if err := c.Open(t.Context(), "t", form); err != nil {
			t.Fatalf("a form of %.60q: %v", text, err)
		}
		newer := slack.NewerForm(7, next())
		newer.Title, newer.Text = next(), newer.Text+next()
		r.twin.Trigger("u")
		if err := c.Open(t.Context(), "u", newer); err != nil {
			t.Fatalf("a window of %.60q: %v", text, err)
		}
	}
}

// TestHostileChannel: what a channel's messages hold is saved as it is, and where
// the folder's files belong.
func TestHostileChannel(t *testing.T) {
	r := newRig(t)
	deal := r.deal()
	for _, text := range hostile[:20] {
		r.twin.Post(channelID, aeID, text, "")
	}
	for _, name := range []string{"..", "a/b", "x\x00", strings.Repeat("n", 300)} {
		r.twin.AddChannel(map[string]any{"id": channelID, "name": name})
		r.cfg.Channels = map[string][]string{deal.ID: {channelID}}
		dir := t.TempDir()
		if _, err := r.client(t).Collect(t.Context(), &deal, dir); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir + "/slack/" + channelID)
		if err != nil || len(entries) != 1 {
			t.Errorf("%q: %v, %v", name, entries, err)
		}
	}
}
