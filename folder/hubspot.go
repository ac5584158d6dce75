package folder

// hubspotReader reads HubSpot records.
type hubspotReader struct{}

func newHubSpotReader() reader { return hubspotReader{} }

func (hubspotReader) take(*file, *collector) bool { return false }

func (hubspotReader) done(*collector) {}
