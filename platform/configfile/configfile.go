// Package configfile reads the configuration files in which container tools
// name registries: daemon.json, registries.conf, docker's config.json and
// context files, and containers' auth.json. What the content means for trust is
// for its callers.
//
// Every reader takes a file as the tool itself would, with the same leniency,
// keeps what Mooring needs, and never quotes a secret. [ReadSecrets] alone returns
// any.
package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// utf8BOM is skipped by dockerd at the start of daemon.json (editors on Windows
// write one).
var utf8BOM = []byte("\xef\xbb\xbf")

// decodeJSON reads exactly one JSON value into v. A file of white space leaves v
// as it is: the docker tools take an empty file as no settings.
func decodeJSON(data []byte, v any) error {
	data = bytes.TrimPrefix(data, utf8BOM)
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	return jsonError(data, json.Unmarshal(data, v))
}

// jsonError puts err into words a person can act on: the line, and never a
// value, which could be a secret.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: not valid JSON: %s", lineAt(data, syntax.Offset), syntaxReason(syntax))
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: %q is of the wrong type", lineAt(data, kind.Offset), kind.Field)
	default:
		return errors.New("not valid JSON")
	}
}

// syntaxReason leaves out the one character that encoding/json quotes unless the
// file just ends too early.
func syntaxReason(err *json.SyntaxError) string {
	if err.Error() == "unexpected end of JSON input" {
		return "the file ends too early"
	}
	return "unexpected character"
}

// lineAt is the 1-based line of an offset, which may lie outside data.
func lineAt(data []byte, offset int64) int {
	end := min(max(offset, 0), int64(len(data)))
	return 1 + bytes.Count(data[:end], []byte("\n"))
}
