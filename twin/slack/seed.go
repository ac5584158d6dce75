package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Seed takes the Slack export in a deal's folder: slack/channels.json, users.json,
// and the days of each channel. Where the export does not say who is in a channel,
// those are who wrote in it.
func (s *Server) Seed(folder fs.FS) error {
	users, err := records(folder, "slack/users.json")
	if err != nil {
		return err
	}
	for _, u := range users {
		s.AddUser(u)
	}
	for _, list := range []string{"slack/channels.json", "slack/groups.json"} {
		channels, err := records(folder, list)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, ch := range channels {
			if list == "slack/groups.json" {
				ch["is_private"] = true
			}
			if err := s.seedChannel(folder, ch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) seedChannel(folder fs.FS, ch Object) error {
	var members []string
	named, _ := ch["members"].([]any)
	for _, m := range named {
		if id, ok := m.(string); ok {
			members = append(members, id)
		}
	}
	id := s.AddChannel(ch)
	days, err := fs.Glob(folder, path.Join("slack", text(ch, "name"), "*.json"))
	if err != nil {
		return fmt.Errorf("seeding the workspace: %w", err)
	}
	var all []Object
	for _, day := range days {
		messages, err := records(folder, day)
		if err != nil {
			return err
		}
		all = append(all, messages...)
	}
	slices.SortStableFunc(all, func(a, b Object) int { return strings.Compare(text(a, "ts"), text(b, "ts")) })
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range all {
		if user := text(m, "user"); named == nil && user != "" && !slices.Contains(members, user) {
			members = append(members, user)
		}
		for _, counted := range []string{"reply_count", "reply_users", "latest_reply", "permalink"} {
			delete(m, counted) // which add makes anew
		}
		s.add(s.channels[id], m)
	}
	members = append(members, BotUID)
	s.channels[id].members = members
	return nil
}

// records are the objects of a file's list.
func records(folder fs.FS, name string) ([]Object, error) {
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("seeding the workspace: %w", err)
	}
	var list []Object
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("seeding the workspace: %s: %w", name, err)
	}
	return list, nil
}
