//go:build linux

package helper

import (
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// member is a good change of a trust store.
func (l *lab) member(id trust.StoreID) trust.Change {
	want := trust.Membership{Held: true}
	if id.Kind() == trust.StoreKeychain {
		want.Settings = "trust ssl host=reg.example"
	}
	return trust.Change{
		Kind: trust.ChangeStore, Store: id, Content: l.ca.PEM(), Was: &trust.Membership{}, Want: &want,
		Status: trust.StatusNew, Privileged: true,
	}
}

// hostileStores are those against the wide action that concern stores with members.
func hostileStores(s system) map[string]hostile {
	with := func(f func(l *lab, c *trust.Change)) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) {
			c := l.member(s.store)
			f(l, &c)
			p.Changes = append(p.Changes, c)
		}
	}
	out := map[string]hostile{
		"a narrow plan under the wide action": {func(l *lab, p *trust.Plan) { *p = l.plan() }, change.ErrTooBroad},
		"a path with the store":               {with(func(_ *lab, c *trust.Change) { c.Path = s.secret }), change.ErrBadPlan},
		"a command with the store":            {with(func(_ *lab, c *trust.Change) { c.Command = "update-ca-certificates" }), change.ErrBadPlan},
		"a mode with the store":               {with(func(_ *lab, c *trust.Change) { c.Mode = 0o644 }), change.ErrBadPlan},
		"no state before":                     {with(func(_ *lab, c *trust.Change) { c.Was = nil }), change.ErrBadPlan},
		"no state after":                      {with(func(_ *lab, c *trust.Change) { c.Want = nil }), change.ErrBadPlan},
		"edits of the store":                  {with(func(_ *lab, c *trust.Change) { c.Edits = []trust.Edit{trust.SetValue("x", "y")} }), change.ErrBadPlan},
		"a person's store": {
			with(func(_ *lab, c *trust.Change) { c.Store = `windows:CurrentUser\Root` }), change.ErrOutsideAllowList,
		},
		"a person's keychain": {with(func(_ *lab, c *trust.Change) { c.Store = "keychain:user" }), change.ErrOutsideAllowList},
		"a person's database": {with(func(_ *lab, c *trust.Change) { c.Store = "nss:/home/alice/.pki/nssdb" }), change.ErrOutsideAllowList},
		"a person's runtime":  {with(func(_ *lab, c *trust.Change) { c.Store = "java:/home/alice/jdk/lib/security/cacerts" }), change.ErrOutsideAllowList},
		"no runtime's file":   {with(func(_ *lab, c *trust.Change) { c.Store = "java:/etc/shadow" }), change.ErrOutsideAllowList},
		"a runtime not there": {with(func(_ *lab, c *trust.Change) { c.Store = "java:/opt/none/lib/security/cacerts" }), change.ErrOutsideAllowList},
		"a derived keystore":  {with(func(_ *lab, c *trust.Change) { c.Store = "java:/etc/ssl/certs/java/cacerts" }), change.ErrOutsideAllowList},
		"a person's machine":  {with(func(_ *lab, c *trust.Change) { c.Store = "wsl:Ubuntu" }), change.ErrOutsideAllowList},
		"no store":            {with(func(_ *lab, c *trust.Change) { c.Store = "" }), change.ErrOutsideAllowList},
	}
	if s.name == "linux" {
		return out // no store of Linux with members is changed with root's rights
	}
	for name, id := range map[string]trust.StoreID{
		"no name": trust.StoreID(s.store.Kind() + ":"), "its name alone": trust.StoreID(s.store.Name()),
		"a longer name": s.store + "x", "a zero byte": s.store + "\x00", "its kind in capitals": trust.StoreID(strings.ToUpper(s.store.Kind()) + ":" + s.store.Name()),
		"authorities of drivers": `windows:LocalMachine\TrustedPublisher`, "the policy's": `windows:LocalMachineGroupPolicy\Root`,
		"a root by a path": `windows:LocalMachine\..\Root`, "the system's own": "keychain:system", "a keychain's file": "keychain:/Library/Keychains/System.keychain",
	} {
		out["store: "+name] = hostile{with(func(_ *lab, c *trust.Change) { c.Store = id }), change.ErrOutsideAllowList}
	}
	for name, content := range map[string]func(*lab) []byte{
		"nothing":                func(*lab) []byte { return nil },
		"another certificate":    func(l *lab) []byte { return trusttest.NewCA(l.t, "Other Root").PEM() },
		"two certificates":       func(l *lab) []byte { return append(l.ca.PEM(), l.ca.PEM()...) },
		"a key beside it":        func(l *lab) []byte { return append(l.ca.PEM(), l.ca.KeyPEM()...) },
		"the certificate as DER": func(l *lab) []byte { return l.ca.Cert.Raw },
	} {
		out["content: "+name] = hostile{with(func(l *lab, c *trust.Change) { c.Content = content(l) }), change.ErrBadCertificate}
	}
	held := func(settings string) trust.Membership { return trust.Membership{Held: true, Settings: settings} }
	for name, state := range map[string][2]trust.Membership{
		"as it is already":              {{}, {}},
		"settings of none":              {held(""), {Settings: "trust ssl"}},
		"was nothing with settings":     {{Settings: "x"}, held("")},
		"settings of its own":           {{}, held("always")},
		"every use":                     {{}, held("trust")},
		"another use":                   {{}, held("trust codesign")},
		"hosts in another order":        {{}, held("trust ssl host=reg.example,bank.example")},
		"no host":                       {{}, held("trust ssl host=")},
		"something after the host":      {{}, held("trust ssl host=reg.example always")},
		"settings with a second line":   {{}, held("trust ssl\n")},
		"denied":                        {{}, held("deny ssl")},
		"was of 1 MB":                   {held(strings.Repeat("x", 1<<20)), {}},
		"was with escape codes":         {held("\x1b[2J"), {}},
		"settings that turn directions": {held("\u202e"), {}},
	} {
		out["state: "+name] = hostile{with(func(_ *lab, c *trust.Change) { c.Was, c.Want = &state[0], &state[1] }), change.ErrBadPlan}
	}
	return out
}

