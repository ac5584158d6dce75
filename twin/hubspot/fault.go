package hubspot

import (
	"net/http"
	"strings"

	"throughline/twin/fault"
)

// of is the request's method and path, held to a fault's route: it contains the
// route, or ends with it where that ends in "$", so that
// "POST /crm/objects/2026-09/notes$" makes a note.
func of(r *http.Request) func(route string) bool {
	call := r.Method + " " + r.URL.Path
	return func(route string) bool {
		if end, whole := strings.CutSuffix(route, "$"); whole {
			return strings.HasSuffix(call, end)
		}
		return strings.Contains(call, route)
	}
}

// refuse answers as the fault has it. Its code is the error's category; with status
// 429 it is the name of the limit. Without a code it is a page.
func refuse(w http.ResponseWriter, f *fault.Fault) {
	switch {
	case f.Code == "":
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte("<html><body>as it was told to</body></html>"))
	case f.Status == http.StatusTooManyRequests:
		reply(w, f.Status, map[string]any{"status": "error", "message": f.Message, "errorType": "RATE_LIMIT", "correlationId": correlation, "policyName": f.Code})
	default:
		fail(w, f.Status, f.Code, f.Message, nil)
	}
}
