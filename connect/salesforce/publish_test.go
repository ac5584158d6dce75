package salesforce_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/salesforce"
	"throughline/twin/fault"
	twin "throughline/twin/salesforce"
)

// only the team may read these words.
const teamsWords = "over-promised-latency"

// handoff is one of a version, with something for each audience.
func handoff(version int) *throughline.Handoff {
	said := []throughline.Evidence{{Source: "c1", Ref: "c1.1", Quote: "We key it in by hand.", Speaker: "Bo Karlsson", Side: throughline.SideCustomer, Match: throughline.MatchExact}}
	return &throughline.Handoff{
		Schema: throughline.Schema, Version: version, Status: throughline.StatusPublished, Audience: throughline.AudienceTeam, Language: "en",
		Deal:        throughline.Header{ID: "d", Name: "Buyer - Tool", Customer: throughline.Company{Name: "Buyer"}, Seller: throughline.Company{Name: "Vendor"}, Close: "2026-05-29"},
		GeneratedAt: time.Date(2026, 5, 30, 8, 0, 0, 0, time.UTC), Review: throughline.Review{State: throughline.NotReviewed},
		Items: []throughline.Item{
			{ID: "i1", Section: throughline.SectionDealShape, Kind: throughline.KindUseCase, Text: "Load pump readings <b>every</b> night.", Evidence: said},
			{ID: "i2", Section: throughline.SectionDealShape, Kind: throughline.KindUseCase, Text: "Report on scrap.", Evidence: said},
			{ID: "i3", Section: throughline.SectionContext, Kind: throughline.KindStretch, Text: teamsWords, Promise: teamsWords, Evidence: said},
			{ID: "i4", Section: throughline.SectionMilestones, Kind: throughline.KindMilestone, Text: "First plant live.", Day: 30, From: throughline.FromKickoff, Evidence: said},
		},
	}
}

func publication(version int) connect.Publication {
	return connect.Publication{
		Key: "deal-1", Deal: connect.Record{ID: "006000000000001AAA", Account: "001000000000001AAA", Name: "Buyer - Tool"},
		Handoff: handoff(version), Link: "https://throughline.example/h/1?a=1&b=2",
	}
}

// newPress is a bench whose org is published to, with a note and every field.
func newPress(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.small(t)
	for _, f := range []twin.Field{
		{Name: "Handoff_Link__c", Type: "url"},
		{Name: "Handoff_Status__c", Type: "picklist"},
		{Name: "Handoff_Version__c", Type: "double"},
		{Name: "Handed_Off__c", Type: "datetime"},
		{Name: "Handoff_Summary__c", Type: "string", Length: 40},
	} {
		b.twin.Define("Opportunity", f)
	}
	b.config.Writing = &salesforce.Writing{Note: true, Fields: map[salesforce.Value]string{
		salesforce.ValueLink: "Handoff_Link__c", salesforce.ValueStatus: "Handoff_Status__c", salesforce.ValueVersion: "Handoff_Version__c",
		salesforce.ValuePublished: "Handed_Off__c", salesforce.ValueSummary: "Handoff_Summary__c",
	}}
	return b
}

func (b *bench) publish(t *testing.T, version int) connect.Copy {
	t.Helper()
	c, err := b.org(t).Publish(t.Context(), publication(version))
	if err != nil {
		t.Fatalf("publishing version %d: %v", version, err)
	}
	return c
}

// copies are what the org holds of the handoff, counted.
type copies struct {
	Documents, Versions, Links, AccountLinks, Notes, NoteLinks int
	Version                                                    any // as the opportunity shows it
}

