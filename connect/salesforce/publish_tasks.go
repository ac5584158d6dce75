package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"throughline/connect"
)

const opTasks = "write the milestones' tasks"

// mostParts is how many calls one composite request may hold.
const mostParts = 25

var placedTaskFields = []string{"Id", "Subject", "Description", "ActivityDate", "IsClosed", "IsDeleted"}

// taskWishes ask for the tasks of the opportunity, archived and deleted ones too, and
// for the user whom new ones are assigned to.
func (w *edition) taskWishes() []wish {
	if !w.withTasks {
		return nil
	}
	wishes := []wish{tasksWish(w.opportunity, placedTaskFields)}
	if w.csm != "" {
		wishes = append(wishes, wish{name: "csm", object: "User", fields: []string{"Id"}, rest: "WHERE Email = " + quote(w.csm) + " AND IsActive = true ORDER BY CreatedDate, Id"})
	}
	return wishes
}

func tasksWish(opportunity string, fields []string) wish {
	return wish{name: "tasks", object: "Task", fields: fields, rest: "WHERE WhatId = " + quote(opportunity) + " ORDER BY CreatedDate, Id", all: true}
}

// A taskView is what the org has of the milestones' tasks.
type taskView struct {
	there []placedTask
	csm   string // the id of the CSM's user; empty where none is known
	err   error  // why the tasks can't be read
}

// taskView is what the wishes for tasks were answered with.
func (o *Org) taskView(ctx context.Context, w *edition, got answers, refused map[string]*connect.Error) taskView {
	var v taskView
	for _, one := range w.taskWishes() {
		found, err := o.all(ctx, one, got, refused)
		switch {
		case one.object == "Task":
			v.there, v.err = placedTasks(w.key, found), err
		case err == nil && len(found) > 0: // without the CSM, tasks are made all the same
			v.csm = found[0].text("Id")
		}
	}
	return v
}

