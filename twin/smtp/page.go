package smtp

import (
	"bytes"
	"html/template"
	"net/http"
)

var inboxPage = template.Must(template.New("inbox").Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{with .Mailbox}}{{.}} – {{end}}Mail</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid #8888; border-radius: 8px; padding: 1rem; margin: 1rem 0; }
h2 { margin: 0; font-size: 1.1rem; }
p.about { margin: 0 0 1rem; color: GrayText; font-size: .9rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
</style>
<h1>Mail</h1>
<nav><ul>{{range .Mailboxes}}<li><a href="?mailbox={{.}}">{{.}}</a></li>{{else}}<li>No mail has come.</li>{{end}}</ul></nav>
{{range .Messages}}<article>
<h2>{{.Subject}}</h2>
<p class="about">{{.From}} · {{if .Date.IsZero}}{{.Arrived.Format "2 Jan 2006 15:04 -0700"}}{{else}}{{.Date.Format "2 Jan 2006 15:04 -0700"}}{{end}}</p>
<pre>{{.Text}}</pre>
{{with .Links}}<ul>{{range .}}<li><a href="{{.URL}}" rel="noreferrer">{{.Label}}</a></li>{{end}}</ul>{{end}}
</article>
{{end}}</html>
`))

// ServeHTTP shows the mailboxes as a person would see them.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "this page can only be looked at", http.StatusMethodNotAllowed)
		return
	}
	mailbox := r.URL.Query().Get("mailbox")
	var page bytes.Buffer
	err := inboxPage.Execute(&page, struct {
		Mailbox   string
		Mailboxes []string
		Messages  []Message
	}{mailbox, s.Mailboxes(), s.Inbox(mailbox)})
	if err != nil {
		http.Error(w, "the page can't be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = page.WriteTo(w) // who has gone has gone
}
