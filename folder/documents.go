package folder

import "time"

// documentReader reads documents: Markdown, plain text, HTML, Word and PDF.
type documentReader struct{}

func newDocumentReader() reader { return documentReader{} }

func (documentReader) take(*file, *collector) bool { return false }

func (documentReader) done(*collector) {}

// A block is a paragraph, list item, table row or heading of a document.
type block struct {
	text    string
	heading int // 1 to 6; 0 for what is no heading
	line    int // where it begins, from 1; 0 when unknown
}

type documentFacts struct {
	title, author string
	at            time.Time
}

func textBlocks(text string) []block { return nil }

func documentSource(file string, blocks []block, facts documentFacts) *rawSource { return &rawSource{} }
