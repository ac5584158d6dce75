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
	"throughline/engine/claude"
	"throughline/lifecycle"
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

// demoPace is hours a second: a day takes twelve seconds.
const demoPace = 2.0

func newDemo(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch the handoff of an invented deal, from Closed Won to the CSM",
		Long: "Plays what happens when a deal is won, with an invented deal that the program carries with it and stand-ins for Salesforce,\n" +
			"Gong, Slack, Notion and mail, on this machine alone. Time runs fast. A page shows each system as a person would see it; the\n" +
			"review link in the mailbox and the buttons in the deal channel work. Ctrl-C ends it.\n\n" +
			"With --once it prints what happens, writes the published handoff to a file and ends; -o - writes that alone to standard output.",
		Args: noArguments,
	}
	once := cmd.Flags().Bool("once", false, "print what happens, write the published handoff and end, instead of showing it")
	file := cmd.Flags().StringP("output", "o", demoFile, "the `FILE` to write with --once")
	addr := cmd.Flags().String("addr", "127.0.0.1:0", "the `ADDRESS` to serve on; port 0 takes a free one")
	pace := cmd.Flags().Float64("pace", demoPace, "how many `HOURS` pass in a second")
	name := choose(cmd, "engine", "", "what drafts the handoff", builtin.Name, claude.Name)
	live := addLiveFlags(cmd)
	for _, flag := range []string{"batch", "dry-run"} {
		_ = cmd.Flags().MarkHidden(flag) // they are for generate
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out := output{stdout: e.stdout, name: *file}
		switch {
		case *live.dryRun || *live.batch:
			return usageError{errors.New("the demo takes neither --dry-run nor --batch; 'throughline generate' does")}
		case cmd.Flags().Changed("output") && !*once:
			return usageError{errors.New("-o goes with --once: without it the demo is shown and not written")}
		case *pace <= 0 || *pace > 24*365:
			return usageError{errors.New("--pace is how many hours pass in a second: more than 0")}
		case *once:
			if err := out.check(); err != nil {
				return err
			}
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		draft, err := drafterOf(ctx, e, name.value, live)
		if err != nil {
			return err
		}
		if *once {
			return playOnce(ctx, e, out, draft)
		}
		return showDemo(ctx, e, *addr, *pace, draft)
	}
	return cmd
}

type drafting = func(context.Context, *throughline.Deal, time.Time) (*throughline.Handoff, error)

// drafterOf is how the demo drafts: by the engine of that name.
func drafterOf(ctx context.Context, e env, name string, live *liveFlags) (drafting, error) {
	eng, p := engines[name], startProgress(env{stderr: e.stderr})
	if name == claude.Name {
		asked, err := live.engine(ctx, e, p)
		if err != nil {
			return nil, err
		}
		eng = asked
	}
	p.stop()
	return func(ctx context.Context, deal *throughline.Deal, at time.Time) (*throughline.Handoff, error) {
		p := startProgress(e)
		defer p.stop()
		return handoff(ctx, p, eng, deal, at)
	}, nil
}

// playOnce lets time jump from one thing to the next until the handoff is
// published, and tells of each.
func playOnce(ctx context.Context, e env, out output, draft drafting) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving the survey's page on this machine: %w", err)
	}
	defer func() { _ = ln.Close() }() // the server may have closed it
	p, err := newPlay(ctx, "http://"+ln.Addr().String(), draft)
	if err != nil {
		return err
	}
	defer p.end()
	server := &http.Server{Handler: p.site().Public(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }() // it ends by being closed
	defer func() { _ = server.Close() }()
	told := 0
	say := e.tell
	if out.toStdout() { // which is then for the page alone
		say = func(string, ...any) error { return nil }
	}
	if err := say("%s  %s is in negotiation\n", clockTime(p.clock.now()), "Harborline Logistics"); err != nil {
		return err
	}
	p.win()
	for {
		if err := p.jump(ctx); err != nil {
			return err
		}
		run, ok, err := p.run(ctx)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if told, err = p.tell(ctx, say, told, run); err != nil {
			return err
		}
		if err := p.parked(ctx, run); err != nil {
			return err
		}
		if next, ok, err := p.next(ctx); err != nil {
			return err
		} else if run.Published.IsZero() || ok && !next.at.After(p.clock.now()) {
			continue
		}
		if err := p.tellEnd(ctx, say, e, out, run); err != nil {
			return err
		}
		return p.playOn(ctx, say, told, run)
	}
}

