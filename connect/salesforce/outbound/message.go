package outbound

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// A message is what is used of an outbound message. A session id that it may hold is
// never read.
type message struct {
	organisation  string   // of 15 or 18 characters
	notifications int      // of all objects
	opportunities []string // ids, sorted, each once
}

// The namespaces of a message and its answer (the WSDL that Salesforce's Setup gives
// for one).
const (
	soapSpace    = "http://schemas.xmlsoap.org/soap/envelope/"
	messageSpace = "http://soap.sforce.com/2005/09/outbound"
)

// mostNotifications is how many a message may hold (developer.salesforce.com,
// "Outbound Messaging Notifications").
const mostNotifications = 100

// An envelope is a message as it comes. What there is exactly one of stands in a
// slice too, so that a second one shows.
type envelope struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Bodies  []struct {
		Notifications []notifications `xml:"http://soap.sforce.com/2005/09/outbound notifications"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

type notifications struct {
	Orgs []string       `xml:"http://soap.sforce.com/2005/09/outbound OrganizationId"`
	All  []notification `xml:"http://soap.sforce.com/2005/09/outbound Notification"`
}

type notification struct {
	Records []struct {
		Type string   `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"` // "sf:Opportunity"
		IDs  []string `xml:"Id"`
	} `xml:"http://soap.sforce.com/2005/09/outbound sObject"`
}

var errNoMessage = errors.New("it is not an outbound message as Salesforce sends them")

var opportunityForm = regexp.MustCompile(`^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$`)

// parse reads a message. Its errors hold nothing of what was sent.
func parse(body []byte) (message, error) {
	sent, err := decode(body)
	if err != nil {
		return message{}, err
	}
	if len(sent.Orgs) != 1 || !orgForm.MatchString(sent.Orgs[0]) {
		return message{}, fmt.Errorf("%w: it names no organisation", errNoMessage)
	}
	if n := len(sent.All); n < 1 || n > mostNotifications {
		return message{}, fmt.Errorf("%w: it has %d notifications, not 1 to %d", errNoMessage, n, mostNotifications)
	}
	m := message{organisation: sent.Orgs[0], notifications: len(sent.All)}
	for _, n := range sent.All {
		if len(n.Records) != 1 {
			return message{}, fmt.Errorf("%w: a notification is not of one record", errNoMessage)
		}
		record := n.Records[0]
		if _, object, _ := strings.Cut(record.Type, ":"); object != "Opportunity" {
			continue
		}
		if len(record.IDs) != 1 || !opportunityForm.MatchString(record.IDs[0]) {
			return message{}, fmt.Errorf("%w: an opportunity has no id", errNoMessage)
		}
		m.opportunities = append(m.opportunities, record.IDs[0])
	}
	slices.Sort(m.opportunities)
	m.opportunities = slices.Compact(m.opportunities)
	return m, nil
}

// decode reads what is in a message's one envelope.
func decode(body []byte) (notifications, error) {
	d := xml.NewTokenDecoder(&plainXML{from: xml.NewDecoder(bytes.NewReader(body))})
	var e envelope
	if err := d.Decode(&e); err != nil {
		return notifications{}, inWords(err)
	}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return notifications{}, inWords(err)
		}
		if text, ok := t.(xml.CharData); ok && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if _, ok := t.(xml.Comment); !ok {
			return notifications{}, fmt.Errorf("%w: something stands behind its envelope", errNoMessage)
		}
	}
	if len(e.Bodies) != 1 || len(e.Bodies[0].Notifications) != 1 {
		return notifications{}, fmt.Errorf("%w: its envelope does not hold one list of notifications", errNoMessage)
	}
	return e.Bodies[0].Notifications[0], nil
}

// inWords is an error of reading XML, without the words that it may have of what was
// sent.
func inWords(err error) error {
	if errors.Is(err, errNoMessage) {
		return err
	}
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Errorf("%w: line %d is no XML", errNoMessage, e.Line)
	}
	return errNoMessage
}

// plainXML reads XML with neither document type nor processing instructions, which
// SOAP forbids (SOAP 1.1, section 3), and so with no entities but XML's own.
type plainXML struct {
	from  *xml.Decoder
	depth int
}

// deepest is how far elements stand in each other at most: a message has six levels.
const deepest = 32

// Token is the next one, as [xml.NewTokenDecoder] wants it.
func (p *plainXML) Token() (xml.Token, error) {
	token, err := p.from.RawToken()
	switch t := token.(type) {
	case xml.Directive:
		return nil, fmt.Errorf("%w: it has a document type", errNoMessage)
	case xml.ProcInst:
		if t.Target != "xml" {
			return nil, fmt.Errorf("%w: it has a processing instruction", errNoMessage)
		}
	case xml.StartElement:
		if p.depth++; p.depth > deepest {
			return nil, fmt.Errorf("%w: its elements are nested too deeply", errNoMessage)
		}
	case xml.EndElement:
		p.depth--
	}
	return token, err
}
