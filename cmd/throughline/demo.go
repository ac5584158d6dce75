package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"throughline"
	"throughline/engine/builtin"
	"throughline/folder"
)

// demoFiles is an invented deal in the formats that Gong, Salesforce, Slack and
// mail programs export. All its people and companies are made up.
//
//go:embed demo/harborline
var demoFiles embed.FS

// demoFolder is the demo's deal as a folder.
func demoFolder() (fs.FS, error) {
	dir, err := fs.Sub(demoFiles, "demo/harborline")
	if err != nil {
		return nil, fmt.Errorf("finding the demo's deal in the program: %w", err)
	}
	return dir, nil
}

const demoFile = "throughline-demo.html"

func newDemo(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Make the handoff of an invented deal and show it in the browser",
		Long: "Makes the handoff of an invented deal that the program carries with it, and serves it on this machine until\n" +
			"Ctrl-C. With --once it writes the page to a file and ends.",
		Args: noArguments,
	}
	once := cmd.Flags().Bool("once", false, "write the page and end, instead of serving it")
	file := cmd.Flags().StringP("output", "o", demoFile, "the `FILE` to write with --once")
	addr := cmd.Flags().String("addr", "127.0.0.1:0", "the `ADDRESS` to serve on; port 0 takes a free one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed("output") && !*once {
			return usageError{errors.New("-o goes with --once: without it the page is served and not written")}
		}
		out := output{stdout: e.stdout, name: *file}
		if *once {
			if err := out.check(); err != nil {
				return err
			}
		}
		h, err := demoHandoff(cmd.Context(), e)
		if err != nil {
			return err
		}
		if *once {
			return writeDemo(e, out, h)
		}
		return serveDemo(cmd.Context(), e, *addr, h)
	}
	return cmd
}

func demoHandoff(ctx context.Context, e env) (*throughline.Handoff, error) {
	p := startProgress(e)
	defer p.stop()
	p.enter("Reading the demo's deal")
	dir, err := demoFolder()
	if err != nil {
		return nil, err
	}
	deal, err := folder.ReadFS(ctx, dir)
	if err != nil {
		return nil, err
	}
	return handoff(ctx, p, builtin.Engine{}, deal, e.now())
}

func writeDemo(e env, out output, h *throughline.Handoff) error {
	var page bytes.Buffer
	if err := renderers["html"](&page, h, throughline.AudienceTeam); err != nil {
		return err
	}
	if err := out.write(page.Bytes()); err != nil {
		return err
	}
	if !out.toStdout() {
		return e.tell("The demo's handoff is in %s. Open it in a browser.\n", out.name)
	}
	return nil
}

// serveDemo shows the handoff on an address of this machine until it is
// interrupted, which is the way it is meant to end.
func serveDemo(ctx context.Context, e env, addr string, h *throughline.Handoff) error {
	pages, err := demoPages(h)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("serving the demo on %s: %w; --addr 127.0.0.1:0 takes a free port", addr, err)
	}
	if err := e.tell("The handoff of an invented deal: http://%s/\nCtrl-C ends it.\n", ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving the demo on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	if err := server.Close(); err != nil {
		return fmt.Errorf("ending the demo: %w", err)
	}
	return nil
}

// A demoFormat is one of the forms in which the demo serves the handoff.
type demoFormat struct {
	renderer, ending, contentType string
}

var demoFormats = []demoFormat{
	{"html", "html", "text/html; charset=utf-8"},
	{"markdown", "md", "text/markdown; charset=utf-8"},
	{"json", "json", "application/json"},
}

// demoPages serves every view of the handoff in every format: /team.html,
// /customer.md and so on; / is the team's page. The pages are made once.
func demoPages(h *throughline.Handoff) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, a := range throughline.Audiences {
		for _, f := range demoFormats {
			var doc bytes.Buffer
			if err := renderers[f.renderer](&doc, h, a); err != nil {
				return nil, err
			}
			body := doc.Bytes()
			if f.ending == "html" {
				bar, err := demoBar(a)
				if err != nil {
					return nil, err
				}
				body = bytes.Replace(body, []byte("<header>"), append([]byte("<header>\n"), bar...), 1)
			}
			page := servePage(f.contentType, body)
			mux.Handle(fmt.Sprintf("GET /%s.%s", a, f.ending), page)
			if a == throughline.AudienceTeam && f.ending == "html" {
				mux.Handle("GET /{$}", page)
			}
		}
	}
	return secured(mux), nil
}

func servePage(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body) // errs when the browser is gone
	}
}

// secured lets a page load and run nothing but its own style, and keeps it out
// of frames. The page's own policy narrows the style further, to its hash.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// demoLinks stand at the head of each page of the demo, across it like its title.
var demoLinks = template.Must(template.New("links").Parse(
	`<nav class="title" aria-label="Demo"><ul>
<li>Demo, invented deal. Seen by:</li>
{{- range .Views}}
<li>{{if .Current}}<strong>{{.Audience}}</strong>{{else}}<a href="/{{.Audience}}.html">{{.Audience}}</a>{{end}}</li>
{{- end}}
<li>This view as <a href="/{{.Audience}}.md">Markdown</a> or <a href="/{{.Audience}}.json">JSON</a></li>
</ul></nav>`))

type demoView struct {
	Audience throughline.Audience
	Current  bool
}

func demoBar(current throughline.Audience) ([]byte, error) {
	var views []demoView
	for _, a := range throughline.Audiences {
		views = append(views, demoView{Audience: a, Current: a == current})
	}
	var out strings.Builder
	err := demoLinks.Execute(&out, struct {
		Views    []demoView
		Audience throughline.Audience
	}{views, current})
	if err != nil {
		return nil, fmt.Errorf("making the demo's links: %w", err)
	}
	return []byte(out.String()), nil
}
