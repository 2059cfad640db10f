package anchors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
)

// command is one entry of the fixed command table: all that a plan can run.
type command struct {
	program     string
	add, remove []string // arguments after anchors were added, or removed
}

// commands is the fixed table. Only Debian's script needs another argument after
// a removal: without --fresh it leaves the links of files that are gone
// (update-ca-certificates of ca-certificates 20230311); Alpine's ignores it.
var commands = map[string]command{
	updateCACertificates: {program: "update-ca-certificates", remove: []string{"--fresh"}},
	updateCASUSE:         {program: "update-ca-certificates"},
	updateCATrust:        {program: "update-ca-trust", add: []string{"extract"}, remove: []string{"extract"}},
}

// programDirs are where a command of the table may lie; PATH is not asked.
var programDirs = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}

func (c command) find(fs world.FS) (string, bool) {
	for _, dir := range programDirs {
		p := path.Join(dir, c.program)
		if i, err := fs.Stat(p); err == nil && i.Mode.IsRegular() {
			return p, true
		}
	}
	return "", false
}

func (c command) shown(args []string) string {
	return strings.Join(append([]string{c.program}, args...), " ")
}

// Table runs the commands of the fixed table on one machine.
type Table struct{ World world.World }

// Run runs the entry named key; undo says that anchors were taken away rather
// than added. It returns what the command wrote. Under --root nothing is run and
// ran is false.
func (t Table) Run(ctx context.Context, key string, undo bool) (output string, ran bool, err error) {
	c, ok := commands[key]
	if !ok {
		return "", false, fmt.Errorf("%q is not in the command table", key)
	}
	if !t.World.Live() {
		return "", false, nil
	}
	program, ok := c.find(t.World.FS)
	if !ok {
		return "", false, fmt.Errorf("%s is not installed", c.program)
	}
	args := c.add
	if undo {
		args = c.remove
	}
	gone := t.goneLinks()
	res, err := t.World.Run.Run(ctx, world.Command{Argv: append([]string{program}, args...), Env: environment()})
	output = string(res.Stdout) + string(res.Stderr)
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("%s: exit status %d: %s", c.shown(args), res.Code, world.LastLine(output))
	}
	if err == nil && undo && key == updateCACertificates {
		output += t.runJavaHook(ctx, gone)
	}
	return output, true, err
}

func environment() []string {
	return []string{"PATH=" + strings.Join(programDirs, ":"), "LC_ALL=C"}
}

// Holds reports which of the fingerprints (64 hex digits) the derived store of
// key holds now. Exit status and output of the commands do not tell: given a DER
// file, Debian's says "0 added" and exits 0.
func (t Table) Holds(key string, fingerprints []string) ([]string, error) {
	data, err := t.bundle(key)
	if err != nil {
		return nil, err
	}
	in := Fingerprints(data)
	var held []string
	for _, fp := range fingerprints {
		if slices.Contains(in, fp) {
			held = append(held, fp)
		}
	}
	return held, nil
}

func (t Table) bundle(key string) ([]byte, error) {
	for _, f := range families {
		if f.Command != key || !f.isOn(t.World) {
			continue
		}
		for _, b := range f.Bundles {
			if world.Exists(t.World.FS, b) {
				return t.World.FS.ReadFile(b)
			}
		}
		return nil, nil
	}
	return nil, fmt.Errorf("no trust store is rebuilt by %q here", key)
}

// Fingerprints lists the SHA-256 of every certificate block in a PEM bundle,
// whether or not it parses.
func Fingerprints(bundle []byte) []string {
	var out []string
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			sum := sha256.Sum256(block.Bytes)
			out = append(out, hex.EncodeToString(sum[:]))
		}
	}
	return out
}
