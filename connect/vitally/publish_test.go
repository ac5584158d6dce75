package vitally_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"throughline"
	"throughline/connect"
	"throughline/connect/vitally"
	"throughline/twin/fault"
	twin "throughline/twin/vitally"
)

func TestPublish(t *testing.T) {
	r := newRig(t)
	r.config.Category = "handoffs"
	category := r.twin.AddCategory("Handoffs")
	copied := r.publish(t, brightwater(t))
	note := r.only(t)
	if !copied.Made || copied.ID != note.ID {
		t.Errorf("got %+v for the note %s", copied, note.ID)
	}
	want := twin.Note{ID: note.ID, ExternalID: key, Account: r.account, Subject: "Handoff: Brightwater Clinics", HTML: note.HTML, Date: brightwater(t).GeneratedAt.UTC().Format(time.RFC3339), Category: category}
	if diff := cmp.Diff(want, note); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{
		"<p><em>Written by Throughline. A newer version of the handoff replaces this text. (throughline.handoff/v1 · version 1 · company · ",
		`<p><a href="https://handoffs.example/d/1">Open this handoff in Throughline</a></p>`,
		"<p><br><b>1. Deal shape</b></p>", "<p><b><em>Pains</em></b></p><ul><li>Weekend rotas take two days",
		"<b>Not reviewed by the AE.</b>", `<a href="https://calls.example/c3?t=2130">35:30</a>`,
	} {
		if !strings.Contains(note.HTML, part) {
			t.Errorf("the note lacks %q:\n%s", part, note.HTML)
		}
	}
	if strings.Index(note.HTML, "throughline.handoff/v1") > strings.Index(note.HTML, "</p>") {
		t.Error("the first line does not say whose words these are")
	}
	if n := len(r.twin.Tasks()); n != 2 {
		t.Fatalf("there are %d tasks", n)
	}
	task := r.taskOf(t, fourWards)
	if task.Name != "Day 30: Four wards plan their weekends in Rota." || task.Due != "2026-05-06" || task.Account != r.account || !strings.HasPrefix(task.ExternalID, key+"/milestone-") {
		t.Errorf("the task is %+v", task)
	}
	for _, part := range []string{"“By day thirty four of your wards will plan their weekends in it.” — Nadia Karim, ", "counted from the kickoff", "https://handoffs.example/d/1"} {
		if !strings.Contains(task.HTML, part) {
			t.Errorf("the task lacks %q: %s", part, task.HTML)
		}
	}
}

// TestCalls counts what publishing takes.
func TestCalls(t *testing.T) {
	looking := map[string]int{twin.RouteAccount: 1, twin.RouteAccountNotes: 1, twin.RouteAccountTasks: 1}
	with := func(more map[string]int) map[string]int {
		out := map[string]int{}
		for _, part := range []map[string]int{looking, more} {
			for route, n := range part {
				out[route] += n
			}
		}
		return out
	}
	r := newRig(t)
	for _, tc := range []struct {
		name string
		h    *throughline.Handoff
		want map[string]int
	}{
		{"the first time", brightwater(t), with(map[string]int{twin.RouteCreateNote: 1, twin.RouteCreateTask: 2, twin.RouteAdmins: 1})},
		{"again", brightwater(t), looking},
		{"a newer version", next(t), with(map[string]int{twin.RouteUpdateNote: 1, twin.RouteCreateTask: 1, twin.RouteUpdateTask: 2, twin.RouteAdmins: 1})},
		{"that again", next(t), looking},
		{"an older version, late", brightwater(t), map[string]int{twin.RouteAccount: 1, twin.RouteAccountNotes: 1}},
	} {
		r.twin.Forget()
		r.publish(t, tc.h)
		if diff := cmp.Diff(tc.want, r.twin.Requests()); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

// TestPages: the note and the tasks are found on whatever page they are.
func TestPages(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	r.other(t, 250)
	r.twin.Forget()
	r.publish(t, next(t))
	got := r.twin.Requests()
	if got[twin.RouteAccountNotes] != 3 || got[twin.RouteAccountTasks] != 3 || got[twin.RouteCreateNote] != 0 || got[twin.RouteCreateTask] != 1 {
		t.Errorf("asked %v", got)
	}
}

// other makes notes and tasks of the account that are none of ours.
func (r *rig) other(t *testing.T, n int) {
	t.Helper()
	post := func(path, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.config.Base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(apiKey, "")
		resp, err := r.config.HTTP.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, resp.Status)
		}
	}
	for range n {
		post("/notes", fmt.Sprintf(`{"note":"<p>Called.</p>","noteDate":"2026-05-01","accountId":%q}`, r.account))
		post("/tasks", fmt.Sprintf(`{"name":"Call","accountId":%q}`, r.account))
		r.clock.now = r.clock.now.Add(time.Second)
	}
}

