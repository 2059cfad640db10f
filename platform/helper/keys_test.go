//go:build linux

package helper

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// keyLab has a key that everybody may read, and a CA file with a key in it.
func keyLab(t *testing.T) *lab {
	l := newLab(t)
	l.put(clientDir+"client.key", string(l.ca.KeyPEM()))
	l.put(clientDir+"ca.crt", string(l.ca.PEM())+string(l.ca.KeyPEM()))
	return l
}

func (l *lab) state(path string) *trust.FileState {
	l.t.Helper()
	b, err := l.s.world.FS.ReadFile(path)
	must(l.t, err)
	i, err := l.s.world.FS.Stat(path)
	must(l.t, err)
	return &trust.FileState{SHA256: hashOf(b), Mode: i.Mode, UID: i.UID, GID: i.GID}
}

// keyPlan is a good plan that takes both keys from the sight of others.
func (l *lab) keyPlan() trust.Plan {
	p := l.plan()
	p.Action = actionProtectKey
	aside := move("ca.crt", "ca.crt.mooring-20260101")
	aside.Mode, aside.Before = 0o600, l.state(clientDir+"ca.crt")
	p.Changes = []trust.Change{
		{
			Kind: trust.SetMode, Path: clientDir + "client.key", Mode: 0o600, Before: l.state(clientDir + "client.key"),
			Status: trust.StatusRights, Privileged: true, Parties: []trust.Party{trust.Docker},
		},
		aside, l.write(clientDir + "mooring-" + l.short() + ".crt"),
	}
	return p
}

// TestProtectKey: both keys are their owner's alone, root keeps no copy, and undo brings
// all back.
func TestProtectKey(t *testing.T) {
	l := keyLab(t)
	before := l.listing()
	_, err := l.apply(TrustRegistry, l.keyPlan())
	must(t, err)
	for _, name := range []string{"client.key", "ca.crt.mooring-20260101"} {
		if i, err := os.Stat(filepath.Join(l.root, clientDir, name)); err != nil || i.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, i, err)
		}
	}
	entries, err := os.ReadDir(l.s.journal)
	must(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(l.s.journal, e.Name()))
		must(t, err)
		for _, trace := range l.ca.KeyTraces() {
			if bytes.Contains(b, trace) || strings.HasSuffix(e.Name(), ".before") {
				t.Errorf("%s holds a key", e.Name())
			}
		}
	}
	_, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
	must(t, err)
	if d := cmp.Diff(before, l.listing()); d != "" {
		t.Error(d)
	}
}