// hostileCommands are those against Linux's store, which is files and a command.
func hostileCommands() map[string]hostile {
	store := "/usr/local/share/ca-certificates/"
	path := func(f func(l *lab) string) func(*lab, *trust.Plan) {
		return func(l *lab, p *trust.Plan) { p.Changes[1].Path = f(l) }
	}
	command := func(s string) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { p.Changes[2].Command = s }
	}
	return map[string]hostile{
		"another family's directory": {path(func(l *lab) string { return "/etc/pki/ca-trust/source/anchors/mooring-" + l.short() + ".crt" }), change.ErrOutsideAllowList},
		"ca.crt in the store":        {path(func(*lab) string { return store + "ca.crt" }), change.ErrTooBroad},
		"another's file":             {path(func(*lab) string { return store + "others.crt" }), change.ErrTooBroad},
		"the derived store":          {path(func(l *lab) string { return "/etc/ssl/certs/mooring-" + l.short() + ".crt" }), change.ErrOutsideAllowList},
		"another command":            {command("update-ca-trust"), change.ErrOutsideAllowList},
		"a shell":                    {command("sh -c reboot"), change.ErrOutsideAllowList},
		"a path as command":          {command("../../tmp/x"), change.ErrOutsideAllowList},
		"no command":                 {command(""), change.ErrOutsideAllowList},
		"a command with a path":      {func(_ *lab, p *trust.Plan) { p.Changes[2].Path = "/etc/shadow" }, change.ErrBadPlan},
		"a command with content":     {func(_ *lab, p *trust.Plan) { p.Changes[2].Content = []byte("x") }, change.ErrBadPlan},
	}
}
