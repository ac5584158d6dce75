// Package spectest lets tests see every exchange between a connector and a
// stand-in, and reads the vendor's own description of its API, to hold both to it.
package spectest

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// An Exchange is a request and what it was answered with.
type Exchange struct {
	Request *http.Request // its body is read
	Sent    []byte
	Status  int
	Head    http.Header // of the answer
	Answer  []byte
}

// Watch shows each exchange with next to check, but for those that next breaks off.
func Watch(t *testing.T, next http.Handler, check func(Exchange)) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading what was sent to %s: %v", r.URL.Path, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		kept := &keeping{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(kept, r) // panics where it breaks the connection off; then there is nothing to check
		check(Exchange{Request: r, Sent: sent, Status: kept.status, Head: kept.Header().Clone(), Answer: kept.body.Bytes()})
	})
}

// keeping keeps a copy of an answer.
type keeping struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (k *keeping) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeping) Write(p []byte) (int, error) {
	k.body.Write(p)
	return k.ResponseWriter.Write(p)
}

func (k *keeping) Unwrap() http.ResponseWriter { return k.ResponseWriter }
