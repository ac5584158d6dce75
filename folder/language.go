package folder

import (
	"strings"

	"golang.org/x/text/language"

	"throughline"
	"throughline/lexicon"
)

// iso639 is the two-letter code of a language as systems name it: "eng",
// "en-US", "English"; empty for what is no language.
func iso639(code string) string {
	code = strings.TrimSpace(code)
	switch strings.ToLower(code) {
	case "", "und", "unknown":
		return ""
	case "english":
		return "en"
	case "french":
		return "fr"
	case "german":
		return "de"
	case "spanish":
		return "es"
	}
	tag, err := language.Parse(code)
	if err != nil {
		return ""
	}
	base, _ := tag.Base()
	if s := base.String(); len(s) == 2 {
		return s
	}
	return ""
}

// common are words that half of all sentences of a language hold one of and
// that other languages here don't.
var common = map[string][]string{
	"en": {"the", "and", "is", "that", "you", "of", "to", "it", "we", "have", "for", "with", "this", "are", "be", "was", "would"},
	"fr": {"le", "les", "et", "est", "des", "vous", "nous", "que", "pour", "une", "dans", "pas", "avec", "sur", "ce", "qui", "je", "du", "au"},
	"de": {"der", "die", "und", "das", "ist", "nicht", "wir", "sie", "ich", "mit", "auf", "ein", "eine", "fur", "von", "den", "dass", "auch", "es"},
	"es": {"el", "los", "las", "que", "y", "una", "por", "con", "para", "no", "lo", "es", "del", "nos", "se", "como", "pero", "muy"},
	"it": {"il", "che", "di", "gli", "per", "una", "con", "non", "sono", "della", "questo", "anche", "abbiamo"},
	"pt": {"o", "os", "que", "nao", "uma", "com", "para", "por", "voce", "isso", "mas", "muito", "temos"},
	"nl": {"het", "een", "en", "van", "niet", "dat", "we", "zijn", "voor", "met", "ook", "maar", "jullie"},
	"pl": {"i", "nie", "jest", "na", "sie", "ze", "to", "jak", "ale", "mamy", "dla", "czy"},
}

var commonTo = func() map[string][]string {
	m := map[string][]string{}
	for lang, words := range common {
		for _, w := range words {
			m[w] = append(m[w], lang)
		}
	}
	return m
}()

// languageOf tells a source's language by its commonest words; empty where there
// is too little text or no language clearly leads.
func languageOf(s *throughline.Source) string {
	votes := map[string]float64{}
	words := 0
	for _, p := range s.Passages {
		for _, t := range lexicon.Tokens(p.Text) {
			words++
			for _, lang := range commonTo[t.Word] {
				votes[lang] += 1 / float64(len(commonTo[t.Word]))
			}
		}
		if words > 2000 {
			break
		}
	}
	best, second := "", 0.0
	for lang := range common {
		switch v := votes[lang]; {
		case best == "" || v > votes[best] || v == votes[best] && lang < best:
			if best != "" {
				second = max(second, votes[best])
			}
			best = lang
		default:
			second = max(second, v)
		}
	}
	if words < 8 || votes[best] < 0.08*float64(words) || votes[best] < 1.3*second {
		return ""
	}
	return best
}
