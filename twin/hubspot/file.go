package hubspot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

// Attach makes a file, and a note of the object that it is attached to. It returns
// the file's id.
func (s *Server) Attach(kind, id, name, owner string, at time.Time, data []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	file := fmt.Sprint(s.made)
	ext := strings.TrimPrefix(path.Ext(name), ".")
	s.files[file] = &File{Name: strings.TrimSuffix(name, "."+ext), Extension: ext, Data: data}
	note := s.add("notes", Record{"hs_timestamp": stamp(at), "hs_note_body": "", "hs_attachment_ids": file, "hubspot_owner_id": owner}, at)
	note.versions[0].from = time.Time{}
	s.tie("notes", note.id, kind, id, "", toDeal["notes"])
	return file
}

// signedFor is how long a signed address is good for.
const signedFor = time.Hour

func (s *Server) serveFiles(w http.ResponseWriter, r *request) {
	if r.Method != http.MethodGet || len(r.rest) != 2 || r.rest[1] != "signed-url" {
		notFound(w, "resource not found")
		return
	}
	f := s.files[r.rest[0]]
	if f == nil {
		notFound(w, "File does not exist")
		return
	}
	until := s.Now().Add(signedFor)
	reply(w, http.StatusOK, map[string]any{
		"name": f.Name, "extension": f.Extension, "type": "DOCUMENT", "size": len(f.Data), "expiresAt": stamp(until),
		"url": fmt.Sprintf("http://%s/signed/%s?Expires=%d&Signature=%s", r.Host, r.rest[0], until.Unix(), s.signFile(r.rest[0], until.Unix())),
	})
}

// signFile is what a file's address is signed with.
func (s *Server) signFile(id string, until int64) string {
	mac := hmac.New(sha256.New, []byte(s.Token))
	mac.Write(fmt.Appendf(nil, "%s %d", id, until))
	return hex.EncodeToString(mac.Sum(nil))
}

// download answers for a signed address, to whoever has it. A credential has no
// business there.
func (s *Server) download(w http.ResponseWriter, r *http.Request, id string) {
	var until int64
	_, err := fmt.Sscan(r.URL.Query().Get("Expires"), &until)
	good := err == nil && s.Now().Unix() < until && hmac.Equal([]byte(r.URL.Query().Get("Signature")), []byte(s.signFile(id, until)))
	if f := s.files[id]; f != nil && good && r.Header.Get("Authorization") == "" {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(f.Data)
		return
	}
	http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
}
