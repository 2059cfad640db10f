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

// TestHostilePlans: each ends in a clear refusal, no file changed.
func TestHostilePlans(t *testing.T) {
	const dir = "/etc/docker/certs.d/reg.example:5000/"
	at := func(path string) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { p.Changes[0].Path = path }
	}
	with := func(f func(c *trust.Change)) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { f(&p.Changes[0]) }
	}
	registry := func(name string) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) {
			p.Registries = []string{name}
			p.Changes[0].Path = "/etc/docker/certs.d/" + name + "/ca.crt"
		}
	}
	subject := func(opts ...trusttest.Option) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) {
			l.ca = trusttest.NewCA(l.t, "x", opts...)
			*p = l.plan()
		}
	}
	cases := map[string]struct {
		edit  func(*lab, *trust.Plan)
		codes []change.Code
	}{
		"another registry's directory": {at("/etc/docker/certs.d/other.example/ca.crt"), []change.Code{change.ErrOutsideAllowList}},
		"every registry's directory":   {at("/etc/docker/certs.d/_default/ca.crt"), []change.Code{change.ErrOutsideAllowList}},
		"cron":                         {at("/etc/cron.d/mooring-0123456789abcdef.crt"), []change.Code{change.ErrOutsideAllowList}},
		"shadow":                       {at("/etc/shadow"), []change.Code{change.ErrOutsideAllowList}},
		"dots":                         {at(dir + "../../../shadow"), []change.Code{change.ErrBadPlan}},
		"dots that stay":               {at("/etc/docker/../docker/certs.d/reg.example:5000/ca.crt"), []change.Code{change.ErrBadPlan}},
		"deeper":                       {at(dir + "sub/ca.crt"), []change.Code{change.ErrOutsideAllowList}},
		"relative":                     {at("etc/docker/certs.d/reg.example:5000/ca.crt"), []change.Code{change.ErrOutsideAllowList, change.ErrBadPlan}},
		"zero byte":                    {at(dir + "ca.crt\x00.txt"), []change.Code{change.ErrOutsideAllowList, change.ErrBadPlan}},
		"empty path":                   {at(""), []change.Code{change.ErrOutsideAllowList, change.ErrBadPlan}},
		"hosts.toml":                   {at(dir + "hosts.toml"), []change.Code{change.ErrOutsideAllowList}},
		"client key":                   {at(dir + "client.key"), []change.Code{change.ErrOutsideAllowList}},
		"another's name":               {at(dir + "mooring-0123456789abcdef.crt"), []change.Code{change.ErrOutsideAllowList}},
		"upper-case name": {func(l *lab, p *trust.Plan) {
			p.Changes[0].Path = dir + "mooring-" + strings.ToUpper(l.short()) + ".crt"
		}, []change.Code{change.ErrOutsideAllowList}},
		"the OS store under the narrow action": {
			func(l *lab, p *trust.Plan) {
				p.Changes[0].Path = "/usr/local/share/ca-certificates/mooring-" + l.short() + ".crt"
			}, []change.Code{change.ErrTooBroad},
		},
		"a command under the narrow action": {
			func(l *lab, p *trust.Plan) { p.Changes = append(p.Changes, l.computer().Changes[2]) }, []change.Code{change.ErrTooBroad},
		},
		"the wide reach under the narrow action": {func(l *lab, p *trust.Plan) { *p = l.computer() }, []change.Code{change.ErrTooBroad}},
		"no reach":                               {func(_ *lab, p *trust.Plan) { p.Reach = "" }, []change.Code{change.ErrTooBroad}},

		"registry ../../etc":         {registry("../../etc"), []change.Code{change.ErrBadPlan}},
		"registry ..":                {registry(".."), []change.Code{change.ErrBadPlan}},
		"registry empty":             {registry(""), []change.Code{change.ErrBadPlan}},
		"registry with slash":        {registry("a/b"), []change.Code{change.ErrBadPlan}},
		"registry with newline":      {registry("a\nb"), []change.Code{change.ErrBadPlan}},
		"registry _default":          {registry("_default"), []change.Code{change.ErrBadPlan}},
		"registry with port 99999":   {registry("reg:99999"), []change.Code{change.ErrBadPlan}},
		"registry of 64 KB":          {registry(strings.Repeat("a.", 32<<10) + "example"), []change.Code{change.ErrBadPlan}},
		"a certificate as registry ": {registry("ca.crt/.."), []change.Code{change.ErrBadPlan}},

		"subject of 64 KB":               {subject(trusttest.Organization(strings.Repeat("A", 64<<10))), []change.Code{change.ErrBadCertificate}},
		"subject with newlines and dots": {subject(trusttest.CommonName("../../../etc/cron.d/x\n* * * * * root sh")), []change.Code{change.ErrBadCertificate}},
		"subject of an intermediate with newlines": {
			func(l *lab, p *trust.Plan) {
				l.ca = l.ca.Intermediate("x\n[sudo] password:")
				*p = l.plan()
			}, []change.Code{change.ErrBadCertificate},
		},
		"subject that turns direction":   {subject(trusttest.CommonName("evil\u202etrc.ac")), []change.Code{change.ErrBadCertificate}},
		"subject of the plan is another": {func(_ *lab, p *trust.Plan) { p.Anchors[0].Subject = "CN=Corporate Root" }, []change.Code{change.ErrBadCertificate}},
		"fingerprint of another":         {func(_ *lab, p *trust.Plan) { p.Anchors[0].SHA256 = strings.Repeat("0", 64) }, []change.Code{change.ErrBadCertificate}},
		"origin with escape codes":       {func(_ *lab, p *trust.Plan) { p.Anchors[0].Origin = "file:\x1b[2J" }, []change.Code{change.ErrBadPlan}},

		"content of its own":    {with(func(c *trust.Change) { c.Content = []byte("root::0:0::/:/bin/sh\n") }), []change.Code{change.ErrBadCertificate}},
		"empty content":         {with(func(c *trust.Change) { c.Content = nil }), []change.Code{change.ErrBadCertificate}},
		"text after it":         {with(func(c *trust.Change) { c.Content = append(c.Content, "x"...) }), []change.Code{change.ErrBadCertificate}},
		"twice the certificate": {with(func(c *trust.Change) { c.Content = append(bytes.Clone(c.Content), c.Content...) }), []change.Code{change.ErrBadCertificate}},
		"CRLF":                  {with(func(c *trust.Change) { c.Content = bytes.ReplaceAll(c.Content, []byte("\n"), []byte("\r\n")) }), []change.Code{change.ErrBadCertificate}},
		"setuid":                {with(func(c *trust.Change) { c.Mode = 0o644 | os.ModeSetuid }), []change.Code{change.ErrBadPlan}},
		"writable by all":       {with(func(c *trust.Change) { c.Mode = 0o666 }), []change.Code{change.ErrBadPlan}},
		"a kind of its own":     {with(func(c *trust.Change) { c.Kind = "exec" }), []change.Code{change.ErrBadPlan}},
		"an edit of a person's file": {
			func(_ *lab, p *trust.Plan) {
				p.Changes = append(p.Changes, trust.Change{
					Kind: trust.EditFile, Path: "/root/.docker/config.json", Mode: 0o600, Status: trust.StatusNew,
					Edits: []trust.Edit{trust.SetValue("mooring", "credHelpers", "reg.example")},
				})
			}, []change.Code{change.ErrBadPlan},
		},
		"an edit of root's password file": {
			with(func(c *trust.Change) {
				*c = trust.Change{Kind: trust.EditFile, Path: "/etc/shadow", Status: trust.StatusEdited, Edits: []trust.Edit{trust.RemoveValue("root")}}
			}), []change.Code{change.ErrBadPlan},
		},
		"an edit of its own file": {with(func(c *trust.Change) { c.Kind, c.Content = trust.EditFile, nil }), []change.Code{change.ErrBadPlan}},
		"edits with the file":     {with(func(c *trust.Change) { c.Edits = []trust.Edit{trust.SetValue("x", "y")} }), []change.Code{change.ErrBadPlan}},
		"a secret to be kept": {
			with(func(c *trust.Change) {
				*c = trust.Change{Kind: trust.KeepSecret, Path: "/etc/shadow", Registry: "reg.example", Key: []string{"root"}, Status: trust.StatusNew}
			}), []change.Code{change.ErrBadPlan},
		},
		"a link's name with the file": {with(func(c *trust.Change) { c.Via = "/etc/shadow" }), []change.Code{change.ErrBadPlan}},
		"a command with the file":     {with(func(c *trust.Change) { c.Command = "update-ca-certificates" }), []change.Code{change.ErrBadPlan}},
		"the same file twice":         {func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, p.Changes[0]) }, []change.Code{change.ErrBadPlan}},

		"a key beside the certificate": {
			func(l *lab, p *trust.Plan) {
				p.Anchors[0].PEM += string(l.ca.KeyPEM())
				p.Changes[0].Content = []byte(p.Anchors[0].PEM)
			}, []change.Code{change.ErrBadCertificate},
		},
		"PEM headers": {
			func(_ *lab, p *trust.Plan) {
				p.Anchors[0].PEM = strings.Replace(p.Anchors[0].PEM, "-----\n", "-----\nX: y\n\n", 1)
				p.Changes[0].Content = []byte(p.Anchors[0].PEM)
			}, []change.Code{change.ErrBadCertificate},
		},
		"a byte order mark": {
			func(_ *lab, p *trust.Plan) {
				p.Anchors[0].PEM = "\ufeff" + p.Anchors[0].PEM
				p.Changes[0].Content = []byte(p.Anchors[0].PEM)
			}, []change.Code{change.ErrBadCertificate},
		},
		"a file of others": {
			func(_ *lab, p *trust.Plan) {
				p.Registries = []string{"other.example"}
				p.Changes[0].Path = "/etc/docker/certs.d/other.example/ca.crt"
			}, []change.Code{change.ErrChangedSince},
		},
		"a file of others, knowingly": {
			func(l *lab, p *trust.Plan) {
				p.Registries = []string{"other.example"}
				c := &p.Changes[0]
				c.Path = "/etc/docker/certs.d/other.example/ca.crt"
				i, err := l.s.world.FS.Stat(c.Path)
				must(l.t, err)
				c.Before = &trust.FileState{SHA256: hashOf([]byte("somebody else's")), Mode: i.Mode, UID: i.UID, GID: i.GID}
			}, []change.Code{change.ErrOutsideAllowList},
		},
		"removing what is not there": {
			with(func(c *trust.Change) {
				*c = trust.Change{Kind: trust.RemoveFile, Path: c.Path, Before: &trust.FileState{}, Status: trust.StatusRemoved}
			}), []change.Code{change.ErrChangedSince},
		},
		"a removal with content": {with(func(c *trust.Change) { c.Kind, c.Before = trust.RemoveFile, &trust.FileState{} }), []change.Code{change.ErrBadPlan}},
		"nothing to do":          {func(_ *lab, p *trust.Plan) { p.Changes = nil }, []change.Code{change.ErrNothingToDo}},
		"only unchanged": {
			with(func(c *trust.Change) { c.Path, c.Status = "/etc/shadow", trust.StatusUnchanged }), []change.Code{change.ErrNothingToDo},
		},
		"schema 2":       {func(_ *lab, p *trust.Plan) { p.Schema = 2 }, []change.Code{change.ErrBadPlan}},
		"another action": {func(_ *lab, p *trust.Plan) { p.Action = "install" }, []change.Code{change.ErrBadPlan}},
		"a forecast":     {func(_ *lab, p *trust.Plan) { p.Forecast = []trust.Forecast{{}} }, []change.Code{change.ErrBadPlan}},
		"3,000 changes": {
			func(_ *lab, p *trust.Plan) {
				for range 3000 {
					p.Changes = append(p.Changes, p.Changes[0])
				}
			}, []change.Code{change.ErrTooLarge},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := l.plan()
			c.edit(l, &p)
			before := l.listing()
			_, err := l.apply(TrustRegistry, p)
			l.refused(before, err, c.codes...)
		})
	}
}

