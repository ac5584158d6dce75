// Package answer is what stand-ins over HTTP share in answering: JSON as one body of a
// known length, and a count of what they were asked.
package answer

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"sync"
)

// The content types of vendors that say no more than that it is JSON.
const (
	JSON = "application/json; charset=utf-8"
	// Java is how Jakarta's servers, such as Gong's, write the same.
	Java = "application/json;charset=UTF-8"
)

// Write answers with the body as JSON, under the vendor's content type.
func Write(w http.ResponseWriter, status int, contentType string, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	// Who has gone away needs no answer.
	_, _ = w.Write(raw)
}

// A Count counts requests by route; the zero value is ready.
type Count struct {
	mu    sync.Mutex
	asked map[string]int
}

// Asked counts a request.
func (c *Count) Asked(route string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[route]++
}

// Requests is how many requests came, by route, answered well or not.
func (c *Count) Requests() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.asked)
}

// Forget sets the count of requests to zero.
func (c *Count) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.asked)
}