// parked errs where something of a run has failed too often: in the demo nobody
// is there to try again.
func (p *play) parked(ctx context.Context, run lifecycle.Run) error {
	tasks, err := p.db.Tasks(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.State == lifecycle.TaskParked {
			return fmt.Errorf("the demo did not go on: %s: %s", plainWords(t.Name), t.Error)
		}
	}
	return nil
}

// tellEnd says what is where in the end, and writes the handoff.
func (p *play) tellEnd(ctx context.Context, say func(string, ...any) error, e env, out output, run lifecycle.Run) error {
	_, channel := p.channel()
	ae := run.AE.Email
	if err := say("\nThere are now %s in Notion, %s in the deal channel, %s for the AE and %s for the CSM.\n",
		counted(len(p.twins.notion.Published()), "page", "pages"), counted(len(p.twins.slack.Own(channel)), "message", "messages"),
		counted(len(p.twins.mail.Inbox(ae)), "mail", "mails"), counted(len(p.twins.mail.Inbox(run.CSM.Email)), "mail", "mails")); err != nil {
		return err
	}
	h, err := p.service.Current(ctx, run)
	if err != nil {
		return err
	}
	return writeDemo(e, out, h)
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
		return e.tell("The published handoff is in %s. Open it in a browser.\n", out.name)
	}
	return nil
}

// showDemo shows the play on an address of this machine until it is interrupted,
// which is the way it is meant to end.
func showDemo(ctx context.Context, e env, addr string, pace float64, draft drafting) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("serving the demo on %s: %w; --addr 127.0.0.1:0 takes a free port", addr, err)
	}
	defer func() { _ = ln.Close() }() // the server may have closed it
	p, err := newPlay(ctx, "http://"+ln.Addr().String(), draft)
	if err != nil {
		return err
	}
	defer p.end()
	t := newTour(p, pace*3600)
	handler, err := t.pages()
	if err != nil {
		return err
	}
	if err := e.tell("Watch an invented deal go from Closed Won to its CSM: http://%s/\nIt begins when you open the page. Ctrl-C ends it.\n", ln.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ctx, end := context.WithCancel(ctx)
	failed := make(chan error, 2)
	played := make(chan struct{})
	go func() { failed <- server.Serve(ln) }()
	go p.hearClicks(ctx)
	go func() {
		defer close(played)
		if err := t.run(ctx); err != nil {
			failed <- err
		}
	}()
	defer func() {
		end()
		<-played
	}()
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("playing the demo on %s: %w", ln.Addr(), err), server.Close())
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

// demoView is the handoff in a format as an audience sees it. The page has links
// to the other views.
func demoView(h *throughline.Handoff, a throughline.Audience, f demoFormat) ([]byte, error) {
	var doc bytes.Buffer
	if err := renderers[f.renderer](&doc, h, a); err != nil {
		return nil, err
	}
	if f.ending != "html" {
		return doc.Bytes(), nil
	}
	bar, err := demoBar(a)
	if err != nil {
		return nil, err
	}
	return bytes.Replace(doc.Bytes(), []byte("<header>"), append([]byte("<header>\n"), bar...), 1), nil
}

func servePage(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body) // errs when the browser is gone
	}
}

// secured lets a page load and run nothing but what comes from the demo itself, and
// keeps it out of others' frames. A handoff's own policy narrows its style further,
// to a hash, and lets nothing run.
func secured(next http.Handler) http.Handler {
	const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy":      policy,
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

// demoLinks stand at the head of each view of the handoff, across it like its title.
var demoLinks = template.Must(template.New("links").Parse(
	`<nav class="title" aria-label="Demo"><ul>
<li>Seen by:</li>
{{- range .Views}}
<li>{{if .Current}}<strong>{{.Audience}}</strong>{{else}}<a href="/{{.Audience}}.html">{{.Audience}}</a>{{end}}</li>
{{- end}}
<li>This view as <a href="/{{.Audience}}.md">Markdown</a> or <a href="/{{.Audience}}.json">JSON</a></li>
</ul></nav>`))

type audienceLink struct {
	Audience throughline.Audience
	Current  bool
}

func demoBar(current throughline.Audience) ([]byte, error) {
	var views []audienceLink
	for _, a := range throughline.Audiences {
		views = append(views, audienceLink{Audience: a, Current: a == current})
	}
	var out strings.Builder
	err := demoLinks.Execute(&out, struct {
		Views    []audienceLink
		Audience throughline.Audience
	}{views, current})
	if err != nil {
		return nil, fmt.Errorf("making the demo's links: %w", err)
	}
	return []byte(out.String()), nil
}
