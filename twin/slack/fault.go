package slack

import (
	"net/http"
	"strconv"

	"throughline/twin/fault"
)

// refuse answers as the fault has it: with its code, which may come with status 200,
// or with a page that is no answer of the API.
func refuse(w http.ResponseWriter, f *fault.Fault) {
	switch {
	case f.Code != "":
		reply(w, f.Status, refusal(f.Code))
	case f.Status == http.StatusTooManyRequests:
		reply(w, f.Status, refusal("ratelimited"))
	default:
		http.Error(w, "ordered to fail with "+strconv.Itoa(f.Status), f.Status)
	}
}
