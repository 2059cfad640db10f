//go:build linux

package helper

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const clientDir = "/etc/docker/certs.d/reg.example:5000/"

// clientPlan is a good plan for a client certificate.
func (l *lab) clientPlan() trust.Plan { return clientPlanFor(l.ca.Client("alice")) }

func clientPlanFor(c *trusttest.Cert) trust.Plan {
	write := func(name string, content []byte, mode os.FileMode) trust.Change {
		return trust.Change{
			Kind: trust.WriteFile, Path: clientDir + name, Content: content, Mode: mode, Secret: mode == 0o600,
			Status: trust.StatusNew, Privileged: true, Parties: []trust.Party{trust.Docker},
		}
	}
	return trust.Plan{
		Schema: trust.PlanSchema, Action: "client-cert", Reach: trust.ReachRegistry, Registries: []string{"reg.example:5000"},
		Changes: []trust.Change{write("client.cert", trusttest.PEM(c.Sent()...), 0o644), write("client.key", c.KeyPEM(), 0o600)},
	}
}

func move(name, to string) trust.Change {
	return trust.Change{Kind: trust.MoveFile, Path: clientDir + name, To: clientDir + to, Status: trust.StatusRenamed, Privileged: true}
}

// TestClientCertificate: both halves with their modes, the old ones aside, and
// after undo all as before, with no byte of a key in root's journal.
func TestClientCertificate(t *testing.T) {
	l := newLab(t)
	old := l.ca.Client("old")
	l.put(clientDir+"client.cert", string(old.PEM()))
	l.put(clientDir+"client.key", string(old.KeyPEM()))
	must(t, os.Chmod(filepath.Join(l.root, clientDir, "client.key"), 0o600))
	c := l.ca.Intermediate("Issuing").Client("alice")
	p := clientPlanFor(c)
	base := clientDir + "mooring-" + trust.FingerprintOf(c.Cert).Short()
	p.Changes[0].Path, p.Changes[1].Path = base+".cert", base+".key"
	p.Changes = append([]trust.Change{
		move("client.cert", "client.cert.mooring-20260101"), move("client.key", "client.key.mooring-20260101-2"),
	}, p.Changes...)
	before := l.listing()
	r, err := l.apply(TrustRegistry, p)
	must(t, err)
	if r.State != trust.ReceiptApplied {
		t.Fatalf("%+v", r)
	}
	for name, want := range map[string]struct {
		content []byte
		mode    os.FileMode
	}{
		base + ".cert": {trusttest.PEM(c.Sent()...), 0o644}, base + ".key": {c.KeyPEM(), 0o600},
		clientDir + "client.key.mooring-20260101-2": {old.KeyPEM(), 0o600},
	} {
		b, err := os.ReadFile(filepath.Join(l.root, name))
		i, ierr := os.Stat(filepath.Join(l.root, name))
		if err != nil || ierr != nil || !bytes.Equal(b, want.content) || i.Mode() != want.mode {
			t.Errorf("%s: %v, %v", name, i, err)
		}
	}
	entries, err := os.ReadDir(l.s.journal)
	must(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(l.s.journal, e.Name()))
		must(t, err)
		for _, trace := range append(c.KeyTraces(), old.KeyTraces()...) {
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

// TestHostileClientPlans: each ends in a refusal, with no file changed and no byte
// of a key in what is said.
func TestHostileClientPlans(t *testing.T) {
	cert := func(f func(c *trust.Change)) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { f(&p.Changes[0]) }
	}
	key := func(f func(c *trust.Change)) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { f(&p.Changes[1]) }
	}
	client := func(opts ...trusttest.Option) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) { *p = clientPlanFor(l.ca.Client("alice", opts...)) }
	}
	named := func(base string) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) {
			p.Changes[0].Path, p.Changes[1].Path = clientDir+base+".cert", clientDir+base+".key"
		}
	}
	in := func(dir string) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) {
			p.Changes[0].Path, p.Changes[1].Path = dir+"client.cert", dir+"client.key"
		}
	}
	moving := func(c trust.Change) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, c) }
	}
	edited := func(f func(*trust.Change)) trust.Change {
		c := move("a.key", "a.key.mooring-20260101")
		f(&c)
		return c
	}
	key8 := func(t *testing.T, k any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		must(t, err)
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	bad, cerr, out := []change.Code{change.ErrBadPlan}, []change.Code{change.ErrBadCertificate}, []change.Code{change.ErrOutsideAllowList}
	cases := map[string]struct {
		edit  func(*lab, *trust.Plan)
		codes []change.Code
	}{
		"key only":               {func(_ *lab, p *trust.Plan) { p.Changes = p.Changes[1:] }, bad},
		"certificate only":       {func(_ *lab, p *trust.Plan) { p.Changes = p.Changes[:1] }, bad},
		"key of another":         {func(l *lab, p *trust.Plan) { p.Changes[1].Content = l.ca.Client("bob").KeyPEM() }, cerr},
		"key of the CA":          {func(l *lab, p *trust.Plan) { p.Changes[1].Content = l.ca.KeyPEM() }, cerr},
		"key that others read":   {key(func(c *trust.Change) { c.Mode = 0o644 }), bad},
		"key that a group reads": {key(func(c *trust.Change) { c.Mode = 0o640 }), bad},
		"setuid key":             {key(func(c *trust.Change) { c.Mode = 0o600 | os.ModeSetuid }), bad},
		"certificate with 0600":  {cert(func(c *trust.Change) { c.Mode = 0o600 }), bad},
		"certificate writable":   {cert(func(c *trust.Change) { c.Mode = 0o666 }), bad},
		"key that is no secret":  {key(func(c *trust.Change) { c.Secret = false }), bad},
		"secret certificate":     {cert(func(c *trust.Change) { c.Secret = true }), bad},
		"key in the certificate": {func(_ *lab, p *trust.Plan) {
			p.Changes[0].Content = append(bytes.Clone(p.Changes[0].Content), p.Changes[1].Content...)
		}, cerr},
		"certificate in the key": {func(_ *lab, p *trust.Plan) {
			p.Changes[1].Content = append(bytes.Clone(p.Changes[1].Content), p.Changes[0].Content...)
		}, cerr},
		"halves exchanged": {func(_ *lab, p *trust.Plan) {
			p.Changes[0].Content, p.Changes[1].Content = p.Changes[1].Content, p.Changes[0].Content
		}, cerr},
		"two keys":            {key(func(c *trust.Change) { c.Content = append(bytes.Clone(c.Content), c.Content...) }), cerr},
		"text after the key":  {key(func(c *trust.Change) { c.Content = append(bytes.Clone(c.Content), "* * * * * root sh\n"...) }), cerr},
		"text before the key": {key(func(c *trust.Change) { c.Content = append([]byte("* * * * * root sh\n"), c.Content...) }), cerr},
		"CRLF":                {key(func(c *trust.Change) { c.Content = bytes.ReplaceAll(c.Content, []byte("\n"), []byte("\r\n")) }), cerr},
		"key with headers": {key(func(c *trust.Change) {
			c.Content = bytes.Replace(c.Content, []byte("-----\n"), []byte("-----\nX: y\n\n"), 1)
		}), cerr},
		"PKCS#1 label": {key(func(c *trust.Change) {
			c.Content = bytes.ReplaceAll(c.Content, []byte("PRIVATE"), []byte("RSA PRIVATE"))
		}), cerr},
		"encrypted": {key(func(c *trust.Change) {
			c.Content = bytes.ReplaceAll(c.Content, []byte("PRIVATE"), []byte("ENCRYPTED PRIVATE"))
		}), cerr},
		"empty key":            {key(func(c *trust.Change) { c.Content = nil }), cerr},
		"empty certificate":    {cert(func(c *trust.Change) { c.Content = nil }), cerr},
		"key of 1 MB":          {key(func(c *trust.Change) { c.Content = bytes.Repeat([]byte("A"), 1<<20) }), cerr},
		"certificate of 1 MB":  {cert(func(c *trust.Change) { c.Content = bytes.Repeat([]byte("A"), 1<<20) }), cerr},
		"bytes inside the key": {key(func(c *trust.Change) { c.Content = paddedKey(t, c.Content) }), cerr},
		"a key that signs nothing": {func(_ *lab, p *trust.Plan) {
			k, err := ecdh.X25519().GenerateKey(rand.Reader)
			must(t, err)
			p.Changes[1].Content = key8(t, k)
		}, cerr},
		"text after the certificate": {cert(func(c *trust.Change) { c.Content = append(bytes.Clone(c.Content), '\n') }), cerr},
		"a stranger in the chain": {func(_ *lab, p *trust.Plan) {
			p.Changes[0].Content = append(bytes.Clone(p.Changes[0].Content), trusttest.NewCA(t, "Other").PEM()...)
		}, cerr},
		"a certificate twice":   {cert(func(c *trust.Change) { c.Content = append(bytes.Clone(c.Content), c.Content...) }), cerr},
		"for servers":           {client(trusttest.Usage(x509.ExtKeyUsageServerAuth)), cerr},
		"a CA":                  {func(l *lab, p *trust.Plan) { *p = clientPlanFor(l.ca) }, cerr},
		"subject with newlines": {client(trusttest.CommonName("x\n* * * * * root sh")), cerr},
		"subject of 64 KB":      {client(trusttest.Organization(strings.Repeat("A", 64<<10))), cerr},
		"another name":          {named("root"), out},
		"another's fingerprint": {named("mooring-0123456789abcdef"), out},
		"a name with a prefix":  {named("xclient"), out},
		"a hidden name":         {named(".client"), out},
		"two names":             {func(l *lab, p *trust.Plan) { p.Changes[1].Path = clientDir + "mooring-" + l.short() + ".key" }, bad},
		"key as CA":             {key(func(c *trust.Change) { c.Path = clientDir + "ca.crt" }), out},
		"key as crt":            {key(func(c *trust.Change) { c.Path = clientDir + "client.crt" }), out},
		"certificate as crt":    {cert(func(c *trust.Change) { c.Path = clientDir + "client.crt" }), out},
		"another registry":      {in("/etc/docker/certs.d/other.example/"), out},
		"every registry":        {in("/etc/docker/certs.d/_default/"), out},
		"the OS store":          {in("/usr/local/share/ca-certificates/"), out},
		"the keys of others":    {in("/etc/ssl/private/"), out},
		"deeper":                {in(clientDir + "sub/"), out},
		"dots":                  {in("/etc/docker/../docker/certs.d/reg.example:5000/"), []change.Code{change.ErrBadPlan, change.ErrOutsideAllowList}},
		"half elsewhere":        {key(func(c *trust.Change) { c.Path = "/etc/containers/certs.d/reg.example:5000/client.key" }), bad},
		"a CA beside": {func(l *lab, p *trust.Plan) {
			p.Anchors = l.plan().Anchors
			p.Changes = append(p.Changes, l.plan().Changes...)
		}, bad},
		"two registries":        {func(_ *lab, p *trust.Plan) { p.Registries = append(p.Registries, "other.example") }, bad},
		"no registry":           {func(_ *lab, p *trust.Plan) { p.Registries = nil }, bad},
		"a command":             {func(l *lab, p *trust.Plan) { p.Changes = append(p.Changes, l.computer().Changes[2]) }, bad},
		"a removal":             {func(_ *lab, p *trust.Plan) { p.Changes[1].Kind = trust.RemoveFile }, bad},
		"edits with a half":     {key(func(c *trust.Change) { c.Edits = []trust.Edit{trust.SetValue("x", "y")} }), bad},
		"a value with a half":   {cert(func(c *trust.Change) { c.Key = []string{"auths"} }), bad},
		"a sign-in with a half": {key(func(c *trust.Change) { c.Registry = "reg.example:5000" }), bad},
		"a link's name":         {cert(func(c *trust.Change) { c.Via = "/etc/shadow" }), bad},
		"edits with a move":     {moving(edited(func(c *trust.Change) { c.Edits = []trust.Edit{trust.RemoveValue("root")} })), bad},
		"a value with a move":   {moving(edited(func(c *trust.Change) { c.Key = []string{"auths"} })), bad},
		"a sign-in with a move": {moving(edited(func(c *trust.Change) { c.Registry = "reg.example:5000" })), bad},
		"a move by a link":      {moving(edited(func(c *trust.Change) { c.Via = "/etc/shadow" })), bad},
		"a consequence":         {func(_ *lab, p *trust.Plan) { p.Consequences = []trust.Consequence{{Code: "x"}} }, bad},
		"as a plan for trust":   {func(_ *lab, p *trust.Plan) { p.Action = "trust" }, out},
		"trust that hides a key": {func(l *lab, p *trust.Plan) {
			secret := p.Changes[1]
			*p = l.plan()
			p.Changes = append(p.Changes, secret)
		}, out},
		"trust with a secret": {func(l *lab, p *trust.Plan) { *p = l.plan(); p.Changes[0].Secret = true }, bad},
		"trust with a move": {func(l *lab, p *trust.Plan) {
			*p = l.plan()
			p.Changes = append(p.Changes, move("a.key", "a.key.mooring-20260101"))
		}, bad},
		"the wide reach": {func(_ *lab, p *trust.Plan) { p.Reach = trust.ReachComputer }, []change.Code{change.ErrTooBroad}},
		"replacing": {func(l *lab, p *trust.Plan) {
			l.put(clientDir+"client.cert", "somebody else's")
			i, err := l.s.world.FS.Stat(clientDir + "client.cert")
			must(t, err)
			p.Changes[0].Before = &trust.FileState{SHA256: hashOf([]byte("somebody else's")), Mode: i.Mode, UID: i.UID, GID: i.GID}
		}, bad},
		"over a file that is there":     {func(l *lab, _ *trust.Plan) { l.put(clientDir+"client.key", "somebody else's") }, []change.Code{change.ErrChangedSince, change.ErrOutsideAllowList}},
		"only moving":                   {func(_ *lab, p *trust.Plan) { p.Changes = []trust.Change{move("a.key", "a.key.mooring-20260101")} }, bad},
		"moving a CA":                   {moving(move("ca.crt", "ca.crt.mooring-20260101")), out},
		"moving to a name that is read": {moving(move("a.key", "b.key")), out},
		"moving elsewhere":              {moving(trust.Change{Kind: trust.MoveFile, Path: clientDir + "a.key", To: "/etc/a.key.mooring-20260101"}), out},
		"moving by dots":                {moving(move("a.key", "a.key/../x.mooring-20260101")), out},
		"moving another's":              {moving(trust.Change{Kind: trust.MoveFile, Path: "/etc/shadow", To: "/etc/shadow.mooring-20260101"}), out},
		"moving what is not there":      {moving(move("a.key", "a.key.mooring-20260101")), []change.Code{change.ErrChangedSince}},
		"a move with content": {moving(trust.Change{
			Kind: trust.MoveFile, Path: clientDir + "a.key", To: clientDir + "a.key.mooring-20260101", Content: []byte("x"),
		}), bad},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := l.clientPlan()
			secret := bytes.Split(p.Changes[1].Content, []byte("\n"))[2]
			c.edit(l, &p)
			before := l.listing()
			_, err := l.apply(TrustRegistry, p)
			l.refused(before, err, c.codes...)
			if err != nil && strings.Contains(err.Error(), string(secret)) {
				t.Errorf("the refusal holds the key: %v", err)
			}
		})
	}
}

