package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Load seeds the org from a deal folder: every record in its salesforce/*.json,
// single or as the answer of a query. Stages and times that the records imply
// are filled in, and the users are made the opportunity's team. It returns the ids of the opportunities it found.
func (s *Server) Load(folder fs.FS) ([]string, error) {
	names, err := fs.Glob(folder, "salesforce/*.json")
	if err != nil {
		return nil, fmt.Errorf("seeding the org: %w", err)
	}
	var opportunities []string
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("seeding the org: %w", err)
		}
		records, err := recordsIn(data)
		if err != nil {
			return nil, fmt.Errorf("seeding the org: %s: %w", path.Base(name), err)
		}
		for _, rec := range records {
			object := objectOf(rec)
			if object == "" {
				continue
			}
			id := s.Put(object, rec)
			if object == "Opportunity" {
				opportunities = append(opportunities, id)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range opportunities {
		s.settle(s.find("Opportunity", id))
		for _, u := range s.tables["User"] {
			s.put("OpportunityTeamMember", Record{"OpportunityId": id, "UserId": u["Id"], "TeamMemberRole": u["Title"]})
		}
	}
	return opportunities, nil
}

// recordsIn are the records of a file: itself, or a query's answer.
func recordsIn(data []byte) ([]Record, error) {
	var answer struct {
		Records []Record `json:"records"`
	}
	var single Record
	if err := errors.Join(json.Unmarshal(data, &answer), json.Unmarshal(data, &single)); err != nil {
		return nil, err
	}
	if single["attributes"] != nil {
		return []Record{single}, nil
	}
	return answer.Records, nil
}

func objectOf(rec Record) string {
	a, _ := rec["attributes"].(map[string]any)
	object, _ := a["type"].(string)
	return object
}

// settle makes the stages that an opportunity has been in, and dates it by its
// history.
func (s *Server) settle(opp Record) {
	won, _ := opp["IsWon"].(bool)
	first, last := "", ""
	for _, h := range s.tables["OpportunityHistory"] {
		if h["OpportunityId"] != opp["Id"] {
			continue
		}
		s.stage(h["StageName"], h["StageName"] == opp["StageName"] && won)
		at, _ := h["CreatedDate"].(string)
		last = max(last, at)
		if at != "" && (first == "" || at < first) {
			first = at
		}
	}
	s.stage(opp["StageName"], won)
	if last != "" {
		opp["CreatedDate"], opp["LastModifiedDate"], opp["SystemModstamp"], opp["LastStageChangeDate"] = first, last, last, last
	}
}

func (s *Server) stage(label any, won bool) {
	if !slices.ContainsFunc(s.tables["OpportunityStage"], func(r Record) bool { return r["MasterLabel"] == label }) && label != nil {
		s.put("OpportunityStage", Record{"MasterLabel": label, "ApiName": label, "IsActive": true, "IsClosed": won, "IsWon": won})
	}
}

// Move puts an opportunity into a stage at a moment, and keeps its history as the
// org does. A stage that is new to the org is made.
func (s *Server) Move(id, stage string, won bool, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	opp := s.find("Opportunity", id)
	s.stage(stage, won)
	opp["StageName"], opp["IsWon"], opp["IsClosed"] = stage, won, won
	opp["LastModifiedDate"], opp["SystemModstamp"], opp["LastStageChangeDate"] = timeText(at), timeText(at), timeText(at)
	s.put("OpportunityHistory", Record{"OpportunityId": opp["Id"], "StageName": stage, "CreatedDate": timeText(at)})
	s.changed("Opportunity", opp)
}

// Set changes fields of a record at a moment.
func (s *Server) Set(object, id string, fields Record, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.find(object, id)
	for k, v := range fields {
		rec[k] = v
	}
	rec["LastModifiedDate"], rec["SystemModstamp"] = timeText(at), timeText(at)
	s.put(object, rec)
}

// Attach adds a file, linked to a record, and returns the id of its version. A
// title with the extension "snote" is a note made in Lightning; data is its HTML.
func (s *Server) Attach(to, name, owner string, at time.Time, data []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ext := strings.TrimPrefix(path.Ext(name), ".")
	version := s.addVersion("", Record{
		"Title": strings.TrimSuffix(name, path.Ext(name)), "PathOnClient": name, "FileType": fileType(ext), "FileExtension": ext,
		"OwnerId": owner, "CreatedById": owner, "CreatedDate": timeText(at),
	}, data)
	document := s.find("ContentVersion", version)["ContentDocumentId"]
	s.find("ContentDocument", document.(string))["CreatedDate"] = timeText(at)
	s.put("ContentDocumentLink", Record{"LinkedEntityId": to, "ContentDocumentId": document, "ShareType": "V", "CreatedDate": timeText(at)})
	return version
}

// fileType is what the org calls the type of files with an extension.
func fileType(ext string) string {
	switch ext {
	case "md", "":
		return "UNKNOWN"
	case "txt":
		return "TEXT"
	case "docx":
		return "WORD_X"
	}
	return strings.ToUpper(ext)
}
