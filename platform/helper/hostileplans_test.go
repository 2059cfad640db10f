//go:build linux

package helper

import (
	"bytes"
	"os"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// with is an edit of the first change.
func with(f func(c *trust.Change)) func(*lab, *trust.Plan) {
	return func(_ *lab, p *trust.Plan) { f(&p.Changes[0]) }
}

func at(path string) func(*lab, *trust.Plan) {
	return with(func(c *trust.Change) { c.Path = path })
}

// hostilePlans are those that no system's rules for paths have a part in.
func hostilePlans(s system) map[string]hostile {
	registry := func(name string) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) {
			p.Registries = []string{name}
			p.Changes[0].Path = s.certs + name + s.sep + "ca.crt"
		}
	}
	subject := func(opts ...trusttest.Option) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) {
			l.ca = trusttest.NewCA(l.t, "x", opts...)
			*p = l.plan()
		}
	}
	pem := func(f func(l *lab, pem string) string) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) {
			p.Anchors[0].PEM = f(l, p.Anchors[0].PEM)
			p.Changes[0].Content = []byte(p.Anchors[0].PEM)
		}
	}
	change1 := func(c trust.Change) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { p.Changes[0] = c }
	}
	return map[string]hostile{
		"the wide reach under the narrow action": {func(l *lab, p *trust.Plan) { *p = l.computer() }, change.ErrTooBroad},
		"no reach":                               {func(_ *lab, p *trust.Plan) { p.Reach = "" }, change.ErrTooBroad},
		"a command under the narrow action": {
			func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, command) }, change.ErrTooBroad,
		},
		"a trust store under the narrow action": {
			func(l *lab, p *trust.Plan) { p.Changes = append(p.Changes, l.member(s.store)) }, change.ErrTooBroad,
		},

		"registry ../../etc":        {registry("../../etc"), change.ErrBadPlan},
		"registry ..":               {registry(".."), change.ErrBadPlan},
		"registry empty":            {registry(""), change.ErrBadPlan},
		"registry with slash":       {registry("a/b"), change.ErrBadPlan},
		"registry with backslash":   {registry(`a\b`), change.ErrBadPlan},
		"registry with newline":     {registry("a\nb"), change.ErrBadPlan},
		"registry _default":         {registry("_default"), change.ErrBadPlan},
		"registry with port 99999":  {registry("reg:99999"), change.ErrBadPlan},
		"registry of 64 KB":         {registry(strings.Repeat("a.", 32<<10) + "example"), change.ErrBadPlan},
		"a certificate as registry": {registry("ca.crt/.."), change.ErrBadPlan},

		"subject of 64 KB":               {subject(trusttest.Organization(strings.Repeat("A", 64<<10))), change.ErrBadCertificate},
		"subject with newlines and dots": {subject(trusttest.CommonName("../../../etc/cron.d/x\n* * * * * root sh")), change.ErrBadCertificate},
		"subject of an intermediate with newlines": {
			func(l *lab, p *trust.Plan) {
				l.ca = l.ca.Intermediate("x\n[sudo] password:")
				*p = l.plan()
			}, change.ErrBadCertificate,
		},
		"subject that turns direction":   {subject(trusttest.CommonName("evil\u202etrc.ac")), change.ErrBadCertificate},
		"subject of the plan is another": {func(_ *lab, p *trust.Plan) { p.Anchors[0].Subject = "CN=Corporate Root" }, change.ErrBadCertificate},
		"fingerprint of another":         {func(_ *lab, p *trust.Plan) { p.Anchors[0].SHA256 = strings.Repeat("0", 64) }, change.ErrBadCertificate},
		"origin with escape codes":       {func(_ *lab, p *trust.Plan) { p.Anchors[0].Origin = "file:\x1b[2J" }, change.ErrBadPlan},
		"a key beside the certificate":   {pem(func(l *lab, pem string) string { return pem + string(l.ca.KeyPEM()) }), change.ErrBadCertificate},
		"PEM headers": {
			pem(func(_ *lab, pem string) string { return strings.Replace(pem, "-----\n", "-----\nX: y\n\n", 1) }), change.ErrBadCertificate,
		},
		"a byte order mark": {pem(func(_ *lab, pem string) string { return "\ufeff" + pem }), change.ErrBadCertificate},
		"no certificate":    {pem(func(*lab, string) string { return "" }), change.ErrBadCertificate},

		"content of its own":    {with(func(c *trust.Change) { c.Content = []byte("root::0:0::/:/bin/sh\n") }), change.ErrBadCertificate},
		"empty content":         {with(func(c *trust.Change) { c.Content = nil }), change.ErrBadCertificate},
		"text after it":         {with(func(c *trust.Change) { c.Content = append(c.Content, "x"...) }), change.ErrBadCertificate},
		"twice the certificate": {with(func(c *trust.Change) { c.Content = append(bytes.Clone(c.Content), c.Content...) }), change.ErrBadCertificate},
		"CRLF":                  {with(func(c *trust.Change) { c.Content = bytes.ReplaceAll(c.Content, []byte("\n"), []byte("\r\n")) }), change.ErrBadCertificate},
		"setuid":                {with(func(c *trust.Change) { c.Mode = 0o644 | os.ModeSetuid }), change.ErrBadPlan},
		"writable by all":       {with(func(c *trust.Change) { c.Mode = 0o666 }), change.ErrBadPlan},
		"a secret":              {with(func(c *trust.Change) { c.Secret = true }), change.ErrBadPlan},
		"a kind of its own":     {with(func(c *trust.Change) { c.Kind = "exec" }), change.ErrBadPlan},
		"a file to be moved":    {with(func(c *trust.Change) { c.Kind, c.To = trust.MoveFile, s.secret }), change.ErrBadPlan},
		"another name":          {with(func(c *trust.Change) { c.To = s.secret }), change.ErrBadPlan},
		"a store with the file": {with(func(c *trust.Change) { c.Store = s.store }), change.ErrBadPlan},
		"a state with the file": {with(func(c *trust.Change) { c.Want = &trust.Membership{Held: true} }), change.ErrBadPlan},
		"an edit of a person's file": {
			func(_ *lab, p *trust.Plan) {
				p.Changes = append(p.Changes, trust.Change{
					Kind: trust.EditFile, Path: "/root/.docker/config.json", Mode: 0o600, Status: trust.StatusNew,
					Edits: []trust.Edit{trust.SetValue("mooring", "credHelpers", "reg.example")},
				})
			}, change.ErrBadPlan,
		},
		"an edit of the system's file": {
			change1(trust.Change{Kind: trust.EditFile, Path: s.secret, Status: trust.StatusEdited, Edits: []trust.Edit{trust.RemoveValue("root")}}),
			change.ErrBadPlan,
		},
		"an edit of its own file": {with(func(c *trust.Change) { c.Kind, c.Content = trust.EditFile, nil }), change.ErrBadPlan},
		"edits with the file":     {with(func(c *trust.Change) { c.Edits = []trust.Edit{trust.SetValue("x", "y")} }), change.ErrBadPlan},
		"a secret to be kept": {
			change1(trust.Change{Kind: trust.KeepSecret, Path: s.secret, Registry: "reg.example", Key: []string{"root"}, Status: trust.StatusNew}),
			change.ErrBadPlan,
		},
		"a link's name with the file": {with(func(c *trust.Change) { c.Via = s.secret }), change.ErrBadPlan},
		"a command with the file":     {with(func(c *trust.Change) { c.Command = "update-ca-certificates" }), change.ErrBadPlan},
		"a removal with content":      {with(func(c *trust.Change) { c.Kind, c.Before = trust.RemoveFile, &trust.FileState{} }), change.ErrBadPlan},
		"a removal of anything": {
			change1(trust.Change{Kind: trust.RemoveFile, Path: s.dir + "ca.crt", Status: trust.StatusRemoved}), change.ErrBadPlan,
		},

		"nothing to do":          {func(_ *lab, p *trust.Plan) { p.Changes = nil }, change.ErrNothingToDo},
		"only unchanged":         {with(func(c *trust.Change) { c.Path, c.Status = s.secret, trust.StatusUnchanged }), change.ErrNothingToDo},
		"schema 2":               {func(_ *lab, p *trust.Plan) { p.Schema = 2 }, change.ErrBadPlan},
		"another action":         {func(_ *lab, p *trust.Plan) { p.Action = "install" }, change.ErrBadPlan},
		"a forecast":             {func(_ *lab, p *trust.Plan) { p.Forecast = []trust.Forecast{{}} }, change.ErrBadPlan},
		"words for the person":   {func(_ *lab, p *trust.Plan) { p.Consequences = []trust.Consequence{{Code: "harmless"}} }, change.ErrBadPlan},
		"a client's certificate": {func(l *lab, p *trust.Plan) { p.Action = actionClientCert }, change.ErrBadPlan},
		"3,000 changes":          {many, change.ErrTooLarge},
	}
}

