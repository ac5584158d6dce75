package folder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// PDF is read by PDFium's WebAssembly build, in a sandbox without files or
// network. The other library at hand, ledongthuc/pdf, was tried on files that
// Chromium and LibreOffice print: it knows no widths of the fonts that Chromium
// embeds, so that words and cells can't be told apart, and puts a stray letter at
// the end of each of LibreOffice's lines. The price is a start of some seconds
// for the first PDF on a machine and a quarter of a second from then on, since
// the compiled program is kept in the user's cache folder.
const (
	pdfTime   = 60 * time.Second // for one file, start aside
	pdfPages  = 1000             // of one file
	pdfMemory = 8192             // WebAssembly pages of 64 KB: 512 MB
)

// A pdfEngine is a running PDFium.
type pdfEngine struct {
	pool   pdfium.Pool
	cancel context.CancelFunc // ends whatever it is doing
}

func startPDF() (*pdfEngine, error) {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(pdfMemory).
		WithCloseOnContextDone(true)
	if dir, err := os.UserCacheDir(); err == nil {
		if cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(dir, "throughline", "wazero")); err == nil {
			config = config.WithCompilationCache(cache)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	pool, err := webassembly.Init(webassembly.Config{Context: ctx, MaxIdle: 1, MaxTotal: 1, FSConfig: wazero.NewFSConfig(), RuntimeConfig: config})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("starting the PDF reader: %w", err)
	}
	return &pdfEngine{pool: pool, cancel: cancel}, nil
}

func (e *pdfEngine) close() {
	if e != nil {
		e.pool.Close() //nolint:errcheck // nothing is kept in it
		e.cancel()
	}
}

// readPDF reads a PDF, starting the engine with the first. A file that takes too
// long costs the engine; the next starts another.
func (r *documentReader) readPDF(f *file) (*document, string) {
	if r.pdf == nil {
		var err error
		if r.pdf, err = startPDF(); err != nil {
			return nil, err.Error()
		}
	}
	limit := time.AfterFunc(pdfTime, r.pdf.cancel)
	d, err := r.pdf.read(f)
	if !limit.Stop() {
		r.pdf.close()
		r.pdf = nil
		return nil, fmt.Sprintf("PDF: not read within %s", pdfTime)
	}
	switch {
	case d == nil && err != nil:
		return nil, fmt.Sprintf("PDF: %v", err)
	case err != nil:
		return d, fmt.Sprintf("PDF, a part is missing: %v", err)
	case len(d.blocks) == 0:
		return nil, "PDF without text: scanned pages, perhaps"
	}
	return d, ""
}

// read reads a file; with both a document and an error, the document is what
// could be read.
func (e *pdfEngine) read(f *file) (d *document, err error) {
	defer func() {
		if p := recover(); p != nil { // the library trusts its own bindings more than a broken file allows
			err = fmt.Errorf("the reader failed: %v", p)
		}
	}()
	in, err := e.pool.GetInstance(pdfTime)
	if err != nil {
		return nil, fmt.Errorf("the reader does not start: %w", err)
	}
	defer in.Close() //nolint:errcheck // nothing is kept in it
	opened, err := in.OpenDocument(&requests.OpenDocument{File: &f.data})
	if err != nil {
		return nil, fmt.Errorf("it can't be opened: %w", err)
	}
	doc := opened.Document
	count, err := in.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc})
	if err != nil {
		return nil, fmt.Errorf("its pages can't be counted: %w", err)
	}
	d = &document{file: f.path, facts: pdfFacts(in, doc)}
	var pages [][]pdfLine
	for i := range min(count.PageCount, pdfPages) {
		page, perr := in.GetPageTextStructured(&requests.GetPageTextStructured{
			Page: requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: i}}, Mode: requests.GetPageTextStructuredModeChars, CollectFontInformation: true,
		})
		if perr != nil {
			err = errors.Join(err, fmt.Errorf("page %d: %w", i+1, perr))
			continue
		}
		pages = append(pages, pdfLines(page.Chars))
	}
	if count.PageCount > pdfPages {
		err = errors.Join(err, fmt.Errorf("it has %d pages, the first %d are read", count.PageCount, pdfPages))
	}
	d.layOut(dropRunning(pages))
	return d, err
}

// pdfFacts are the properties of a PDF.
func pdfFacts(in pdfium.Pdfium, doc references.FPDF_DOCUMENT) documentFacts {
	get := func(tag string) string {
		m, err := in.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: doc, Tag: tag})
		if err != nil {
			return ""
		}
		return oneLine(m.Value)
	}
	var facts documentFacts
	if title := get("Title"); !pdfFileTitle.MatchString(title) {
		facts.title = title
	}
	if author := get("Author"); fullName(author) {
		facts.author = author
	}
	facts.at, _ = dateIn(strings.TrimPrefix(get("CreationDate"), "D:"))
	return facts
}

