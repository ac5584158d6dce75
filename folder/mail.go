package folder

// mailReader reads mail.
type mailReader struct{}

func newMailReader() reader { return mailReader{} }

func (mailReader) take(*file, *collector) bool { return false }

func (mailReader) done(*collector) {}
