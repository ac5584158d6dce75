package hubspot_test

import (
	"bytes"
	"errors"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"throughline/connect"
	"throughline/connect/hubspot"
	"throughline/twin/fault"
	twin "throughline/twin/hubspot"
	"throughline/won"
)

// TestPlantedSecrets: neither the token nor what customers said stands in an error, a
// gap, a log or a file name, even where the service's own words repeat them.
func TestPlantedSecrets(t *testing.T) {
	const said = "customer-words-9c1d"
	for _, path := range []string{"GET /crm/objects/2026-09/deals", "batch/read", "/crm/properties", "/crm/owners", "deals/search", "/crm/objects/2026-09/notes", "tasks/batch", "PATCH", "signed"} {
		for _, fault := range []fault.Fault{
			{Status: 400, Code: "VALIDATION_ERROR", Message: `Property values were not valid: [{"name":"` + said + `","error":"X","message":"` + plantedSecret + `"}] ` + said},
			{Status: 403, Code: "MISSING_SCOPES", Message: plantedSecret + said},
			{Status: 409, Code: said, Message: plantedSecret},
			{Status: 500, Code: "X", Message: plantedSecret + said},
			{Status: 200, Code: plantedSecret, Message: said},
			{Status: 302, Location: "https://elsewhere.example/" + plantedSecret},
		} {
			b := newPress(t)
			b.twin.Set("deals", deal, twin.Record{"dealname": said, "loss_risk": said}, b.now())
			b.twin.Order(path, 99, fault)
			p := b.portal(t)
			dir := t.TempDir()
			var told strings.Builder
			tell := func(err error) {
				var e *connect.Error
				if err != nil && !errors.As(err, &e) {
					t.Errorf("%s, %d: not an error of the connector's: %v", path, fault.Status, err)
				}
				if err != nil {
					told.WriteString(err.Error() + "\n")
				}
			}
			_, gaps, err := p.Collect(t.Context(), deal, dir)
			tell(err)
			_, more, err := p.Won(t.Context(), won.Filter{Types: []string{"x"}}, start, b.now())
			tell(err)
			for _, g := range append(gaps, more...) {
				told.WriteString(g.What + "\n")
			}
			_, err = p.Publish(t.Context(), publication(1))
			tell(err)
			tell(p.Remove(t.Context(), "801"))
			for _, r := range p.Check(t.Context()) {
				tell(r.Err)
			}
			for name, text := range files(t, dir) {
				if strings.Contains(name, said) || strings.Contains(text, plantedSecret) {
					t.Errorf("%s, %d: the file %s tells", path, fault.Status, name)
				}
			}
			for what, text := range map[string]string{"what is told": told.String(), "the log": b.log.String()} {
				for _, secret := range []string{plantedSecret, said, "pump", "buyer.example"} {
					if strings.Contains(text, secret) {
						t.Fatalf("%s, %d: %s holds %q: %s", path, fault.Status, what, secret, text)
					}
				}
			}
		}
	}
}

// TestHostileRecords: what a record holds can't lead out of the folder or break a mail.
func TestHostileRecords(t *testing.T) {
	b := newBench(t)
	b.small(t)
	b.twin.Associate("emails", b.twin.Put("emails", twin.Record{
		"hs_email_subject": "Hi\r\nBcc: x@evil.example", "hs_timestamp": "nonsense", "hs_email_headers": `{"from":{"email":"a@b.example\r\nX: y","firstName":"\r\nX: y"},"to":"none"}`,
		"hs_email_message_id": "<a> <b>", "hs_email_text": ".\r\n.\r\nText",
	}), "deals", deal, "")
	b.twin.Associate("emails", b.twin.Put("emails", twin.Record{"hs_email_subject": "Another", "hs_email_text": "Of no thread."}), "deals", deal, "")
	b.twin.Attach("deals", deal, `../../../escape.md`, "1", start, []byte("x"))
	b.twin.Attach("deals", deal, strings.Repeat("ä", 300)+".txt", "1", start, []byte("x"))
	b.twin.Associate("notes", b.twin.Put("notes", twin.Record{"hs_note_body": "x", "hs_timestamp": "1767225600000", "hs_attachment_ids": "../1;;12x; 99999"}), "deals", deal, "")
	dir := t.TempDir()
	if _, _, err := b.portal(t).Collect(t.Context(), deal, dir); err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*escape*")); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	mails, answers := 0, 0
	for name, text := range files(t, dir) {
		if !strings.HasPrefix(name, "emails/") {
			continue
		}
		mails++
		msg, err := mail.ReadMessage(strings.NewReader(text))
		if err == nil && msg.Header.Get("References") != "" {
			answers++
		}
		if err != nil || msg.Header.Get("Bcc") != "" || msg.Header.Get("X") != "" {
			t.Errorf("%s: %v, %v", name, err, msg.Header)
		}
	}
	if mails != 4 || answers != 1 {
		t.Errorf("%d mails, %d of them answers", mails, answers)
	}
}

