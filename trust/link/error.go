package link

import (
	"errors"
	"fmt"
	"strings"

	"mooring.dev/mooring/trust"
)

// Code says why a link or a project file is refused. Its words are under
// "error.link-<code>.what".
type Code string

// The reasons.
const (
	BadLink       Code = "bad-link"      // not of the form mooring://verb?…
	TooLong       Code = "too-long"      // the link
	UnknownVerb   Code = "unknown-verb"  // the verbs are a closed set
	Surplus       Code = "surplus"       // user, port, path or fragment, where a link has none
	UnknownKey    Code = "unknown-key"   // a parameter or key that is not in the format
	Duplicate     Code = "duplicate"     // a parameter, key or registry that stands twice
	NoRegistry    Code = "no-registry"   // none is named
	BadRegistry   Code = "bad-registry"  // more than host or host:port; a trust.NameError tells what
	NoFingerprint Code = "no-sha256"     // a registry without any
	BadSHA256     Code = "bad-sha256"    // not 64 hexadecimal digits
	TooMany       Code = "too-many"      // registries, or fingerprints of one
	SecretKey     Code = "secret"        // a key that would hold a password or token
	BadNote       Code = "bad-note"      // too long, or with control characters
	BadYAML       Code = "bad-yaml"      // not YAML, or more of it than the format uses
	BadVersion    Code = "bad-version"   // of the project file
	TooLarge      Code = "too-large"     // the project file
	NotAProject   Code = "not-a-project" // nothing in the file
)

// Codes lists every code.
func Codes() []Code {
	return []Code{
		BadLink, TooLong, UnknownVerb, Surplus, UnknownKey, Duplicate, NoRegistry, BadRegistry, NoFingerprint,
		BadSHA256, TooMany, SecretKey, BadNote, BadYAML, BadVersion, TooLarge, NotAProject,
	}
}

// Error is why a link or project file is refused. It never holds the value of a
// key that looks like a secret.
type Error struct {
	Code Code
	Line int              // of the project file; 0 in a link
	Text string           // what was refused, or what was read of it; a stranger's
	Name *trust.NameError // of BadRegistry; nil for a registry with more around it
}

// Error is the English of it, for logs; faces have words of their own.
func (e *Error) Error() string {
	s := "link: " + string(e.Code)
	if e.Text != "" {
		s += fmt.Sprintf(" %q", e.Text)
	}
	if e.Name != nil {
		s += ": " + e.Name.Error()
	}
	if e.Line > 0 {
		s += fmt.Sprintf(" (line %d)", e.Line)
	}
	return s
}

// Problem names the sentences of the error.
func (e *Error) Problem() (key string, args map[string]any) {
	return "link-" + string(e.Code), map[string]any{"text": e.Text, "line": e.Line}
}

// maxText bounds what an error repeats of a stranger's text, in bytes.
const maxText = 60

// refuse makes an error with as much of text as a sentence can hold.
func refuse(c Code, line int, text string) *Error {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return &Error{Code: c, Line: line, Text: text}
}

// nameError is refuse for what names no registry.
func nameError(line int, err error) *Error {
	e := &Error{Code: BadRegistry, Line: line}
	var name trust.NameError
	if errors.As(err, &name) {
		e.Name = &name
	}
	return e
}