// TestNewVersion: note and tasks are changed in place, and what people did stays.
func TestNewVersion(t *testing.T) {
	r := newRig(t)
	first := r.publish(t, brightwater(t))
	r.twin.Edit(first.ID, map[string]any{"tags": []any{"vip", "emea"}, "categoryId": "theirs"})
	kept, dropped := r.taskOf(t, fourWards), r.taskOf(t, allWards)
	r.twin.Edit(kept.ID, map[string]any{"tags": []any{"mine"}})

	second := r.publish(t, next(t))
	note := r.only(t)
	if second.Made || second.ID != first.ID || !strings.Contains(note.HTML, "version 2 · company") || strings.Contains(note.HTML, "version 1") {
		t.Errorf("got %+v and the note\n%s", second, note.HTML)
	}
	if diff := cmp.Diff([]string{"vip", "emea"}, note.Tags); diff != "" || note.Category != "theirs" {
		t.Errorf("what people set is gone: %s, %q", diff, note.Category)
	}
	changed := r.taskOf(t, fourWards)
	if changed.ID != kept.ID || changed.Due != "2026-05-13" || !slices.Equal(changed.Tags, []string{"mine"}) {
		t.Errorf("the milestone that is due later is %+v", changed)
	}
	if task := r.taskOf(t, overtime); task.Due != "2026-07-05" || !strings.HasPrefix(task.Name, "Day 90: ") {
		t.Errorf("the new milestone is %+v", task)
	}
	gone := r.taskOf(t, allWards)
	if gone.ID != dropped.ID || gone.Completed != "" || !strings.HasPrefix(gone.Name, "No longer in the handoff: Day 60: ") || strings.Count(gone.HTML, throughline.Schema) != 1 {
		t.Errorf("the milestone that is gone is %+v", gone)
	}

	again := brightwater(t)
	again.Version = 3
	r.publish(t, again)
	if back := r.taskOf(t, allWards); back.ID != dropped.ID || back.Name != dropped.Name {
		t.Errorf("the milestone that came back is %+v", back)
	}
	if n := len(r.twin.Tasks()); n != 3 {
		t.Errorf("there are %d tasks", n)
	}
}

// TestTheirTasks: a task is a person's once it is done, archived, or says something
// else; and what the handoff does not change isn't written again.
func TestTheirTasks(t *testing.T) {
	r := newRig(t)
	r.publish(t, brightwater(t))
	for name, tc := range map[string]struct {
		do func(id string)
	}{
		"done":      {func(id string) { r.twin.Edit(id, map[string]any{"completedAt": "2026-05-02T10:00:00Z"}) }},
		"archived":  {func(id string) { r.twin.Archive(id) }},
		"rewritten": {func(id string) { r.twin.Edit(id, map[string]any{"description": "<p>Sanne does this.</p>"}) }},
	} {
		for _, upsert := range []bool{false, true} {
			t.Run(fmt.Sprint(name, upsert), func(t *testing.T) {
				r = newRig(t)
				r.twin.Upsert = upsert
				r.publish(t, brightwater(t))
				for _, part := range []string{fourWards, allWards} {
					tc.do(r.taskOf(t, part).ID)
				}
				before := r.twin.Tasks()
				r.publish(t, next(t))
				after := slices.DeleteFunc(r.twin.Tasks(), func(task twin.Task) bool { return strings.Contains(task.Name, overtime) })
				if name == "archived" && upsert {
					for i := range after { // what Vitally does then is Vitally's
						before[i].HTML, before[i].Due, before[i].Touched = after[i].HTML, after[i].Due, after[i].Touched
					}
				}
				if diff := cmp.Diff(before, after); diff != "" {
					t.Error(diff)
				}
				r.taskOf(t, overtime)
			})
		}
	}

	r = newRig(t)
	r.publish(t, brightwater(t))
	moved := r.taskOf(t, allWards)
	r.twin.Edit(moved.ID, map[string]any{"dueDate": "2026-08-01", "name": "All wards (Sanne)"})
	later := brightwater(t)
	later.Version = 5
	r.publish(t, later)
	if task := r.taskOf(t, "All wards (Sanne)"); task.Due != "2026-08-01" {
		t.Errorf("a person's date became %s", task.Due)
	}
}

