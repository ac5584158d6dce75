package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"throughline"
	"throughline/kickoff"
)

const kickoffs = "../../kickoff/testdata/kickoffs"

func TestAgenda(t *testing.T) {
	file := filepath.Join(t.TempDir(), "harborline.json")
	succeed(t, "", "generate", demoDir, "--format", "json", "-o", file)
	for _, c := range []struct {
		args         []string
		has, without string
	}{
		{[]string{file}, "## Opening words", "BEGIN:VCALENDAR"},
		{[]string{demoDir}, "## Before the call", "BEGIN:VCALENDAR"},
		{[]string{file, "--for", "customer"}, "## What you want to do", "Before the call"},
		{[]string{file, "--format", "html"}, `<span class="box"`, "- [ ]"},
		{[]string{file, "--for", "customer", "--format", "ics"}, "DTSTART;VALUE=DATE:20261006\r\n", "Before the call"},
		{[]string{file, "--format", "ics", "--at", "2026-10-06T11:00:00-04:00"}, "DTSTART:20261006T150000Z\r\n", "VALUE=DATE"},
	} {
		t.Run(strings.Join(c.args[1:], " "), func(t *testing.T) {
			out := succeed(t, "", append([]string{"agenda"}, c.args...)...)
			if !strings.Contains(out, c.has) || strings.Contains(out, c.without) {
				t.Errorf("it lacks %q or has %q:\n%.2000s", c.has, c.without, out)
			}
		})
	}
}

func TestAgendaIntoAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "agenda.md")
	if out := succeed(t, "", "agenda", demoDir, "-o", file); out != "" {
		t.Errorf("on standard output: %s", out)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "# Kickoff: ") {
		t.Errorf("the file holds %.100q: %v", data, err)
	}
}

func TestKickoffCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "harborline.json")
	succeed(t, "", "generate", demoDir, "--format", "json", "-o", file)
	for name, args := range map[string][]string{
		"with a handoff": {"--handoff", file}, "without": nil,
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"kickoff-check", demoDir, filepath.Join(kickoffs, "reasks.txt")}, args...)
			var report kickoff.Report
			if err := json.Unmarshal([]byte(succeed(t, "", append(args, "--format", "json")...)), &report); err != nil {
				t.Fatal(err)
			}
			if len(report.Asked) != 5 || len(report.Silent) == 0 || len(report.Referred) == 0 {
				t.Errorf("%d questions, %d points that came up and %d that did not", len(report.Asked), len(report.Referred), len(report.Silent))
			}
			text := succeed(t, "", args...)
			for _, a := range report.Asked {
				for _, e := range []throughline.Evidence{a.Question, a.Answer} {
					if !strings.Contains(text, "“"+printable(e.Quote)+"”") {
						t.Errorf("the text lacks %q", e.Quote)
					}
				}
				if !strings.Contains(text, a.Answer.Ref) {
					t.Errorf("the text does not say where %q stands", a.Answer.Quote)
				}
			}
			for _, p := range report.Silent {
				if !strings.Contains(text, "\n  - "+p.ID+": ") {
					t.Errorf("the text lacks %s", p.ID)
				}
			}
		})
	}
}

func TestKickoffCommandsRefuse(t *testing.T) {
	dir := writeFiles(t, map[string]string{"old.json": `{"schema": "other/v1"}`, "no.json": "no", "note.md": "# A note\n\nNobody spoke.\n"})
	call := filepath.Join(kickoffs, "good.vtt")
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"agenda of nothing":         {[]string{"agenda"}, exitUsage, "name one handoff"},
		"agenda of another schema":  {[]string{"agenda", filepath.Join(dir, "old.json")}, exitFailed, `its schema is "other/v1"`},
		"agenda of no JSON":         {[]string{"agenda", filepath.Join(dir, "no.json")}, exitFailed, "no JSON"},
		"agenda that is not there":  {[]string{"agenda", filepath.Join(dir, "gone.json")}, exitFailed, "reading the handoff"},
		"agenda for a company":      {[]string{"agenda", demoDir, "--for", "company"}, exitUsage, "team, customer"},
		"agenda at no time":         {[]string{"agenda", demoDir, "--format", "ics", "--at", "noon"}, exitUsage, "no time like"},
		"a time for Markdown":       {[]string{"agenda", demoDir, "--at", "2026-10-06T15:00:00Z"}, exitUsage, "--format ics"},
		"check without transcript":  {[]string{"kickoff-check", demoDir}, exitUsage, "the kickoff's transcript"},
		"check of no call":          {[]string{"kickoff-check", demoDir, filepath.Join(dir, "note.md")}, exitFailed, "there is no call in it"},
		"check of no deal":          {[]string{"kickoff-check", filepath.Join(dir, "gone"), call}, exitFailed, "there is nothing at"},
		"check by a handoff of old": {[]string{"kickoff-check", demoDir, call, "--handoff", filepath.Join(dir, "old.json")}, exitFailed, "schema"},
	} {
		t.Run(name, func(t *testing.T) {
			r := throughlineRun(t, "", c.args...)
			if r.status != c.status || !strings.Contains(r.stderr, c.says) || r.stdout != "" {
				t.Errorf("exit status %d, %q and on standard output %q", r.status, r.stderr, r.stdout)
			}
		})
	}
}
