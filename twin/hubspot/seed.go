package hubspot

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"path"
	"slices"
	"strings"
	"time"
)

// CSMProperty is the property of deals in which [Server.LoadDeal] puts the CSM whom
// a deal's folder names.
const CSMProperty = "csm"

// A seed is a record as a folder has it.
type seed struct {
	ID         string                     `json:"id"`
	Properties map[string]json.RawMessage `json:"properties"`
	Created    time.Time                  `json:"createdAt"`
	Email      string                     `json:"email"`
	FirstName  string                     `json:"firstName"`
	LastName   string                     `json:"lastName"`
}

// kindOf tells a record's type by its properties.
func (r seed) kindOf() string {
	for _, k := range []struct{ kind, property string }{
		{"deals", "dealname"},
		{"notes", "hs_note_body"},
		{"tasks", "hs_task_subject"},
		{"calls", "hs_call_body"},
		{"calls", "hs_call_title"},
		{"meetings", "hs_meeting_body"},
		{"meetings", "hs_meeting_title"},
		{"contacts", "firstname"},
		{"contacts", "lastname"},
		{"companies", "domain"},
		{"companies", "name"},
	} {
		if _, ok := r.Properties[k.property]; ok {
			return k.kind
		}
	}
	return ""
}

// record are the properties that have a value.
func (r seed) record() Record {
	rec := Record{"id": r.ID}
	for name, raw := range r.Properties {
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" {
			rec[name] = text
		}
	}
	return rec
}

// at is when a record was made: a deal that its folder knows nothing of but the
// end, at its end.
func (r seed) at() time.Time {
	for _, name := range []string{"createdate", "hs_timestamp", "closedate"} {
		var text string
		if json.Unmarshal(r.Properties[name], &text) == nil && !moment(text).IsZero() {
			return moment(text)
		}
	}
	return r.Created
}

// Load seeds the account from the records in a folder's hubspot/*.json, all of them
// tied to the folder's deal, and returns the deal's id.
func (s *Server) Load(folder fs.FS) (string, error) {
	names, err := fs.Glob(folder, "hubspot/*.json")
	if err != nil {
		return "", err
	}
	var seeds []seed
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return "", fmt.Errorf("seeding the account: %w", err)
		}
		var page struct {
			Results []seed `json:"results"`
		}
		var one seed
		if err := json.Unmarshal(data, &page); err != nil {
			return "", fmt.Errorf("seeding the account from %s: %w", name, err)
		}
		if page.Results == nil && json.Unmarshal(data, &one) == nil && one.ID != "" {
			page.Results = []seed{one}
		}
		seeds = append(seeds, page.Results...)
	}
	i := slices.IndexFunc(seeds, func(r seed) bool { return r.kindOf() == "deals" })
	if i < 0 {
		return "", errors.New("seeding the account: the folder holds no HubSpot deal")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	deal := seeds[i].ID
	for _, r := range seeds {
		kind := r.kindOf()
		switch {
		case kind == "" && r.Email != "":
			if !slices.ContainsFunc(s.owners, func(o Owner) bool { return o.ID == r.ID }) {
				s.owners = append(s.owners, Owner{ID: r.ID, Email: r.Email, FirstName: r.FirstName, LastName: r.LastName})
			}
		case kind != "":
			rec := r.record()
			for name := range r.Properties {
				if s.property(kind, name) < 0 {
					s.define(kind, Property{Name: name}) // a property without a value is there, too
				}
			}
			s.add(kind, rec, r.at()).versions[0].from = time.Time{}
			label := ""
			if kind == "companies" && len(s.linked("deals", deal, kind)) == 0 {
				label = primary
			}
			if kind != "deals" {
				s.tie(kind, r.ID, "deals", deal, label, numberOf[kind+" deals"])
			}
		}
	}
	return deal, nil
}

// LoadDeal seeds the account from a whole deal folder: its records, as [Server.Load]
// does, its mails as logged emails, its documents and captions as files attached to
// notes, and the CSM whom its deal.json names in [CSMProperty]. It returns the
// deal's id.
func (s *Server) LoadDeal(folder fs.FS) (string, error) {
	id, err := s.Load(folder)
	if err != nil {
		return "", err
	}
	for _, load := range []func(fs.FS, string) error{s.loadStated, s.loadMails, s.loadFiles} {
		if err := load(folder, id); err != nil {
			return "", fmt.Errorf("seeding the account: %w", err)
		}
	}
	return id, nil
}

