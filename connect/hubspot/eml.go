package hubspot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
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
		for _, a := range mailAddress.FindAllString(e.text(list.from), -1) {
			*list.to = append(*list.to, party{Email: a})
		}
	}
	return h
}

// eml writes a logged email as mail (RFC 5322), so that it is read as all mail is:
// threads, quoted history and signatures told apart, the same message from another
// export recognised by its Message-ID.
func (d *Deal) eml(e Record) []byte {
	var b bytes.Buffer
	header := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	h := headersOf(e)
	header("From", d.address(h.From))
	header("To", d.addresses(h.To))
	header("Cc", d.addresses(h.Cc))
	if at := when(e.text("hs_timestamp")); !at.IsZero() {
		header("Date", at.Format(time.RFC1123Z))
	}
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(e.text("hs_email_subject"))))
	header("Message-ID", messageID(e))
	header("References", strings.Join(d.earlier(e), " "))
	header("MIME-Version", "1.0")
	kind, body := "text/plain", e.text("hs_email_text")
	if body == "" {
		kind, body = "text/html", e.text("hs_email_html")
	}
	header("Content-Type", kind+`; charset="utf-8"`)
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(body)) // into memory, which can't fail
	_ = w.Close()
	return b.Bytes()
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

// messageID is the id the mail has in its own world, else one made of the
// record's.
func messageID(e Record) string {
	id := strings.Trim(oneLine(e.text("hs_email_message_id")), "<> ")
	if id == "" || strings.ContainsAny(id, " <>") {
		id = plain(e.ID) + "@hubspot.invalid"
	}
	return "<" + id + ">"
}

var mailAddress = regexp.MustCompile(`[^\s<>"'()\[\],;:]+@[^\s<>"'()\[\],;:]+`)

func (d *Deal) addresses(list []party) string {
	var out []string
	for _, one := range list {
		if a := d.address(one); a != "" {
			out = append(out, a)
		}
	}
	return strings.Join(out, ", ")
}

// address is a person with the name that the mail gives them, else the deal's
// records.
func (d *Deal) address(who party) string {
	name := oneLine(who.FirstName + " " + who.LastName)
	email := mailAddress.FindString(who.Email)
	if email == "" {
		return mime.QEncoding.Encode("utf-8", name)
	}
	return (&mail.Address{Name: cmp.Or(name, d.nameOf(email)), Address: email}).String()
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

// oneLine keeps a value from ending its header.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
