//go:build linux

package helper

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// removing is a plan that takes files away, as the desktop side finds them.
func (l *lab) removing(reach trust.Reach, paths ...string) trust.Plan {
	l.t.Helper()
	p := l.plan()
	p.Action, p.Reach, p.Changes = "untrust", reach, nil
	for _, path := range paths {
		c := trust.Change{Kind: trust.RemoveFile, Path: path, Status: trust.StatusRemoved, Privileged: true, Before: &trust.FileState{}}
		if b, err := l.s.world.FS.ReadFile(path); err == nil {
			i, err := l.s.world.FS.Lstat(path)
			must(l.t, err)
			c.Before = &trust.FileState{SHA256: hashOf(b), Mode: i.Mode.Perm(), UID: i.UID, GID: i.GID}
		}
		p.Changes = append(p.Changes, c)
	}
	if reach == trust.ReachComputer {
		p.Changes = append(p.Changes, trust.Change{
			Kind: trust.RunCommand, Command: "update-ca-certificates", Shown: "update-ca-certificates --fresh", Status: trust.StatusNew, Privileged: true,
		})
	}
	return p
}

const (
	othersDir   = "/etc/docker/certs.d/reg.example:5000/"
	othersStore = "/usr/local/share/ca-certificates/"
)

// What others put there goes by whatever plain name, and comes back to the byte.
func TestRemoveWhatOthersPut(t *testing.T) {
	other := trusttest.NewCA(t, "Other Root")
	for name, c := range map[string]struct {
		path    string
		content func(*lab) []byte
		reach   trust.Reach
	}{
		"by another name":  {othersDir + "reg.crt", func(l *lab) []byte { return l.ca.PEM() }, trust.ReachRegistry},
		"with a space":     {othersDir + "Corp Root (1).crt", func(l *lab) []byte { return l.ca.PEM() }, trust.ReachRegistry},
		"CRLF":             {othersDir + "ca.crt", func(l *lab) []byte { return bytes.ReplaceAll(l.ca.PEM(), []byte("\n"), []byte("\r\n")) }, trust.ReachRegistry},
		"DER":              {othersDir + "ca.cer", func(l *lab) []byte { return l.ca.Cert.Raw }, trust.ReachRegistry},
		"mkcert's":         {othersStore + "mkcert_development_CA_1234567890.crt", func(l *lab) []byte { return l.ca.PEM() }, trust.ReachComputer},
		"in a directory":   {othersStore + "corp/root.crt", func(l *lab) []byte { return l.ca.PEM() }, trust.ReachComputer},
		"another family's": {"/etc/pki/ca-trust/source/anchors/corp.pem", func(l *lab) []byte { return l.ca.PEM() }, trust.ReachComputer},
		"two of the plan's": {
			othersDir + "bundle.crt", func(l *lab) []byte { return append(other.PEM(), l.ca.PEM()...) }, trust.ReachRegistry,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.put(c.path, string(c.content(l)))
			must(t, os.Chmod(filepath.Join(l.root, c.path), 0o604))
			before := l.listing()
			p := l.removing(c.reach, c.path)
			p.Anchors = append(p.Anchors, planAnchor(other))
			action := ActionFor(c.reach)
			_, err := l.apply(action, p)
			must(t, err)
			if _, err := os.Lstat(filepath.Join(l.root, c.path)); !os.IsNotExist(err) {
				t.Errorf("it is still there: %v", err)
			}
			_, err = l.s.serve(t.Context(), []string{string(action), "undo", testID}, nil)
			must(t, err)
			if d := cmp.Diff(before, l.listing()); d != "" {
				t.Error(d)
			}
		})
	}
}

