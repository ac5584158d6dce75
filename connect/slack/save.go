package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"
)

// An export is what is saved of a workspace for a deal.
type export struct {
	self     *identity
	channels []conversation
	users    []slackapi.User
}

// savedChannel is a channel as the export lists it.
type savedChannel struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Created     int64    `json:"created,omitempty"`
	Topic       string   `json:"topic,omitempty"`
	Purpose     string   `json:"purpose,omitempty"`
	IsPrivate   bool     `json:"is_private"`
	IsArchived  bool     `json:"is_archived,omitempty"`
	IsExtShared bool     `json:"is_ext_shared,omitempty"` // another organisation is in it
	Members     []string `json:"members,omitempty"`
	URL         string   `json:"url,omitempty"`
}

// savedUser is somebody as the export lists them.
type savedUser struct {
	ID         string       `json:"id"`
	TeamID     string       `json:"team_id,omitempty"`
	Name       string       `json:"name,omitempty"`
	RealName   string       `json:"real_name,omitempty"`
	IsBot      bool         `json:"is_bot,omitempty"`
	IsStranger bool         `json:"is_stranger,omitempty"`
	IsGuest    bool         `json:"is_restricted,omitempty"`
	Profile    savedProfile `json:"profile"`
}

type savedProfile struct {
	RealName    string `json:"real_name,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	Email       string `json:"email,omitempty"`
	Title       string `json:"title,omitempty"`
}

// exportDir is where an export stands in a deal's folder.
const exportDir = "slack"

// save writes the export, for its owner alone, in the place of an earlier one.
func (e *export) save(dir string) error {
	if err := removeEarlier(dir); err != nil {
		return err
	}
	into := filepath.Join(dir, exportDir)
	if err := os.MkdirAll(into, 0o700); err != nil {
		return err
	}
	bots := map[string]bool{e.self.UserID: true}
	users := []savedUser{}
	for _, u := range e.users {
		bots[u.ID] = bots[u.ID] || u.IsBot
		users = append(users, savedUser{
			ID: u.ID, TeamID: u.TeamID, Name: u.Name, RealName: u.RealName, IsBot: bots[u.ID], IsStranger: u.IsStranger, IsGuest: u.IsRestricted || u.IsUltraRestricted,
			Profile: savedProfile{RealName: u.Profile.RealName, DisplayName: u.Profile.DisplayName, Email: u.Profile.Email, Title: u.Profile.Title},
		})
	}
	channels := []savedChannel{}
	for _, ch := range e.channels {
		channels = append(channels, savedChannel{
			ID: ch.ID, Name: ch.Name, Created: int64(ch.Created), Topic: ch.Topic.Value, Purpose: ch.Purpose.Value,
			IsPrivate: ch.IsPrivate, IsArchived: ch.IsArchived, IsExtShared: shared(&ch.Channel), URL: e.self.archive(ch.ID),
			Members: slices.DeleteFunc(slices.Clone(ch.members), func(id string) bool { return bots[id] }), // a bot is nobody who heard
		})
	}
	if err := write(filepath.Join(into, "users.json"), users); err != nil {
		return err
	}
	if err := write(filepath.Join(into, "channels.json"), channels); err != nil {
		return err
	}
	for _, ch := range e.channels {
		if err := e.days(filepath.Join(into, folderOf(ch.ID, ch.Name)), ch); err != nil {
			return err
		}
	}
	return nil
}

// days writes a channel's messages, a file for each day in UTC.
func (e *export) days(dir string, ch conversation) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	slices.SortFunc(ch.messages, func(a, b message) int {
		return cmp.Or(a.at().Compare(b.at()), strings.Compare(a.TS, b.TS))
	})
	days := map[string][]map[string]json.RawMessage{}
	for _, m := range ch.messages {
		day := m.at().Format(time.DateOnly)
		days[day] = append(days[day], m.saved(ch.ID, e.self))
	}
	for day, messages := range days {
		if err := write(filepath.Join(dir, day+".json"), messages); err != nil {
			return err
		}
	}
	return nil
}

// folderOf is the name of a channel's folder: the channel's, unless a file system
// could take that for something else.
func folderOf(id, name string) string {
	if channelName.MatchString(name) {
		return name
	}
	return id
}

func write(file string, v any) error {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(raw, '\n'), 0o600)
}

var dayFile = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}\.json$`)

// removeEarlier removes an earlier export: its lists, and the days of the
// channels that they name. What else stands there is left alone.
func removeEarlier(dir string) error {
	into := filepath.Join(dir, exportDir)
	channels, err := earlierChannels(filepath.Join(into, "channels.json"))
	if channels == nil {
		return err
	}
	for _, ch := range channels {
		name := folderOf(ch.ID, ch.Name)
		if !channelName.MatchString(name) {
			continue
		}
		if err := removeDays(filepath.Join(into, name)); err != nil {
			return err
		}
	}
	return errors.Join(os.Remove(filepath.Join(into, "channels.json")), removed(filepath.Join(into, "users.json")))
}

// earlierChannels are those that an earlier export lists; nil where there is none
// of ours.
func earlierChannels(file string) ([]savedChannel, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var channels []savedChannel
	if ours := json.Unmarshal(raw, &channels) == nil; !ours {
		return nil, nil
	}
	return channels, nil
}

func removeDays(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if dayFile.MatchString(e.Name()) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// removed removes a file that need not be there.
func removed(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
