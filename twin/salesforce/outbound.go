package salesforce

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// OrgID is the id of the stand-in org.
const OrgID = "00D000000000001AAA"

// Outbound sends outbound messages about opportunities that are made or changed and
// stand as won, as a rule in the org's set-up has it. What is to be sent waits until a
// [Outbound.Round], and is sent again in every later one until it is acknowledged. A
// message says what the records are at the time of sending. Its fields are set before
// its first use.
type Outbound struct {
	To      string // the address that it posts to
	Session string // what stands for the session id; orgs send none since February 2026

	HTTP *http.Client // by default one that waits for 60 seconds, as the service does
	// Most is how many notifications a message holds, 1 to 100, which is the default.
	Most int
	// Arrange says what a round sends of what waits; nil for all of it, in order. What
	// it leaves out waits for the next one.
	Arrange func([]Notification) []Notification
	// Deaf says, of each answer, whether it gets lost on its way; nil for never.
	Deaf func() bool

	org *Server

	mu      sync.Mutex
	waiting []Notification
	done    []Notification // acknowledged
	made    int
	sent    int
}

// A Notification tells of one record.
type Notification struct {
	ID     string // the same each time that it is sent
	Object string // "Opportunity"
	Record string // id
}

// Outbound sends messages to an address about what happens from now on.
func (s *Server) Outbound(to string) *Outbound {
	o := &Outbound{To: to, HTTP: &http.Client{Timeout: time.Minute}, Most: 100, org: s}
	s.OnChange(func(object string, rec Record) {
		if won, _ := rec["IsWon"].(bool); object == "Opportunity" && won {
			id, _ := rec["Id"].(string)
			o.Add(object, id)
		}
	})
	return o
}

// Add has a record of any object told of.
func (o *Outbound) Add(object, record string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made++
	o.waiting = append(o.waiting, Notification{fmt.Sprintf("04l%012dAAA", o.made), object, record})
}

// Waiting are the notifications that are not acknowledged.
func (o *Outbound) Waiting() []Notification {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.waiting)
}

// Sent counts the messages that were posted.
func (o *Outbound) Sent() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent
}

// Drop forgets those that wait and that a function picks, as the service does with
// what was not acknowledged within 24 hours.
func (o *Outbound) Drop(which func(Notification) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = slices.DeleteFunc(o.waiting, which)
}

// Repeat sends what was acknowledged once more, as the service may.
func (o *Outbound) Repeat() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting, o.done = append(o.waiting, o.done...), nil
}

// Round sends what waits, once, in messages that are each acknowledged as a whole. It
// errs where the context ends; what is not acknowledged goes on waiting.
func (o *Outbound) Round(ctx context.Context) error {
	batch := o.Waiting()
	if o.Arrange != nil {
		batch = o.Arrange(batch)
	}
	for some := range slices.Chunk(batch, min(max(o.Most, 1), 100)) {
		if o.post(ctx, some) {
			o.settle(some)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// settle takes the acknowledged ones from those that wait.
func (o *Outbound) settle(acknowledged []Notification) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range acknowledged {
		if i := slices.Index(o.waiting, n); i >= 0 {
			o.waiting, o.done = slices.Delete(o.waiting, i, i+1), append(o.done, n)
		}
	}
}

// post sends a message and reports whether it was acknowledged.
func (o *Outbound) post(ctx context.Context, some []Notification) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.To, strings.NewReader(o.Message(some)))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `""`)
	o.mu.Lock()
	o.sent++
	o.mu.Unlock()
	resp, err := o.HTTP.Do(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || o.Deaf != nil && o.Deaf() {
		return false
	}
	return resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/xml") && acknowledges(body)
}

// acknowledges reads an answer as the service does.
func acknowledges(body []byte) bool {
	var answer struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Response struct {
				Ack string `xml:"http://soap.sforce.com/2005/09/outbound Ack"`
			} `xml:"http://soap.sforce.com/2005/09/outbound notificationsResponse"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	return xml.Unmarshal(body, &answer) == nil && answer.Body.Response.Ack == "true"
}

// Message is what is posted for the notifications.
func (o *Outbound) Message(some []Notification) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>` + OrgID + `</OrganizationId>
   <ActionId>04k000000000001AAA</ActionId>
`)
	if o.Session == "" {
		b.WriteString("   <SessionId xsi:nil=\"true\"/>\n")
	} else {
		b.WriteString("   <SessionId>" + escaped(o.Session) + "</SessionId>\n")
	}
	for _, kind := range []string{"Enterprise", "Partner"} {
		fmt.Fprintf(&b, "   <%sUrl>https://example.my.salesforce.com/services/Soap/%s/68.0/%s</%sUrl>\n", kind, strings.ToLower(kind[:1]), OrgID[:15], kind)
	}
	for _, n := range some {
		rec := o.org.Get(n.Object, n.Record)
		fmt.Fprintf(&b, "   <Notification>\n    <Id>%s</Id>\n    <sObject xsi:type=\"sf:%s\" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\">\n     <sf:Id>%s</sf:Id>\n", n.ID, n.Object, n.Record)
		for _, field := range []string{"Name", "StageName"} {
			if text, _ := rec[field].(string); text != "" {
				fmt.Fprintf(&b, "     <sf:%s>%s</sf:%s>\n", field, escaped(text), field)
			}
		}
		b.WriteString("    </sObject>\n   </Notification>\n")
	}
	b.WriteString("  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n")
	return b.String()
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
