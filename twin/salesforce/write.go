package salesforce

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A refusal is why a write is not made.
type refusal struct {
	status        int
	code, message string
	fields        []string
}

func (e *refusal) answer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(e.status)
	write(w, []map[string]any{{"message": e.message, "errorCode": e.code, "fields": append([]string{}, e.fields...)}})
}

func bad(code, message string, fields ...string) *refusal {
	return &refusal{http.StatusBadRequest, code, message, fields}
}

// Define adds a field to an object, or changes the one with its name.
func (s *Server) Define(object string, f Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.define(object, f)
}

func (s *Server) define(object string, f Field) {
	s.fields[object] = append(slices.DeleteFunc(s.fields[object], func(old Field) bool { return old.Name == f.Name }), f)
}

// All are copies of an object's records, in the order in which they were made.
func (s *Server) All(object string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Record
	for _, rec := range s.tables[object] {
		out = append(out, maps.Clone(rec))
	}
	return out
}

// Remove removes a record, as somebody in the org may. A task goes to the recycle bin.
func (s *Server) Remove(object, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if object == "Task" {
		s.bin(id)
		return
	}
	s.tables[object] = slices.DeleteFunc(s.tables[object], func(rec Record) bool {
		own, _ := rec["Id"].(string)
		return sameID(own, id)
	})
}

// bin puts a task into the recycle bin, where queryAll still finds it.
func (s *Server) bin(id string) {
	if rec := maps.Clone(s.find("Task", id)); rec != nil {
		rec["IsDeleted"] = true
		s.put("Task", rec)
	}
}

