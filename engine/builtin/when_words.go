package builtin

import (
	"strings"
	"time"
)

// dateWords are the words by which one language counts and dates. All are
// folded as tokens are.
type dateWords struct {
	counts     map[string]int  // how many: "six"
	ordinals   map[string]int  // which: "first"
	days       map[string]int  // days of a month, in words
	tens       map[string]int  // the first word of a day of two: "twenty third"
	ends       map[string]int  // words for the end of a period, with its days
	of         map[string]bool // words between a day and its month
	and        map[string]bool // words between tens and ones
	next       map[string]bool // words that make a period the one after
	before     map[string]bool // words that stand before a date
	verbs      map[string]bool // names of months that are verbs too
	monthFirst bool            // "November 16", and 11/16
	dotted     bool            // dates are written 16.11.
	nouns      bool            // every noun has a capital
}

// datesOf has the words for the languages of the lexicons.
var datesOf = map[string]*dateWords{
	"en": {
		counts: with(numbered("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "+
			"seventeen eighteen nineteen twenty"), map[string]int{"couple": 2, "thirty": 30, "forty": 40, "fortyfive": 45, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100}),
		ordinals: numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
		days: numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth " +
			"fifteenth sixteenth seventeenth eighteenth nineteenth twentieth - - - - - - - - - thirtieth"),
		tens: map[string]int{"twenty": 20, "thirty": 30}, of: set("of"), and: set(""), next: set("next following"),
		before: set("by on until before from"), verbs: set("may march"), monthFirst: true,
	},
	"fr": {
		counts: with(numbered("un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"),
			map[string]int{"vingt": 20, "quinzaine": 15, "trentaine": 30, "trente": 30, "quarante": 40, "soixante": 60, "nonante": 90, "cent": 100}),
		ordinals: numbered("premier|premiere|premiers|premieres deuxieme|seconde|second troisieme quatrieme cinquieme sixieme " +
			"septieme huitieme neuvieme dixieme onzieme douzieme"),
		days: numbered("premier|un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize " +
			"- - - vingt - - - - - - - - - trente"),
		tens: map[string]int{"dix": 10, "vingt": 20, "trente": 30}, of: set("de du d"), and: set("et"),
		next: set("prochain prochaine suivant suivante"), before: set("le au du avant"),
	},
	"es": {
		counts: with(numbered("uno|un|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "+
			"diecisiete dieciocho diecinueve veinte"), map[string]int{"quincena": 15, "treinta": 30, "cuarenta": 40, "sesenta": 60, "noventa": 90, "cien": 100}),
		ordinals: numbered("primer|primera|primero|primeros|primeras segundo|segunda tercer|tercera|tercero cuarto|cuarta quinto|quinta " +
			"sexto|sexta septimo|septima octavo|octava noveno|novena decimo|decima"),
		days: numbered("primero|uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete " +
			"dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve treinta"),
		tens: map[string]int{"treinta": 30}, of: set("de del"), and: set("y"),
		next: set("proximo proxima siguiente viene entrante"), before: set("el al del"),
	},
	"de": {
		counts: with(numbered("ein|eine|einem|einen|einer|eins zwei|zwo drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn "+
			"funfzehn sechzehn siebzehn achtzehn neunzehn zwanzig"), map[string]int{"dreissig": 30, "vierzig": 40, "sechzig": 60, "neunzig": 90, "hundert": 100}),
		ordinals: germanOrdinals(), days: germanOrdinals(),
		ends: map[string]int{
			"monatsende": 30, "monatsultimo": 30, "quartalsende": 91, "quartalsschluss": 91, "quartalsabschluss": 91,
			"jahresende": 365, "jahresschluss": 365, "jahreswechsel": 365,
		},
		of: set("des"), next: set("nachstes nachsten nachster kommendes kommenden folgenden"),
		before: set("am zum bis dem den ab vom"), dotted: true, nouns: true,
	},
}

// germanOrdinals are the ordinals to 31 with their endings.
func germanOrdinals() map[string]int {
	ones := strings.Fields("erst zweit dritt viert funft sechst siebt acht neunt zehnt elft zwolft dreizehnt vierzehnt funfzehnt sechzehnt " +
		"siebzehnt achtzehnt neunzehnt zwanzigst")
	for _, one := range strings.Fields("ein zwei drei vier funf sechs sieben acht neun") {
		ones = append(ones, one+"undzwanzigst")
	}
	ones = append(ones, "dreissigst", "einunddreissigst")
	m := map[string]int{}
	for i, stem := range ones {
		for _, ending := range []string{"e", "en", "er", "es", "em"} {
			m[stem+ending] = i + 1
		}
	}
	return m
}

// numbered counts words from one; "a|b" are two for the same number, and "-" is
// a number without a word of its own.
func numbered(words string) map[string]int {
	m := map[string]int{}
	for i, alternatives := range strings.Fields(words) {
		for _, w := range strings.Split(alternatives, "|") {
			if w != "-" {
				m[w] = i + 1
			}
		}
	}
	return m
}

func with(m, more map[string]int) map[string]int {
	for w, n := range more {
		m[w] = n
	}
	return m
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

type monthDay struct {
	month time.Month
	day   int
}

// feasts are days that business talk dates things by. Movable ones stand on
// their usual day.
var feasts = map[string]monthDay{
	"halloween": {10, 31}, "thanksgiving": {11, 26}, "christmas": {12, 25}, "xmas": {12, 25},
	"new years": {12, 31}, "new year": {12, 31}, "labor day": {9, 7}, "memorial day": {5, 25},
	"easter": {4, 5}, "noel": {12, 25}, "weihnachten": {12, 24}, "navidad": {12, 25}, "navidades": {12, 25},
	"ostern": {4, 5}, "paques": {4, 5}, "pascua": {4, 5}, "toussaint": {11, 1}, "silvester": {12, 31},
	"nochevieja": {12, 31}, "reyes": {1, 6}, "semana santa": {4, 1}, "pfingsten": {5, 24},
}

// months are the months by every name the languages have for them. Which a
// language has, its lexicon says.
var months = func() map[string]time.Month {
	m := map[string]time.Month{}
	for w, n := range numbered("january|jan|janvier|janv|januar|janner|enero|ene february|feb|fevrier|fevr|fev|februar|feber|febrero " +
		"march|mar|mars|marz|marzo april|apr|avril|avr|abril|abr may|mai|mayo june|jun|juin|juni|junio july|jul|juillet|juil|juli|julio " +
		"august|aug|aout|agosto|ago september|sep|sept|septembre|septiembre|setiembre october|oct|octobre|oktober|okt|octubre " +
		"november|nov|novembre|noviembre december|dec|decembre|dezember|dez|diciembre|dic") {
		m[w] = time.Month(n)
	}
	return m
}()