// A removal takes CA files of the plan, and nothing that only looks like one.
func TestHostileRemovals(t *testing.T) {
	other := trusttest.NewCA(t, "Other Root")
	good := func(l *lab) string { return string(l.ca.PEM()) }
	for name, c := range map[string]struct {
		path    string
		content func(*lab) string
		reach   trust.Reach
		codes   []change.Code
	}{
		"two certificates, one of them the plan's": {
			othersDir + "ca.crt", func(l *lab) string { return good(l) + string(other.PEM()) }, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList},
		},
		"another's certificate": {othersStore + "corp.crt", func(*lab) string { return string(other.PEM()) }, trust.ReachComputer, []change.Code{change.ErrOutsideAllowList}},
		"a key in it": {
			othersDir + "ca.crt", func(l *lab) string { return good(l) + string(l.ca.KeyPEM()) }, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList},
		},
		"a key within the block": {
			othersDir + "ca.crt", func(l *lab) string { return "-----BEGIN CERTIFICATE-----\n" + string(l.ca.KeyPEM()) + good(l) },
			trust.ReachRegistry,
			[]change.Code{change.ErrOutsideAllowList},
		},
		"a comment in it":     {othersDir + "ca.crt", func(l *lab) string { return "# keep\n" + good(l) }, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"no certificate":      {othersStore + "others.crt", func(*lab) string { return "somebody else's" }, trust.ReachComputer, []change.Code{change.ErrOutsideAllowList}},
		"DER and more":        {othersDir + "ca.cer", func(l *lab) string { return string(l.ca.Cert.Raw) + "\x00" }, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"a client's half":     {othersDir + "client.cert", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"a key's name":        {othersDir + "client.key", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"hosts.toml":          {othersDir + "hosts.toml", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"a hidden name":       {othersDir + ".ca.crt", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"a name like a flag":  {othersStore + "--fresh.crt", good, trust.ReachComputer, []change.Code{change.ErrOutsideAllowList}},
		"a line break":        {othersDir + "a\nb.crt", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"another registry's":  {"/etc/docker/certs.d/other.example/reg.crt", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"every registry's":    {"/etc/containerd/certs.d/_default/ca.crt", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
		"the store, narrowly": {othersStore + "corp.crt", good, trust.ReachRegistry, []change.Code{change.ErrTooBroad}},
		"too deep":            {othersStore + "a/b/corp.crt", good, trust.ReachComputer, []change.Code{change.ErrOutsideAllowList}},
		"the distribution's":  {"/usr/share/ca-certificates/mozilla/corp.crt", good, trust.ReachComputer, []change.Code{change.ErrOutsideAllowList}},
		"the derived store":   {"/etc/ssl/certs/corp.pem", good, trust.ReachComputer, []change.Code{change.ErrOutsideAllowList}},
		"dots":                {othersStore + "../../../../etc/docker/ca.crt", good, trust.ReachComputer, []change.Code{change.ErrBadPlan}},
		"a name too long":     {othersDir + strings.Repeat("a", 210) + ".crt", good, trust.ReachRegistry, []change.Code{change.ErrOutsideAllowList}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.put(c.path, c.content(l))
			p := l.removing(c.reach, c.path)
			before := l.listing()
			_, err := l.apply(ActionFor(c.reach), p)
			l.refused(before, err, c.codes...)
		})
	}
}

// A link is not taken for what it leads to, at no step of the way.
func TestRemovalThroughLinks(t *testing.T) {
	for _, link := range []struct{ at, to, path string }{
		{"etc/docker/certs.d/reg.example:5000/ca.crt", "/opt/ca.crt", othersDir + "ca.crt"},
		{"etc/docker/certs.d/reg.example:5000", "/opt", othersDir + "ca.crt"},
		{"usr/local/share/ca-certificates/corp", "/opt", othersStore + "corp/ca.crt"},
		{"usr/local/share/ca-certificates/ca.crt", "/opt/ca.crt", othersStore + "ca.crt"},
	} {
		t.Run(link.at, func(t *testing.T) {
			l := newLab(t)
			l.put("opt/ca.crt", string(l.ca.PEM()))
			at := filepath.Join(l.root, link.at)
			must(t, os.MkdirAll(filepath.Dir(at), 0o755))
			must(t, os.Symlink(link.to, at))
			reach := trust.ReachRegistry
			if strings.HasPrefix(link.path, othersStore) {
				reach = trust.ReachComputer
			}
			p := l.removing(reach, link.path)
			before := l.listing()
			b, err := json.Marshal(p)
			must(t, err)
			_, err = l.send(ActionFor(reach), b, hashOf(b))
			l.refused(before, err, change.ErrLinkInPath)
		})
	}
}