// remove answers DELETE sobjects/OBJECT/ID. A file goes with its versions and links,
// a task to the recycle bin.
func (s *Server) remove(w http.ResponseWriter, object, id string) {
	switch rec := s.find(object, id); {
	case rec == nil:
		fail(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
		return
	case rec["IsDeleted"] == true:
		fail(w, http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted")
		return
	case object == "Task":
		s.bin(id)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	drop := func(object, field string) {
		s.tables[object] = slices.DeleteFunc(s.tables[object], func(rec Record) bool {
			own, _ := rec[field].(string)
			return sameID(own, id)
		})
	}
	drop(object, "Id")
	if object == "ContentDocument" {
		drop("ContentVersion", "ContentDocumentId")
		drop("ContentDocumentLink", "ContentDocumentId")
	}
	w.WriteHeader(http.StatusNoContent)
}

// Revise puts a version over a file, as somebody in the org may.
func (s *Server) Revise(document, name string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ext := strings.TrimPrefix(path.Ext(name), ".")
	s.addVersion(document, Record{"Title": strings.TrimSuffix(name, path.Ext(name)), "PathOnClient": name, "FileType": fileType(ext), "FileExtension": ext}, data)
}

// Blob is what a version of a file holds.
func (s *Server) Blob(version string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.blobs["ContentVersion/"+version])
}

// create answers POST sobjects/OBJECT.
func (s *Server) create(w http.ResponseWriter, object string, body []byte) {
	rec, refused := s.fieldsOf(object, body, true)
	if refused == nil && s.NoCreate[object] {
		refused = &refusal{http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil}
	}
	id := ""
	if refused == nil {
		switch object {
		case "ContentVersion":
			id, refused = s.createVersion(rec)
		case "ContentNote":
			id, refused = s.createNote(rec)
		case "ContentDocumentLink":
			id, refused = s.createLink(rec)
		case "Task":
			id, refused = s.createTask(rec)
		default:
			id = s.put(object, rec)
		}
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(http.StatusCreated)
	write(w, map[string]any{"id": id, "success": true, "errors": []any{}})
}

// update answers PATCH sobjects/OBJECT/ID.
func (s *Server) update(w http.ResponseWriter, object, id string, body []byte) {
	changes, refused := s.fieldsOf(object, body, false)
	old := s.find(object, id)
	switch {
	case refused != nil:
	case old == nil, s.Denied[id]:
		refused = &refusal{http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist", nil}
	case old["IsDeleted"] == true:
		refused = &refusal{http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted", nil}
	case s.NoEdit[object]:
		refused = &refusal{http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil}
	case s.Rules[object] != "":
		refused = bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", s.Rules[object])
	case object == "ContentNote":
		refused = s.changeNote(old, changes)
	default:
		rec := maps.Clone(old)
		maps.Copy(rec, changes)
		rec["LastModifiedDate"], rec["SystemModstamp"] = timeText(s.Now()), timeText(s.Now())
		s.put(object, rec)
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// fieldsOf are the fields that a write's body sets, if they may be set.
func (s *Server) fieldsOf(object string, body []byte, creating bool) (Record, *refusal) {
	if _, ok := s.fields[object]; !ok || s.Denied[object] {
		return nil, &refusal{http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist", nil}
	}
	var rec Record
	if err := json.Unmarshal(body, &rec); err != nil {
		return nil, bad("JSON_PARSER_ERROR", "the body is not an object")
	}
	delete(rec, "attributes")
	for _, name := range slices.Sorted(maps.Keys(rec)) {
		f, ok := s.visibleField(object, name)
		switch {
		case !ok:
			return nil, bad("INVALID_FIELD", fmt.Sprintf("No such column '%s' on sobject of type %s", name, object))
		case !s.writable(object, f, creating):
			return nil, bad("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: "+name+". Please check the security settings of this field and verify that it is read/write for your profile or permission set.", name)
		}
		if refused := fits(f, rec[name]); refused != nil {
			return nil, refused
		}
	}
	return rec, nil
}

// kept are the fields that only the org itself sets.
var kept = []string{
	"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsWon", "IsClosed", "IsLatest", "ContentSize", "FileType",
	"FileExtension", "VersionNumber", "Checksum", "LatestPublishedVersionId", "CompletedDateTime", "IsArchived",
}

// settable are the fields of files that may be set only when a record is made.
var settable = []string{"ContentDocumentId", "PathOnClient", "VersionData", "FirstPublishLocationId", "LinkedEntityId"}

// writable reports whether the user may set a field.
func (s *Server) writable(object string, f Field, creating bool) bool {
	if slices.Contains(kept, f.Name) || f.Calculated || s.NoEdit[object+"."+f.Name] {
		return false
	}
	return creating || !slices.Contains(settable, f.Name)
}

// fits refuses a value that the field can't hold.
func fits(f Field, v any) *refusal {
	if v == nil {
		return nil
	}
	text, isText := v.(string)
	switch f.Type {
	case "double", "int", "currency", "percent":
		if _, ok := number(v); !ok {
			return bad("JSON_PARSER_ERROR", "Cannot deserialize instance of "+f.Type)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad("JSON_PARSER_ERROR", "Cannot deserialize instance of boolean")
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil || !isText {
			return bad("JSON_PARSER_ERROR", "Cannot deserialize instance of date")
		}
	case "datetime":
		if moment(v).IsZero() || len(text) < len("2006-01-02T15:04") {
			return bad("JSON_PARSER_ERROR", "Cannot deserialize instance of datetime")
		}
	default:
		if !isText {
			return bad("JSON_PARSER_ERROR", "Cannot deserialize instance of string")
		}
		if n := f.length(); n > 0 && utf8.RuneCountInString(text) > n {
			return bad("STRING_TOO_LONG", f.Name+": data value too large (max length="+fmt.Sprint(n)+")", f.Name)
		}
	}
	return nil
}

// length is how many characters a field holds; 0 where that is not by characters.
func (f Field) length() int {
	switch {
	case f.Length > 0:
		return f.Length
	case f.Type == "string", f.Type == "url", f.Type == "picklist":
		return 255
	case f.Type == "textarea":
		return 32_000
	}
	return 0
}

// createVersion adds a file, or a version of one.
func (s *Server) createVersion(rec Record) (string, *refusal) {
	name, _ := rec["PathOnClient"].(string)
	encoded, _ := rec["VersionData"].(string)
	data, err := base64.StdEncoding.DecodeString(encoded)
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	switch {
	case name == "" || encoded == "":
		return "", bad("REQUIRED_FIELD_MISSING", "Required fields are missing: [PathOnClient, VersionData]", "PathOnClient", "VersionData")
	case err != nil:
		return "", bad("JSON_PARSER_ERROR", "VersionData is not base64")
	case s.NoHTML && (extension == "html" || extension == "htm"):
		return "", bad("HTML_FILE_UPLOAD_NOT_ALLOWED", "HTML uploads are not allowed")
	}
	document, _ := rec["ContentDocumentId"].(string)
	first, _ := rec["FirstPublishLocationId"].(string)
	if document != "" {
		if s.find("ContentDocument", document) == nil {
			return "", bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "ContentDocumentId")
		}
		if first != "" {
			return "", bad("INVALID_FIELD_FOR_INSERT_UPDATE", "FirstPublishLocationId can't be set for another version", "FirstPublishLocationId")
		}
	} else if first != "" && !s.linkable(first) {
		return "", bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "FirstPublishLocationId")
	}
	title, _ := rec["Title"].(string)
	if title == "" {
		rec["Title"] = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	delete(rec, "VersionData")
	rec["FileType"], rec["FileExtension"] = fileType(extension), extension
	id := s.addVersion(document, rec, data)
	if first != "" {
		s.put("ContentDocumentLink", Record{"LinkedEntityId": first, "ContentDocumentId": s.find("ContentVersion", id)["ContentDocumentId"], "ShareType": "V"})
	}
	return id, nil
}

// addVersion keeps a version of a document, which is made where there is none.
func (s *Server) addVersion(document string, rec Record, data []byte) string {
	number := 1
	for i, old := range s.tables["ContentVersion"] {
		if of, _ := old["ContentDocumentId"].(string); document != "" && sameID(of, document) {
			number++
			old = maps.Clone(old)
			old["IsLatest"] = false
			s.tables["ContentVersion"][i] = old
		}
	}
	version := maps.Clone(rec)
	version["IsLatest"], version["VersionNumber"], version["ContentSize"] = true, fmt.Sprint(number), len(data)
	id := s.put("ContentVersion", version)
	s.blobs["ContentVersion/"+id] = data
	doc := Record{}
	if document != "" {
		doc = maps.Clone(s.find("ContentDocument", document))
		doc["LastModifiedDate"], doc["SystemModstamp"] = timeText(s.Now()), timeText(s.Now())
	}
	for _, name := range []string{"Title", "FileType", "FileExtension", "OwnerId", "Description"} {
		if rec[name] != nil {
			doc[name] = rec[name]
		}
	}
	doc["ContentSize"], doc["LatestPublishedVersionId"] = len(data), id
	document = s.put("ContentDocument", doc)
	for i, v := range s.tables["ContentVersion"] {
		if v["Id"] == id {
			v = maps.Clone(v)
			v["ContentDocumentId"] = document
			s.tables["ContentVersion"][i] = v
		}
	}
	return id
}

// createNote adds a note made in Lightning, which is a document too.
func (s *Server) createNote(rec Record) (string, *refusal) {
	title, _ := rec["Title"].(string)
	data, refused := noteContent(rec)
	switch {
	case title == "":
		return "", bad("REQUIRED_FIELD_MISSING", "Required fields are missing: [Title]", "Title")
	case refused != nil:
		return "", refused
	}
	version := s.addVersion("", Record{"Title": title, "FileType": "SNOTE", "FileExtension": "snote"}, data)
	id, _ := s.find("ContentVersion", version)["ContentDocumentId"].(string)
	return s.put("ContentNote", Record{"Id": id, "Title": title, "FileType": "SNOTE"}), nil
}

func (s *Server) changeNote(old, changes Record) *refusal {
	data, refused := noteContent(changes)
	if refused != nil {
		return refused
	}
	rec := maps.Clone(old)
	if title, ok := changes["Title"].(string); ok {
		rec["Title"] = title
	}
	id, _ := old["Id"].(string)
	s.addVersion(id, Record{"Title": rec["Title"], "FileType": "SNOTE", "FileExtension": "snote"}, data)
	s.put("ContentNote", rec)
	return nil
}

func noteContent(rec Record) ([]byte, *refusal) {
	encoded, _ := rec["Content"].(string)
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || strings.Contains(strings.ToLower(string(data)), "<script") {
		return nil, bad("INVALID_BASE64_ENCODING", "Content is not base64 of text", "Content")
	}
	return data, nil
}

func (s *Server) createLink(rec Record) (string, *refusal) {
	entity, _ := rec["LinkedEntityId"].(string)
	document, _ := rec["ContentDocumentId"].(string)
	if !s.linkable(entity) || s.find("ContentDocument", document) == nil {
		return "", bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
	}
	for _, link := range s.tables["ContentDocumentLink"] {
		to, _ := link["LinkedEntityId"].(string)
		of, _ := link["ContentDocumentId"].(string)
		if sameID(to, entity) && sameID(of, document) {
			return "", bad("DUPLICATE_VALUE", entity+" is already linked with the document with the ID "+document, "LinkedEntityId")
		}
	}
	return s.put("ContentDocumentLink", rec), nil
}

// createTask adds a task of an opportunity, with what the org sets where nothing is
// said.
func (s *Server) createTask(rec Record) (string, *refusal) {
	what, _ := rec["WhatId"].(string)
	owner, _ := rec["OwnerId"].(string)
	switch user := s.find("User", owner); {
	case what != "" && s.find("Opportunity", what) == nil:
		return "", bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "WhatId")
	case owner != "" && user == nil:
		return "", bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "OwnerId")
	case owner != "" && user["IsActive"] == false:
		return "", bad("OPERATION_WITH_INACTIVE_USER_EXCEPTION", "operation performed with inactive user ["+owner+"] as owner of Task", "OwnerId")
	case s.Rules["Task"] != "":
		return "", bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", s.Rules["Task"])
	}
	for name, usual := range map[string]any{"Status": "Not Started", "Priority": "Normal"} {
		if rec[name] == nil {
			rec[name] = usual
		}
	}
	return s.put("Task", rec), nil
}

// settleTask sets of a task what follows from its status.
func (s *Server) settleTask(rec Record) {
	closed := slices.ContainsFunc(s.tables["TaskStatus"], func(r Record) bool { return r["ApiName"] == rec["Status"] && r["IsClosed"] == true })
	switch was := rec["IsClosed"] == true; {
	case !closed:
		rec["CompletedDateTime"] = nil
	case !was:
		rec["CompletedDateTime"] = rec["LastModifiedDate"]
	}
	rec["IsClosed"] = closed
}

// linkable reports whether files can be linked to the record.
func (s *Server) linkable(id string) bool {
	return s.find("Opportunity", id) != nil || s.find("Account", id) != nil
}

// A state is what a failed transaction goes back to. Writes replace records and
// never change them, so that copies of the lists are enough.
type state struct {
	tables map[string][]Record
	blobs  map[string][]byte
}

func (s *Server) state() state {
	out := state{tables: map[string][]Record{}, blobs: maps.Clone(s.blobs)}
	for object, list := range s.tables {
		out.tables[object] = slices.Clone(list)
	}
	return out
}

func (s *Server) restore(to state) { s.tables, s.blobs = to.tables, to.blobs }
