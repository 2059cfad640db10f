// Package store is the trust stores that have certificates as members: those of
// Windows and macOS, NSS databases, Java's keystores, and the stores of virtual
// machines. Each kind is a package below this one and one line in the table of
// package all. (The stores of the Linux families are files and a command: package
// anchors.)
package store

import (
	"context"
	"crypto/x509"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Store is one trust store. All of it is by the whole certificate, never by name or
// serial number. Errors are [change.Error]s: what a person dismissed is
// ErrRefusedByPerson, a session that can show nothing ErrNoAgent, missing rights
// ErrNoRights.
type Store interface {
	// Get says how the store holds cert now.
	Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error)
	// Set makes the store hold cert so, and reads back that it does. It leaves every
	// other member as it is.
	Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error
}

// Kind is one kind of store.
type Kind interface {
	// Name is the kind of its ids: trust.StoreNSS, ….
	Name() string
	// Find lists the stores of this kind that w has, for the person.
	Find(ctx context.Context, w world.World) ([]Info, error)
	// Open returns one of them by the name in its id. The name may come from a plan
	// or a journal and is checked as from an enemy.
	Open(w world.World, name string) (Store, error)
}

// Info describes a store for plans and previews.
type Info struct {
	ID trust.StoreID
	// Party reads it, at Location.
	Party    trust.Party
	Location trust.Location
	// Privileged: the person's own rights do not suffice to change it.
	Privileged bool
	// Derived: the store is made from that of the operating system, and gets an anchor
	// by way of that alone.
	Derived bool
	// Bundled, where it is set, reports whether a certificate that is held so came with
	// the program whose store it is.
	Bundled func(was trust.Membership) bool
	// Want is how the store holds an anchor for the TLS servers of registries.
	Want func(cert *x509.Certificate, regs []trust.Registry) trust.Membership
	// Join, where it is set, is how the store holds an anchor that it holds as was, once
	// want is added: macOS trusts one certificate for some hosts and not for others, and
	// others say the same in other words. Part is how it holds it once want is taken
	// away again.
	Join, Part func(was, want trust.Membership) trust.Membership
	// Limited, where it is set, reports whether an anchor that is held so counts for
	// nothing but the registries it was wanted for.
	Limited func(want trust.Membership) bool
	// Commands are the command lines that Set runs, as a person reads them, with a
	// word like FILE for what is made at that moment. Nil: it runs none.
	Commands func(cert *x509.Certificate, want trust.Membership) []string
	// Asks is what the person has to know besides: what the system itself will ask,
	// and whom the store counts for.
	Asks []trust.ConsequenceCode
	// Restart is what has to be restarted before the change is seen; zero for nothing.
	Restart trust.Restart
}

// Holding is how the store should hold an anchor for registries, given how it holds
// it now.
func (i Info) Holding(was trust.Membership, cert *x509.Certificate, regs []trust.Registry) trust.Membership {
	want := i.Want(cert, regs)
	if i.Join == nil {
		return want
	}
	return i.Join(was, want)
}

// Dropping is how the store should hold an anchor that is not to count for
// registries any more.
func (i Info) Dropping(was trust.Membership, cert *x509.Certificate, regs []trust.Registry) trust.Membership {
	if i.Part == nil {
		return trust.Membership{}
	}
	return i.Part(was, i.Want(cert, regs))
}

// Table is the kinds of store of one machine.
type Table struct {
	World world.World
	Kinds []Kind
}

var _ change.Stores = Table{}

// Get implements [change.Stores].
func (t Table) Get(ctx context.Context, id trust.StoreID, cert *x509.Certificate) (trust.Membership, error) {
	s, err := t.open(id)
	if err != nil {
		return trust.Membership{}, err
	}
	return s.Get(ctx, cert)
}

// Set implements [change.Stores].
func (t Table) Set(ctx context.Context, id trust.StoreID, cert *x509.Certificate, want trust.Membership) error {
	s, err := t.open(id)
	if err != nil {
		return err
	}
	return s.Set(ctx, cert, want)
}

// Find lists the stores of every kind that the machine has. A kind that cannot be
// read is passed over: what it holds is unknown, which its party says.
func (t Table) Find(ctx context.Context) []Info {
	var out []Info
	for _, k := range t.Kinds {
		found, err := k.Find(ctx, t.World)
		if err == nil {
			out = append(out, found...)
		}
	}
	return out
}

func (t Table) open(id trust.StoreID) (Store, error) {
	for _, k := range t.Kinds {
		if k.Name() == id.Kind() {
			return k.Open(t.World, id.Name())
		}
	}
	return nil, change.Refuse(change.ErrOutsideAllowList, string(id), "no store of that kind is known here")
}
