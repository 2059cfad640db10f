package link

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// ProjectFile is the name of a project's file.
const ProjectFile = ".mooring.yaml"

// The bounds of a project file.
const (
	MaxProject    = 64 << 10 // bytes
	maxRegistries = 100
	maxNote       = 200 // characters
)

// ParseProject reads a project file; path is where it was, for the claims.
// docs/project-file.md is its format. Errors are *[Error]s.
//
// Of YAML it takes mappings, lists and plain values. Anchors, aliases, tags and
// further documents are refused: nothing here needs them, and a few lines of
// aliases stand for gigabytes. The parser itself does not expand them, and bounds
// how deep a document nests (go.yaml.in/yaml/v3, scannerc.go: max_flow_level,
// max_indents).
func ParseProject(b []byte, path string) ([]Claim, error) {
	root, err := document(b)
	if err != nil {
		return nil, err
	}
	top, err := mapping(root, "version", "registries")
	if err != nil {
		return nil, err
	}
	if v := top["version"]; v == nil || v.Kind != yaml.ScalarNode || v.Value != "1" {
		return nil, refuse(BadVersion, lineOf(v, root), valueOf(v))
	}
	list := top["registries"]
	switch {
	case list == nil || list.Kind == yaml.SequenceNode && len(list.Content) == 0:
		return nil, refuse(NoRegistry, root.Line, "")
	case list.Kind != yaml.SequenceNode:
		return nil, refuse(BadYAML, list.Line, "registries")
	case len(list.Content) > maxRegistries:
		return nil, refuse(TooMany, list.Content[maxRegistries].Line, "")
	}
	claims := make([]Claim, 0, len(list.Content))
	for _, n := range list.Content {
		c, err := claim(n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(claims, func(o Claim) bool { return o.Registry == c.Registry }) {
			return nil, refuse(Duplicate, n.Line, c.Registry.String())
		}
		c.Source = Source{Kind: FromProject, Path: path}
		claims = append(claims, c)
	}
	return claims, nil
}

// document parses the one document of a file and refuses what the format does
// not use.
func document(b []byte) (*yaml.Node, error) {
	if len(b) > MaxProject {
		return nil, refuse(TooLarge, 0, "")
	}
	if !utf8.Valid(b) {
		return nil, refuse(BadYAML, 0, "")
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, refuse(NotAProject, 0, "")
	case err != nil:
		return nil, refuse(BadYAML, lineIn(err), "")
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, refuse(BadYAML, 0, "")
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].Value == "" {
		return nil, refuse(NotAProject, 0, "")
	}
	return doc.Content[0], plain(doc.Content[0])
}

// plain refuses anchors, aliases and tags.
func plain(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return refuse(BadYAML, n.Line, "")
	}
	for _, c := range n.Content {
		if err := plain(c); err != nil {
			return err
		}
	}
	return nil
}

// errorLine finds the line in the parser's own words ("yaml: line 3: …").
var errorLine = regexp.MustCompile(`line (\d+)`)

func lineIn(err error) int {
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// mapping returns the values of n by their keys, which must be among known.
func mapping(n *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, refuse(BadYAML, n.Line, "")
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case k.Kind != yaml.ScalarNode:
			return nil, refuse(BadYAML, k.Line, "")
		case !slices.Contains(known, k.Value) && secretive(k.Value):
			return nil, refuse(SecretKey, k.Line, k.Value)
		case !slices.Contains(known, k.Value):
			return nil, refuse(UnknownKey, k.Line, k.Value)
		case out[k.Value] != nil:
			return nil, refuse(Duplicate, k.Line, k.Value)
		}
		out[k.Value] = n.Content[i+1]
	}
	return out, nil
}

// secretive reports whether a key is one that people put secrets under. It is
// refused either way; but who writes it is told that a file for a whole team is no
// place for one.
func secretive(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{
		"pass", "pwd", "secret", "token", "cred", "auth", "user", "login", "key", "private",
	}, func(s string) bool { return strings.Contains(key, s) })
}

func claim(n *yaml.Node) (Claim, error) {
	var c Claim
	fields, err := mapping(n, "registry", "sha256", "note")
	if err != nil {
		return c, err
	}
	name, err := scalar(fields["registry"], n, NoRegistry)
	if err != nil {
		return c, err
	}
	if err := c.setRegistry(lineOf(fields["registry"], n), name); err != nil {
		return c, err
	}
	if err := c.fingerprints(fields["sha256"], n); err != nil {
		return c, err
	}
	if note := fields["note"]; note != nil {
		if note.Kind != yaml.ScalarNode || !fitNote(note.Value) {
			return c, refuse(BadNote, note.Line, "")
		}
		c.Note = note.Value
	}
	return c, nil
}

// fingerprints takes one value or a list of them. Unquoted digits alone are a
// number to YAML, but their text is what was written.
func (c *Claim) fingerprints(n, of *yaml.Node) error {
	if n == nil {
		return refuse(NoFingerprint, of.Line, c.Registry.String())
	}
	values := n.Content
	if n.Kind == yaml.ScalarNode {
		values = []*yaml.Node{n}
	}
	for _, v := range values {
		text, err := scalar(v, n, NoFingerprint)
		if err != nil {
			return err
		}
		if err := c.addFingerprints(v.Line, text); err != nil {
			return err
		}
	}
	if n.Kind == yaml.MappingNode || len(c.SHA256) == 0 {
		return refuse(NoFingerprint, n.Line, c.Registry.String())
	}
	return nil
}

// scalar is the text of n, a child of parent; missing says what an empty one is.
func scalar(n, parent *yaml.Node, missing Code) (string, error) {
	switch {
	case n == nil:
		return "", refuse(missing, parent.Line, "")
	case n.Kind != yaml.ScalarNode:
		return "", refuse(BadYAML, n.Line, "")
	case strings.TrimSpace(n.Value) == "":
		return "", refuse(missing, n.Line, "")
	}
	return n.Value, nil
}

// fitNote reports whether a note is one line that shows what it says.
func fitNote(s string) bool {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	return utf8.RuneCountInString(s) <= maxNote && !strings.ContainsFunc(s, odd)
}

func lineOf(n, parent *yaml.Node) int {
	if n == nil {
		return parent.Line
	}
	return n.Line
}

// valueOf is a scalar's text for an error; nothing of what is more than that.
func valueOf(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
