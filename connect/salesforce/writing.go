package salesforce

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Writing says in what form handoffs are published.
type Writing struct {
	// Format is that of the file: [FormatHTML], which is the default, or
	// [FormatMarkdown] for orgs that take no HTML files.
	Format string
	// Note adds a note made in Lightning to the opportunity: it opens within
	// Salesforce, where an HTML file is downloaded first.
	Note bool
	// Tasks makes each milestone a task of the opportunity, owned by the CSM.
	Tasks bool
	// Fields are the opportunity's custom fields that are set, by what goes into
	// them: "Handoff_Link__c". What is empty is not written.
	Fields map[Value]string
}

// The formats of a published file.
const (
	FormatHTML     = "html"
	FormatMarkdown = "markdown"
)

// A Value is something of a published handoff that a field can hold.
type Value string

// The values. A field of text takes all of them, shortened to its length but for
// the link; a number field the version, a date or datetime field when it was
// published, a URL field the link.
const (
	ValueLink      Value = "link"         // opens the handoff's own page
	ValueStatus    Value = "status"       // draft, in_review, published
	ValueVersion   Value = "version"      // 1, 2, …
	ValuePublished Value = "published_at" // when the version's file was made
	ValueSummary   Value = "summary"      // the use cases, in one line
)

// Values lists the values.
var Values = []Value{ValueLink, ValueStatus, ValueVersion, ValuePublished, ValueSummary}

var customField = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*__c$`)

// check says what is wrong with the configuration.
func (w *Writing) check() error {
	if w == nil {
		return nil
	}
	if w.Format != "" && w.Format != FormatHTML && w.Format != FormatMarkdown {
		return fmt.Errorf("salesforce: no format %q: it is %s or %s", w.Format, FormatHTML, FormatMarkdown)
	}
	seen := map[string]Value{}
	for _, v := range slices.Sorted(maps.Keys(w.Fields)) {
		field := w.Fields[v]
		switch {
		case !slices.Contains(Values, v):
			return fmt.Errorf("salesforce: no value %q can be written to a field: there are %v", v, Values)
		case !customField.MatchString(field):
			return fmt.Errorf("salesforce: %q is no custom field of the opportunity: one ends in __c, such as Handoff_Link__c", field)
		case seen[strings.ToLower(field)] != "":
			return fmt.Errorf("salesforce: the field %s is named for both %s and %s", field, seen[strings.ToLower(field)], v)
		}
		seen[strings.ToLower(field)] = v
	}
	return nil
}

// owns reports whether a field is one that is written.
func (w *Writing) owns(field string) bool {
	if w == nil {
		return false
	}
	for _, own := range w.Fields {
		if strings.EqualFold(own, field) { // names of fields have no letter case
			return true
		}
	}
	return false
}

func (w *Writing) extension() string {
	if w.Format == FormatMarkdown {
		return "md"
	}
	return "html"
}
