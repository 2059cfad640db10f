// Package winstore is the certificate stores of Windows: the roots of the computer
// and those of the person are changed, all others from which Windows takes roots are
// read.
//
// Every store is opened by its own part of the registry
// (CERT_STORE_PROV_SYSTEM_REGISTRY), as Chromium (net/cert/internal/trust_store_win.cc)
// and Firefox (security/manager/ssl/EnterpriseRoots.cpp) do. The logical store of the
// same name shows those it inherits from as well: the person's would hold what is the
// computer's, and removing would take it from there.
package winstore

import (
	"cmp"
	"context"
	"crypto/x509"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Kind is the stores of Windows as a [store.Kind].
type Kind struct{ api api }

// New is the stores of the Windows that runs. Elsewhere it finds none.
func New() Kind { return Kind{native()} }

var _ store.Kind = Kind{}

// Name implements [store.Kind].
func (Kind) Name() string { return trust.StoreWindows }

// Find implements [store.Kind], the person's store first.
func (k Kind) Find(_ context.Context, w world.World) ([]store.Info, error) {
	if !here(w) {
		return nil, nil
	}
	own := store.Info{
		ID: personRoot.id(), Party: trust.System, Location: trust.LocationUser,
		Want: want, Restart: desktop(w),
		Asks: []trust.ConsequenceCode{trust.WindowsAsks, trust.WindowsOwn},
	}
	all := store.Info{
		ID: computerRoot.id(), Party: trust.System, Location: trust.LocationComputer,
		Privileged: !k.api.elevated(), Want: want, Restart: desktop(w),
		Asks: []trust.ConsequenceCode{trust.WindowsServices},
	}
	return []store.Info{own, all}, nil
}

// want: Windows knows no root for some names only.
func want(*x509.Certificate, []trust.Registry) trust.Membership { return trust.Membership{Held: true} }

// desktop is what has to be restarted where Docker Desktop is installed: it takes over
// what the stores of Windows hold when it starts (docs.docker.com/desktop/
// troubleshoot-and-support/faqs/windowsfaqs). Everything else asks Windows each time.
func desktop(w world.World) trust.Restart {
	program := w.Join(cmp.Or(w.Getenv("ProgramFiles"), `C:\Program Files`), "Docker", "Docker", "Docker Desktop.exe")
	if !world.Exists(w.FS, program) {
		return trust.Restart{}
	}
	return enginectl.Of(w, trust.EngineDockerDesktop, false)
}

// Open implements [store.Kind]: there are two names, and no spelling of them but one.
func (k Kind) Open(w world.World, name string) (store.Store, error) {
	for _, p := range []place{personRoot, computerRoot} {
		if here(w) && p.String() == name {
			return &roots{api: k.api, place: p}, nil
		}
	}
	return nil, change.Refuse(change.ErrOutsideAllowList, name, "no store of Windows that Mooring changes")
}

// here reports whether w is a Windows whose registry can be asked. That of a tree
// under --root lies in hives.
func here(w world.World) bool { return w.OS == "windows" && w.Live() }

// place is one store in the registry.
type place struct {
	location location
	store    string
}

func (p place) String() string { return string(p.location) + `\` + p.store }

func (p place) id() trust.StoreID { return trust.NewStoreID(trust.StoreWindows, p.String()) }

// location is where in the registry a store lies, in the words of PowerShell's
// certificate drive and, for what that has not, of wincrypt.h.
type location string

const (
	person         location = "CurrentUser"
	personPolicy   location = "CurrentUserGroupPolicy"
	computer       location = "LocalMachine"
	computerPolicy location = "LocalMachineGroupPolicy"
	enterprise     location = "LocalMachineEnterprise"
)

// The stores that Mooring changes.
var (
	personRoot   = place{person, "Root"}
	computerRoot = place{computer, "Root"}
)