// paddedKey hides bytes in a key: the DER is longer than what is parsed of it.
func paddedKey(t *testing.T, key []byte) []byte {
	t.Helper()
	b, _ := pem.Decode(key)
	der := append(bytes.Clone(b.Bytes), bytes.Repeat([]byte{0}, 100)...)
	return pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: der})
}

// TestClientCertificateOverLinks: a key is written through no link.
func TestClientCertificateOverLinks(t *testing.T) {
	for _, at := range []string{strings.TrimSuffix(clientDir, "/"), "/etc/docker/certs.d", clientDir + "client.key"} {
		l := newLab(t)
		p := filepath.Join(l.root, at)
		must(t, os.RemoveAll(p))
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.Symlink(t.TempDir(), p))
		before := l.listing()
		_, err := l.apply(TrustRegistry, l.clientPlan())
		l.refused(before, err, change.ErrLinkInPath)
	}
}

// FuzzClientPlan: whatever the halves hold, a pair that is accepted is one, and its
// files hold nothing else.
func FuzzClientPlan(f *testing.F) {
	ca := trusttest.NewCA(f, "Lab Root")
	c := ca.Client("alice", trusttest.NotAfter(time.Now().AddDate(1, 0, 0)))
	f.Add(c.PEM(), c.KeyPEM(), "client")
	f.Add(trusttest.PEM(ca.Intermediate("x").Client("bob").Sent()...), c.KeyPEM(), "client")
	f.Add(c.PEM(), []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "mooring-0123456789abcdef")
	f.Fuzz(func(t *testing.T, cert, key []byte, base string) {
		h := pair{&trust.Change{Content: cert}, &trust.Change{Content: key}}
		if h.check(clientDir+base) != nil {
			return
		}
		for _, b := range [][]byte{cert, key} {
			if !bytes.HasPrefix(b, []byte("-----BEGIN ")) || !bytes.HasSuffix(b, []byte("-----\n")) || bytes.ContainsRune(b, '\r') {
				t.Errorf("accepted %q", b)
			}
		}
		if bytes.Count(key, []byte("BEGIN")) != 1 || bytes.Contains(cert, []byte("KEY")) {
			t.Errorf("accepted %q with %q", cert, key)
		}
	})
}
