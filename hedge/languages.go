package hedge

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"

	"throughline/lexicon"
)

//go:embed lexicon/*.txt
var files embed.FS

// A language is one lexicon, compiled.
type language struct {
	*lexicon.Lexicon
	index map[string]cue
}

// languages are the lexicons by ISO 639-1 code. The files are part of the
// program, so one that does not parse is found by this package's tests.
var languages = sync.OnceValues(func() (map[string]*language, error) {
	ls := map[string]*language{}
	entries, err := files.ReadDir("lexicon")
	if err != nil {
		return ls, fmt.Errorf("listing the lexicons: %w", err)
	}
	for _, e := range entries {
		data, err := files.ReadFile(path.Join("lexicon", e.Name()))
		if err != nil {
			return ls, fmt.Errorf("reading lexicon %s: %w", e.Name(), err)
		}
		l, err := lexicon.Parse(e.Name(), bytes.NewReader(data))
		if err != nil {
			return ls, err
		}
		ls[strings.TrimSuffix(e.Name(), ".txt")] = newLanguage(l)
	}
	return ls, nil
})

func newLanguage(l *lexicon.Lexicon) *language {
	lang := &language{Lexicon: l, index: map[string]cue{}}
	for _, name := range l.Sections() {
		c := noCue
		for i, n := range cueNames {
			if n == name {
				c = cue(i)
			}
		}
		lang.index[name] = c
	}
	return lang
}

// languageOf is the lexicon for a source; English where its language is not
// known or has none.
func languageOf(code string) *language {
	ls, _ := languages()
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	if l := ls[code]; l != nil {
		return l
	}
	return ls["en"]
}

// A cue is a section of a lexicon.
type cue int

// The sections that the scan reads.
const (
	claim cue = iota
	hedging
	condition
	deferral
	routine
	doubting
	said
	correction
	answer
	chasing
	scheduling
	smalltalk
	moment
	others
	past
	laugh
	dealtalk
	asking
	aside
	number
	cues
	noCue cue = -1
)

// cueNames are the sections' names in the files.
var cueNames = [cues]string{
	"claim", "hedge", "condition", "defer", "routine", "doubt", "said", "correction", "answer", "chase",
	"scheduling", "smalltalk", "moment", "others", "past", "laugh", "dealtalk", "question", "aside", "number",
}
