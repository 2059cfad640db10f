package anchors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/javastore"
)

// Debian's update-ca-certificates tells its hooks which links it has added and
// removed, but never of a file that an administrator took away: with --fresh it
// removes the links before it begins to count. So Java's keystore, which a hook makes,
// would keep the certificate (seen with ca-certificates 20230311 and
// ca-certificates-java 20230710). The hook is therefore run once more: today's takes
// --fresh and compares its keystore with the links; older ones ignore that and read
// which links are gone.
const (
	javaHook  = "/etc/ca-certificates/update.d/jks-keystore"
	debianDir = "/etc/ssl/certs"
)

// keystores are the files that hooks and commands of the families make for Java.
var keystores = []string{
	"/etc/ssl/certs/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts", "/var/lib/ca-certificates/java-cacerts",
}

// goneLinks are the links of Debian's store to files that are not there any more.
func (t Table) goneLinks() []string {
	entries, _ := t.World.FS.ReadDir(debianDir)
	var out []string
	for _, e := range entries {
		name := path.Join(debianDir, e.Name())
		target, err := t.World.FS.Readlink(name)
		if err == nil && path.Ext(name) == ".pem" && path.IsAbs(target) && !world.Exists(t.World.FS, target) {
			out = append(out, name)
		}
	}
	return out
}

// runJavaHook lets the hook see that links are gone. That it fails, as it does while
// a package is being installed, is no reason to undo anything: update-ca-certificates
// goes on, too, and what Java still holds is seen by Left.
func (t Table) runJavaHook(ctx context.Context, gone []string) (output string) {
	if i, err := t.World.FS.Stat(javaHook); err != nil || !i.Mode.IsRegular() {
		return ""
	}
	var list strings.Builder
	for _, name := range gone {
		fmt.Fprintf(&list, "-%s\n", name)
	}
	res, err := t.World.Run.Run(ctx, world.Command{Argv: []string{javaHook, "--fresh"}, Stdin: []byte(list.String()), Env: environment()})
	output = string(res.Stdout) + string(res.Stderr)
	switch {
	case err != nil:
		output += fmt.Sprintf("%s: %v\n", javaHook, err)
	case res.Code != 0:
		output += fmt.Sprintf("%s: exit status %d\n", javaHook, res.Code)
	}
	return output
}

// Left reports which of the fingerprints (64 hex digits) any store still holds that
// is derived with key: the bundle, or Java's keystore.
func (t Table) Left(key string, fingerprints []string) ([]string, error) {
	data, err := t.bundle(key)
	if err != nil {
		return nil, err
	}
	in := Fingerprints(data)
	for _, name := range keystores {
		data, err := t.World.FS.ReadFile(name)
		if err != nil {
			continue // there is none
		}
		f, err := javastore.Parse(data)
		if err != nil {
			continue // Java does not read it either
		}
		for _, e := range f.Trusted {
			sum := sha256.Sum256(e.DER)
			in = append(in, hex.EncodeToString(sum[:]))
		}
	}
	return slices.DeleteFunc(slices.Clone(fingerprints), func(fp string) bool { return !slices.Contains(in, fp) }), nil
}
