package salesforce

import (
	"net/mail"
	"strings"
	"time"

	"throughline/connect"
)

// eml writes an EmailMessage as mail.
func (d *Deal) eml(e Record) []byte {
	out := connect.LoggedEmail{
		From: mail.Address{Name: e.text("FromName"), Address: e.text("FromAddress")}, To: d.addresses(e.text("ToAddress")), Cc: d.addresses(e.text("CcAddress")),
		At: when(e.text("MessageDate")), Subject: e.text("Subject"), ID: messageID(e), Text: e.text("TextBody"), HTML: e.text("HtmlBody"),
	}
	if out.At.IsZero() {
		out.At = when(e.text("CreatedDate"))
	}
	for _, other := range d.Emails {
		if id := e.text("ReplyToEmailMessageId"); id != "" && other.text("Id") == id {
			out.InReplyTo = messageID(other)
		}
	}
	return out.EML()
}

func messageID(e Record) string {
	return connect.MessageID(e.text("MessageIdentifier"), e.text("Id"), "salesforce")
}

// addresses are those of a field that lists them with semicolons, under the
// names that the deal's people have.
func (d *Deal) addresses(list string) []mail.Address {
	var out []mail.Address
	for _, a := range connect.MailAddresses(list) {
		out = append(out, mail.Address{Name: d.nameOf(a), Address: a})
	}
	return out
}

func (d *Deal) nameOf(email string) string {
	for _, people := range [][]Record{d.Contacts, d.Users} {
		for _, p := range people {
			if strings.EqualFold(p.text("Email"), email) {
				return p.text("Name")
			}
		}
	}
	return ""
}

// oneLine makes one line of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// when reads a datetime of the REST API; zero where it is none.
func when(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