func TestHostileComputerPlans(t *testing.T) {
	store := "/usr/local/share/ca-certificates/"
	for name, edit := range map[string]func(*lab, *trust.Plan){
		"another family's directory": func(l *lab, p *trust.Plan) {
			p.Changes[1].Path = "/etc/pki/ca-trust/source/anchors/mooring-" + l.short() + ".crt"
		},
		"ca.crt in the store":   func(_ *lab, p *trust.Plan) { p.Changes[1].Path = store + "ca.crt" },
		"another's file":        func(_ *lab, p *trust.Plan) { p.Changes[1].Path = store + "others.crt" },
		"the derived store":     func(l *lab, p *trust.Plan) { p.Changes[1].Path = "/etc/ssl/certs/mooring-" + l.short() + ".crt" },
		"another command":       func(_ *lab, p *trust.Plan) { p.Changes[2].Command = "update-ca-trust" },
		"a shell":               func(_ *lab, p *trust.Plan) { p.Changes[2].Command = "sh -c reboot" },
		"a path as command":     func(_ *lab, p *trust.Plan) { p.Changes[2].Command = "../../tmp/x" },
		"a command with a path": func(_ *lab, p *trust.Plan) { p.Changes[2].Path = "/etc/shadow" },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := l.computer()
			edit(l, &p)
			before := l.listing()
			_, err := l.apply(TrustComputer, p)
			l.refused(before, err, change.ErrOutsideAllowList, change.ErrTooBroad, change.ErrBadPlan)
		})
	}
	t.Run("a narrow plan under the wide action", func(t *testing.T) {
		l := newLab(t)
		before := l.listing()
		_, err := l.apply(TrustComputer, l.plan())
		l.refused(before, err, change.ErrTooBroad)
	})
}

