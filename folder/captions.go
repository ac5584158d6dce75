package folder

// captionReader reads caption files.
type captionReader struct{}

func newCaptionReader() reader { return captionReader{} }

func (captionReader) take(*file, *collector) bool { return false }

func (captionReader) done(*collector) {}
