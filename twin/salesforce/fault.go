package salesforce

import (
	"net/http"
	"slices"
	"strings"

	"throughline/twin/fault"
)

// of reports whether a call is of a fault's route: whether its method and path, its
// SOQL, or the method and path of a part of a composite request contain it, such as
// "POST /services/data/v68.0/sobjects/Task".
func (c Call) of(route string) bool {
	contains := func(text string) bool { return strings.Contains(text, route) }
	return contains(c.Method+" "+c.Path) || contains(c.Query) || slices.ContainsFunc(c.Parts, contains)
}

// strike answers as the fault has it; without a code it is a page.
func strike(w http.ResponseWriter, f *fault.Fault) {
	if f.Code == "" {
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte("<html><body>as it was told to</body></html>"))
		return
	}
	fail(w, f.Status, f.Code, f.Message)
}
