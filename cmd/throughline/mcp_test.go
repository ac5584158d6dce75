package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"throughline"
	"throughline/hedge"
	"throughline/internal/npmtest"
)

var toolNames = []string{"list_deals", "inspect_deal", "read_deal", "hedge_candidates", "prove_quotes", "submit_handoff", "render_handoff"}

// A client is a session with a server, over whatever transport.
type client struct {
	t       testing.TB
	session *mcp.ClientSession
}

func connectDesk(t testing.TB, transport mcp.Transport) client {
	t.Helper()
	c := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := c.Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() }) // a server that is gone errs
	return client{t, session}
}

// atDesk connects to a server in memory.
func atDesk(t testing.TB, root, out string) client {
	t.Helper()
	return atDeskWithout(t, root, out, withholding{})
}

// atDeskWithout connects to one that withholds something.
func atDeskWithout(t testing.TB, root, out string, w withholding) client {
	t.Helper()
	d, err := openDesk(env{stdout: io.Discard, stderr: io.Discard, now: func() time.Time { return noon }}, root, out, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	there, here := mcp.NewInMemoryTransports()
	session, err := d.server().Connect(t.Context(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Wait() })
	return connectDesk(t, here)
}

type args = map[string]any

func (c client) result(tool string, a args) *mcp.CallToolResult {
	c.t.Helper()
	res, err := c.session.CallTool(c.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: a})
	if err != nil {
		c.t.Fatalf("%s: %v", tool, err)
	}
	return res
}

func resultText(res *mcp.CallToolResult) string {
	var all strings.Builder
	for _, c := range res.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			all.WriteString(text.Text)
		}
	}
	return all.String()
}

// text calls a tool that must succeed.
func (c client) text(tool string, a args) string {
	c.t.Helper()
	res := c.result(tool, a)
	if res.IsError {
		c.t.Fatalf("%s %v: %s", tool, a, resultText(res))
	}
	return resultText(res)
}

// into calls a tool and decodes its structured answer.
func (c client) into(v any, tool string, a args) {
	c.t.Helper()
	res := c.result(tool, a)
	if res.IsError {
		c.t.Fatalf("%s %v: %s", tool, a, resultText(res))
	}
	data, err := json.Marshal(res.StructuredContent)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		c.t.Fatalf("%s %v: %v in %s", tool, a, err, data)
	}
	// Clients without structured content read the same as text.
	var structured, plain any
	if json.Unmarshal(data, &structured) != nil || json.Unmarshal([]byte(resultText(res)), &plain) != nil || !cmp.Equal(structured, plain) {
		c.t.Errorf("%s: the text is not the structured answer: %s", tool, cmp.Diff(structured, plain))
	}
}

// refused calls a tool that must answer with an error for its caller to read.
func (c client) refused(want, tool string, a args) {
	c.t.Helper()
	res := c.result(tool, a)
	if text := resultText(res); !res.IsError || !strings.Contains(text, want) {
		c.t.Errorf("%s %v: error %v, it says %q, want an error that says %q", tool, a, res.IsError, text, want)
	}
}