// FuzzEmail: whatever an email's properties hold, what is made of it can be read as
// mail and has no headers but ours.
func FuzzEmail(f *testing.F) {
	f.Add("Re: Hi", `{"from":{"email":"a@b.example"}}`, "<1@x>", "text", "1767225600000")
	f.Add("\r\nX: y", "{", "<<", "\x00", "")
	ours := map[string]bool{
		"From": true, "To": true, "Cc": true, "Date": true, "Subject": true, "Message-Id": true, "References": true, "Mime-Version": true, "Content-Type": true, "Content-Transfer-Encoding": true,
	}
	f.Fuzz(func(t *testing.T, subject, headers, id, text, at string) {
		data := hubspot.EML(map[string]string{"hs_email_subject": subject, "hs_email_headers": headers, "hs_email_message_id": id, "hs_email_text": text, "hs_timestamp": at, "hs_email_to_email": subject})
		msg, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%v: %q", err, data)
		}
		for name := range msg.Header {
			if !ours[name] {
				t.Errorf("the header %q: %q", name, data)
			}
		}
	})
}

// FuzzMarker: a marker that is written is read again as it was, whatever stands after
// it, and nothing makes reading fail.
func FuzzMarker(f *testing.F) {
	f.Add("deal-1", 3, "", "<p>more</p>")
	f.Add("a.v1.0123456789ab", 2, "milestone-1", "")
	f.Fuzz(func(t *testing.T, key string, version int, item, after string) {
		hubspot.ParseMarker(after)
		if connect.CheckKey(key) != "" || item != "" && connect.CheckKey(item) != "" || version < 0 || version > 999_999_999 {
			return
		}
		line := hubspot.MarkerLine(key, version, item)
		for _, body := range []string{line, line + "<p>" + after, "<div class=\"x\"> \n" + line + "</div>", strings.Replace(line, "<p>", `<p style="margin:0;">`, 1)} {
			gotKey, gotVersion, gotItem, ok := hubspot.ParseMarker(body)
			if !ok || gotKey != key || gotItem != item || item == "" && gotVersion != version {
				t.Errorf("%q is read as %q, %d, %q, %v", body, gotKey, gotVersion, gotItem, ok)
			}
		}
		if _, _, _, ok := hubspot.ParseMarker("<p>He wrote:</p>" + line); ok {
			t.Error("what quotes a marker is taken for ours")
		}
	})
}

// FuzzHook: whatever a signed request holds, it is answered.
func FuzzHook(f *testing.F) {
	f.Add(`[{"subscriptionType":"deal.propertyChange","objectId":5,"occurredAt":1}]`)
	f.Add(`[null,{"objectId":1e99,"portalId":"x"}]`)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := hubspot.New(hubspot.Config{Token: "x"})
		if err != nil {
			t.Fatal(err)
		}
		h := &heard{}
		hook := p.Hook(clientSecret, public, h.hear)
		status := post(t, hook, time.Now(), body, nil)
		if status != 204 && status != 400 || status == 400 && h.told() != "" {
			t.Errorf("answered %d, heard %q", status, h.told())
		}
		for _, one := range strings.FieldsFunc(h.told(), func(r rune) bool { return r == '+' || r == ' ' }) {
			if strings.Trim(one, "0123456789") != "" {
				t.Errorf("%q was taken for a deal's id", one)
			}
		}
	})
}