// TestPlanEditedInFlight: what arrives must be what was announced, and must have
// one reading only.
func TestPlanEditedInFlight(t *testing.T) {
	l := newLab(t)
	before := l.listing()
	good, err := json.Marshal(l.plan())
	must(t, err)
	edited := bytes.Replace(good, []byte("reg.example"), []byte("bad.example"), -1)
	_, err = l.send(TrustRegistry, edited, hashOf(good))
	l.refused(before, err, change.ErrHash)
	for name, b := range map[string][]byte{
		"cut off":         good[:len(good)-1],
		"something after": append(bytes.Clone(good), "{}"...),
		"white space":     append(bytes.Clone(good), '\n'),
		"a field twice":   bytes.Replace(good, []byte(`{"schema":1,`), []byte(`{"schema":1,"schema":1,`), 1),
		"other letters":   bytes.Replace(good, []byte(`"schema"`), []byte(`"SCHEMA"`), 1),
		"unknown field":   bytes.Replace(good, []byte(`{"schema":1,`), []byte(`{"schema":1,"root":"/",`), 1),
		"null":            []byte("null"),
		"an array":        []byte("[]"),
		"nothing":         nil,
		"deep":            []byte(strings.Repeat("[", 1<<20)),
	} {
		_, err = l.send(TrustRegistry, b, hashOf(b))
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
		l.refused(before, err, change.ErrBadPlan)
	}
	for _, hash := range []string{"", "0", strings.ToUpper(hashOf(good)), hashOf(good) + " "} {
		_, err = l.send(TrustRegistry, good, hash)
		l.refused(before, err, change.ErrHash)
	}
}

