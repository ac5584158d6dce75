package hubspot

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"

	"throughline/connect"
)

// headers are who took part in an email, as hs_email_headers tells in JSON.
type headers struct {
	From party   `json:"from"`
	To   []party `json:"to"`
	Cc   []party `json:"cc"`
}

type party struct {
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

// all are the sender and those who saw that they got it.
func (h headers) all() []party { return slices.Concat([]party{h.From}, h.To, h.Cc) }

// headersOf reads an email's headers; where they are missing or damaged, what its
// other properties tell.
func headersOf(e Record) headers {
	var h headers
	if json.Unmarshal([]byte(e.text("hs_email_headers")), &h) != nil {
		h = headers{}
	}
	if h.From.Email == "" {
		h.From = party{e.text("hs_email_from_email"), e.text("hs_email_from_firstname"), e.text("hs_email_from_lastname")}
	}
	for _, list := range []struct {
		to   *[]party
		from string
	}{{&h.To, "hs_email_to_email"}, {&h.Cc, "hs_email_cc_email"}} {
		if len(*list.to) > 0 {
			continue
		}
		for _, a := range connect.MailAddresses(e.text(list.from)) {
			*list.to = append(*list.to, party{Email: a})
		}
	}
	return h
}

// eml writes a logged email as mail.
func (d *Deal) eml(e Record) []byte {
	h := headersOf(e)
	return connect.LoggedEmail{
		From: d.address(h.From), To: d.addresses(h.To), Cc: d.addresses(h.Cc), At: when(e.text("hs_timestamp")), Subject: e.text("hs_email_subject"),
		ID: messageID(e), References: d.earlier(e), Text: e.text("hs_email_text"), HTML: e.text("hs_email_html"),
	}.EML()
}

// earlier are the ids of those emails of the same thread that came before, which
// is all that HubSpot tells of what answers what.
func (d *Deal) earlier(e Record) []string {
	thread := e.text("hs_email_thread_id")
	var out []string
	for _, other := range d.Emails {
		if other.ID == e.ID {
			break // they are in order of time
		}
		if thread != "" && other.text("hs_email_thread_id") == thread {
			out = append(out, messageID(other))
		}
	}
	return out
}

func messageID(e Record) string {
	return connect.MessageID(e.text("hs_email_message_id"), e.ID, "hubspot")
}

func (d *Deal) addresses(list []party) []mail.Address {
	var out []mail.Address
	for _, one := range list {
		out = append(out, d.address(one))
	}
	return out
}

// address is a person with the name that the mail gives them, else the deal's
// records.
func (d *Deal) address(who party) mail.Address {
	a := mail.Address{Name: oneLine(who.FirstName + " " + who.LastName), Address: connect.MailAddress(who.Email)}
	if a.Name == "" && a.Address != "" {
		a.Name = d.nameOf(a.Address)
	}
	return a
}

func (d *Deal) nameOf(email string) string {
	for _, c := range d.Contacts {
		if strings.EqualFold(c.text("email"), email) {
			return oneLine(c.text("firstname") + " " + c.text("lastname"))
		}
	}
	o, _ := d.ownerOf(email)
	return oneLine(o.name())
}

// oneLine makes one line of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
