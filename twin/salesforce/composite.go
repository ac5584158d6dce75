package salesforce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

type compositeRequest struct {
	AllOrNone bool            `json:"allOrNone"`
	Parts     []compositePart `json:"compositeRequest"`
}

type compositePart struct {
	Method      string          `json:"method"`
	URL         string          `json:"url"`
	ReferenceID string          `json:"referenceId"`
	Body        json.RawMessage `json:"body"`
}

type compositeAnswer struct {
	Body      json.RawMessage   `json:"body"`
	Headers   map[string]string `json:"httpHeaders"`
	Status    int               `json:"httpStatusCode"`
	Reference string            `json:"referenceId"`
}

// The bounds of a composite request.
const (
	mostParts   = 25
	mostQueries = 5
)

var referenceID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// composite runs several requests in their order, which count as one call. A part
// may refer to the answers of those before it: "@{file.id}". Where all or none are
// asked for, a part that fails takes back what the others did.
func (s *Server) composite(w http.ResponseWriter, r *http.Request, body []byte) {
	var req compositeRequest
	if err := json.Unmarshal(body, &req); err != nil {
		fail(w, http.StatusBadRequest, "JSON_PARSER_ERROR", "the body is not JSON")
		return
	}
	if len(req.Parts) > mostParts {
		fail(w, http.StatusBadRequest, "LIMIT_EXCEEDED", "Limit exceeded: 25 subrequests")
		return
	}
	seen := map[string]bool{}
	for _, p := range req.Parts {
		if !referenceID.MatchString(p.ReferenceID) || seen[p.ReferenceID] || !strings.HasPrefix(p.URL, "/services/data/"+Version+"/") || strings.Contains(p.URL, " ") {
			fail(w, http.StatusBadRequest, "PROCESSING_HALTED", "a subrequest's url or referenceId is not valid")
			return
		}
		seen[p.ReferenceID] = true
	}
	before := s.state()
	queries, failed := 0, false
	answers := make([]compositeAnswer, 0, len(req.Parts))
	for _, p := range req.Parts {
		rec := httptest.NewRecorder()
		if failed && req.AllOrNone {
			halted(rec)
		} else {
			s.part(rec, r, p, answers, &queries)
		}
		failed = failed || rec.Code >= http.StatusBadRequest
		answer := compositeAnswer{Headers: map[string]string{}, Status: rec.Code, Reference: p.ReferenceID}
		if rec.Body.Len() > 0 {
			answer.Body = rec.Body.Bytes()
		}
		answers = append(answers, answer)
	}
	if failed && req.AllOrNone {
		s.restore(before)
		for i, a := range answers {
			if a.Status < http.StatusBadRequest {
				rec := httptest.NewRecorder()
				halted(rec)
				answers[i].Status, answers[i].Body = rec.Code, rec.Body.Bytes()
			}
		}
	}
	reply(w, map[string]any{"compositeResponse": answers})
}

func halted(w http.ResponseWriter) {
	fail(w, http.StatusBadRequest, "PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed.")
}

// part runs one part of a composite request.
func (s *Server) part(w http.ResponseWriter, r *http.Request, p compositePart, before []compositeAnswer, queries *int) {
	address, err := resolved(p.URL, before, url.QueryEscape)
	if err != nil {
		fail(w, http.StatusBadRequest, "PROCESSING_HALTED", err.Error())
		return
	}
	body, err := resolved(string(p.Body), before, func(v string) string { return v })
	if err != nil {
		fail(w, http.StatusBadRequest, "PROCESSING_HALTED", err.Error())
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		fail(w, http.StatusBadRequest, "PROCESSING_HALTED", "a subrequest's url is not valid")
		return
	}
	path := strings.TrimPrefix(u.Path, "/services/data/"+Version+"/")
	query := strings.HasPrefix(path, "query")
	if query {
		*queries++
	}
	switch {
	case query && *queries > mostQueries:
		fail(w, http.StatusBadRequest, "LIMIT_EXCEEDED", "Limit exceeded: 5 query subrequests")
	case strings.Count(path, "/") == 3:
		fail(w, http.StatusBadRequest, "NOT_SUPPORTED", "blobs are not supported in a composite request")
	default:
		s.resource(w, &http.Request{Method: p.Method, URL: u, Header: r.Header, Body: io.NopCloser(bytes.NewReader(nil))}, path, []byte(body))
	}
}

var reference = regexp.MustCompile(`@\{([A-Za-z][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+|\[\d+\])+)\}`)

// resolved puts what earlier parts were answered with in the place of references.
func resolved(text string, before []compositeAnswer, escape func(string) string) (string, error) {
	var bad error
	out := reference.ReplaceAllStringFunc(text, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		v, ok := "", false
		for _, a := range before {
			if a.Reference == m[1] && a.Status < http.StatusBadRequest {
				v, ok = valueAt(a.Body, m[2])
			}
		}
		if !ok {
			bad = fmt.Errorf("invalid reference specified: no value for %s found in %s", m[2], m[1])
		}
		return escape(v)
	})
	return out, bad
}

var step = regexp.MustCompile(`\.[A-Za-z0-9_]+|\[\d+\]`)

// valueAt is the text at a path into an answer: ".records[0].Id".
func valueAt(body json.RawMessage, path string) (string, bool) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return "", false
	}
	for _, key := range step.FindAllString(path, -1) {
		if name, ok := strings.CutPrefix(key, "."); ok {
			m, _ := v.(map[string]any)
			v = m[name]
			continue
		}
		n, err := strconv.Atoi(strings.Trim(key, "[]"))
		list, _ := v.([]any)
		if err != nil || n >= len(list) {
			return "", false
		}
		v = list[n]
	}
	text, ok := v.(string)
	return text, ok
}
