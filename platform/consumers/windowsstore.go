package consumers

import (
	"slices"
	"strings"

	"mooring.dev/mooring/platform/store/winstore"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// readWindows is the stores of Windows: of services what the computer has, LocalSystem's
// Docker engine among them, and of this session the person's own besides.
func readWindows(w world.World, read func() (winstore.Effective, error)) *SystemStore {
	if !w.Live() {
		return &SystemStore{Unknown: "the certificate stores of Windows lie in its registry, which Mooring does not read from a tree"}
	}
	found, err := read()
	var unknown string
	if err != nil {
		unknown = err.Error()
	}
	return &SystemStore{
		Anchors: trust.NewAnchorSet(found.Computer), Looked: found.Looked, Unknown: unknown, layered: true,
		Session: &SystemStore{Anchors: trust.NewAnchorSet(found.Person), Looked: found.Looked, Unknown: unknown},
	}
}

// withLayers is With where the session sees the computer's anchors and the person's
// own: each goes to, or leaves, the layer of its store.
func (s *SystemStore) withLayers(shift Shift) *SystemStore {
	out, session := *s, *s.Session
	both, mine := shift.split()
	out.Anchors = trust.NewAnchorSet(both.on(s.Anchors.All()))
	own := slices.DeleteFunc(slices.Clone(s.Session.Anchors.All()), func(a trust.Anchor) bool { return !personal(a) })
	session.Anchors = trust.NewAnchorSet(append(mine.on(own), out.Anchors.All()...))
	out.Session = &session
	return &out
}

// split parts a shift by whose store each anchor is in.
func (s Shift) split() (computer, person Shift) {
	part := func(all []trust.Anchor, of bool) []trust.Anchor {
		return slices.DeleteFunc(slices.Clone(all), func(a trust.Anchor) bool { return personal(a) != of })
	}
	return Shift{part(s.Added, false), part(s.Gone, false)}, Shift{part(s.Added, true), part(s.Gone, true)}
}

// personal reports whether an anchor is in a store of the person's own.
func personal(a trust.Anchor) bool {
	id := a.Source.Store()
	return id.Kind() == trust.StoreWindows && strings.HasPrefix(id.Name(), "CurrentUser")
}