func (b *bench) copies() copies {
	var out copies
	documents, notes := map[any]bool{}, map[any]bool{}
	for _, v := range b.twin.All("ContentVersion") {
		if path, _ := v["PathOnClient"].(string); strings.HasPrefix(path, "throughline-") {
			out.Versions++
			documents[v["ContentDocumentId"]] = true
		}
	}
	for _, n := range b.twin.All("ContentNote") {
		notes[n["Id"]] = true
	}
	for _, l := range b.twin.All("ContentDocumentLink") {
		opportunity := l["LinkedEntityId"] == "006000000000001AAA"
		switch {
		case notes[l["ContentDocumentId"]] && opportunity:
			out.NoteLinks++
		case documents[l["ContentDocumentId"]] && opportunity:
			out.Links++
		case documents[l["ContentDocumentId"]]:
			out.AccountLinks++
		}
	}
	out.Documents, out.Notes = len(documents), len(notes)
	out.Version = b.twin.Get("Opportunity", "006000000000001AAA")["Handoff_Version__c"]
	return out
}

func one(version float64) copies {
	return copies{Documents: 1, Versions: int(version), Links: 1, AccountLinks: 1, Notes: 1, NoteLinks: 1, Version: version}
}

// latest is what the file and the note hold.
func (b *bench) latest(t *testing.T) (file, note string) {
	t.Helper()
	for _, v := range b.twin.All("ContentVersion") {
		id, _ := v["Id"].(string)
		path, _ := v["PathOnClient"].(string)
		switch {
		case v["IsLatest"] != true:
		case strings.HasPrefix(path, "throughline-"):
			file = string(b.twin.Blob(id))
		case v["FileType"] == "SNOTE" && strings.Contains(v["Title"].(string), "deal-1"):
			note = string(b.twin.Blob(id))
		}
	}
	return file, note
}

