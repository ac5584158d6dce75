package hubspot

// For tests of the package from outside.
var (
	Sign          = sign
	SignedAddress = signedAddress
)

// EML is what is made of an email with the properties.
func EML(props map[string]string) []byte {
	r := Record{ID: "1", Properties: map[string]*string{}}
	for name, value := range props {
		r.Properties[name] = &value
	}
	d := &Deal{Emails: []Record{r}}
	return d.eml(r)
}

// MarkerLine is the first line of a note, or of a task where an item is given.
func MarkerLine(key string, version int, item string) string {
	return marker{key: key, version: version, item: item, digest: digest("x")}.line()
}

// ParseMarker reads a text's marker.
func ParseMarker(body string) (key string, version int, item string, ok bool) {
	m, ok := markerIn(body)
	return m.key, m.version, m.item, ok
}