// TestLinksOnTheWay: a link at any step of the way is refused, wherever it leads.
func TestLinksOnTheWay(t *testing.T) {
	for _, link := range []struct{ at, to string }{
		{"etc/docker/certs.d/reg.example:5000", "../../../etc"},
		{"etc/docker/certs.d/reg.example:5000", "/etc"},
		{"etc/docker/certs.d/reg.example:5000", "other.example"},
		{"etc/docker/certs.d/reg.example:5000", "nowhere"},
		{"etc/docker/certs.d/reg.example:5000/ca.crt", "/etc/shadow"},
		{"etc/docker/certs.d/reg.example:5000/ca.crt", "nowhere"},
		{"etc/docker/certs.d", "../containers"},
		{"etc/docker", "/etc"},
		{"etc", "usr"},
	} {
		t.Run(link.at+" to "+link.to, func(t *testing.T) {
			l := newLab(t)
			p := filepath.Join(l.root, link.at)
			must(t, os.RemoveAll(p))
			must(t, os.MkdirAll(filepath.Dir(p), 0o755))
			must(t, os.Symlink(link.to, p))
			before := l.listing()
			_, err := l.apply(TrustRegistry, l.plan())
			l.refused(before, err, change.ErrLinkInPath)
			if !strings.HasPrefix("/"+link.at, change.As(err).Path) || change.As(err).Path == "" {
				t.Errorf("the refusal names %q", change.As(err).Path)
			}
		})
	}
}

