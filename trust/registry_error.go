package trust

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// NameCode says what is wrong with a registry's name; faces translate it under
// the key "name.<code>".
type NameCode string

// What [ParseRegistry] refuses.
const (
	NameEmpty     NameCode = "empty"      // nothing is left to be a host
	NameSpaces    NameCode = "spaces"     // white space within
	NameControl   NameCode = "control"    // control, invisible or direction-changing characters
	NameCharacter NameCode = "character"  // a character that no host name has
	NameDots      NameCode = "dots"       // "..", or a dot at either end
	NamePath      NameCode = "path"       // a file path
	NameScheme    NameCode = "scheme"     // a scheme that no registry has
	NameUserInfo  NameCode = "user-info"  // user or password in front of the host
	NamePort      NameCode = "port"       // not a number from 1 to 65535
	NameTooLong   NameCode = "too-long"   // over 253 characters, or 63 between two dots
	NameIP        NameCode = "ip"         // looks like an IP address and is none
	NameBrackets  NameCode = "brackets"   // an IPv6 address without its brackets
	NameIDN       NameCode = "idn"        // not a valid internationalised name
	NameHyphen    NameCode = "hyphen"     // a label starts or ends with a hyphen
	NameNotHost   NameCode = "not-a-host" // a digest or the like
)

// What [ParseRegistry] accepts with a warning.
const (
	WarnBareWord    NameCode = "bare-word"    // engines take it for an image on Docker Hub
	WarnHubImage    NameCode = "hub-image"    // it was an image on Docker Hub
	WarnHubAlias    NameCode = "hub-alias"    // another name of Docker Hub
	WarnHTTP        NameCode = "http"         // written with http://
	WarnUpperCase   NameCode = "upper-case"   // directories of certificates keep case
	WarnPunycode    NameCode = "punycode"     // engines need the xn-- form
	WarnMixedScript NameCode = "mixed-script" // letters of several alphabets in one label
	WarnConfusable  NameCode = "confusable"   // looks like another, Latin name
)

// NameError is why a text names no registry.
type NameError struct {
	Code NameCode
	// Input is what was refused, made printable and short. It is empty when the
	// text may have held a password.
	Input string
}

// nameSentences are the English words; the faces have their own in every
// language under the same codes.
var nameSentences = map[NameCode]string{
	NameEmpty:     "there is no registry name",
	NameSpaces:    "“%s” has a space in it; a registry is host or host:port",
	NameControl:   "“%s” has invisible or control characters in it",
	NameCharacter: "“%s” has a character that a host name cannot have",
	NameDots:      "“%s” has a dot at an end or two in a row",
	NamePath:      "“%s” is a file path; a registry is host or host:port",
	NameScheme:    "“%s” has a scheme that no registry uses; write host:port or https://host:port",
	NameUserInfo:  "a registry name holds no user or password; leave out everything before the @",
	NamePort:      "“%s” has no port between 1 and 65535 after the colon",
	NameTooLong:   "“%s” is longer than a host name can be",
	NameIP:        "“%s” looks like an IP address and is none",
	NameBrackets:  "“%s” is an IPv6 address without brackets; write it as in [::1]:5000",
	NameIDN:       "“%s” is not a valid internationalised host name",
	NameHyphen:    "“%s” has a hyphen at the start or end of a label",
	NameNotHost:   "“%s” is a digest; a registry is host or host:port",
}

func (e NameError) Error() string {
	return strings.Replace(nameSentences[e.Code], "%s", e.Input, 1)
}

// Args are the values for the sentence's placeholders.
func (e NameError) Args() map[string]string { return map[string]string{"Input": e.Input} }

// NameWarning is what a person should know about a name that was accepted.
// Args hold "Registry", what it was read as, and "Input", what was written;
// for [WarnConfusable] also "Lookalike".
type NameWarning struct {
	Code NameCode
	Args map[string]string
}

func nameError(code NameCode, input string) error {
	return NameError{Code: code, Input: printable(input)}
}

// printable makes hostile text fit for a sentence: at most 60 characters, none of
// them invisible or able to turn the direction of those around it.
func printable(s string) string {
	const limit = 60
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit]) + "…"
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// NameCodes lists every code, those of errors before those of warnings.
func NameCodes() []NameCode {
	return []NameCode{
		NameEmpty, NameSpaces, NameControl, NameCharacter, NameDots, NamePath, NameScheme,
		NameUserInfo, NamePort, NameTooLong, NameIP, NameBrackets, NameIDN, NameHyphen, NameNotHost,
		WarnBareWord, WarnHubImage, WarnHubAlias, WarnHTTP, WarnUpperCase, WarnPunycode,
		WarnMixedScript, WarnConfusable,
	}
}
