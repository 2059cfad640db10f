package consumers

import (
	"context"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// system is every program that uses the OS store and nothing else, in the two
// dialects that decide differently. On Windows all ask the system itself, Go as well
// (crypto/x509 root_windows.go), and most are stricter about names than it is.
type system struct{}

const (
	instanceOpenSSL = "openssl" // curl, git, Python
	instanceGo      = "go"      // helm, oras, crane
	instanceMac     = "macos"   // SecTrust: Safari, curl, and programs in Go as well
	instanceWindows = "windows" // CryptoAPI: curl, browsers, and programs in Go as well
)

// Party implements Reader.
func (system) Party() trust.Party { return trust.System }

// Consumers implements Reader.
func (system) Consumers(_ context.Context, w world.World) []trust.Consumer {
	c := trust.Consumer{Party: trust.System, Operation: trust.OpConnect, Installed: true}
	switch w.OS {
	case "darwin":
		c.Instance = instanceMac
		return []trust.Consumer{c}
	case "windows":
		c.Instance = instanceWindows
		return []trust.Consumer{c}
	}
	openssl, golang := c, c
	openssl.Instance, golang.Instance = instanceOpenSSL, instanceGo
	return []trust.Consumer{openssl, golang}
}

// Policy implements Reader.
func (system) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	store := q.System.session()
	p := begin(w, c, store).done()
	p.Dialect = systemDialect(w)
	if c.Instance == instanceOpenSSL && store != nil {
		p.Dialect, p.System = trust.DialectOpenSSL, store.OpenSSL
	}
	return p
}

// Place implements Reader: there is no place for one registry in the OS store.
func (system) Place(world.World, trust.Consumer, trust.Registry) (Place, bool) {
	return Place{}, false
}

// systemDialect is how programs verify that bring no roots of their own: on macOS, Go
// asks SecTrust (crypto/x509 root_darwin.go).
func systemDialect(w world.World) trust.Dialect {
	if w.OS == "darwin" {
		return trust.DialectApple
	}
	return trust.DialectGo
}
