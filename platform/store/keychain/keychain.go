// Package keychain is the trust of macOS: certificates in keychains, and the trust
// settings that say what each is for. Both are changed by Apple's own `security`,
// which asks the person itself.
//
// There are two stores: "user", the login keychain with the settings of the person,
// and "admin", the System keychain with those for the whole computer. What
// `security` accepts, prints and returns was read in Apple's sources, Security-61901 (docs/macos.md);
// none of it has been run on a Mac by the authors.
package keychain

import (
	"context"
	"crypto/x509"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// The names of the stores, which are those of the domains of trust settings.
const (
	User  = "user"
	Admin = "admin"
)

const (
	systemKeychain = "/Library/Keychains/System.keychain"
	rootsKeychain  = "/System/Library/Keychains/SystemRootCertificates.keychain"
	loginKeychain  = "Library/Keychains/login.keychain-db" // in the person's home
)

// Kind is the keychains as a kind of store.
type Kind struct{}

var _ store.Kind = Kind{}

// Name implements [store.Kind].
func (Kind) Name() string { return trust.StoreKeychain }

// Find implements [store.Kind]. A tree under --root has none: whatever lies there,
// only the running macOS can read it.
func (k Kind) Find(_ context.Context, w world.World) ([]store.Info, error) {
	if w.OS != "darwin" || !w.Live() {
		return nil, nil
	}
	var out []store.Info
	for _, name := range []string{User, Admin} {
		if d, ok := domainOf(w, name); ok && world.Exists(w.FS, d.keychain) {
			out = append(out, info(d))
		}
	}
	return out, nil
}

// Open implements [store.Kind].
func (Kind) Open(w world.World, name string) (store.Store, error) {
	d, ok := domainOf(w, name)
	switch {
	case !ok:
		return nil, change.Refuse(change.ErrOutsideAllowList, string(trust.NewStoreID(trust.StoreKeychain, name)), "not a domain of trust settings")
	case w.OS != "darwin" || !w.Live():
		return nil, change.Refuse(change.ErrOutsideAllowList, string(trust.NewStoreID(trust.StoreKeychain, name)), "keychains are changed by the running macOS only")
	}
	return keychainStore{tool{w.Run}, d}, nil
}

func domainOf(w world.World, name string) (domain, bool) {
	switch name {
	case User:
		return domain{name, w.Join(w.User.Home, loginKeychain), ""}, w.User.Home != ""
	case Admin:
		return domain{name, systemKeychain, "-d"}, true
	}
	return domain{}, false
}

func info(d domain) store.Info {
	i := store.Info{
		ID: trust.NewStoreID(trust.StoreKeychain, d.name), Party: trust.System, Location: trust.LocationUser,
		Want: want, Join: join, Part: part, Limited: limited,
		Commands: func(cert *x509.Certificate, want trust.Membership) []string { return shown(d, cert, want) },
		Asks:     []trust.ConsequenceCode{trust.MacAsksPerson},
	}
	if d.name == Admin {
		// Since macOS 11 an administrator is asked even of root, unless System
		// Integrity Protection is off (TrustSettings.cpp canAddTrustSettingsAsRoot).
		i.Location, i.Privileged = trust.LocationComputer, true
		i.Asks = []trust.ConsequenceCode{trust.MacAsksAdmin}
	}
	return i
}

// limited reports whether settings name hosts.
func limited(m trust.Membership) bool {
	s, err := stateOf(m)
	return err == nil && len(s.settings.hosts) > 0
}

// want is trust for TLS with the registries' hosts alone.
func want(_ *x509.Certificate, regs []trust.Registry) trust.Membership {
	var hosts []string
	for _, r := range regs {
		hosts = append(hosts, r.ServerName())
	}
	return trust.Membership{Held: true, Settings: forHosts(hosts).String()}
}

// shown are the command lines that lead to want, as a person reads them: from
// nothing, or from what is trusted if want is nothing.
func shown(d domain, cert *x509.Certificate, want trust.Membership) []string {
	goal, err := stateOf(want)
	if err != nil {
		return nil
	}
	var was state
	if !want.Held {
		was = state{true, settings{result: always}}
	}
	var out []string
	for _, args := range d.commands(cert, was, goal, "FILE") {
		out = append(out, line(args))
	}
	if was.in && !goal.in {
		out = append(out, line(d.deletion(cert)))
	}
	return out
}

// line is a command line as it would be typed.
func line(args []string) string {
	words := []string{"security"}
	for _, a := range args {
		if strings.ContainsAny(a, " '\"\\$") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
