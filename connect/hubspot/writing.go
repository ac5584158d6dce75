package hubspot

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Writing says in what form handoffs are published, beside the note.
type Writing struct {
	// Tasks makes a task of the deal for each milestone that has a due date.
	Tasks bool
	// Fields are the deal's custom properties that are set, by what goes into them:
	// "handoff_link". What is empty is not written.
	Fields map[Value]string
}

// A Value is something of a published handoff that a property can hold.
type Value string

// The values. A property of text takes all of them, a number the version, a date
// when it was published, and an enumeration those for which it has an option.
const (
	ValueLink      Value = "link"         // opens the handoff's own page
	ValueStatus    Value = "status"       // draft, in_review, published
	ValueVersion   Value = "version"      // 1, 2, …
	ValuePublished Value = "published_at" // when the version was written
	ValueSummary   Value = "summary"      // the use cases, in one line
)

// Values lists the values.
var Values = []Value{ValueLink, ValueStatus, ValueVersion, ValuePublished, ValueSummary}

var propertyName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// check says what is wrong with the configuration.
func (w *Writing) check() error {
	if w == nil {
		return nil
	}
	seen := map[string]Value{}
	for _, v := range slices.Sorted(maps.Keys(w.Fields)) {
		name := w.Fields[v]
		switch {
		case !slices.Contains(Values, v):
			return fmt.Errorf("hubspot: no value %q can be written to a property: there are %v", v, Values)
		case !propertyName.MatchString(name) || slices.Contains(dealProperties, name):
			return fmt.Errorf("hubspot: %q is no property of your own of the deal: name its internal name, such as handoff_link", name)
		case seen[name] != "":
			return fmt.Errorf("hubspot: the property %s is named for both %s and %s", name, seen[name], v)
		}
		seen[name] = v
	}
	return nil
}

// owns reports whether a property is one that is written.
func (w *Writing) owns(name string) bool {
	return w != nil && slices.Contains(slices.Collect(maps.Values(w.Fields)), name)
}