// pdfFileTitle is a title that a program made of a file's name.
var pdfFileTitle = regexp.MustCompile(`(?i)^(?:Microsoft (?:Word|PowerPoint|Excel) - |untitled)|\.(?:docx?|pptx?|xlsx?|pdf|html?|indd)$`)

// A pdfLine is a line of a page.
type pdfLine struct {
	text                     string
	left, right, top, bottom float64 // points
	size                     float64 // of most of its letters
	bold                     bool
}

// pdfLines puts the characters of a page together to lines, where PDFium breaks
// them. A gap as wide as two letters is high is between two cells.
func pdfLines(chars []*responses.GetPageTextStructuredChar) []pdfLine {
	var lines []pdfLine
	var b strings.Builder
	var line pdfLine
	bold, letters, edge := 0, 0, math.Inf(1)
	end := func() {
		if line.text = oneLine(strings.Map(plainSpace, ligatures.Replace(b.String()))); line.text != "" && letters > 0 {
			line.bold = bold*2 > letters
			lines = append(lines, line)
		}
		b.Reset()
		line, bold, letters, edge = pdfLine{}, 0, 0, math.Inf(1)
	}
	for _, c := range chars {
		switch c.Text {
		case "\n":
			end()
			continue
		case "\r", "", "\x00":
			continue
		case "\x02", "\ufffe": // how PDFium marks a hyphen at a line's end
			b.WriteString(lineHyphen)
			continue
		}
		if strings.TrimSpace(c.Text) == "" {
			b.WriteByte(' ')
			continue
		}
		box := c.PointPosition
		if c.FontInformation != nil {
			line.size = max(line.size, c.FontInformation.RenderedSize)
			if c.FontInformation.Weight >= 600 || strings.Contains(strings.ToLower(c.FontInformation.Name), "bold") {
				bold++
			}
		}
		if box.Left-edge > 2*line.size && line.size > 0 {
			b.WriteString(" | ")
		}
		if letters == 0 {
			line.left, line.right, line.top, line.bottom = box.Left, box.Right, box.Top, box.Bottom
		}
		line.left, line.right = min(line.left, box.Left), max(line.right, box.Right)
		line.top, line.bottom = max(line.top, box.Top), min(line.bottom, box.Bottom)
		edge = box.Right
		letters++
		b.WriteString(c.Text)
	}
	end()
	return lines
}

const lineHyphen = "\u00ad"

var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ft", "ﬆ", "st", "\x00", "")

// dropRunning leaves out what stands on many pages at the same height, the heads
// and feet, and page numbers.
func dropRunning(pages [][]pdfLine) [][]pdfLine {
	type place struct {
		text   string
		height int
	}
	at := func(l pdfLine) place {
		return place{digits.ReplaceAllString(l.text, "0"), int(math.Round(l.bottom))}
	}
	count := map[place]int{}
	for _, page := range pages {
		for _, l := range page {
			count[at(l)]++
		}
	}
	out := make([][]pdfLine, len(pages))
	for i, page := range pages {
		for _, l := range page {
			if n := count[at(l)]; n >= 3 && n*2 > len(pages) || pageNumber.MatchString(l.text) || browserLine.MatchString(l.text) {
				continue
			}
			out[i] = append(out[i], l)
		}
	}
	return out
}

var (
	digits     = regexp.MustCompile(`\d+`)
	pageNumber = regexp.MustCompile(`(?i)^(?:page|seite|página|pagina|p\.)?\s*\d{1,4}\s*(?:(?:/|of|von|de|sur|di|van)\s*\d{1,4})?$`)
	// browserLine is what a browser prints above and below a page.
	browserLine = regexp.MustCompile(`^(?:(?:file|https?)://\S+(?: \|)? \d+/\d+|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}, \d{1,2}:\d\d(?: [AP]M)?(?: \| .*)?)$`)
	pdfBullet   = regexp.MustCompile(`^(?:[•◦▪–●○■\x{f0b7}\x{f0a7}\x{f0d8}\x{2023}o*-]|\d{1,3}[.)]|[a-z][.)])\s+(\S.*)$`)
)

