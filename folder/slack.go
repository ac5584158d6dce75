package folder

// slackReader reads Slack exports.
type slackReader struct{}

func newSlackReader() reader { return slackReader{} }

func (slackReader) take(*file, *collector) bool { return false }

func (slackReader) done(*collector) {}
