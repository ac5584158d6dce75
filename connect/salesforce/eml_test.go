package salesforce

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
)

// FuzzEML: whatever an email's record holds, no value gets out of its header, and
// the body is the one that was written.
func FuzzEML(f *testing.F) {
	f.Add("Re: plan", "Bo Karlsson", "bo@buyer.example", "ann@vendor.example; cy@vendor.example", "Hi,\n\nyes.", "<1@buyer.example>")
	f.Add("x\r\nBcc: all@buyer.example", "a\"b\r\nX: y", "not an address", ";;,", ".\r\n\x00", "a b\r\nX: y")
	f.Add(strings.Repeat("lång ", 60), "", "", "", "", "")
	f.Fuzz(func(t *testing.T, subject, name, from, to, body, id string) {
		d := &Deal{Contacts: []Record{{"Name": name, "Email": "ann@vendor.example"}}}
		e := Record{"Id": "02s000000000001AAA", "Subject": subject, "FromName": name, "FromAddress": from, "ToAddress": to, "TextBody": body, "MessageIdentifier": id, "MessageDate": "2026-05-29T12:00:00.000+0000"}
		msg, err := mail.ReadMessage(bytes.NewReader(d.eml(e)))
		if err != nil {
			t.Fatalf("no mail: %v", err)
		}
		for key, values := range msg.Header {
			if !slices.Contains([]string{"From", "To", "Date", "Subject", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}, key) || len(values) != 1 {
				t.Errorf("a header of its own: %s: %q", key, values)
			}
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil || valid(subject) && got != oneLine(subject) {
			t.Errorf("the subject is %q (%v), want %q", got, err, oneLine(subject))
		}
		got, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil {
			t.Fatalf("the body: %v", err)
		}
		if strings.TrimSpace(body) != "" && lines(string(got)) != lines(body) {
			t.Errorf("the body is %q, want %q", got, body)
		}
	})
}

func valid(s string) bool {
	return strings.ToValidUTF8(s, "") == s && !strings.Contains(s, "=?")
}

// lines evens out how lines end.
func lines(s string) string {
	return strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
}

// FuzzDecode: whatever the org sends with an error, the error that comes of it
// repeats none of its text but codes and names of fields.
func FuzzDecode(f *testing.F) {
	f.Add(400, `[{"message":"No such column 'X__c' on entity 'Opportunity'.","errorCode":"INVALID_FIELD"}]`, "secret words")
	f.Add(500, `<html>`, "x")
	f.Add(403, `[{"errorCode":""}]`, "")
	f.Fuzz(func(t *testing.T, status int, body, secret string) {
		for _, e := range []interface{ Error() string }{decode(status, nil, []byte(body)), decodeToken(status, nil, []byte(body))} {
			if e.Error() == "" {
				t.Errorf("%d %q: an error without words", status, body)
			}
		}
		planted := "planted " + strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' || strings.ContainsRune(`"\'`, r) {
				return '-'
			}
			return r
		}, secret)
		for _, code := range []string{"INVALID_FIELD", "MALFORMED_QUERY", "REQUEST_LIMIT_EXCEEDED", planted} {
			e := decode(status, nil, []byte(`[{"message":"`+planted+`","errorCode":"`+code+`"}]`))
			if strings.Contains(e.Error(), planted) {
				t.Errorf("the org's words are repeated: %s", e)
			}
		}
	})
}