func many(_ *lab, p *trust.Plan) {
	for range 3000 {
		p.Changes = append(p.Changes, p.Changes[0])
	}
}

var command = trust.Change{Kind: trust.RunCommand, Command: "update-ca-certificates", Status: trust.StatusNew, Privileged: true}

// hostileFiles are those of which the files tell: on the machine that runs the test.
func hostileFiles() map[string]hostile {
	return map[string]hostile{
		"the same file twice": {func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, p.Changes[0]) }, change.ErrBadPlan},
		"a file of others": {
			func(_ *lab, p *trust.Plan) {
				p.Registries = []string{"other.example"}
				p.Changes[0].Path = "/etc/docker/certs.d/other.example/ca.crt"
			}, change.ErrChangedSince,
		},
		"a file of others, knowingly": {
			func(l *lab, p *trust.Plan) {
				p.Registries = []string{"other.example"}
				c := &p.Changes[0]
				c.Path = "/etc/docker/certs.d/other.example/ca.crt"
				i, err := l.s.world.FS.Stat(c.Path)
				must(l.t, err)
				c.Before = &trust.FileState{SHA256: hashOf([]byte("somebody else's")), Mode: i.Mode, UID: i.UID, GID: i.GID}
			}, change.ErrOutsideAllowList,
		},
		"removing what is not there": {
			with(func(c *trust.Change) {
				*c = trust.Change{Kind: trust.RemoveFile, Path: c.Path, Before: &trust.FileState{}, Status: trust.StatusRemoved}
			}), change.ErrChangedSince,
		},
	}
}