func TestPublish(t *testing.T) {
	b := newPress(t)
	c := b.publish(t, 1)
	if !c.Made || !strings.HasPrefix(c.ID, "069") || c.URL != b.config.Login+"/"+c.ID {
		t.Errorf("the copy is %+v", c)
	}
	if diff := cmp.Diff(one(1), b.copies()); diff != "" {
		t.Error(diff)
	}
	if calls := b.twin.APICalls(); calls != 3 {
		t.Errorf("%d calls, want 3: to look, to write, to set fields", calls)
	}
	file, note := b.latest(t)
	if !strings.Contains(file, "<html") || !strings.Contains(file, "First plant live.") || strings.Contains(file, teamsWords) {
		t.Errorf("the file is %q", file)
	}
	wantNote := "<p>Written by Throughline (throughline.handoff/v1). Version 1, not reviewed by the AE.</p>" +
		`<p><a href="https://throughline.example/h/1?a=1&amp;b=2">Open the handoff</a></p>` +
		"<p><b>Use cases</b></p><ul><li>Load pump readings &lt;b&gt;every&lt;/b&gt; night.</li><li>Report on scrap.</li></ul>" +
		"<p><b>Milestones</b></p><ul><li>Day 30: First plant live.</li></ul>"
	if diff := cmp.Diff(wantNote, note); diff != "" {
		t.Error(diff)
	}
	opp := b.twin.Get("Opportunity", "006000000000001AAA")
	var made any
	for _, v := range b.twin.All("ContentVersion") {
		if v["ContentDocumentId"] == c.ID {
			made = v["CreatedDate"]
		}
	}
	for field, want := range map[string]any{
		"Handoff_Link__c": "https://throughline.example/h/1?a=1&b=2", "Handoff_Status__c": "published", "Handed_Off__c": made,
		"Handoff_Summary__c": "Load pump readings <b>every</b> night;…",
	} {
		got := opp[field]
		if at, ok := got.(string); ok && field == "Handed_Off__c" && at[:19] == want.(string)[:19] {
			continue // the field holds whole seconds
		}
		if got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
}

// TestPublishAgain: the same again changes nothing and takes one call; a newer
// version is one more version of the same file; an older one changes nothing.
func TestPublishAgain(t *testing.T) {
	b := newPress(t)
	first := b.publish(t, 1)
	before := b.twin.APICalls()
	changed := b.twin.Get("Opportunity", "006000000000001AAA")["SystemModstamp"]
	again := b.publish(t, 1)
	if again.Made || again.ID != first.ID {
		t.Errorf("the copy is %+v", again)
	}
	if calls := b.twin.APICalls() - before; calls != 1 {
		t.Errorf("%d calls, want 1 to look", calls)
	}
	if b.twin.Get("Opportunity", "006000000000001AAA")["SystemModstamp"] != changed {
		t.Error("the opportunity was changed")
	}
	second := b.publish(t, 2)
	if second.Made || second.ID != first.ID {
		t.Errorf("the second version's copy is %+v", second)
	}
	if diff := cmp.Diff(one(2), b.copies()); diff != "" {
		t.Error(diff)
	}
	if _, note := b.latest(t); !strings.Contains(note, "Version 2") {
		t.Errorf("the note is %q", note)
	}
	if late := b.publish(t, 1); late.ID != first.ID || late.Made {
		t.Errorf("the late first version's copy is %+v", late)
	}
	if diff := cmp.Diff(one(2), b.copies()); diff != "" {
		t.Errorf("after the late first version: %s", diff)
	}
}

// TestPublishedByPeople: what people do to the file does not make a second one.
func TestPublishedByPeople(t *testing.T) {
	for name, spoil := range map[string]func(b *bench, document string){
		"renamed": func(b *bench, document string) {
			b.twin.Set("ContentDocument", document, twin.Record{"Title": "Our handoff"}, time.Now())
		},
		"unlinked": func(b *bench, document string) {
			for _, l := range b.twin.All("ContentDocumentLink") {
				if l["ContentDocumentId"] == document {
					b.twin.Remove("ContentDocumentLink", l["Id"].(string))
				}
			}
		},
		"a version of their own": func(b *bench, document string) {
			b.twin.Revise(document, "mine.html", []byte("hi"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newPress(t)
			first := b.publish(t, 1)
			spoil(b, first.ID)
			if second := b.publish(t, 2); second.ID != first.ID || second.Made {
				t.Errorf("the copy is %+v, want %s", second, first.ID)
			}
			if diff := cmp.Diff(one(2), b.copies()); diff != "" {
				t.Error(diff)
			}
			if name == "renamed" && b.twin.Get("ContentDocument", first.ID)["Title"] != "Our handoff" {
				t.Error("the name that people gave the file is gone")
			}
		})
	}
}

// TestPublishFaults: after each fault a second try ends with one file, one link to
// each record, one note, and the fields of the version.
func TestPublishFaults(t *testing.T) {
	const (
		writing = "POST /services/data/v68.0/sobjects/ContentVersion"
		looking = "FROM+ContentDocumentLink"
		fields  = "PATCH /services/data/v68.0/sobjects/Opportunity"
	)
	for name, tt := range map[string]struct {
		path   string
		times  int
		fault  fault.Fault
		passes bool // the first try gets over it
	}{
		"reset":                        {writing, 1, fault.Fault{Reset: true}, true},
		"reset, stored":                {writing, 1, fault.Fault{Reset: true, Stored: true}, true},
		"500":                          {writing, 1, fault.Fault{Status: 500}, true},
		"500, stored":                  {writing, 1, fault.Fault{Status: 500, Stored: true}, true},
		"503 with code, stored":        {writing, 1, fault.Fault{Status: 503, Code: "SERVER_UNAVAILABLE", Message: "busy", Stored: true}, true},
		"502, stored, over and over":   {writing, 99, fault.Fault{Status: 502, Stored: true}, true},
		"500 over and over":            {writing, 99, fault.Fault{Status: 500}, false},
		"cut":                          {writing, 1, fault.Fault{Cut: 20}, true},
		"slow, stored":                 {writing, 1, fault.Fault{Slow: time.Minute, Stored: true}, true},
		"slow":                         {writing, 1, fault.Fault{Slow: time.Minute}, true},
		"429":                          {writing, 1, fault.Fault{Status: 429, RetryAfter: "3"}, true},
		"session ended":                {writing, 1, fault.Fault{Status: 401, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"}, true},
		"quota":                        {writing, 1, fault.Fault{Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}, false},
		"not allowed":                  {writing, 1, fault.Fault{Status: 403, Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights"}, false},
		"looking: 500":                 {looking, 2, fault.Fault{Status: 500}, true},
		"looking: 500 over and over":   {looking, 99, fault.Fault{Status: 500}, false},
		"looking: cut":                 {looking, 1, fault.Fault{Cut: 20}, true},
		"fields: 500, stored":          {fields, 1, fault.Fault{Status: 500, Stored: true}, true},
		"fields: reset, stored":        {fields, 1, fault.Fault{Reset: true, Stored: true}, true},
		"fields: reset over and over":  {fields, 99, fault.Fault{Reset: true}, false},
		"fields: refused by the org":   {fields, 1, fault.Fault{Status: 400, Code: "UNABLE_TO_LOCK_ROW", Message: "unable to obtain exclusive access"}, true},
		"token: none, over and over":   {"oauth2", 99, fault.Fault{Status: 503}, false},
		"token: reset":                 {"oauth2", 1, fault.Fault{Reset: true}, true},
		"everything: reset, then well": {"/services/", 3, fault.Fault{Reset: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, published := range []bool{false, true} {
				b := newPress(t)
				b.config.HTTP = &http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
				version := 1
				if published {
					b.publish(t, 1)
					version = 2
				}
				b.twin.Order(tt.path, tt.times, tt.fault)
				_, err := b.org(t).Publish(t.Context(), publication(version))
				var e *connect.Error
				switch {
				case tt.passes && err != nil:
					t.Errorf("not got over: %v", err)
				case !tt.passes && (!errors.As(err, &e) || e.Advice == ""):
					t.Errorf("the error is %v", err)
				case err != nil && (strings.Contains(err.Error(), "pump") || strings.Contains(err.Error(), plantedSecret)):
					t.Errorf("the error tells: %v", err)
				}
				b.twin.Heal()
				b.publish(t, version)
				if diff := cmp.Diff(one(float64(version)), b.copies()); diff != "" {
					t.Errorf("version %d: %s", version, diff)
				}
				for _, secret := range []string{"pump", plantedSecret, teamsWords, "throughline.example"} {
					if strings.Contains(b.log.String(), secret) {
						t.Errorf("the log tells %q", secret)
					}
				}
			}
		})
	}
}

// TestPublishRefused: what can't be published is said, with what to do.
func TestPublishRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(b *bench, p *connect.Publication)
		want  string
	}{
		"not configured":  {func(b *bench, _ *connect.Publication) { b.config.Writing = nil }, "does not say"},
		"key":             {func(_ *bench, p *connect.Publication) { p.Key = "a'b" }, "key"},
		"no opportunity":  {func(_ *bench, p *connect.Publication) { p.Deal.ID = "001000000000001AAA" }, "opportunity"},
		"no account's id": {func(_ *bench, p *connect.Publication) { p.Deal.Account = "x" }, "account"},
		"no handoff":      {func(_ *bench, p *connect.Publication) { p.Handoff = nil }, "handoff"},
		"audience":        {func(_ *bench, p *connect.Publication) { p.Audience = "all" }, "audience"},
		"no HTML":         {func(b *bench, _ *connect.Publication) { b.twin.NoHTML = true }, "set the format to markdown"},
		"no create":       {func(b *bench, _ *connect.Publication) { b.twin.NoCreate["ContentVersion"] = true }, "Create on files"},
		"unseen field":    {func(b *bench, _ *connect.Publication) { b.twin.Denied["Opportunity.Handoff_Link__c"] = true }, "Handoff_Link__c (no such field"},
		"read-only field": {func(b *bench, _ *connect.Publication) { b.twin.NoEdit["Opportunity.Handoff_Link__c"] = true }, "Handoff_Link__c (the user may not edit it)"},
		"field of a type": {func(b *bench, _ *connect.Publication) {
			b.config.Writing.Fields[salesforce.ValueStatus] = "Handoff_Link__c"
			delete(b.config.Writing.Fields, salesforce.ValueLink)
		}, "type url can't hold the status"},
		"link too long": {func(_ *bench, p *connect.Publication) {
			p.Link = "https://throughline.example/" + strings.Repeat("x", 255)
		}, "type url can't hold the link"},
		"a validation rule": {func(b *bench, _ *connect.Publication) { b.twin.Rules["Opportunity"] = "Not on Mondays, " + teamsWords }, "validation rule"},
	} {
		t.Run(name, func(t *testing.T) {
			b, p := newPress(t), publication(1)
			tt.spoil(b, &p)
			c, err := b.org(t).Publish(t.Context(), p)
			var e *connect.Error
			if !errors.As(err, &e) || !strings.Contains(e.Error(), tt.want) || e.Advice == "" || strings.Contains(e.Error(), teamsWords) {
				t.Errorf("the error is %v", err)
			}
			if fields := strings.Contains(name, "field") || strings.Contains(name, "link") || strings.Contains(name, "rule"); fields != (c.ID != "") {
				t.Errorf("the copy is %+v", c)
			}
		})
	}
}

func TestPublishMarkdown(t *testing.T) {
	b := newPress(t)
	b.twin.NoHTML = true
	b.config.Writing = &salesforce.Writing{Format: salesforce.FormatMarkdown}
	p := publication(1)
	p.Deal.Account = ""
	if _, err := b.org(t).Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(copies{Documents: 1, Versions: 1, Links: 1}, b.copies()); diff != "" {
		t.Error(diff)
	}
	if calls := b.twin.APICalls(); calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
	if file, _ := b.latest(t); !strings.HasPrefix(file, "#") {
		t.Errorf("the file is %q", file)
	}
}

// TestOwnWordsProveNothing: what was published and is pulled again is known as our
// own.
func TestOwnWordsProveNothing(t *testing.T) {
	b := newPress(t)
	b.config.Writing.Tasks = true
	b.publish(t, 1)
	d := b.read(t, "006000000000001AAA")
	for _, r := range d.Tasks {
		if strings.Contains(r["Subject"].(string), "First plant live") {
			t.Errorf("our own task was read: %v", r)
		}
	}
	_, got := saved(t, d)
	seen := 0
	for p := range got.Passages {
		own := strings.Contains(p.Text, "pump readings") || strings.Contains(p.Text, "First plant live") || strings.Contains(p.Label, "Handoff")
		if own {
			seen++
		}
		if own && p.Evidence() {
			t.Errorf("%s is evidence: %s: %s", p.Ref, p.Label, p.Text)
		}
	}
	if seen == 0 {
		t.Error("nothing of it was read: the test looks for the wrong words")
	}
}

func TestWritingConfig(t *testing.T) {
	for _, tt := range []struct {
		writing salesforce.Writing
		want    string
	}{
		{salesforce.Writing{Format: "pdf"}, "pdf"},
		{salesforce.Writing{Fields: map[salesforce.Value]string{"mood": "Mood__c"}}, "mood"},
		{salesforce.Writing{Fields: map[salesforce.Value]string{salesforce.ValueLink: "NextStep"}}, "NextStep"},
		{salesforce.Writing{Fields: map[salesforce.Value]string{salesforce.ValueLink: "A__c", salesforce.ValueStatus: "a__c"}}, "both"},
	} {
		_, err := salesforce.New(salesforce.Config{ClientID: "x", ClientSecret: "y", Writing: &tt.writing})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: the error is %v", tt.writing, err)
		}
	}
}
