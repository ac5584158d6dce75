package folder

// salesforceReader reads Salesforce records.
type salesforceReader struct{}

func newSalesforceReader() reader { return salesforceReader{} }

func (salesforceReader) take(*file, *collector) bool { return false }

func (salesforceReader) done(*collector) {}