// fromJSON is a value as JSON has it.
func fromJSON(t testing.TB, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// wholeWay makes the handoff of the demo's deal as the skill says, and gives it
// as JSON.
func (c client) wholeWay(t *testing.T) throughline.Handoff {
	t.Helper()
	var list dealList
	c.into(&list, "list_deals", args{})
	if !slices.ContainsFunc(list.Deals, func(d dealEntry) bool { return d.Deal == "harborline" && d.Kind == "folder" }) {
		t.Fatalf("listed are %+v, want harborline", list.Deals)
	}
	deal := args{"deal": "harborline"}
	with := func(more args) args {
		all := maps.Clone(deal)
		maps.Copy(all, more)
		return all
	}
	var seen inspection
	c.into(&seen, "inspect_deal", deal)
	if diff := cmp.Diff(inspected(t, demoDir), seen); diff != "" {
		t.Errorf("inspect_deal is not what inspect says (-command +tool):\n%s", diff)
	}
	for n, page := range readPages(t, demoDir) {
		if got := c.text("read_deal", with(args{"page": n + 1})); got != page {
			t.Errorf("page %d is not what read shows (-command +tool):\n%s", n+1, cmp.Diff(page, got))
		}
	}
	var candidates []hedge.Candidate
	for n, of := 1, 1; n <= of; n++ {
		var page hedgeList
		c.into(&page, "hedge_candidates", with(args{"page": n}))
		of = page.Pages
		candidates = append(candidates, page.Candidates...)
	}
	if want := hedge.Scan(demoDeal(t)); len(candidates) != len(want) || candidates[len(candidates)-1].Number != len(want) {
		t.Errorf("%d candidates on the pages, want %d in order", len(candidates), len(want))
	}

	d := demoDraft(t)
	quote := d.Items[0].Quotes[0]
	var proven proveList
	c.into(&proven, "prove_quotes", with(args{"quotes": []args{{"quote": quote.Text, "ref": quote.Ref}, {"quote": "words that nobody in this deal ever said"}}}))
	if proven.Proven != 1 || len(proven.Answers) != 2 || proven.Answers[0].Ref != quote.Ref || proven.Answers[1].Match != throughline.MatchNone {
		t.Errorf("proven are %+v, want the first at %s and not the second", proven, quote.Ref)
	}

	// Section by section; the first of section 1 has a slip, which is mended.
	c.refused("call submit_handoff first", "render_handoff", deal)
	var rep submitted
	for _, s := range throughline.Sections {
		part := jsonDraft{}
		for _, it := range d.Items {
			if it.Kind.Section() == s {
				part.Items = append(part.Items, it)
			}
		}
		if s == throughline.SectionContext {
			part.Dismissed = d.Dismissed
		}
		if s == throughline.SectionDealShape {
			slip := jsonDraft{Items: slices.Clone(part.Items)}
			slip.Items[0].Quotes = []jsonQuote{{Ref: quote.Ref, Text: "not " + quote.Text + " at all, never"}}
			c.into(&rep, "submit_handoff", with(args{"section": s, "draft": fromJSON(t, slip.bytes(t)), "model": "a model"}))
			if len(rep.Refused) != 1 || rep.Refused[0].Item != 1 || len(rep.Refused[0].Unproven) != 1 || !strings.HasPrefix(rep.Next, "Mend") {
				t.Errorf("with a slip in item 1 the report is %+v", rep)
			}
		}
		rep = submitted{}
		c.into(&rep, "submit_handoff", with(args{"section": s, "draft": fromJSON(t, part.bytes(t))}))
		if !rep.clean() {
			t.Errorf("of section %d does not stand: %+v", s, rep.submitReport)
		}
	}
	if rep.Accepted != len(d.Items) || rep.Next != "All of it stands. Call render_handoff." {
		t.Errorf("accepted %d of %d; next: %q", rep.Accepted, len(d.Items), rep.Next)
	}

	if md := c.text("render_handoff", deal); !strings.HasPrefix(md, "# ") {
		t.Errorf("without a format the document begins with %q, want Markdown", md[:min(len(md), 60)])
	}
	if customer := c.text("render_handoff", with(args{"audience": "customer", "format": "html"})); strings.Contains(customer, throughline.SectionContext.Title()) {
		t.Error("the customer's view has section 2")
	}
	var h throughline.Handoff
	if err := json.Unmarshal([]byte(c.text("render_handoff", with(args{"format": "json"}))), &h); err != nil {
		t.Fatal(err)
	}
	if h.Engine.Model != "a model" || len(h.Items) != len(generated(t, demoDir).Items) {
		t.Errorf("the handoff has %d items and is by %+v", len(h.Items), h.Engine)
	}
	return h
}

func TestMCPWholeWay(t *testing.T) {
	h := atDesk(t, filepath.Dir(demoDir), "").wholeWay(t)
	// It is what the command makes of the same draft.
	var want throughline.Handoff
	if err := json.Unmarshal([]byte(succeed(t, "", "submit", demoDir, draftFile(t, demoDraft(t)), "-f", "json", "--model", "a model")), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("the tools' handoff is not the command's (-command +tools):\n%s", diff)
	}
}

// programName is what the test's binary is called where it is the program, so that
// none has to be built; under the race detector the program is watched too.
const programName = "throughline"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		main()
	}
	os.Exit(m.Run())
}

