package salesforce

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"path"
	"strings"
	"time"
)

// CSMField is the field of opportunities in which [Server.LoadDeal] puts the CSM
// whom a deal's folder names.
const CSMField = "CSM__c"

// LoadDeal seeds the org from a whole deal folder: its records, as [Server.Load]
// does, its mails as EmailMessage records and its documents as files of the
// opportunity, and the CSM whom its deal.json names in [CSMField]. It returns the
// opportunity's id.
func (s *Server) LoadDeal(folder fs.FS) (string, error) {
	ids, err := s.Load(folder)
	if err != nil {
		return "", err
	}
	if len(ids) != 1 {
		return "", fmt.Errorf("seeding the org: the folder holds %d opportunities, not one", len(ids))
	}
	for _, load := range []func(fs.FS, string) error{s.loadCSM, s.loadMails, s.loadFiles} {
		if err := load(folder, ids[0]); err != nil {
			return "", fmt.Errorf("seeding the org: %w", err)
		}
	}
	return ids[0], nil
}

// loadCSM puts the CSM into the opportunity, where the folder names one who is a
// user.
func (s *Server) loadCSM(folder fs.FS, opportunity string) error {
	data, err := fs.ReadFile(folder, "deal.json")
	if err != nil {
		return nil // a folder need not have one
	}
	var deal struct {
		CSM struct {
			Email string `json:"email"`
		} `json:"csm"`
	}
	if err := json.Unmarshal(data, &deal); err != nil {
		return fmt.Errorf("deal.json: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.tables["User"] {
		if email, _ := u["Email"].(string); email != "" && strings.EqualFold(email, deal.CSM.Email) {
			s.define("Opportunity", Field{Name: CSMField, Type: "reference", Reference: "User", Label: "CSM"})
			s.find("Opportunity", opportunity)[CSMField] = u["Id"]
		}
	}
	return nil
}

// loadMails puts emails/*.eml into the org in the way in which it keeps mail:
// addresses without names, the body as text, an answer with the record it answers.
func (s *Server) loadMails(folder fs.FS, opportunity string) error {
	names, err := fs.Glob(folder, "emails/*.eml")
	if err != nil {
		return err
	}
	known := map[string]string{} // Message-ID to record
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
		rec["RelatedToId"] = opportunity
		refs := strings.Fields(msg.Header.Get("References"))
		for _, id := range append(refs, msg.Header.Get("In-Reply-To")) {
			if before := known[id]; before != "" {
				rec["ReplyToEmailMessageId"] = before
			}
		}
		known[msg.Header.Get("Message-ID")] = s.Put("EmailMessage", rec)
	}
	return nil
}

// emailRecord is a mail as the org's record of it.
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
	rec := Record{
		"Subject": subject, "FromName": from[0].Name, "FromAddress": from[0].Address, "ToAddress": addresses(msg.Header, "To"), "CcAddress": addresses(msg.Header, "Cc"),
		"MessageDate": timeText(at), "CreatedDate": timeText(at), "MessageIdentifier": msg.Header.Get("Message-ID"),
	}
	if text != "" {
		rec["TextBody"] = text
	}
	if html != "" {
		rec["HtmlBody"] = html
	}
	return rec, nil
}

func addresses(h mail.Header, name string) string {
	list, err := h.AddressList(name)
	if err != nil {
		return "" // no such header
	}
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Address
	}
	return strings.Join(out, "; ")
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

// loadFiles attaches docs/* to the opportunity, as its owner's files.
func (s *Server) loadFiles(folder fs.FS, opportunity string) error {
	names, err := fs.Glob(folder, "docs/*")
	if err != nil {
		return err
	}
	opp := s.Get("Opportunity", opportunity)
	owner, _ := opp["OwnerId"].(string)
	at := moment(opp["CreatedDate"])
	for i, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		s.Attach(opportunity, path.Base(name), owner, at.Add(time.Duration(i)*time.Minute), data)
	}
	return nil
}
