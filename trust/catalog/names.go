package catalog

import (
	"regexp"
)

// The grammar of the OCI distribution specification (spec.md, "Pulling manifests"),
// which is distribution/reference's too.
var (
	nameForm = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagForm  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

const maxName = 255

// NameError is a text that is no repository's name.
type NameError struct{ Name string }

func (e NameError) Error() string { return "not the name of a repository" }

// CheckName reports whether name could be a repository's, without the registry in
// front of it. The error is a [NameError].
func CheckName(name string) error {
	if len(name) > maxName || !nameForm.MatchString(name) {
		return NameError{name}
	}
	return nil
}

func checkTag(tag string) error {
	if !tagForm.MatchString(tag) {
		return NameError{tag}
	}
	return nil
}
