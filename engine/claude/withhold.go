package claude

import (
	"fmt"
	"regexp"
	"strings"

	"throughline"
)

// A Withhold says what of a deal is kept from the model.
type Withhold struct {
	Private  bool     // calls and channels that their system restricts
	Sources  []string // by id, title or native id
	People   []string // by name or address: what they said, and mails they are party to
	Patterns []*regexp.Regexp
}

// From gives a deal without what is withheld, and a line for each rule that kept
// something back. The deal itself is not changed; the passages that stay keep
// their refs.
func (w Withhold) From(deal *throughline.Deal) (*throughline.Deal, []string) {
	if !w.Private && len(w.Sources)+len(w.People)+len(w.Patterns) == 0 {
		return deal, nil
	}
	shown := *deal
	shown.Sources = nil
	sources, passages := 0, 0
	for _, s := range deal.Sources {
		if w.keeps(s) {
			sources++
			continue
		}
		c := *s
		c.Passages = nil
		for _, p := range s.Passages {
			q := *p
			q.Source = &c
			if w.keepsPassage(p) {
				// The place stays, so that every ref still means what it meant.
				q.Text, q.History = "", true
				passages++
			}
			c.Passages = append(c.Passages, &q)
		}
		shown.Sources = append(shown.Sources, &c)
	}
	var kept []string
	if sources > 0 {
		kept = append(kept, fmt.Sprintf("%d sources", sources))
	}
	if passages > 0 {
		kept = append(kept, fmt.Sprintf("%d passages", passages))
	}
	return &shown, kept
}

func (w Withhold) keeps(s *throughline.Source) bool {
	if w.Private && s.Private && (s.Kind == throughline.SourceCall || s.Kind == throughline.SourceChat) {
		return true
	}
	for _, name := range w.Sources {
		if strings.EqualFold(name, s.ID) || strings.EqualFold(name, s.Title) || name == s.NativeID && name != "" {
			return true
		}
	}
	return false
}

func (w Withhold) keepsPassage(p *throughline.Passage) bool {
	for _, name := range w.People {
		if p.Speaker != nil && (strings.EqualFold(name, p.Speaker.Name) || strings.EqualFold(name, p.Speaker.Email)) || strings.EqualFold(name, p.Name) {
			return true
		}
	}
	for _, re := range w.Patterns {
		if re.MatchString(p.Text) {
			return true
		}
	}
	return false
}
