package salesforce

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"throughline/connect"
)

// readable are the extensions of files that are worth downloading: those of the
// formats that package folder reads.
var readable = []string{"md", "txt", "html", "htm", "docx", "pdf", "eml", "mbox", "vtt", "srt"}

// mostFiles bounds what the files of one deal may have in all, in bytes.
const mostFiles = 256 << 20

// A document is a file or a Lightning note, as the link to it tells.
type document struct {
	link, version, title, kind, extension, owner, created string
	size                                                  float64
}

func (d document) name() string {
	if d.extension == "" || strings.HasSuffix(strings.ToLower(d.title), "."+d.extension) {
		return d.title
	}
	return d.title + "." + d.extension
}

// readFiles downloads what is linked to the opportunity and its account. Until
// now LightningNotes holds the links.
func (o *Org) readFiles(ctx context.Context, d *Deal, _ string) error {
	documents := documentsOf(d.LightningNotes)
	d.LightningNotes = nil
	room, files := int64(mostFiles), 0
	for _, doc := range documents {
		note := doc.kind == "SNOTE"
		gap := Gap{Object: "ContentVersion", Record: doc.version, Name: doc.name()}
		why := o.unwanted(doc, files, room)
		if note {
			why = ""
		}
		if why != "" {
			gap.Err = &connect.Error{Vendor: vendor, Op: "download a file", Message: why}
			d.Gaps = append(d.Gaps, gap)
			continue
		}
		data, err := o.download(ctx, doc.version, min(o.cfg.MaxFile, room))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			gap.Err = asError(err, "download a file")
			d.Gaps = append(d.Gaps, gap)
			continue
		}
		if note {
			d.LightningNotes = append(d.LightningNotes, o.lightningNote(doc, data))
			continue
		}
		files++
		room -= int64(len(data))
		d.Files = append(d.Files, File{Name: doc.name(), ID: doc.link, Data: data})
	}
	return nil
}

// documentsOf are the documents that links lead to, each once, oldest first.
func documentsOf(links []Record) []document {
	var out []document
	for _, link := range links {
		in := link.inner("ContentDocument")
		id := link.text("ContentDocumentId")
		if in.text("LatestPublishedVersionId") == "" || slices.ContainsFunc(out, func(d document) bool { return d.link == id }) {
			continue
		}
		size, _ := in["ContentSize"].(float64)
		out = append(out, document{
			link: id, version: in.text("LatestPublishedVersionId"), title: in.text("Title"), kind: in.text("FileType"),
			extension: strings.ToLower(in.text("FileExtension")), owner: in.text("OwnerId"), created: in.text("CreatedDate"), size: size,
		})
	}
	slices.SortStableFunc(out, func(a, b document) int { return strings.Compare(a.created+a.link, b.created+b.link) })
	return out
}

// unwanted says why a file is left out; empty for one to download.
func (o *Org) unwanted(doc document, files int, room int64) string {
	switch {
	case !slices.Contains(readable, doc.extension):
		return "left out: not a format that is read"
	case int64(doc.size) > o.cfg.MaxFile:
		return fmt.Sprintf("left out: larger than %d bytes", o.cfg.MaxFile)
	case files == o.cfg.MaxFiles:
		return fmt.Sprintf("left out: more than %d files", o.cfg.MaxFiles)
	case int64(doc.size) > room:
		return fmt.Sprintf("left out: the files have more than %d bytes in all", mostFiles)
	}
	return ""
}

func (o *Org) download(ctx context.Context, version string, limit int64) ([]byte, error) {
	req := connect.Request{
		Op: "download a file", Path: o.path("sobjects/ContentVersion/" + version + "/VersionData"),
		Header: map[string][]string{"Accept": {"*/*"}},
	}
	resp, err := o.client.Download(ctx, req, limit)
	if err != nil {
		return nil, err
	}
	o.count(resp.Header)
	return resp.Body, nil
}

// lightningNote is the note as a query with its content would give it.
func (o *Org) lightningNote(doc document, data []byte) Record {
	return Record{
		"attributes": map[string]any{"type": "ContentNote", "url": o.path("sobjects/ContentNote/" + doc.link)},
		"Id":         doc.link, "Title": doc.title, "Content": base64.StdEncoding.EncodeToString(data), "OwnerId": doc.owner, "CreatedDate": doc.created,
	}
}

// noteText is the HTML of a note made in Lightning; empty where it is damaged.
func noteText(note Record) string {
	data, err := base64.StdEncoding.DecodeString(note.text("Content"))
	if err != nil {
		return ""
	}
	return string(data)
}
