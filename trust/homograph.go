package trust

import (
	"strings"
	"unicode"
)

// homographs warns of labels that a reader could take for another name: letters
// of alphabets that are not written together (UTS 39, "highly restrictive"), and
// labels made of look-alikes of Latin letters only.
func (p *parsing) homographs(r Registry) []NameWarning {
	var out []NameWarning
	labels := strings.Split(p.idn, ".")
	look := make([]string, len(labels))
	mixed, alike := false, false
	for i, label := range labels {
		look[i] = label
		if isASCII(label) {
			continue
		}
		mixed = mixed || mixesScripts(label)
		if s, ok := latinLookalike(label); ok && !homeScript(label, labels[len(labels)-1]) {
			look[i], alike = s, true
		}
	}
	if mixed {
		out = append(out, p.warning(WarnMixedScript, r))
	}
	if alike {
		w := p.warning(WarnConfusable, r)
		w.Args["Lookalike"] = strings.Join(look, ".")
		out = append(out, w)
	}
	return out
}

// homeScript reports whether a label is written in the alphabet of its top-level
// domain, where nobody expects a Latin name.
func homeScript(label, top string) bool {
	return !isASCII(top) && scriptOf([]rune(label)[0]) == scriptOf([]rune(top)[0])
}

// alphabets are the scripts of the labels that registries may have; a letter of
// any other counts as a script of its own.
var alphabets = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latin", unicode.Latin},
	{"Han", unicode.Han},
	{"Hiragana", unicode.Hiragana},
	{"Katakana", unicode.Katakana},
	{"Bopomofo", unicode.Bopomofo},
	{"Hangul", unicode.Hangul},
	{"Cyrillic", unicode.Cyrillic},
	{"Greek", unicode.Greek},
	{"Armenian", unicode.Armenian},
	{"Hebrew", unicode.Hebrew},
	{"Arabic", unicode.Arabic},
	{"Thai", unicode.Thai},
	{"Devanagari", unicode.Devanagari},
	{"Georgian", unicode.Georgian},
	{"Cherokee", unicode.Cherokee},
}

// togetherSets are the scripts that are written together: Latin with one of the East Asian systems.
var togetherSets = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

func mixesScripts(label string) bool {
	seen := map[string]bool{}
	for _, c := range label {
		if s := scriptOf(c); s != "" {
			seen[s] = true
		}
	}
	if len(seen) < 2 {
		return false
	}
	for _, set := range togetherSets {
		if within(seen, set) {
			return false
		}
	}
	return true
}

func within(seen map[string]bool, set []string) bool {
	n := 0
	for _, s := range set {
		if seen[s] {
			n++
		}
	}
	return n == len(seen)
}

// scriptOf is "" for digits, hyphens and marks, which belong to all scripts.
func scriptOf(c rune) string {
	if unicode.In(c, unicode.Common, unicode.Inherited) {
		return ""
	}
	for _, a := range alphabets {
		if unicode.Is(a.table, c) {
			return a.name
		}
	}
	return "other"
}

// lookalikes maps letters to the Latin ones that they are taken for: the part of
// Unicode's confusables.txt that lower-case host names can hold.
var lookalikes = func() map[rune]rune {
	out := map[rune]rune{}
	pairs := []string{
		// Cyrillic
		"аa", "ьb", "сc", "ԁd", "еe", "һh", "іi", "ӏl", "јj", "кk", "мm", "пn", "оo", "рp", "ԛq", "гr", "ѕs",
		"тt", "цu", "ѵv", "ԝw", "ѡw", "шw", "хx", "уy", "ҽe", "нh", "вb", "зz", "ӡz",
		// Greek
		"αa", "βb", "εe", "ηn", "ιi", "κk", "νv", "οo", "ρp", "σo", "τt", "υu", "χx", "γy", "ωw",
		// Armenian
		"ցg", "հh", "յj", "ոn", "օo", "զq", "սu", "քp", "ւi", "կl",
		// Latin beyond ASCII
		"ıi", "ɡg", "ɑa", "ɩi", "ʟl", "ɴn", "ʀr", "ʏy", "ƿp", "ꞓc", "ʋu", "ǀl", "ɪi", "ʙb",
	}
	for _, p := range pairs {
		r := []rune(p)
		out[r[0]] = r[1]
	}
	return out
}()

// latinLookalike is label with every foreign letter replaced by the Latin one it
// is taken for; ok only if nothing foreign is left.
func latinLookalike(label string) (string, bool) {
	var b strings.Builder
	for _, c := range label {
		if l, ok := lookalikes[c]; ok {
			c = l
		}
		if c > unicode.MaxASCII {
			return "", false
		}
		b.WriteRune(c)
	}
	return b.String(), true
}