// program is the program's file.
func program(t *testing.T) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), programName)
	if err := os.Symlink(binary, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestMCPOverStandardInputAndOutput(t *testing.T) {
	root, err := filepath.Abs(filepath.Dir(demoDir))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program(t), "mcp", "--root", root)
	var said bytes.Buffer
	cmd.Stderr = &said
	c := connectDesk(t, &mcp.CommandTransport{Command: cmd})
	c.wholeWay(t)
	if err := c.session.Close(); err != nil {
		t.Errorf("ending: %v", err)
	}
	if said.Len() > 0 {
		t.Errorf("unasked on standard error: %s", said.String())
	}
}

// TestMCPSpeaksOnlyTheProtocol: every line on standard output is a message, also
// when what comes in is none, and the program ends when its input does.
func TestMCPSpeaksOnlyTheProtocol(t *testing.T) {
	in := strings.Join([]string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`, //nolint:misspell // the protocol's own word
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`, //nolint:misspell // as well
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read_deal","arguments":{"deal":"harborline"}}}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"no_tool","arguments":{}}}`,
		`{"jsonrpc":"2.0","id":4,"method":"nothing"}`,
	}, "\n") + "\n"
	r, w := io.Pipe()
	var out lines
	e := env{stdin: r, stdout: &out, stderr: io.Discard, now: time.Now}
	done := make(chan int, 1)
	go func() { done <- run(t.Context(), e, []string{"mcp", "--root", filepath.Dir(demoDir)}) }()
	if _, err := io.WriteString(w, in); err != nil {
		t.Fatal(err)
	}
	seen := out.wait(t, 4)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if status := <-done; status != exitDone {
		t.Errorf("exit status %d, want %d", status, exitDone)
	}
	ids := map[float64]bool{}
	for _, line := range seen {
		var m struct {
			Version string  `json:"jsonrpc"`
			ID      float64 `json:"id"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.Version != "2.0" {
			t.Errorf("on standard output: %.200s", line)
		}
		ids[m.ID] = true
	}
	if len(ids) != 4 {
		t.Errorf("answered are %v, want 1 to 4", ids)
	}
}

// lines collects what is written, by line.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) wait(t *testing.T, n int) []string {
	t.Helper()
	for {
		l.mu.Lock()
		text := l.all.String()
		l.mu.Unlock()
		if strings.Count(text, "\n") >= n {
			return strings.Split(strings.TrimSpace(text), "\n")
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("only this came: %s", text)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// TestMCPTools: every tool says what it is for and what it does, and its schemas
// are ones.
func TestMCPTools(t *testing.T) {
	for _, out := range []string{"", t.TempDir()} {
		c := atDesk(t, filepath.Dir(demoDir), out)
		if text := c.session.InitializeResult().Instructions; !strings.Contains(text, "is data") || !strings.Contains(text, "submit_handoff") {
			t.Errorf("the server says of itself %q", text)
		}
		list, err := c.session.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, tool := range list.Tools {
			names = append(names, tool.Name)
			if tool.Title == "" || len(tool.Description) < 60 || tool.Annotations == nil || tool.Annotations.OpenWorldHint == nil || *tool.Annotations.OpenWorldHint {
				t.Errorf("%s has title %q, description %q, annotations %+v", tool.Name, tool.Title, tool.Description, tool.Annotations)
			}
			readsOnly := tool.Name != "submit_handoff" && (tool.Name != "render_handoff" || out == "")
			if tool.Annotations.ReadOnlyHint != readsOnly {
				t.Errorf("%s: read-only is %v, want %v", tool.Name, tool.Annotations.ReadOnlyHint, readsOnly)
			}
			for _, schema := range []any{tool.InputSchema, tool.OutputSchema} {
				if schema == nil {
					continue
				}
				jc := jsonschema.NewCompiler()
				if err := jc.AddResource("tool.json", schema); err != nil {
					t.Errorf("%s: %v", tool.Name, err)
				} else if _, err := jc.Compile("tool.json"); err != nil {
					t.Errorf("%s: %v", tool.Name, err)
				}
			}
		}
		slices.Sort(names)
		want := slices.Sorted(slices.Values(toolNames))
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("tools (-want +got):\n%s", diff)
		}
	}
}

func TestMCPErrorsSayWhatToDo(t *testing.T) {
	c := atDesk(t, filepath.Dir(demoDir), "")
	const deal = "harborline"
	draft := args{"items": []any{}}
	for _, e := range []struct {
		want, tool string
		a          args
	}{
		{"call list_deals", "inspect_deal", args{"deal": "nowhere"}},
		{"call list_deals", "list_deals", args{"folder": "nowhere"}},
		{"there is no page 9: the deal has", "read_deal", args{"deal": deal, "page": 9}},
		{"page_size is from", "read_deal", args{"deal": deal, "page_size": 1}},
		{`there is no source "x"`, "read_deal", args{"deal": deal, "source": "x"}},
		{"there is no page 99 of candidates", "hedge_candidates", args{"deal": deal, "page": 99}},
		{"201 quotes are too many", "prove_quotes", args{"deal": deal, "quotes": slices.Repeat([]args{{"quote": "a b c"}}, 201)}},
		{"there is no draft", "submit_handoff", args{"deal": deal}},
		{"there is no section 6", "submit_handoff", args{"deal": deal, "section": 6, "draft": draft}},
		{"reading the arguments", "submit_handoff", args{"deal": 3, "draft": draft}},
		{"it is not JSON", "submit_handoff", args{"deal": deal, "draft": `{"items": [}`}},
		{"call submit_handoff first", "render_handoff", args{"deal": deal}},
		{"enum", "render_handoff", args{"deal": deal, "format": "pdf"}},
		{"required", "read_deal", args{}},
	} {
		c.refused(e.want, e.tool, e.a)
	}
}

// TestMCPHoldsWholeOrSections: a whole draft takes the place of sections; a
// section does not mend a whole one.
func TestMCPHoldsWholeOrSections(t *testing.T) {
	c := atDesk(t, filepath.Dir(demoDir), "")
	d := demoDraft(t)
	var rep submitted
	part := jsonDraft{Items: slices.DeleteFunc(slices.Clone(d.Items), func(it jsonItem) bool { return it.Kind.Section() != 5 })}
	c.into(&rep, "submit_handoff", args{"deal": "harborline", "section": 5, "draft": fromJSON(t, part.bytes(t))})
	if rep.Accepted != len(part.Items) || len(rep.Unanswered) != 0 || !strings.Contains(rep.Next, "section 2, Context the CSM needs to deliver") {
		t.Errorf("after section 5 alone: %+v", rep)
	}
	rep = submitted{}
	c.into(&rep, "submit_handoff", args{"deal": "./harborline", "draft": string(d.bytes(t))}) // as a text, as some clients send it
	if rep.Submitted != len(d.Items) || !rep.clean() {
		t.Errorf("after the whole: %+v", rep)
	}
	c.refused("submit it as a whole again", "submit_handoff", args{"deal": "harborline", "section": 5, "draft": fromJSON(t, part.bytes(t))})
	// A draft that can't be read leaves the one that is held.
	c.refused("it is not JSON", "submit_handoff", args{"deal": "harborline", "draft": "{"})
	c.text("render_handoff", args{"deal": "harborline"})
}

// TestMCPReadsOnlyBelowItsRoot: no path and no link leads out.
func TestMCPReadsOnlyBelowItsRoot(t *testing.T) {
	top := t.TempDir()
	root := filepath.Join(top, "root")
	for _, dir := range []string{filepath.Join(root, "acme"), filepath.Join(top, "secret")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const secret = "The combination is four eight fifteen sixteen."
	writeInto(t, filepath.Join(top, "secret"), "note.txt", secret+"\n")
	writeInto(t, filepath.Join(root, "acme"), "call.txt", "Ann Lee: we paste the orders by hand every single morning.\nBob Roy: I see, that is a lot.\n")
	for link, to := range map[string]string{
		filepath.Join(root, "outside"):           filepath.Join(top, "secret"),
		filepath.Join(root, "up"):                "../secret",
		filepath.Join(root, "acme", "note.txt"):  filepath.Join(top, "secret", "note.txt"),
		filepath.Join(root, "acme", "note2.txt"): "../../secret/note.txt",
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Skipf("no links can be made here: %v", err)
		}
	}
	c := atDesk(t, root, "")
	for _, name := range []string{"../secret", "acme/../../secret", top, filepath.Join(top, "secret"), "/", "..", "/etc"} {
		c.refused("not below the server's root", "read_deal", args{"deal": name})
		c.refused("not below the server's root", "list_deals", args{"folder": name})
	}
	for _, name := range []string{"outside", "up"} {
		c.refused("leads out of the server's root", "inspect_deal", args{"deal": name})
		c.refused("leads out of the server's root", "list_deals", args{"folder": name})
	}
	var list dealList
	c.into(&list, "list_deals", args{})
	if diff := cmp.Diff([]dealEntry{{Deal: "acme", Kind: "folder", Files: 1}}, list.Deals); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	// By its absolute name a deal is below the root.
	text := c.text("read_deal", args{"deal": filepath.Join(root, "acme")})
	if !strings.Contains(text, "by hand every single morning") || strings.Contains(text, "four eight") {
		t.Errorf("the deal reads: %s", text)
	}
}

func TestMCPReadsAZip(t *testing.T) {
	zip := zipOf(t, "harborline")
	c := atDesk(t, filepath.Dir(zip), "")
	var list dealList
	c.into(&list, "list_deals", args{})
	if len(list.Deals) != 1 || list.Deals[0].Kind != "zip" {
		t.Fatalf("listed are %+v, want one zip", list.Deals)
	}
	var in inspection
	c.into(&in, "inspect_deal", args{"deal": list.Deals[0].Deal})
	if diff := cmp.Diff(inspected(t, zip), in); diff != "" {
		t.Errorf("inspect_deal is not what inspect says (-command +tool):\n%s", diff)
	}
}

func TestMCPListsADealAtTheRoot(t *testing.T) {
	var list dealList
	atDesk(t, demoDir, "").into(&list, "list_deals", args{})
	if len(list.Deals) != 1 || list.Deals[0].Deal != "." {
		t.Errorf("listed are %+v, want the root itself", list.Deals)
	}
	list = dealList{}
	atDesk(t, t.TempDir(), "").into(&list, "list_deals", args{})
	if len(list.Deals) != 0 || !strings.Contains(list.Next, "--root") {
		t.Errorf("of an empty directory listed are %+v; next: %q", list.Deals, list.Next)
	}
}

// TestMCPInspectReadsAnew: what is added to the folder is there after
// inspect_deal.
func TestMCPInspectReadsAnew(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "acme")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	writeInto(t, dir, "one.txt", "Ann Lee: the first of them is here.\nBob Roy: yes it is here.\n")
	c := atDesk(t, root, "")
	c.text("read_deal", args{"deal": "acme"})
	writeInto(t, dir, "two.txt", "Ann Lee: the second of them came later.\nBob Roy: so it did come later.\n")
	c.text("inspect_deal", args{"deal": "acme"})
	if text := c.text("read_deal", args{"deal": "acme"}); !strings.Contains(text, "came later") {
		t.Errorf("the new file is not read: %s", text)
	}
}

// TestWithholding: what is withheld is neither shown nor proven, by the tools and
// by the commands, and the document says that it was so.
func TestWithholding(t *testing.T) {
	p := aPassage(t, demoDeal(t))
	c := atDeskWithout(t, filepath.Dir(demoDir), "", withholding{Sources: []string{p.Source.ID}})
	c.refused("there is no source", "read_deal", args{"deal": "harborline", "source": p.Source.ID})
	if text := c.text("read_deal", args{"deal": "harborline", "page_size": maxPageSize}); strings.Contains(text, p.Ref+" ") {
		t.Errorf("%s is withheld, and shown", p.Ref)
	}
	var proven proveList
	c.into(&proven, "prove_quotes", args{"deal": "harborline", "quotes": []args{{"quote": p.Text}}})
	if proven.Proven != 0 {
		t.Errorf("a quote of what is withheld was proven: %+v", proven.Answers)
	}
	flag := "--withhold-source=" + p.Source.ID
	if text := succeed(t, "", "read", demoDir, "--page-size", fmt.Sprint(maxPageSize), flag); strings.Contains(text, p.Ref+" ") {
		t.Errorf("%s is withheld, and read", p.Ref)
	}
	if out := succeed(t, fmt.Sprintf("{\"quote\": %q}\n", p.Text), "prove", demoDir, flag); !strings.Contains(out, `"match":"none"`) {
		t.Errorf("a quote of what is withheld: %s", out)
	}
	if out := succeed(t, "", "hedges", demoDir, flag); strings.Contains(out, " "+p.Source.ID+".") {
		t.Errorf("candidates of what is withheld are listed: %s", out)
	}
	d := jsonDraft{Items: []jsonItem{{Item: throughline.Item{Kind: throughline.KindUseCase, Text: "A use."}, Quotes: []jsonQuote{{Ref: p.Ref, Text: p.Text}}}}}
	r := throughlineRun(t, "", "submit", demoDir, draftFile(t, d), "-f", "json", flag)
	var h throughline.Handoff
	if err := json.Unmarshal([]byte(r.stdout), &h); err != nil {
		t.Fatal(err)
	}
	if len(h.Items) != 0 || h.Usage == nil || len(h.Usage.Kept) == 0 {
		t.Errorf("the document has %d items, and says of what was withheld: %+v", len(h.Items), h.Usage)
	}
}

func TestMCPWritesOnlyWhereItMay(t *testing.T) {
	top := t.TempDir()
	out := filepath.Join(top, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := writeInto(t, top, "kept.html", "kept")
	if err := os.Symlink(kept, filepath.Join(out, "link.html")); err != nil {
		t.Skipf("no links can be made here: %v", err)
	}
	if err := os.Symlink(top, filepath.Join(out, "dir")); err != nil {
		t.Fatal(err)
	}
	draft := fromJSON(t, demoDraft(t).bytes(t))
	c := atDesk(t, filepath.Dir(demoDir), out)
	c.text("submit_handoff", args{"deal": "harborline", "draft": draft})
	for _, name := range []string{"../kept.html", "..", ".", kept, "dir/kept.html", "missing/x.html"} {
		c.refused("", "render_handoff", args{"deal": "harborline", "file": name})
	}
	for _, name := range []string{"a.html", "a.html", "link.html"} {
		said := c.text("render_handoff", args{"deal": "harborline", "format": "html", "file": name})
		if !strings.Contains(said, filepath.Join(out, name)) {
			t.Errorf("it says %q, want where the file is", said)
		}
	}
	doc, err := os.ReadFile(filepath.Join(out, "a.html"))
	if err != nil || !bytes.HasPrefix(doc, []byte("<!DOCTYPE html>")) && !bytes.HasPrefix(doc, []byte("<!doctype html>")) {
		t.Errorf("the file begins with %.40q, error %v", doc, err)
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "kept" {
		t.Errorf("a file outside was changed to %.40q, error %v", text, err)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 3 {
		t.Errorf("in the directory are %v, error %v, want a.html, dir and link.html", entries, err)
	}

	silent := atDesk(t, filepath.Dir(demoDir), "")
	silent.text("submit_handoff", args{"deal": "harborline", "draft": draft})
	silent.refused("", "render_handoff", args{"deal": "harborline", "file": "a.html"})
}

func TestMCPUsage(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"mcp", "x"}, exitUsage, "one word too many"},
		{[]string{"mcp", "--root", "nowhere"}, exitFailed, "name another with --root"},
		{[]string{"mcp", "--out", "nowhere"}, exitFailed, "make it first, or name another with --out"},
	} {
		r := throughlineRun(t, "", c.args...)
		if r.status != c.status || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("%v: exit status %d, it said %q and wrote %q", c.args, r.status, r.stderr, r.stdout)
		}
	}
}

// TestMCPWithTheInspector drives the program with the official Inspector's
// command line, one process a call, as it does for a person who tries a server.
func TestMCPWithTheInspector(t *testing.T) {
	undetected(t)
	node := npmtest.Install(t)
	root, err := filepath.Abs(filepath.Dir(demoDir))
	if err != nil {
		t.Fatal(err)
	}
	name := program(t)
	inspect := func(t *testing.T, a ...string) (stdout, stderr string, failed error) {
		t.Helper()
		a = append([]string{"--cli", name, "mcp", "--root", root}, a...)
		cmd := node.Command(t.Context(), "@modelcontextprotocol/inspector/clients/launcher/build/index.js", a...)
		cmd.Env = append(cmd.Env, "HOME="+t.TempDir()) // where the Inspector keeps a list of servers
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		failed = cmd.Run()
		return out.String(), errs.String(), failed
	}
	call := func(t *testing.T, tool string, a args) (res struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
		Structured json.RawMessage `json:"structuredContent"`
		IsError    bool            `json:"isError"`
	},
	) {
		t.Helper()
		given, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		out, errs, failed := inspect(t, "--method", "tools/call", "--tool-name", tool, "--tool-args-json", string(given))
		if err := json.Unmarshal([]byte(out), &res); err != nil || failed != nil && !res.IsError {
			t.Fatalf("%s: %v, %v\n%s\n%s", tool, failed, err, out, errs)
		}
		return res
	}

	t.Run("tools/list --strict", func(t *testing.T) {
		out, errs, err := inspect(t, "--method", "tools/list", "--strict")
		if err != nil {
			t.Fatalf("%v\n%s", err, errs)
		}
		var list struct {
			Tools []struct {
				Name string `json:"name"`
			} `json:"tools"`
		}
		if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Tools) != len(toolNames) {
			t.Errorf("%d tools, error %v, want %d", len(list.Tools), err, len(toolNames))
		}
		if strings.Contains(errs, "Warning:") {
			t.Errorf("some client may not take the tools' schemas: %s", errs)
		}
	})
	t.Run("list_deals", func(t *testing.T) {
		var list dealList
		if err := json.Unmarshal(call(t, "list_deals", args{}).Structured, &list); err != nil || len(list.Deals) == 0 {
			t.Errorf("listed are %+v, error %v", list.Deals, err)
		}
	})
	t.Run("inspect_deal", func(t *testing.T) {
		var in inspection
		if err := json.Unmarshal(call(t, "inspect_deal", args{"deal": "harborline"}).Structured, &in); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(inspected(t, demoDir), in); diff != "" {
			t.Errorf("-command +tool:\n%s", diff)
		}
	})
	t.Run("read_deal", func(t *testing.T) {
		if got, want := call(t, "read_deal", args{"deal": "harborline", "page": 2}).Content[0].Text, readPages(t, demoDir)[1]; got != want {
			t.Errorf("-command +tool:\n%s", cmp.Diff(want, got))
		}
	})
	t.Run("hedge_candidates", func(t *testing.T) {
		var list hedgeList
		if err := json.Unmarshal(call(t, "hedge_candidates", args{"deal": "harborline"}).Structured, &list); err != nil || len(list.Candidates) == 0 {
			t.Errorf("%d candidates, error %v", len(list.Candidates), err)
		}
	})
	t.Run("prove_quotes", func(t *testing.T) {
		p := aPassage(t, demoDeal(t))
		var list proveList
		res := call(t, "prove_quotes", args{"deal": "harborline", "quotes": []args{{"quote": p.Text}}})
		if err := json.Unmarshal(res.Structured, &list); err != nil || list.Proven != 1 {
			t.Errorf("proven are %+v, error %v", list, err)
		}
	})
	t.Run("submit_handoff", func(t *testing.T) {
		d, _ := spoilt(t)
		var rep submitted
		if err := json.Unmarshal(call(t, "submit_handoff", args{"deal": "harborline", "draft": fromJSON(t, d.bytes(t))}).Structured, &rep); err != nil {
			t.Fatal(err)
		}
		if rep.Accepted != 2 || len(rep.Refused) != 2 {
			t.Errorf("accepted %d, refused %d, want 2 and 2", rep.Accepted, len(rep.Refused))
		}
	})
	t.Run("an error", func(t *testing.T) {
		res := call(t, "render_handoff", args{"deal": "harborline"})
		if !res.IsError || !strings.Contains(res.Content[0].Text, "submit_handoff first") {
			t.Errorf("it says %+v", res)
		}
	})
}
