package hubspot

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"throughline/connect"
)

// A File is a file attached to the deal's timeline.
type File struct {
	ID, Name string
	Data     []byte
}

// readable are the extensions of files that are worth downloading: those of the
// formats that package folder reads.
var readable = []string{"md", "txt", "html", "htm", "docx", "pdf", "eml", "mbox", "vtt", "srt"}

// mostFiles bounds what the files of one deal may have in all, in bytes.
const mostFiles = 256 << 20

// document is a file as HubSpot tells of it, with an address to fetch it from,
// which is good for a while and for whoever has it.
type document struct {
	Name      string `json:"name"`
	Extension string `json:"extension"`
	Size      int64  `json:"size"`
	URL       string `json:"url"`
}

func (d document) fileName() string {
	ext := strings.ToLower(d.Extension)
	if ext == "" || strings.HasSuffix(strings.ToLower(d.Name), "."+ext) {
		return d.Name
	}
	return d.Name + "." + ext
}

// extension is that of the file's name where HubSpot tells none.
func (d document) extension() string {
	name := strings.ToLower(d.fileName())
	return name[strings.LastIndexByte(name, '.')+1:]
}

// readFiles downloads what is attached to the deal's activities.
func (p *Portal) readFiles(ctx context.Context, d *Deal) error {
	room := int64(mostFiles)
	for _, id := range d.attachments() {
		var doc document
		_, err := p.client.Do(ctx, connect.Request{Op: "ask for a file", Path: "/files/" + filesVersion + "/files/" + id + "/signed-url"}, &doc)
		if err != nil {
			if err := d.gap(ctx, "an attached file", err); err != nil {
				return err
			}
			if asError(err).Code == "MISSING_SCOPES" {
				return nil // of the others, too
			}
			continue
		}
		if why := p.unwanted(doc, len(d.Files), room); why != "" {
			d.note("the file %q is left out: %s", doc.fileName(), why)
			continue
		}
		data, err := p.download(ctx, doc.URL, min(p.cfg.MaxFile, room))
		if err != nil {
			if err := d.gap(ctx, fmt.Sprintf("the file %q", doc.fileName()), err); err != nil {
				return err
			}
			continue
		}
		room -= int64(len(data))
		d.Files = append(d.Files, File{ID: id, Name: doc.fileName(), Data: data})
	}
	return nil
}

// attachments are the ids of the attached files, each once.
func (d *Deal) attachments() []string {
	var out []string
	for _, list := range [][]Record{d.Notes, d.Tasks, d.Calls, d.Meetings, d.Emails} {
		for _, r := range list {
			for _, id := range strings.Split(r.text("hs_attachment_ids"), ";") {
				if id = strings.TrimSpace(id); recordID.MatchString(id) && !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
	}
	return out
}

// unwanted says why a file is left out; empty for one to download.
func (p *Portal) unwanted(doc document, files int, room int64) string {
	switch {
	case !slices.Contains(readable, doc.extension()):
		return "not a format that is read"
	case doc.Size > p.cfg.MaxFile:
		return fmt.Sprintf("larger than %s", connect.Plain(connect.Size(p.cfg.MaxFile)))
	case files == p.cfg.MaxFiles:
		return fmt.Sprintf("more than %d files", p.cfg.MaxFiles)
	case doc.Size > room:
		return fmt.Sprintf("the files have more than %s in all", connect.Plain(connect.Size(mostFiles)))
	}
	return ""
}

// download fetches a file from where it is kept, which is another host: the token
// does not go there.
func (p *Portal) download(ctx context.Context, address string, limit int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, refused("download a file", "HubSpot gives no address for it", "open it in HubSpot")
	}
	place := &connect.Client{
		Vendor: Vendor, Base: u.Scheme + "://" + u.Host, HTTP: p.cfg.HTTP, Budget: p.cfg.Budget, Log: p.cfg.Log, Now: p.cfg.Now, Sleep: p.cfg.Sleep,
	}
	resp, err := place.Download(ctx, connect.Request{Op: "download a file", Path: address, Header: map[string][]string{"Accept": {"*/*"}}}, limit)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
