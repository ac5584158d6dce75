package folder

// transcriptReader reads plain transcripts.
type transcriptReader struct{}

func newTranscriptReader() reader { return transcriptReader{} }

func (transcriptReader) take(*file, *collector) bool { return false }

func (transcriptReader) done(*collector) {}