// layOut makes blocks of lines: a line goes on with the one above when it stands
// right below it, in the same letters, and that one was full.
func (d *document) layOut(pages [][]pdfLine) {
	body := bodySize(pages)
	var last pdfLine
	edge := 0.0 // the right edge of the lines that last stands among
	for _, page := range pages {
		runs := pdfRuns(page)
		for i, l := range page {
			d.plain = append(d.plain, strings.ReplaceAll(l.text, lineHyphen, "-"))
			bullet := pdfBullet.FindStringSubmatch(l.text)
			level := pdfHeading(l, body)
			full := len(d.blocks) > 0 && last.right > edge-0.15*(edge-last.left)
			next := i == 0 || l.top > last.top+l.size // another page or column
			adjoins := i > 0 && runs[i].id == runs[i-1].id || next && sameLetters(last, l) && !endsSentence(last.text)
			switch n := len(d.blocks); {
			case full && adjoins && bullet == nil && (next || !indented(last, l)) && !strings.Contains(last.text+l.text, " | ") && (d.blocks[n-1].heading > 0) == (level > 0):
				d.blocks[n-1].text = joinLine(d.blocks[n-1].text, l.text)
			case bullet != nil && level == 0:
				d.blocks = append(d.blocks, block{text: bullet[1]})
			default:
				d.blocks = append(d.blocks, block{text: l.text, heading: level})
			}
			last, edge = l, runs[i].edge
		}
	}
	for i := range d.blocks {
		d.blocks[i].text = strings.ReplaceAll(d.blocks[i].text, lineHyphen, "-")
	}
}

// A pdfRun is lines that stand below each other at one distance.
type pdfRun struct {
	id   int
	edge float64 // the rightmost of them
}

// pdfRuns tells for each line of a page which run it is of.
func pdfRuns(page []pdfLine) []pdfRun {
	pitch := linePitch(page)
	runs := make([]pdfRun, len(page))
	start := 0
	for i, l := range page {
		runs[i].id, runs[i].edge = start, l.right
		if i == 0 {
			continue
		}
		above := page[i-1]
		down, size := above.top-l.top, max(l.size, 1)
		near := down > 0.6*size && (down < 1.08*pitch || pitch == 0 && down < 1.5*size)
		if !near || !sameLetters(above, l) || l.left > above.right {
			start = i
			runs[i].id = i
			continue
		}
		edge := max(runs[i-1].edge, l.right)
		for k := start; k <= i; k++ {
			runs[k] = pdfRun{start, edge}
		}
	}
	return runs
}

// linePitch is the commonest distance between two lines of a page; 0 when there
// is none.
func linePitch(page []pdfLine) float64 {
	count := map[float64]int{}
	best := 0.0
	for i := 1; i < len(page); i++ {
		down := math.Round((page[i-1].top-page[i].top)*2) / 2
		if size := page[i].size; down < 0.6*size || down > 2*size {
			continue
		}
		if count[down]++; count[down] > count[best] || count[down] == count[best] && down < best {
			best = down
		}
	}
	return best
}

func sameLetters(a, b pdfLine) bool {
	return math.Abs(a.size-b.size) < 0.1*max(a.size, b.size, 1) && a.bold == b.bold
}

// indented reports whether a line begins a paragraph by standing to the right of
// the one above it; below a bullet it stands under the bullet's text.
func indented(above, l pdfLine) bool {
	step := l.left - above.left
	if pdfBullet.MatchString(above.text) {
		return step > 5*l.size
	}
	return step > 0.8*l.size
}

// joinLine joins a line to those before it. A hyphen that the layout put there
// goes, one that belongs to the word stays; which it is shows in PDFium's mark
// only, so that what is in doubt stays as it is printed, without a space.
func joinLine(text, next string) string {
	first := []rune(next)[0]
	if before, ok := strings.CutSuffix(text, lineHyphen); ok && unicode.IsLower(first) {
		return before + next
	}
	if strings.HasSuffix(text, "-") && unicode.IsLetter(first) {
		return text + next
	}
	return text + " " + next
}

// bodySize is the size in which most of the text is set.
func bodySize(pages [][]pdfLine) float64 {
	count := map[float64]int{}
	best := 0.0
	for _, page := range pages {
		for _, l := range page {
			size := math.Round(l.size*2) / 2
			if count[size] += len(l.text); count[size] > count[best] || best == 0 {
				best = size
			}
		}
	}
	return best
}

// pdfHeading is the level of a line as a heading; 0 for text.
func pdfHeading(l pdfLine, body float64) int {
	words := len(strings.Fields(l.text))
	switch {
	case body == 0 || words > 14 || strings.HasSuffix(l.text, ".") || strings.Contains(l.text, " | "):
		return 0
	case l.size > 1.6*body:
		return 1
	case l.size > 1.3*body:
		return 2
	case l.size > 1.12*body || l.bold && words <= 8 && titleLike(l.text):
		return 3
	}
	return 0
}
