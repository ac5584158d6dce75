package folder

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Bounds on what is unpacked of a Word file.
const (
	maxWordPart = 32 << 20 // bytes of one part, unpacked
	maxStyles   = 4 << 20
)

// readWord reads a .docx (ECMA-376 WordprocessingML): a zip whose text is
// word/document.xml. Nil without a problem when the zip is something else. The
// libraries for the format are abandoned or under licences that don't fit.
func readWord(f *file) (*document, string) {
	z, err := zip.NewReader(bytes.NewReader(f.data), int64(len(f.data)))
	if err != nil {
		return nil, fmt.Sprintf("a zip or Word file that can't be opened: %v", err)
	}
	body, err := wordPart(z, "word/document.xml", maxWordPart)
	if errors.Is(err, errNoPart) {
		return nil, ""
	}
	d := &document{file: f.path}
	if err != nil {
		return nil, fmt.Sprintf("Word document: %v", err)
	}
	r := &wordReader{headings: wordHeadings(z)}
	problem := ""
	if err := r.read(body); err != nil {
		problem = fmt.Sprintf("Word document breaks off, what stands before is used: %v", err)
	}
	d.blocks, d.facts = r.blocks, wordFacts(z)
	return d, problem
}

var errNoPart = errors.New("no such part")

// wordPart unpacks one part of the zip, up to limit bytes.
func wordPart(z *zip.Reader, name string, limit int64) ([]byte, error) {
	for _, part := range z.File {
		if part.Name != name {
			continue
		}
		r, err := part.Open()
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", name, err)
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, limit+1))
		if int64(len(data)) > limit {
			return nil, fmt.Errorf("%s is larger than %d MB", name, limit>>20)
		}
		if err != nil && len(data) == 0 {
			return nil, fmt.Errorf("unpacking %s: %w", name, err)
		}
		return data, nil // a part that breaks off is read as far as it goes
	}
	return nil, fmt.Errorf("%s: %w", name, errNoPart)
}

// wordFacts are the document's core properties.
func wordFacts(z *zip.Reader) documentFacts {
	data, err := wordPart(z, "docProps/core.xml", maxStyles)
	if err != nil {
		return documentFacts{}
	}
	var core struct {
		Title   string `xml:"title"`
		Creator string `xml:"creator"`
		Created string `xml:"created"`
	}
	if xml.Unmarshal(data, &core) != nil {
		return documentFacts{}
	}
	facts := documentFacts{title: oneLine(core.Title), at: anytime(core.Created)}
	if author := oneLine(core.Creator); fullName(author) {
		facts.author = author
	}
	return facts
}

// wordHeadings are the ids of the styles that are headings, with their levels:
// in a German Word, Heading 1 has the id "berschrift1".
func wordHeadings(z *zip.Reader) map[string]int {
	out := map[string]int{"Title": 1}
	data, err := wordPart(z, "word/styles.xml", maxStyles)
	if err != nil {
		return out
	}
	var styles struct {
		Style []struct {
			ID   string `xml:"styleId,attr"`
			Name struct {
				Val string `xml:"val,attr"`
			} `xml:"name"`
		} `xml:"style"`
	}
	if xml.Unmarshal(data, &styles) != nil {
		return out
	}
	for _, s := range styles.Style {
		if level := headingLevel(s.Name.Val); level > 0 {
			out[s.ID] = level
		}
	}
	return out
}

var headingStyle = regexp.MustCompile(`(?i)^(?:heading|titre|überschrift|berschrift|título|titolo|kop)\s?([1-9])$`)

func headingLevel(style string) int {
	if strings.EqualFold(style, "title") {
		return 1
	}
	if m := headingStyle.FindStringSubmatch(style); m != nil {
		n, _ := strconv.Atoi(m[1])
		return min(n, 6)
	}
	return 0
}

// A wordReader reads the text of word/document.xml, element by element.
type wordReader struct {
	headings map[string]int
	blocks   []block

	para  strings.Builder
	level int
	rows  []*wordRow // open table rows, the innermost last
	skip  int        // open elements whose text is not the document's
}

// A wordRow is a table's row while its cells are read.
type wordRow struct {
	cells []string
	cell  []string // paragraphs of the open cell
}

// skipped are elements whose text does not stand in the document: deleted and
// moved-away text of tracked changes, field codes, and the older of two drawings.
var skipped = map[string]bool{"del": true, "moveFrom": true, "delText": true, "instrText": true, "delInstrText": true, "Fallback": true}

func (r *wordReader) read(data []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.Strict = false
	inText := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			r.endParagraph()
			return nil
		}
		if err != nil {
			r.endParagraph()
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			r.start(t)
		case xml.EndElement:
			inText = false
			r.end(t.Name.Local)
		case xml.CharData:
			if inText && r.skip == 0 {
				r.para.Write(t)
			}
		}
	}
}

func (r *wordReader) start(t xml.StartElement) {
	if skipped[t.Name.Local] {
		r.skip++
	}
	if r.skip > 0 {
		return
	}
	switch t.Name.Local {
	case "p":
		if r.para.Len() > 0 { // a paragraph within a paragraph: a text box
			r.endParagraph()
		}
		r.level = 0
	case "pStyle":
		if id := attr(t, "val"); r.headings[id] > 0 {
			r.level = r.headings[id]
		} else {
			r.level = headingLevel(id)
		}
	case "outlineLvl":
		if n, err := strconv.Atoi(attr(t, "val")); err == nil && n < 6 && r.level == 0 {
			r.level = n + 1
		}
	case "tab", "ptab":
		r.para.WriteByte('\t')
	case "noBreakHyphen":
		r.para.WriteByte('-')
	case "br", "cr":
		if kind := attr(t, "type"); kind == "" || kind == "textWrapping" {
			r.para.WriteByte('\n')
		}
	case "tr":
		r.rows = append(r.rows, &wordRow{})
	}
}

func (r *wordReader) end(name string) {
	if skipped[name] {
		r.skip = max(0, r.skip-1)
		return
	}
	if r.skip > 0 {
		return
	}
	switch name {
	case "p":
		r.endParagraph()
	case "tc":
		if row := r.row(); row != nil {
			row.cells, row.cell = append(row.cells, strings.Join(row.cell, " ")), nil
		}
	case "tr":
		r.endRow()
	}
}

func (r *wordReader) row() *wordRow {
	if len(r.rows) == 0 {
		return nil
	}
	return r.rows[len(r.rows)-1]
}

// endParagraph ends a paragraph: one of a table's cell, or a block for each of
// its lines.
func (r *wordReader) endParagraph() {
	text := r.para.String()
	r.para.Reset()
	level := r.level
	r.level = 0
	if row := r.row(); row != nil {
		if text = oneLine(text); text != "" {
			row.cell = append(row.cell, text)
		}
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = oneLine(strings.Map(plainSpace, line)); line != "" {
			r.blocks = append(r.blocks, block{text: line, heading: level})
		}
	}
}

// endRow ends a table's row. A table within a cell is a part of that cell.
func (r *wordReader) endRow() {
	row := r.row()
	if row == nil {
		return
	}
	r.rows = r.rows[:len(r.rows)-1]
	text := strings.Join(row.cells, " | ")
	if strings.Trim(text, " |") == "" {
		return
	}
	if outer := r.row(); outer != nil {
		outer.cell = append(outer.cell, text)
		return
	}
	r.blocks = append(r.blocks, block{text: text})
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