// TestHostileKeyPlans: each ends in a refusal, with no file changed and no byte of a key
// in what is said.
func TestHostileKeyPlans(t *testing.T) {
	edit := func(n int, f func(c *trust.Change)) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { f(&p.Changes[n]) }
	}
	mode := func(n int, m os.FileMode) func(*lab, *trust.Plan) {
		return edit(n, func(c *trust.Change) { c.Mode = m })
	}
	// at lets the plan be about another file, which is there.
	at := func(n int, path, content string) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) {
			if content != "" {
				l.put(path, content)
			}
			c := &p.Changes[n]
			if c.Path, c.Before = path, l.state(path); c.Kind == trust.MoveFile {
				c.To = path + ".mooring-20260101"
			}
		}
	}
	instead := func(name string, make func(path string) error) func(*lab, *trust.Plan) {
		return func(l *lab, _ *trust.Plan) {
			must(l.t, os.Remove(filepath.Join(l.root, clientDir, name)))
			must(l.t, make(filepath.Join(l.root, clientDir, name)))
		}
	}
	link := func(p string) error { return os.Symlink("/etc/shadow", p) }
	directory := func(p string) error { return os.Mkdir(p, 0o755) }
	key := string(trusttest.NewCA(t, "Other").KeyPEM())
	const bad, out = change.ErrBadPlan, change.ErrOutsideAllowList
	cases := map[string]hostile{
		"readable by all":            {mode(0, 0o644), bad},
		"readable by the group":      {mode(0, 0o640), bad},
		"setuid":                     {mode(0, 0o600|os.ModeSetuid), bad},
		"no mode":                    {mode(0, 0), bad},
		"a move that widens":         {mode(1, 0o666), bad},
		"a move that keeps the mode": {mode(1, 0), bad},
		"wider than it is": {func(l *lab, p *trust.Plan) {
			must(l.t, os.Chmod(filepath.Join(l.root, clientDir, "client.key"), 0o400))
			p.Changes[0].Before = l.state(clientDir + "client.key")
		}, bad},
		"of a file with a setuid bit": {func(l *lab, p *trust.Plan) {
			must(l.t, os.Chmod(filepath.Join(l.root, clientDir, "client.key"), 0o644|os.ModeSetuid))
			p.Changes[0].Before = l.state(clientDir + "client.key")
		}, bad},
		"whatever it was":               {edit(0, func(c *trust.Change) { c.Before = nil }), bad},
		"with content":                  {edit(0, func(c *trust.Change) { c.Content = []byte("x") }), bad},
		"a secret":                      {edit(0, func(c *trust.Change) { c.Secret = true }), bad},
		"with a command":                {edit(0, func(c *trust.Change) { c.Command = "update-ca-certificates" }), bad},
		"with another name":             {edit(0, func(c *trust.Change) { c.To = clientDir + "x.key" }), bad},
		"by a link's name":              {edit(0, func(c *trust.Change) { c.Via = "/etc/shadow" }), bad},
		"by dots":                       {edit(0, func(c *trust.Change) { c.Path = clientDir + "../x.key" }), bad},
		"a link":                        {instead("client.key", link), change.ErrLinkInPath},
		"a directory":                   {instead("client.key", directory), change.ErrNotRegular},
		"a CA file that is a link":      {instead("ca.crt", link), change.ErrLinkInPath},
		"a CA file that is a directory": {instead("ca.crt", directory), change.ErrNotRegular},
		"another content by now":        {func(l *lab, _ *trust.Plan) { l.put(clientDir+"client.key", key) }, change.ErrChangedSince},
		"a file without a key":          {at(0, clientDir+"none.key", "see the wiki"), out},
		"a CA file without a key":       {at(1, clientDir+"good.crt", string(trusttest.NewCA(t, "Good").PEM())), out},
		"another registry's":            {at(0, "/etc/docker/certs.d/other.example/client.key", key), out},
		"another registry's CA file":    {at(1, "/etc/docker/certs.d/other.example/corp.crt", key), out},
		"another directory's":           {at(0, "/etc/ssl/private/host.key", key), out},
		"shadow":                        {at(0, "/etc/shadow", ""), out},
		"the store's":                   {at(1, "/usr/local/share/ca-certificates/corp.crt", key), out},
		"a CA file as a key":            {at(0, clientDir+"corp.crt", key), out},
		"a key as a CA file":            {at(1, clientDir+"x.key", key), out},
		"a hidden file":                 {at(0, clientDir+".x.key", key), out},
		"moved to a name that is read":  {edit(1, func(c *trust.Change) { c.To = clientDir + "other.crt" }), out},
		"moved elsewhere":               {edit(1, func(c *trust.Change) { c.To = "/etc/ca.crt.mooring-20260101" }), out},
		"a certificate for no key":      {func(_ *lab, p *trust.Plan) { p.Changes = p.Changes[2:] }, bad},
		"a certificate of its own":      {edit(2, func(c *trust.Change) { c.Content = []byte(key) }), change.ErrBadCertificate},
		"a certificate under any name":  {edit(2, func(c *trust.Change) { c.Path = clientDir + "client.cert" }), out},
		"a removal":                     {edit(0, func(c *trust.Change) { c.Kind = trust.RemoveFile }), bad},
		"a command":                     {func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, command) }, bad},
		"as a plan for trust":           {func(_ *lab, p *trust.Plan) { p.Action = "trust" }, bad},
		"as a plan for a client":        {func(_ *lab, p *trust.Plan) { p.Action, p.Anchors = actionClientCert, nil }, bad},
		"the wide reach":                {func(_ *lab, p *trust.Plan) { p.Reach = trust.ReachComputer }, change.ErrTooBroad},
		"for no registry":               {func(_ *lab, p *trust.Plan) { p.Registries = nil }, out},
		"the same file twice":           {func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, p.Changes[0]) }, bad},
		"where a link leads":            {func(l *lab, _ *trust.Plan) { l.throughLink() }, change.ErrLinkInPath},
		"the new name is somebody's":    {func(l *lab, _ *trust.Plan) { l.put(clientDir+"ca.crt.mooring-20260101", "theirs") }, change.ErrChangedSince},
		"a sign-in with it":             {edit(0, func(c *trust.Change) { c.Registry = "reg.example" }), bad},
		"a trust store with it":         {edit(0, func(c *trust.Change) { c.Store = "x" }), bad},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := keyLab(t)
			p := l.keyPlan()
			secret := strings.Split(string(l.ca.KeyPEM()), "\n")[2]
			c.edit(l, &p)
			before := l.listing()
			_, err := l.apply(TrustRegistry, p)
			l.refused(before, err, c.code)
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the refusal holds the key: %v", err)
			}
		})
	}
}

// throughLink lets a link lead to the registry's directory.
func (l *lab) throughLink() {
	dir := filepath.Join(l.root, clientDir)
	must(l.t, os.Rename(dir, dir+".moved"))
	must(l.t, os.Symlink(filepath.Base(dir)+".moved", dir))
}

// TestKeysWhereModesSayNothing: Windows has no modes that keep others out.
func TestKeysWhereModesSayNothing(t *testing.T) {
	l := keyLab(t)
	p := l.keyPlan()
	l.on(windows)
	before := l.listing()
	_, err := l.apply(TrustRegistry, p)
	l.refused(before, err, change.ErrOutsideAllowList)
}
