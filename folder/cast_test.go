package folder

import (
	"slices"
	"testing"
	"testing/fstest"

	"throughline"
)

// readFiles reads a deal from files given by name and content.
func readFiles(t testing.TB, files map[string]string) *throughline.Deal {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
	}
	d, err := ReadFS(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A gong call and its transcript of three turns, in one file each.
const (
	gongCalls = `{"requestId":"1","calls":[{"metaData":{"id":"7","url":"https://app.gong.io/call?id=7","title":"Intro","started":"2026-03-02T15:00:00Z","duration":60,"language":"eng"},
 "parties":[{"id":"a","emailAddress":"Ann.Lee@vendor.example","name":"Ann Lee","title":"Account Executive","speakerId":"1","affiliation":"Internal"},
  {"id":"b","emailAddress":"bo.karlsson@buyer.example","name":"Bo Karlsson","speakerId":"2","affiliation":"External"},
  {"id":"c","speakerId":"3","affiliation":"Unknown"}]}]}`
	gongTranscripts = `{"callTranscripts":[{"callId":"7","transcript":[
 {"speakerId":"1","sentences":[{"start":1000,"end":2000,"text":"Hello Bo."},{"start":2000,"end":4000,"text":"What hurts?"}]},
 {"speakerId":"2","sentences":[{"start":5000,"end":9000,"text":"We key every invoice by hand."}]},
 {"speakerId":"3","sentences":[{"start":9500,"end":9900,"text":"Every single one."}]},
 {"speakerId":"1","sentences":[{"start":11000,"end":12000,"text":"I see."}]}]}]}`
)

func TestGongCall(t *testing.T) {
	d := readFiles(t, map[string]string{"a.json": gongTranscripts, "b.json": gongCalls})
	s := d.Source("c1")
	if s == nil || len(s.Passages) != 4 || s.Title != "Intro" || s.Language != "en" || s.Internal {
		t.Fatalf("the call is %+v", s)
	}
	p := d.Passage("c1.1")
	if p.Text != "Hello Bo. What hurts?" || p.Side() != throughline.SideSeller || p.Offset.Milliseconds() != 1000 {
		t.Errorf("the first turn is %+v", p)
	}
	if at := p.OffsetAt(len("Hello Bo. ")); at.Milliseconds() != 2000 {
		t.Errorf("the second sentence is at %v", at)
	}
	if who := d.Passage("c1.3"); who.Speaker != nil {
		t.Errorf("a speaker without a name became %s", who.Speaker.Name)
	}
	if len(d.People) != 2 {
		t.Errorf("%d people", len(d.People))
	}
	if got := d.Passage("c1.2").HeardBy(throughline.SideSeller); got != 1 {
		t.Errorf("between Ann's first and last turn she heard it, yet %d of the seller's did", got)
	}
	if got := d.Passage("c1.4").HeardBy(throughline.SideCustomer); got != 0 {
		t.Errorf("after Bo's last turn %d of the customer's heard", got)
	}
}

func TestGongBrokenOff(t *testing.T) {
	whole := gongTranscripts
	d := readFiles(t, map[string]string{
		"calls.json": gongCalls,
		"t.json":     whole[:len(whole)-2] + `,{"callId":"8","transcript":[{"spea`,
	})
	if n := len(d.Source("c1").Passages); n != 4 {
		t.Errorf("%d turns of the call before the break", n)
	}
	if len(d.Problems) != 1 || d.Problems[0].File != "t.json" || d.Problems[0].Offset == 0 {
		t.Errorf("problems %+v", d.Problems)
	}
}

func TestChorusCall(t *testing.T) {
	d := readFiles(t, map[string]string{"x.json": `{"data":{"type":"conversation","id":"9","attributes":{"name":"Demo","date_time":"2026-04-01T10:00:00Z","duration":30,
 "participants":[{"name":"Ann Lee","email":"ann@vendor.example","type":"rep"},{"name":"Bo Karlsson","email":"bo@buyer.example","type":"cust"}],
 "recording":{"utterances":[{"snippet":"It reads five formats.","snippet_time":2.5,"speaker_name":"Ann Lee","speaker_type":"rep"},
  {"snippet":"Good.","snippet_time":6,"speaker_name":"Unknown","speaker_type":"unknown"}]}}}}`})
	p := d.Passage("c1.1")
	if p == nil || p.Side() != throughline.SideSeller || p.Offset.Seconds() != 2.5 {
		t.Fatalf("%+v", p)
	}
	if q := d.Passage("c1.2"); q.Speaker != nil || q.Name != "Unknown" {
		t.Errorf("an unknown speaker is %v, shown as %q", q.Speaker, q.Name)
	}
}

func TestOnePersonInSeveralSystems(t *testing.T) {
	d := readFiles(t, map[string]string{
		"calls.json": gongCalls, "t.json": gongTranscripts,
		"users.json":    `[{"id":"U1","name":"ann","real_name":"Ann L.","profile":{"email":"ann.lee@vendor.example"}},{"id":"U2","name":"cy","real_name":"Cy Ng","profile":{"email":"cy@vendor.example","title":"Solutions Engineer"}}]`,
		"channels.json": `[{"id":"C1","name":"deal","is_private":true}]`,
		"deal/2026-03-03.json": `[{"type":"message","user":"U1","text":"Bo keys invoices by hand, <@U2> &amp; that hurts","ts":"1772540000.000100"},
 {"type":"message","user":"U2","text":"seen it","ts":"1772540060.000200","thread_ts":"1772540000.000100"},
 {"type":"message","subtype":"channel_join","user":"U2","text":"joined","ts":"1772540070.000300"},
 {"type":"message","subtype":"bot_message","bot_id":"B1","username":"robot","text":"Stage changed","ts":"1772540080.000400"}]`,
		"contacts.json": `{"totalSize":1,"records":[{"attributes":{"type":"Contact"},"Id":"003","Name":"Bo Karlsson","Email":"bo.karlsson@buyer.example","Title":"CFO"}]}`,
		"roles.json":    `{"totalSize":1,"records":[{"attributes":{"type":"OpportunityContactRole"},"Id":"00K","ContactId":"003","Role":"Economic Buyer"}]}`,
		"opp.json":      `{"attributes":{"type":"Opportunity"},"Id":"006","Name":"Buyer - Tool","OwnerId":"005","CloseDate":"2026-05-01","Amount":1200,"CurrencyIsoCode":"EUR","NextStep":"Kick off","IsWon":true}`,
		"user.json":     `{"attributes":{"type":"User"},"Id":"005","Name":"Ann Lee","Email":"ANN.LEE@vendor.example"}`,
	})
	if len(d.People) != 3 {
		for _, p := range d.People {
			t.Logf("%+v", *p)
		}
		t.Fatalf("%d people, want Ann, Cy and Bo", len(d.People))
	}
	ann, bo := d.Person("Ann Lee"), d.Person("Bo Karlsson")
	if ann == nil || d.AE != ann || ann.Side != throughline.SideSeller || !slices.Contains(ann.Aliases, "Ann L.") {
		t.Errorf("Ann is %+v, the AE %+v", ann, d.AE)
	}
	if bo.CRMRole != "Economic Buyer" || bo.Title != "CFO" || bo.Side != throughline.SideCustomer {
		t.Errorf("Bo is %+v", bo)
	}
	s := d.Source("s1")
	if len(s.Passages) != 3 || !s.Internal || !s.Private {
		t.Fatalf("the channel is %+v", s)
	}
	if got := s.Passages[0].Text; got != "Bo keys invoices by hand, @Cy Ng & that hurts" {
		t.Errorf("the message reads %q", got)
	}
	if s.Passages[1].Thread != "s1.1" {
		t.Errorf("the answer is to %q", s.Passages[1].Thread)
	}
	if s.Passages[2].Evidence() {
		t.Error("a robot's message may prove something")
	}
	if d.Amount != "1200" || d.Currency != "EUR" || d.Close.Format("2006-01-02") != "2026-05-01" || d.Customer.Domain != "buyer.example" && d.Customer.Domain != "" {
		t.Errorf("the deal is %+v", d)
	}
	if r := d.Source("r1"); r == nil || len(r.Passages) == 0 || r.Passages[0].Text != "Kick off" || r.Passages[0].Label != "Next step" || !r.Internal {
		t.Errorf("the record is %+v", r)
	}
}

func TestNamesThatStayApart(t *testing.T) {
	for _, tt := range []struct {
		name     string
		mentions []mention
		people   int
	}{
		{"sound-alikes", []mention{{name: "Shivon Quinn"}, {name: "Siobhan Quinn", email: "siobhan@b.example"}}, 2},
		{"one address", []mention{{name: "Shivon Quinn", email: "siobhan@b.example"}, {name: "Siobhan Quinn", email: "Siobhan@B.example"}}, 1},
		{"accents and case", []mention{{name: "Zoë Böhm", email: "z@b.example"}, {name: "ZOE BOHM"}}, 1},
		{"last name first", []mention{{name: "Lee, Ann", email: "a@b.example"}, {name: "Ann Lee"}}, 1},
		{"company behind the name", []mention{{name: "Ann Lee (Acme)"}, {name: "Ann Lee", email: "a@b.example"}}, 1},
		{"same name on both sides", []mention{
			{name: "Ann Lee", email: "a@v.example", side: throughline.SideSeller}, {name: "Ann Lee", email: "a@b.example", side: throughline.SideCustomer},
		}, 2},
		{"same name, two companies", []mention{{name: "Ann Lee", email: "a@v.example"}, {name: "Ann Lee", email: "a@b.example"}}, 2},
		{"same name, private address", []mention{{name: "Ann Lee", email: "a@v.example"}, {name: "Ann Lee", email: "annlee@gmail.com"}}, 1},
		{"unknown speakers", []mention{{name: "Unknown speaker"}, {name: "Speaker 2"}, {name: "Unknown"}, {name: "+44 20 7946 0000"}}, 0},
		{"name in the address", []mention{{email: "ann.lee@b.example"}, {name: "Ann Lee"}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCast()
			for _, withMail := range []bool{true, false} {
				for _, m := range tt.mentions {
					if (m.email != "") == withMail {
						c.add(m)
					}
				}
			}
			if len(c.people) != tt.people {
				for _, p := range c.people {
					t.Logf("%+v", *p.p)
				}
				t.Errorf("%d people, want %d", len(c.people), tt.people)
			}
		})
	}
}

func TestFirstNameWithinASource(t *testing.T) {
	c := newCast()
	ann, other := mention{name: "Ann Lee", email: "a@b.example"}, mention{name: "Ann Roe", email: "r@b.example"}
	c.add(ann)
	c.add(other)
	lee, roe := c.byEmail["a@b.example"].p, c.byEmail["r@b.example"].p
	if got := c.resolve(mention{name: "Ann"}, []*throughline.Person{lee}); got != lee {
		t.Errorf("the only Ann of the source is %v", got)
	}
	if got := c.resolve(mention{name: "Ann"}, []*throughline.Person{lee, roe}); got == lee || got == roe {
		t.Errorf("with two Anns in the source %s was taken", got.Name)
	}
}

func TestSidesWithoutARecord(t *testing.T) {
	d := readFiles(t, map[string]string{
		"1.eml": "From: Ann Lee <ann@vendor.example>\nTo: Bo <bo.karlsson@buyer.example>, Di <di.mori@buyer.example>\nDate: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-ID: <1@x>\nSubject: Hello\n\nGood to meet you both.\n",
		"2.eml": "From: Ann Lee <ann@vendor.example>\nTo: Cy Ng <cy@vendor.example>\nDate: Mon, 02 Mar 2026 11:00:00 +0000\nMessage-ID: <2@x>\nSubject: Notes\n\nThey key invoices by hand.\n",
	})
	if p := d.Person("Ann Lee"); p == nil || p.Side != throughline.SideSeller {
		t.Errorf("Ann is %+v", p)
	}
	if p := d.Person("Bo Karlsson"); p == nil || p.Side != throughline.SideCustomer {
		t.Errorf("Bo is %+v", p)
	}
	if len(d.Notes) != 2 {
		t.Errorf("what was worked out is not said: %q", d.Notes)
	}
	if !d.Source("e2").Internal || d.Source("e1").Internal {
		t.Error("the mail among the seller's people is internal, the one to the customer is not")
	}
	if got := d.Passage("e1.1").HeardBy(throughline.SideCustomer); got != 2 {
		t.Errorf("%d of the customer's people saw the mail to both", got)
	}
}

func TestNothingToRead(t *testing.T) {
	if _, err := ReadFS(t.Context(), fstest.MapFS{}); err == nil {
		t.Error("an empty folder is no deal")
	}
	if _, err := ReadFS(t.Context(), fstest.MapFS{"x.bin": {Data: []byte{0, 1, 2, 0xff}}}); err == nil {
		t.Error("a folder of nothing readable is no deal")
	}
}
