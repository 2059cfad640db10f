package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// ActionProtectKey is the action of plans that take a private key from the sight of
// other users.
const ActionProtectKey = "protect-key"

// Protection is what such a plan is made from.
type Protection struct {
	Set   *consumers.Set
	Probe trust.Probe // of the registry in whose directory the key lies
	// Path is a file that everybody may read, with a key in it: one for a client
	// certificate, or a CA file (*.crt).
	Path     string
	Scope    func(trust.Registry) []trust.Party
	Writable func(string) bool
}

// Protect makes the plan. A key file stays, for its owner alone. In a CA file a key is
// of no use to anybody who reads it there: it is set aside, for its owner alone, and
// the certificates that loaders took from it are written beside.
func Protect(q Protection) (trust.Plan, error) {
	w := q.Set.World
	data, err := w.FS.ReadFile(q.Path)
	if err != nil {
		return trust.Plan{}, fmt.Errorf("read %s: %w", q.Path, err)
	}
	info, err := w.FS.Lstat(q.Path)
	if err != nil {
		return trust.Plan{}, fmt.Errorf("read %s: %w", q.Path, err)
	}
	k := keeper{
		builder: newBuilder(Input{Set: q.Set, Probes: []trust.Probe{q.Probe}, Scope: q.Scope, Writable: func(name string) bool {
			return q.Writable(name) && (name != q.Path || owns(w, info))
		}}),
		path: q.Path, mode: info.Mode.Perm() & keyMode,
	}
	sum := sha256.Sum256(data)
	k.before = &trust.FileState{SHA256: hex.EncodeToString(sum[:]), Mode: info.Mode.Perm(), UID: info.UID, GID: info.GID}
	k.plan.Registries = []string{q.Probe.Registry.String()}
	parties := readersOf(q.Set, q.Probe.Registry, q.Path)
	if path.Ext(q.Path) == ".crt" {
		k.setAside(data, parties)
	} else {
		k.narrow(parties, !owns(w, info))
	}
	plan, err := k.finish()
	plan.Action = ActionProtectKey
	return plan, err
}

// owns reports whether the person may change the mode of a file. Below --root the
// process itself does, with whatever rights it has.
func owns(w world.World, i world.Info) bool {
	return !w.Live() || w.User.UID == 0 || w.User.UID == i.UID
}

// keeper builds one plan.
type keeper struct {
	*builder
	path   string
	mode   fs.FileMode
	before *trust.FileState
}

// narrow lets the file stay, for its owner. Whoever else read it so far is judged as
// without it.
func (k keeper) narrow(parties []trust.Party, hidden bool) {
	for _, p := range parties {
		k.add(trust.Change{Kind: trust.SetMode, Path: k.path, Mode: k.mode, Before: k.before, Status: trust.StatusRights}, p)
	}
	k.overlay.Narrow(k.path, k.mode, hidden)
}

// setAside moves the file to a name that no loader reads.
func (k keeper) setAside(data []byte, parties []trust.Party) {
	date := k.now.UTC().Format("20060102")
	to := k.path + consumers.SetAside + date
	for n := 2; world.Exists(k.overlay, to); n++ {
		to = fmt.Sprintf("%s%s%s-%d", k.path, consumers.SetAside, date, n)
	}
	for _, p := range parties {
		k.add(trust.Change{Kind: trust.MoveFile, Path: k.path, To: to, Mode: k.mode, Before: k.before, Status: trust.StatusRenamed}, p)
	}
	k.overlay.Remove(k.path)
	dir := path.Dir(k.path)
	for _, c := range certfile.GoAnchors(data) {
		a := trust.Anchor{Cert: c, Source: trust.FileSource(k.path)}
		k.plan.Anchors = appendAnchor(k.plan.Anchors, a)
		if _, ok := k.builder.holds(dir, a); ok {
			continue
		}
		for _, p := range parties {
			k.write(path.Join(dir, "mooring-"+a.Fingerprint().Short()+".crt"), a, trust.StatusNew, p)
		}
	}
	for _, m := range k.in.Set.Members {
		place, ok := m.Reader.Place(k.in.Set.World, m.Consumer, k.in.Probes[0].Registry)
		if ok && place.Dir == dir && !m.Consumer.Remote {
			k.restarts(place.Restart)
		}
	}
}

// readersOf are the parties that read a file of a registry, never none.
func readersOf(set *consumers.Set, reg trust.Registry, name string) []trust.Party {
	var out []trust.Party
	for _, p := range set.Policies(reg) {
		reads := slices.ContainsFunc(p.Anchors, func(a trust.Anchor) bool { return a.Source.File() == name }) ||
			slices.ContainsFunc(p.ClientPairs, func(c trust.ClientPair) bool { return c.KeyPath == name })
		if reads && !p.Consumer.Remote && !slices.Contains(out, p.Consumer.Party) {
			out = append(out, p.Consumer.Party)
		}
	}
	if len(out) > 0 {
		return out
	}
	return []trust.Party{partyOf(name)}
}