// TestAssigned: a new task is the CSM's, if Vitally knows them; one that people gave
// to another stays the other's.
func TestAssigned(t *testing.T) {
	r := newRig(t)
	other := r.twin.AddAdmin("Sanne", "sanne@foldline.example")
	r.publish(t, brightwater(t))
	r.twin.Edit(r.taskOf(t, fourWards).ID, map[string]any{"assignedToId": other})
	r.publish(t, next(t))
	if task := r.taskOf(t, fourWards); task.Assigned != other {
		t.Errorf("the task is %+v", task)
	}
	if task := r.taskOf(t, overtime); task.Assigned != r.csm {
		t.Errorf("the new task is %+v", task)
	}

	for name, spoil := range map[string]func(r *rig, p *connect.Publication){
		"not known to Vitally": func(_ *rig, p *connect.Publication) { p.Deal.CSM = "somebody@example.com" },
		"not known":            func(_ *rig, p *connect.Publication) { p.Handoff.Deal.CSM = nil },
		"may not be asked":     func(r *rig, _ *connect.Publication) { r.twin.Withheld = []string{"admins"} },
	} {
		r := newRig(t)
		p := publication(brightwater(t))
		spoil(r, &p)
		if _, err := r.client(t).Publish(t.Context(), p); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if task := r.taskOf(t, fourWards); task.Assigned != "" {
			t.Errorf("%s: the task is %+v", name, task)
		}
		if n := r.twin.Requests()[twin.RouteAdmins]; n > 1 {
			t.Errorf("%s: the users were asked for %d times", name, n)
		}
	}
}

// TestSameQuote: two milestones that stand on the same words are two tasks.
func TestSameQuote(t *testing.T) {
	r := newRig(t)
	h := brightwater(t)
	for _, it := range h.Items {
		if it.Kind == throughline.KindMilestone {
			it.Text += " Again."
			h.Items = append(h.Items, it)
		}
	}
	r.publish(t, h)
	r.publish(t, h)
	if n := len(r.twin.Tasks()); n != 4 {
		t.Errorf("there are %d tasks", n)
	}
}

// TestReviewed: what the AE corrected is told so, and what is no commitment is no
// task, whoever the note is for.
func TestReviewed(t *testing.T) {
	for _, a := range []throughline.Audience{throughline.AudienceTeam, throughline.AudienceCompany} {
		r := newRig(t)
		h := brightwater(t)
		for i := range h.Items {
			switch it := &h.Items[i]; {
			case it.Kind != throughline.KindMilestone:
			case it.Day == 30:
				it.Remarks = append(it.Remarks, throughline.Remark{Kind: throughline.RemarkCorrected, Text: "Three wards plan in Rota.", By: "Nadia Karim", At: today})
			default:
				it.Remarks = append(it.Remarks, throughline.Remark{Kind: throughline.RemarkNotCommitment, Text: "An idea.", By: "Nadia Karim", At: today})
			}
		}
		p := publication(h)
		p.Audience = a
		if _, err := r.client(t).Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if tasks := r.twin.Tasks(); len(tasks) != 1 || tasks[0].Name != "Day 30: Three wards plan in Rota." {
			t.Errorf("%s: the tasks are %+v", a, tasks)
		}
	}
}

func TestWithoutTasks(t *testing.T) {
	r := newRig(t)
	r.config.Tasks = false
	r.publish(t, brightwater(t))
	r.only(t)
	if n := len(r.twin.Tasks()); n != 0 || r.twin.Requests()[twin.RouteAccountTasks] != 0 {
		t.Errorf("%d tasks", n)
	}
}