// loadStated puts in what deal.json tells and the records don't: the CSM, where
// they are an owner, and where the customer is.
func (s *Server) loadStated(folder fs.FS, deal string) error {
	data, err := fs.ReadFile(folder, "deal.json")
	if err != nil {
		return nil // a folder need not have one
	}
	var stated struct {
		CSM struct {
			Email string `json:"email"`
		} `json:"csm"`
		Customer struct {
			Region string `json:"region"`
		} `json:"customer"`
	}
	if err := json.Unmarshal(data, &stated); err != nil {
		return fmt.Errorf("deal.json: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.define("deals", Property{Name: CSMProperty, Label: "CSM", Type: "enumeration", Refers: "OWNER"})
	for _, o := range s.owners {
		if stated.CSM.Email != "" && strings.EqualFold(o.Email, stated.CSM.Email) {
			s.quietly("deals", deal, CSMProperty, o.ID)
		}
	}
	for _, company := range s.linked("deals", deal, "companies") {
		if stated.Customer.Region != "" && s.objects["companies"][company].props["country"] == "" {
			s.quietly("companies", company, "country", stated.Customer.Region)
		}
	}
	return nil
}

// quietly sets a property as if it had been there from the beginning.
func (s *Server) quietly(kind, id, name, value string) {
	o := s.objects[kind][id]
	o.props[name] = value
	o.versions[0].props[name] = value
}

// loadMails puts emails/*.eml into the account as it keeps mail: who took part as a
// JSON of headers, the body as text or HTML, the thread by an id.
func (s *Server) loadMails(folder fs.FS, deal string) error {
	names, err := fs.Glob(folder, "emails/*.eml")
	if err != nil {
		return err
	}
	threads := map[string]string{} // Message-ID to thread
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		msg, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rec, err := emailRecord(msg)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		thread := msg.Header.Get("Message-ID")
		for _, before := range append(strings.Fields(msg.Header.Get("References")), msg.Header.Get("In-Reply-To")) {
			if threads[before] != "" {
				thread = threads[before]
				break
			}
		}
		threads[msg.Header.Get("Message-ID")] = thread
		rec["hs_email_thread_id"] = thread
		s.Associate("emails", s.Put("emails", rec), "deals", deal, "")
	}
	return nil
}

// A party is somebody in a mail's headers.
type party struct {
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

func partyOf(a *mail.Address) party {
	first, last, _ := strings.Cut(a.Name, " ")
	return party{Email: a.Address, FirstName: first, LastName: last}
}

// emailRecord is a mail as the account's record of it.
func emailRecord(msg *mail.Message) (Record, error) {
	text, html, err := bodies(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
	if err != nil {
		return nil, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return nil, err
	}
	from, err := msg.Header.AddressList("From")
	if err != nil {
		return nil, err
	}
	at, err := msg.Header.Date()
	if err != nil {
		return nil, err
	}
	headers := map[string]any{"from": partyOf(from[0])}
	lists := map[string][]string{}
	for _, name := range []string{"To", "Cc"} {
		all := []party{}
		list, err := msg.Header.AddressList(name)
		if err == nil { // there need not be such a header
			for _, a := range list {
				all = append(all, partyOf(a))
				lists[name] = append(lists[name], a.Address)
			}
		}
		headers[strings.ToLower(name)] = all
	}
	encoded, err := json.Marshal(headers)
	if err != nil {
		return nil, err
	}
	rec := Record{
		"hs_timestamp": stamp(at), "hs_email_subject": subject, "hs_email_direction": "EMAIL", "hs_email_headers": string(encoded),
		"hs_email_from_email": from[0].Address, "hs_email_to_email": strings.Join(lists["To"], ";"), "hs_email_cc_email": strings.Join(lists["Cc"], ";"),
		"hs_email_message_id": msg.Header.Get("Message-ID"), "hs_email_text": text, "hs_email_html": html,
	}
	maps.DeleteFunc(rec, func(_, value string) bool { return value == "" })
	return rec, nil
}

// bodies are what a mail, or a part of one, says as text and as HTML.
func bodies(contentType, encoding string, body io.Reader) (text, html string, err error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return text, html, nil
			}
			if err != nil {
				return "", "", err
			}
			t, h, err := bodies(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
			if err != nil {
				return "", "", err
			}
			text, html = text+t, html+h
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	data, err := io.ReadAll(body)
	switch {
	case err != nil:
		return "", "", err
	case kind == "text/html":
		return "", string(data), nil
	case kind == "text/plain":
		return string(data), "", nil
	}
	return "", "", nil
}

// loadFiles attaches docs/* and the captions in calls/* to the deal.
func (s *Server) loadFiles(folder fs.FS, deal string) error {
	rec := s.Get("deals", deal)
	at := moment(rec["closedate"])
	n := 0
	for _, pattern := range []string{"docs/*", "calls/*"} {
		names, err := fs.Glob(folder, pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			data, err := fs.ReadFile(folder, name)
			if err != nil {
				return err
			}
			n++
			s.Attach("deals", deal, path.Base(name), rec["hubspot_owner_id"], at.Add(time.Duration(n)*time.Minute), data)
		}
	}
	return nil
}