// all are the records of a query, or why not all can be had.
func (o *Org) all(ctx context.Context, w wish, got answers, refused map[string]*connect.Error) ([]Record, error) {
	if e := refused[w.name]; e != nil {
		return nil, e
	}
	var out []Record
	for rec, err := range o.rows(ctx, w.op(), got[w.name]) {
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

// placeTasks brings the milestones' tasks about. afresh says that the handoff was not
// there before: then what lies in the recycle bin is of one that was taken away.
func (o *Org) placeTasks(ctx context.Context, w *edition, v taskView, afresh bool) error {
	for try := 0; ; try++ {
		if v.err != nil {
			return v.err
		}
		failed := o.writeTasks(ctx, w.missingTasks(o, v, afresh))
		if failed == nil {
			return nil
		}
		if try == tries || !unclear(failed) || ctx.Err() != nil || o.sleep(ctx, time.Second<<(try+1)) != nil {
			return failed
		}
		got, refused, err := o.ask(ctx, "look for the milestones' tasks", w.taskWishes())
		if err != nil {
			return err
		}
		v = o.taskView(ctx, w, got, refused)
	}
}

// missingTasks are the calls that make and change tasks. One that people completed or
// deleted is left alone, as is one that says what it should, whatever people changed
// about it. Owner, status and a day that people gave a task stay.
func (w *edition) missingTasks(o *Org, v taskView, afresh bool) []part {
	there := v.there
	if afresh {
		there = slices.DeleteFunc(slices.Clone(there), placedTask.deleted)
	}
	var out []part
	add := func(method, path string, fields map[string]any) {
		out = append(out, part{method, o.path(path), fmt.Sprintf("task%d", len(out)), fields})
	}
	change := func(t task, p placedTask) {
		if p.closed() || p.deleted() || p.mark.digest == t.mark.digest {
			return
		}
		fields := t.fields()
		if t.mark.due != "" && !p.moved() {
			fields["ActivityDate"] = t.mark.due
		}
		add(http.MethodPatch, "sobjects/Task/"+p.text("Id"), fields)
	}
	for _, t := range w.tasks {
		if i := slices.IndexFunc(there, func(p placedTask) bool { return p.mark.item == t.mark.item }); i >= 0 {
			change(t, there[i])
			continue
		}
		fields := t.fields()
		fields["WhatId"] = w.opportunity
		if t.mark.due != "" {
			fields["ActivityDate"] = t.mark.due
		}
		if v.csm != "" {
			fields["OwnerId"] = v.csm
		}
		add(http.MethodPost, "sobjects/Task", fields)
	}
	for _, p := range there {
		if !slices.ContainsFunc(w.tasks, func(t task) bool { return t.mark.item == p.mark.item }) {
			change(without(p), p)
		}
	}
	return out
}

// writeTasks makes the calls, as few as they can be bundled into. One that is refused
// keeps none of the others from being made.
func (o *Org) writeTasks(ctx context.Context, parts []part) error {
	var refused error
	for some := range slices.Chunk(parts, mostParts) {
		var answer compositeAnswer
		req := connect.Request{Op: opTasks, Method: http.MethodPost, Path: o.path("composite"), Body: map[string]any{"allOrNone": false, "compositeRequest": some}}
		if err := o.do(ctx, req, &answer); err != nil {
			return err
		}
		if e := answer.refused(opTasks); e != nil {
			refused = e
		} else if len(answer.Parts) != len(some) {
			return &connect.Error{Vendor: vendor, Op: opTasks, Temporary: true, Message: "the answer does not tell of every part of the request", Advice: "try again"}
		}
	}
	return refused
}

// removeTasks deletes the tasks that were written with the file of a handoff.
func (o *Org) removeTasks(ctx context.Context, document string) error {
	const op = "remove the milestones' tasks"
	of := "WHERE ContentDocumentId = " + quote(document)
	versions := wish{name: "versions", object: "ContentVersion", fields: []string{"Id", "PathOnClient"}, rest: of}
	links := wish{name: "links", object: "ContentDocumentLink", fields: []string{"Id", "LinkedEntityId"}, rest: of}
	got, refused, err := o.ask(ctx, op, []wish{versions, links})
	if err != nil {
		return err
	}
	paths, err := o.all(ctx, versions, got, refused)
	linked, err2 := o.all(ctx, links, got, refused)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	keys := map[string]bool{}
	for _, v := range paths {
		if m, ours := parseMarker(v.text("PathOnClient")); ours {
			keys[m.key] = true
		}
	}
	for _, l := range linked {
		if id := l.text("LinkedEntityId"); len(keys) > 0 && strings.HasPrefix(id, "006") && recordID.MatchString(id) {
			if err := o.removeTasksOf(ctx, op, id, keys); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeTasksOf deletes an opportunity's tasks for handoffs with the keys.
func (o *Org) removeTasksOf(ctx context.Context, op, opportunity string, keys map[string]bool) error {
	for try := 0; ; try++ {
		w := tasksWish(opportunity, placedTaskFields)
		got, refused, err := o.ask(ctx, op, []wish{w})
		if err != nil {
			return err
		}
		found, err := o.all(ctx, w, got, refused)
		if e, ok := errors.AsType[*connect.Error](err); ok && e.Code == "INVALID_TYPE" {
			return nil // who may not see tasks has written none
		}
		if err != nil {
			return err
		}
		var parts []part
		for _, r := range found {
			if m, ours := parseTaskMark(r.text("Description")); ours && keys[m.key] && r["IsDeleted"] != true {
				parts = append(parts, part{http.MethodDelete, o.path("sobjects/Task/" + r.text("Id")), fmt.Sprintf("task%d", len(parts)), nil})
			}
		}
		err = o.writeTasks(ctx, parts)
		// Of a task that somebody deleted meanwhile the next look tells.
		if e, ok := errors.AsType[*connect.Error](err); !ok || e.Status != http.StatusNotFound || try == tries {
			return err
		}
	}
}
