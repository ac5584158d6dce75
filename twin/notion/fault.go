package notion

import (
	"encoding/json"
	"net/http"

	"throughline/twin/fault"
)

// More is what a fault does beyond its status, as its More.
type More struct {
	Partial int    // of the blocks to add, only so many are
	Tell    bool   // the answer tells what was stored
	Reason  string // the answer's additional_data.rate_limit_reason
}

// codes are the vendor's codes of statuses.
var codes = map[int]string{
	401: codeUnauthorized, 400: "validation_error", 403: "restricted_resource", 404: "object_not_found", 409: "conflict_error",
	429: "rate_limited", 500: "internal_server_error", 502: "bad_gateway", 503: "service_unavailable", 504: "gateway_timeout", 529: "service_overload",
}

// refuse answers as the fault has it; done is what would have been answered, where
// the request was carried out.
func refuse(w http.ResponseWriter, f *fault.Fault, done any) {
	code := f.Code
	if code == "" {
		code = codes[f.Status]
	}
	asked, _ := f.More.(More)
	more := map[string]any{}
	if asked.Reason != "" {
		more["rate_limit_reason"] = asked.Reason
	}
	if asked.Tell && done != nil {
		more["retry_guidance"] = "The request may have been stored. Read before you repeat it."
		tellStored(more, done)
	}
	refused := &refusal{status: f.Status, code: code, message: "Ordered to fail."}
	if len(more) > 0 {
		refused.more = more
	}
	refused.write(w)
}

// tellStored names what an answer would have.
func tellStored(more map[string]any, done any) {
	raw, err := json.Marshal(done)
	if err != nil {
		return
	}
	var told struct {
		Object, ID string
		Results    []struct{ ID string }
	}
	if json.Unmarshal(raw, &told) != nil {
		return
	}
	if told.Object == "page" {
		more["committed_resource_id"] = told.ID
	}
	var children []string
	for _, one := range told.Results {
		children = append(children, one.ID)
	}
	if children != nil {
		more["committed_child_ids"] = children
	}
}