// TestLinkPlantedBetweenCheckAndWrite plants links at every step after the first
// look: nothing is ever written through one, and what cannot be finished is
// rolled back.
func TestLinkPlantedBetweenCheckAndWrite(t *testing.T) {
	dir := "etc/docker/certs.d/reg.example:5000"
	plants := map[string]func(l *lab) error{
		"the file": func(l *lab) error {
			if err := os.MkdirAll(filepath.Join(l.root, dir), 0o755); err != nil {
				return err
			}
			return os.Symlink("/etc/shadow", filepath.Join(l.root, dir, "ca.crt"))
		},
		"the directory": func(l *lab) error {
			p := filepath.Join(l.root, dir)
			_ = os.Rename(p, p+".moved")
			return os.Symlink("/etc", p)
		},
		"certs.d": func(l *lab) error {
			p := filepath.Join(l.root, "etc/docker/certs.d")
			if err := os.Rename(p, p+".moved"); err != nil {
				return err
			}
			return os.Symlink("/etc", p)
		},
	}
	points := 0
	l := newLab(t)
	l.s.fault = func(string) error { points++; return nil }
	_, err := l.apply(TrustRegistry, l.plan())
	must(t, err)
	for name, plant := range plants {
		refused := 0
		for n := 1; n <= points; n++ {
			l := newLab(t)
			seen, planted := 0, false
			l.s.fault = func(string) error {
				if seen++; seen == n {
					planted = plant(l) == nil
				}
				return nil
			}
			_, err := l.apply(TrustRegistry, l.plan())
			if !planted {
				continue // the name was taken by then
			}
			for _, victim := range []string{"etc/ca.crt", "etc/reg.example:5000"} {
				if _, serr := os.Lstat(filepath.Join(l.root, victim)); serr == nil {
					t.Errorf("%s planted at step %d: wrote %s", name, n, victim)
				}
			}
			if b, _ := os.ReadFile(filepath.Join(l.root, "etc/shadow")); string(b) != "secret" {
				t.Errorf("%s planted at step %d: shadow is %q", name, n, b)
			}
			if err != nil {
				refused++
			}
		}
		if refused < points/2 {
			t.Errorf("%s: of %d steps only %d noticed", name, points, refused)
		}
	}
}

// TestUserJournalMeansNothing: whatever a user's journal says, root undoes only
// what root's own journal holds.
func TestUserJournalMeansNothing(t *testing.T) {
	l := newLab(t)
	before := l.listing()
	user := &change.Engine{Dir: filepath.Join(t.TempDir(), "user"), Root: l.root}
	forged := trust.Plan{Schema: 1, Action: "trust", Reach: trust.ReachRegistry, Changes: []trust.Change{
		{Kind: trust.WriteFile, Path: "/etc/made-by-user", Content: []byte("x"), Mode: 0o644, Status: trust.StatusNew},
	}}
	r, err := user.ApplyAs(t.Context(), testID, forged, nil)
	must(t, err)
	_, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", r.ID}, nil)
	if change.As(err).Code != change.ErrNoReceipt {
		t.Errorf("root took the user's journal for its own: %v", err)
	}
	_, err = user.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if d := cmp.Diff(before, l.listing()); d != "" {
		t.Error(d)
	}
}

// TestRootsJournalDamaged: a journal cut anywhere, or with another before-image,
// leads to no change.
func TestRootsJournalDamaged(t *testing.T) {
	l := newLab(t)
	_, err := l.apply(TrustRegistry, l.plan())
	must(t, err)
	file := filepath.Join(l.s.journal, testID+".json")
	whole, err := os.ReadFile(file)
	must(t, err)
	before := l.listing()
	for n := 0; n < len(whole); n += 1 + len(whole)/97 {
		must(t, os.WriteFile(file, whole[:n], 0o600))
		_, err := l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
		l.refused(before, err, change.ErrJournalDamaged)
	}
	for i := 0; i < len(whole); i += 1 + len(whole)/97 {
		b := bytes.Clone(whole)
		b[i] ^= 0x20
		must(t, os.WriteFile(file, b, 0o600))
		_, err := l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
		l.refused(before, err, change.ErrJournalDamaged)
	}
	must(t, os.WriteFile(file, whole, 0o600))
	must(t, os.Chmod(l.s.journal, 0o777))
	_, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
	l.refused(before, err, change.ErrJournalDamaged)
	must(t, os.Chmod(l.s.journal, 0o700))
	if _, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil); err != nil {
		t.Error(err)
	}
}