// TestFaults: whatever fails, wherever, a second try ends with one note and one task
// for each milestone, as after tries that went well.
func TestFaults(t *testing.T) {
	clean := newRig(t)
	clean.publish(t, brightwater(t))
	firstNotes, firstTasks := clean.state()
	clean.publish(t, next(t))
	secondNotes, secondTasks := clean.state()

	faults := map[string]fault.Fault{
		"429":           {Status: 429},
		"429 long":      {Status: 429, RetryAfter: "600"},
		"500":           {Status: 500},
		"500 stored":    {Status: 500, Stored: true},
		"502 stored":    {Status: 502, Stored: true},
		"503":           {Status: 503},
		"reset":         {Reset: true},
		"reset, stored": {Reset: true, Stored: true},
		"cut":           {Cut: 20},
		"slow":          {Slow: time.Hour},
	}
	reads := []string{twin.RouteAccount, twin.RouteAccountNotes, twin.RouteAccountTasks, twin.RouteAdmins}
	writes := []string{twin.RouteCreateNote, twin.RouteUpdateNote, twin.RouteCreateTask, twin.RouteUpdateTask}
	for name, f := range faults {
		for _, route := range slices.Concat(reads, writes) {
			for _, times := range []int{1, 9} {
				for _, upsert := range []bool{false, true} {
					reading := slices.Contains(reads, route)
					if times > 1 && (reading || f.Slow > 0) || upsert && route != twin.RouteCreateTask || reading && f.Stored {
						continue // reading again is like reading once, and a timeout each is long
					}
					t.Run(fmt.Sprintf("%s/%s/%d/%t", name, strings.ReplaceAll(route, "/", "_"), times, upsert), func(t *testing.T) {
						t.Parallel()
						r := newRig(t)
						r.twin.Upsert = upsert
						if f.Slow > 0 {
							r.config.HTTP.Timeout = time.Second
						}
						f := f
						f.Route, f.Times = route, times
						r.twin.Fail(f)
						failures := r.until(t, brightwater(t))
						notes, tasks := r.state()
						if diff := cmp.Diff(firstNotes, notes) + cmp.Diff(firstTasks, tasks); diff != "" {
							t.Fatalf("the first version:\n%s", diff)
						}
						failures += r.until(t, next(t))
						notes, tasks = r.state()
						if diff := cmp.Diff(secondNotes, notes) + cmp.Diff(secondTasks, tasks); diff != "" {
							t.Fatalf("the second version:\n%s", diff)
						}
						if r.twin.Struck() == 0 {
							t.Error("the fault did not strike")
						}
						if times == 1 && failures > 1 && f.Slow == 0 { // a slow machine makes more of them slow
							t.Errorf("one fault made publishing fail %d times", failures)
						}
						r.untold(t, "")
					})
				}
			}
		}
	}
}

// state is what stands in Vitally, but for how often it was touched, by external id.
func (r *rig) state() (notes map[string][]twin.Note, tasks map[string][]twin.Task) {
	notes, tasks = map[string][]twin.Note{}, map[string][]twin.Task{}
	for _, n := range r.twin.Notes() {
		n.ID = ""
		notes[n.ExternalID] = append(notes[n.ExternalID], n)
	}
	for _, task := range r.twin.Tasks() {
		task.ID, task.Touched = "", false
		tasks[task.ExternalID] = append(tasks[task.ExternalID], task)
	}
	return notes, tasks
}

// until publishes, each time as a fresh process, until it succeeds, and returns how
// often it failed.
func (r *rig) until(t *testing.T, h *throughline.Handoff) int {
	t.Helper()
	for failures := range 12 {
		_, err := r.client(t).Publish(t.Context(), publication(h))
		if err == nil {
			return failures
		}
		var e *connect.Error
		if !errors.As(err, &e) || !e.Temporary || e.Advice == "" {
			t.Fatalf("not an error that tells to try again: %v", err)
		}
		r.untold(t, err.Error())
		r.clock.mu.Lock()
		r.clock.now = r.clock.now.Add(15 * time.Minute)
		r.clock.mu.Unlock()
	}
	t.Fatal("publishing did not succeed in twelve tries")
	return 0
}

