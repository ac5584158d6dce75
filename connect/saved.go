package connect

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
)

// A SavedFile is a file of a deal folder.
type SavedFile struct {
	Path string // within the folder, with slashes
	Data []byte
}

// JSONFile is a file of the folder that holds v.
func JSONFile(path string, v any) (SavedFile, error) {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return SavedFile{}, fmt.Errorf("saving the deal's %s: %w", path, err)
	}
	return SavedFile{path, append(data, '\n')}, nil
}

// DealFile is the file of a deal folder that says whose deal it is. A person's own
// says more than any that is made of a CRM's records.
const DealFile = "deal.json"

// SaveDeal writes a deal's files below a directory, which is made where it is not
// there. What matches earlier, patterns of [path.Match] for what an earlier pull
// wrote, is removed first, so that nothing stays that the system no longer has. A
// [DealFile] is replaced only where its "made_by" is madeBy. Only the user may read
// what is written.
func SaveDeal(dir string, files []SavedFile, earlier []string, madeBy string) error {
	if err := removeEarlier(dir, earlier, madeBy); err != nil {
		return fmt.Errorf("saving the deal: %w", err)
	}
	for _, f := range files {
		to := filepath.Join(dir, filepath.FromSlash(f.Path))
		if _, err := os.Stat(to); err == nil && f.Path == DealFile {
			continue // somebody else's, which knows better
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return fmt.Errorf("saving the deal: %w", err)
		}
		if err := WriteFile(to, f.Data); err != nil {
			return fmt.Errorf("saving the deal: %w", err)
		}
	}
	return nil
}

func removeEarlier(dir string, patterns []string, madeBy string) error {
	for _, pattern := range patterns {
		names, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	to := filepath.Join(dir, DealFile)
	if data, err := os.ReadFile(to); err == nil && madeByUs(data, madeBy) {
		return os.Remove(to)
	}
	return nil
}

func madeByUs(data []byte, madeBy string) bool {
	var d struct {
		MadeBy string `json:"made_by"`
	}
	return json.Unmarshal(data, &d) == nil && d.MadeBy == madeBy
}

// PlainID keeps the letters and digits of an id, so that it may be part of a file's
// name.
func PlainID(id string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, id)
}

// longestName is how long a file's name may be, in bytes; file systems take 255.
const longestName = 120

// FileName makes of a title a name that can't lead out of the directory, be
// hidden, or trouble a file system.
func FileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(title, ""))
	ext := path.Ext(name)
	if len(ext) > 10 {
		ext = ""
	}
	base := strings.Trim(strings.TrimSuffix(name, ext), ". ")
	if len(base) > longestName {
		base = strings.ToValidUTF8(base[:longestName], "")
	}
	if base == "" {
		base = "file"
	}
	return base + ext
}
