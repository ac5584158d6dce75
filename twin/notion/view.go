package notion

import (
	"html/template"
	"net/http"
)

// view shows a person the workspace: its pages, each as its blocks.
func (s *Server) view(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// Who has gone away needs no answer.
	_ = workspace.Execute(w, s.Pages())
}

var workspace = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Notion (stand-in)</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #37352f }
article { border: 1px solid #ddd; border-radius: 6px; padding: 1rem 2rem; margin: 2rem 0 }
dl { display: grid; grid-template-columns: 9rem 1fr; color: #666; font-size: .9rem } dd { margin: 0 }
.b { white-space: pre-line; margin: .3rem 0 } .callout { background: #f1f1ef; padding: .7rem; border-radius: 4px }
.quote { border-left: 3px solid #37352f; padding-left: .8rem } .bulleted_list_item::before { content: "• " }
.person { background: #fdf6e3 } .note { color: #b06000; font-size: .9rem } details { margin-left: .2rem } details > .b { margin-left: 1.2rem }
</style>
<h1>Notion (stand-in)</h1>
{{range .}}<article><h1>{{.Title}}</h1>
{{with .Properties}}<dl>{{range $name, $value := .}}<dt>{{$name}}</dt><dd>{{$value}}</dd>{{end}}</dl>{{end}}
{{template "blocks" .Blocks}}</article>
{{else}}<p>There is no page yet.</p>{{end}}
{{define "blocks"}}{{range .}}
{{if eq .Kind "heading_1" "heading_2"}}<h2>{{.Text}}</h2>{{else if eq .Kind "heading_3"}}<h3>{{.Text}}</h3>
{{else if .Children}}<details><summary class="b {{.Kind}}{{if .ByPerson}} person{{end}}">{{.Text}}</summary>{{template "blocks" .Children}}</details>
{{else}}<div class="b {{.Kind}}{{if .ByPerson}} person{{end}}">{{.Text}}</div>{{end}}
{{range .Comments}}<div class="note">💬 {{.}}</div>{{end}}{{end}}{{end}}
`))