// untold looks for what no error and no log may hold.
func (r *rig) untold(t *testing.T, said string) {
	t.Helper()
	for _, secret := range []string{
		apiKey, base64.StdEncoding.EncodeToString([]byte(apiKey + ":")), "Brightwater", "wards", "Nadia", crmAccount, "handoffs.example",
	} {
		if strings.Contains(said+r.log.String(), secret) {
			t.Errorf("an error or the log tells %q: %s\n%s", secret, said, r.log)
		}
	}
}

// TestVendorRepeats: where the vendor's words repeat what they should not, an error
// does not.
func TestVendorRepeats(t *testing.T) {
	r := newRig(t)
	r.twin.Key = "another"
	_, err := r.client(t).Publish(t.Context(), publication(brightwater(t)))
	if err == nil || !strings.Contains(err.Error(), "Check the API key") {
		t.Errorf("got %v", err)
	}
	r.untold(t, err.Error())
	echo := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"no key %s or %s"}`, apiKey, req.Header.Get("Authorization"))
	})
	r.config.HTTP = &http.Client{Transport: handled{echo}}
	_, err = r.client(t).Publish(t.Context(), publication(brightwater(t)))
	if err == nil || !strings.Contains(err.Error(), "no key [secret] or Basic [secret]") {
		t.Errorf("got %v", err)
	}
	r.untold(t, err.Error())
}

// TestBadRequest: what Vitally says of a body may repeat it, and is not told on.
func TestBadRequest(t *testing.T) {
	r := newRig(t)
	r.config.HTTP = &http.Client{Transport: handled{http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodPost {
			r.twin.ServeHTTP(w, req)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"note may not say Four wards plan their weekends, Nadia"}`))
	})}}
	_, err := r.client(t).Publish(t.Context(), publication(brightwater(t)))
	var e *connect.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest || e.Advice == "" {
		t.Errorf("got %v", err)
	}
	r.untold(t, err.Error())
}

// TestRateLimit: the stand-in turns away what is too much, says for how long, and
// the connector waits that long.
func TestRateLimit(t *testing.T) {
	r := newRig(t)
	r.twin.PerMinute = 4
	r.config.Limiter = connect.NewLimiter(1000, 1000)
	began := r.clock.Now()
	r.publish(t, brightwater(t))
	if took := r.clock.Now().Sub(began); took < time.Minute || took > 3*time.Minute {
		t.Errorf("six calls at four a minute took %s", took)
	}
	if n := len(r.twin.Tasks()); n != 2 {
		t.Errorf("%d tasks", n)
	}
	r.only(t)
}

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(r *rig, p *connect.Publication)
		want  string
	}{
		"a key of another form": {func(_ *rig, p *connect.Publication) { p.Key = "a/b" }, "the key is not"},
		"no handoff":            {func(_ *rig, p *connect.Publication) { p.Handoff = nil }, "there is no handoff"},
		"an audience":           {func(_ *rig, p *connect.Publication) { p.Audience = "all" }, "the audience is not known"},
		"no account":            {func(_ *rig, p *connect.Publication) { p.Deal.Account = "" }, "Set the account on the deal in the CRM"},
		"another account":       {func(_ *rig, p *connect.Publication) { p.Deal.Account = "001X" }, "there is no account with the external id that {account} gives"},
		"a field that is empty": {func(r *rig, _ *connect.Publication) { r.config.AccountBy = "{Vitally_Id__c}" }, "the deal's record has nothing for {Vitally_Id__c}"},
		"only dots":             {func(_ *rig, p *connect.Publication) { p.Deal.Account = ".." }, "only dots"},
		"no such category":      {func(r *rig, _ *connect.Publication) { r.config.Category = "Handoffs" }, "no note category is called as the configuration says"},
		"no notes":              {func(r *rig, _ *connect.Publication) { r.twin.Withheld = []string{"notes"} }, "Vitally does not let this API key do that"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			p := publication(brightwater(t))
			tc.spoil(r, &p)
			_, err := r.client(t).Publish(t.Context(), p)
			var e *connect.Error
			if !errors.As(err, &e) || e.Advice == "" || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
			if len(r.twin.Notes())+len(r.twin.Tasks()) != 0 {
				t.Error("something was written")
			}
		})
	}
}

// TestAccountBy: the account is found by what the configuration says.
func TestAccountBy(t *testing.T) {
	for by, external := range map[string]string{
		"":                         crmAccount,
		"account":                  crmAccount,
		"{account}":                crmAccount,
		"sf-{account}":             "sf-" + crmAccount,
		"{id}":                     "006000000000001AAA",
		"{domain}":                 "brightwater.example",
		"{customer}":               "Brightwater/Clinics & Co?",
		"{Vitally_Id__c}/{domain}": "V 7/brightwater.example",
	} {
		r := newRig(t)
		r.config.AccountBy = by
		account := r.twin.AddAccount(external, "By "+by)
		p := publication(brightwater(t))
		p.Deal.Domains, p.Deal.Customer, p.Deal.Fields = []string{"brightwater.example"}, "Brightwater/Clinics & Co?", map[string]string{"Vitally_Id__c": "V 7"}
		if _, err := r.client(t).Publish(t.Context(), p); err != nil {
			t.Errorf("%s: %v", by, err)
			continue
		}
		if note := r.only(t); note.Account != account {
			t.Errorf("%s: the note is on %s", by, note.Account)
		}
	}
}

// handled answers requests in process.
type handled struct{ http.Handler }

// TestWrongAccount: an answer that is another account's is not written to.
func TestWrongAccount(t *testing.T) {
	r := newRig(t)
	asked := 0
	r.config.HTTP = &http.Client{Transport: handled{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"id":"7","externalId":"001000000000002AAA"}`))
	})}}
	_, err := r.client(t).Publish(t.Context(), publication(brightwater(t)))
	if err == nil || !strings.Contains(err.Error(), "another account") || asked != 1 {
		t.Errorf("got %v after %d calls", err, asked)
	}
}

// TestArchivedNote: a note that somebody archived is not made again behind their
// back.
func TestArchivedNote(t *testing.T) {
	r := newRig(t)
	copied := r.publish(t, brightwater(t))
	r.twin.Archive(copied.ID)
	_, err := r.client(t).Publish(t.Context(), publication(next(t)))
	if err == nil || !strings.Contains(err.Error(), "Restore the note") {
		t.Errorf("got %v", err)
	}
	if note := r.only(t); !note.Archived || strings.Contains(note.HTML, "version 2") {
		t.Errorf("the note is %+v", note)
	}
}

func TestRemove(t *testing.T) {
	r := newRig(t)
	copied := r.publish(t, brightwater(t))
	r.other(t, 1)
	r.twin.Edit(r.taskOf(t, allWards).ID, map[string]any{"completedAt": "2026-05-02T10:00:00Z"})
	r.twin.Fail(fault.Fault{Route: twin.RouteDeleteTask, After: 1, Status: 500, Times: connect.DefaultMaxTries})
	if err := r.client(t).Remove(t.Context(), copied.ID); err == nil {
		t.Error("the fault went unsaid")
	}
	for range 2 {
		if err := r.client(t).Remove(t.Context(), copied.ID); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range r.twin.Notes() {
		if n.Archived != (n.ExternalID == key) {
			t.Errorf("the note %q: archived %t", n.ExternalID, n.Archived)
		}
	}
	for _, task := range r.twin.Tasks() {
		if task.Archived != strings.HasPrefix(task.ExternalID, key+"/") {
			t.Errorf("the task %q: archived %t", task.Name, task.Archived)
		}
	}
	r = newRig(t)
	copied = r.publish(t, brightwater(t))
	r.twin.Forget()
	if err := r.client(t).Remove(t.Context(), copied.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{twin.RouteNote: 1, twin.RouteAccountTasks: 1, twin.RouteDeleteTask: 2, twin.RouteDeleteNote: 1}, r.twin.Requests()); diff != "" {
		t.Error(diff)
	}
	r.other(t, 1)
	if err := r.client(t).Remove(t.Context(), "gone"); err != nil {
		t.Errorf("what is gone: %v", err)
	}
	for _, id := range []string{"", "..", r.twin.Notes()[1].ID} {
		if err := r.client(t).Remove(t.Context(), id); err == nil {
			t.Errorf("%q was removed", id)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(r *rig)
		want  []string
	}{
		"all there":   {func(*rig) {}, nil},
		"another key": {func(r *rig) { r.twin.Key = "another" }, []string{"API key"}},
		"no accounts": {func(r *rig) { r.twin.Withheld = []string{"accounts"} }, []string{"Accounts"}},
		"no tasks":    {func(r *rig) { r.twin.Withheld = []string{"tasks"} }, []string{"Tasks"}},
		"no category": {func(r *rig) { r.config.Category = "Other" }, []string{"Note category"}},
		"no notes":    {func(r *rig) { r.config.Category, r.twin.Withheld = "", []string{"notes"} }, []string{"Notes"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.config.Category = "Handoffs"
			r.twin.AddCategory("Handoffs")
			tc.spoil(r)
			var missing []string
			for _, p := range r.client(t).Check(t.Context()) {
				var e *connect.Error
				if p.Err != nil {
					missing = append(missing, p.Name)
				}
				if p.Err != nil && (!errors.As(p.Err, &e) || e.Advice == "") {
					t.Errorf("%s says %v", p.Name, p.Err)
				}
			}
			if diff := cmp.Diff(tc.want, missing); diff != "" {
				t.Error(diff)
			}
			calls := 0
			for _, n := range r.twin.Requests() {
				calls += n
			}
			if calls > 6 || len(r.twin.Notes())+len(r.twin.Tasks()) > 0 {
				t.Errorf("checking took %v", r.twin.Requests())
			}
		})
	}
}

// TestRegions: each region has its own host, and the key goes to no other.
func TestRegions(t *testing.T) {
	for name, tc := range map[string]struct {
		region    vitally.Region
		subdomain string
		host      string
	}{
		"us":        {vitally.RegionUS, "Example", "example.rest.vitally.io"},
		"no region": {"", "example", "example.rest.vitally.io"},
		"eu":        {vitally.RegionEU, "", "rest.vitally-eu.io"},
	} {
		r := newRig(t)
		r.twin.Host = tc.host
		r.config.Base, r.config.Region, r.config.Subdomain = "", tc.region, tc.subdomain
		var asked []string
		r.config.HTTP = &http.Client{Transport: handled{http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			asked = append(asked, req.URL.Scheme+"://"+req.Host)
			r.twin.ServeHTTP(w, req)
		})}}
		r.publish(t, brightwater(t))
		r.only(t)
		if slices.ContainsFunc(asked, func(at string) bool { return at != "https://"+tc.host }) {
			t.Errorf("%s: asked %q", name, asked)
		}
	}
}

func TestNew(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg  vitally.Config
		want string
	}{
		"no key":        {vitally.Config{Subdomain: "example"}, "Secret Token"},
		"no subdomain":  {vitally.Config{APIKey: apiKey}, "subdomain"},
		"an address":    {vitally.Config{APIKey: apiKey, Subdomain: "example.vitally.io"}, "subdomain"},
		"no region":     {vitally.Config{APIKey: apiKey, Region: "ap"}, "no region"},
		"one for all":   {vitally.Config{APIKey: apiKey, Region: vitally.RegionEU, AccountBy: "acme"}, "account_by"},
		"a broken text": {vitally.Config{APIKey: apiKey, Region: vitally.RegionEU, AccountBy: "{account"}, "account_by"},
	} {
		if _, err := vitally.New(tc.cfg); err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), apiKey) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestAtOnce: several that publish the same handoff at the same moment make one
// note and one task for each milestone.
func TestAtOnce(t *testing.T) {
	for _, upsert := range []bool{false, true} {
		r := newRig(t)
		r.twin.Upsert = upsert
		var publishing sync.WaitGroup
		for range 4 {
			c := r.client(t)
			publishing.Go(func() {
				if _, err := c.Publish(t.Context(), publication(brightwater(t))); err != nil {
					t.Error(err)
				}
			})
		}
		publishing.Wait()
		r.only(t)
		if n := len(r.twin.Tasks()); n != 2 {
			t.Errorf("%d tasks", n)
		}
	}
}
