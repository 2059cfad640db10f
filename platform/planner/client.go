package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// ClientInput is what a plan for a client certificate is made from.
type ClientInput struct {
	Set   *consumers.Set
	Probe trust.Probe // of the registry, freshly made
	Pair  clientcert.Pair
	// Scope are the parties that shall get the pair; Meant those that the registry
	// is meant to work with: none of either may come out worse.
	Scope, Meant []trust.Party
	Writable     func(path string) bool
}

// ErrNoPairPlace says that no party in scope reads client certificates from files
// of this machine.
var ErrNoPairPlace = errors.New("no party in scope has a place for a client certificate")

// TakenError says that a name which the pair would need is another file's.
type TakenError struct{ Path string }

func (e *TakenError) Error() string { return e.Path + " is there already" }

// ClientCert plans to put a client certificate with its key where each party in
// scope reads it: the key as a file that its reader can read and nobody else. What
// would be shown in its place, or keeps a loader from reading it, is moved aside.
func ClientCert(in ClientInput) (trust.Plan, error) {
	scope := append(slices.Clone(in.Scope), in.Meant...)
	p := pairing{
		in: in, reg: in.Probe.Registry, dirs: map[string]*pairDir{},
		builder: newBuilder(Input{
			Set: in.Set, Probes: []trust.Probe{in.Probe}, Writable: in.Writable,
			Scope: func(trust.Registry) []trust.Party { return scope },
		}),
	}
	p.plan.Registries = []string{p.reg.String()}
	for _, m := range in.Set.Members {
		if m.Consumer.Remote || !slices.Contains(in.Scope, m.Consumer.Party) {
			continue
		}
		if err := p.member(m); err != nil {
			return trust.Plan{}, err
		}
	}
	if len(p.plan.Changes) == 0 {
		return trust.Plan{}, p.nowhere()
	}
	p.protect()
	p.consequences()
	plan, err := p.finish()
	plan.Action = ActionClientCert
	return plan, err
}

// ActionClientCert is the action of plans that install a client certificate.
const ActionClientCert = "client-cert"

// pairing builds the plan for one pair.
type pairing struct {
	*builder
	in   ClientInput
	reg  trust.Registry
	dirs map[string]*pairDir // planned so far
}

// pairDir is a directory that gets the pair.
type pairDir struct {
	paths    [2]string // certificate and key
	statuses [2]trust.Status
}

func (p *pairing) nowhere() error {
	if len(p.closed) == 0 {
		return ErrNoPairPlace
	}
	return p.noPlace()
}

// member plans for one consumer.
func (p *pairing) member(m consumers.Member) error {
	place, ok := m.PairPlace(p.in.Set.World, p.reg)
	switch {
	case !ok:
		return nil
	case place.HostsTOML != "":
		p.closed[closedTo{m.Consumer, p.reg.String()}] = place.HostsTOML
		p.consequence(trust.HostsTOMLToEdit, place.HostsTOML)
		return nil
	}
	if place.Hides != "" {
		p.keepAnchors(m, place)
	}
	p.restarts(place.Restart)
	d := p.dirs[place.Dir]
	if d == nil {
		var err error
		if d, err = p.prepare(place.Dir, m.Consumer.Party); err != nil {
			return err
		}
		p.dirs[place.Dir] = d
	}
	p.put(d, m.Consumer.Party)
	return nil
}

// keepAnchors puts beside the pair what the consumer reads now: the new directory
// hides the one that it reads it from.
func (p *pairing) keepAnchors(m consumers.Member, place consumers.Place) {
	q := consumers.Query{Registry: p.reg, Role: trust.RoleRegistry, Host: p.reg.String(), System: p.in.Set.System}
	for _, a := range m.Reader.Policy(p.in.Set.World, m.Consumer, q).Anchors {
		p.anchorFile(place, a, m.Consumer.Party)
	}
	p.consequence(trust.OwnDirectory, place.Dir)
}

// prepare finds the names for the pair in dir, and moves aside what is in its way.
func (p *pairing) prepare(dir string, party trust.Party) (*pairDir, error) {
	w := p.in.Set.World
	halves, err := consumers.Halves(w.WithFS(p.overlay), dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	d := &pairDir{statuses: [2]trust.Status{trust.StatusNew, trust.StatusNew}}
	name := p.free(dir, halves)
	for _, h := range halves {
		if h.Leaf != nil && h.Fault == "" && h.Leaf.Equal(p.in.Pair.Cert) {
			name, d.statuses = h.Cert[:len(h.Cert)-len(".cert")], [2]trust.Status{trust.StatusUnchanged, trust.StatusUnchanged}
			break
		}
	}
	d.paths = [2]string{w.Join(dir, name+".cert"), w.Join(dir, name+".key")}
	for _, path := range d.paths {
		if _, err := p.overlay.Lstat(path); err == nil && d.statuses[0] != trust.StatusUnchanged {
			return nil, &TakenError{path}
		}
	}
	for _, h := range halves {
		switch {
		case p.inTheWay(h, name+".cert"):
			p.setAside(dir, h, party)
		case d.statuses[0] == trust.StatusNew:
			d.statuses = [2]trust.Status{trust.StatusBeside, trust.StatusBeside}
		}
	}
	return d, nil
}

// free is the name for the pair: that of Docker's documentation unless half a pair
// has it, else one from the certificate's fingerprint.
func (p *pairing) free(dir string, halves []consumers.Half) string {
	taken := slices.ContainsFunc(halves, func(h consumers.Half) bool { return h.Cert == "client.cert" || h.Key == "client.key" })
	if taken {
		return "mooring-" + trust.FingerprintOf(p.in.Pair.Cert).Short()
	}
	return "client"
}

// inTheWay reports whether a loader stops at h, or would show it to the server
// instead of the certificate under name. Go's TLS client offers the first pair of
// which the server accepts the issuer, and tries no other.
func (p *pairing) inTheWay(h consumers.Half, name string) bool {
	switch {
	case h.Cert == name:
		return false
	case h.Fault != "":
		return true
	case h.Cert > name || h.Leaf == nil:
		return false
	}
	old := trust.ClientPair{Cert: h.Leaf, Chain: h.Chain}
	return old.Offered(p.in.Probe.Endpoints[0].ClientAuth.AcceptableCAs)
}

// setAside renames the files of h, so that no loader reads them.
func (p *pairing) setAside(dir string, h consumers.Half, party trust.Party) {
	w := p.in.Set.World
	for _, name := range []string{h.Cert, h.Key} {
		if name == "" {
			continue
		}
		from := w.Join(dir, name)
		to := from + consumers.SetAside + p.now.UTC().Format("20060102")
		for n := 2; world.Exists(p.overlay, to) || p.planned(to); n++ {
			to = fmt.Sprintf("%s%s%s-%d", from, consumers.SetAside, p.now.UTC().Format("20060102"), n)
		}
		p.add(trust.Change{Kind: trust.MoveFile, Path: from, To: to, Before: p.before(from), Status: trust.StatusRenamed}, party)
		p.overlay.Remove(from)
	}
	p.consequence(trust.PairsInTheWay, "")
}

// before is how a file is now; nil for one that may not be read here: then only
// whoever renames it can see.
func (p *pairing) before(path string) *trust.FileState {
	data, err := p.overlay.ReadFile(path)
	info, ierr := p.overlay.Lstat(path)
	if err != nil || ierr != nil {
		return nil
	}
	sum := sha256.Sum256(data)
	return &trust.FileState{SHA256: hex.EncodeToString(sum[:]), Mode: info.Mode.Perm(), UID: info.UID, GID: info.GID}
}

func (p *pairing) planned(to string) bool {
	return slices.ContainsFunc(p.plan.Changes, func(c trust.Change) bool { return c.To == to })
}

// The modes of a pair.
const (
	certMode fs.FileMode = 0o644
	keyMode  fs.FileMode = 0o600
)

// put adds the pair's two files.
func (p *pairing) put(d *pairDir, party trust.Party) {
	key := []byte(p.in.Pair.Key.Reveal())
	p.add(trust.Change{
		Kind: trust.WriteFile, Path: d.paths[0], Content: p.in.Pair.CertPEM(), Mode: certMode, Status: d.statuses[0],
	}, party)
	p.add(trust.Change{
		Kind: trust.WriteFile, Path: d.paths[1], Content: key, Secret: true, Mode: keyMode, Status: d.statuses[1],
	}, party)
}

// protect gives podman a directory of its own where it now reads one that gets a
// key which it may not read: it would stop at that.
func (p *pairing) protect() {
	for _, m := range p.in.Set.Members {
		if m.Consumer.Remote || !m.Consumer.Installed || slices.Contains(p.in.Scope, m.Consumer.Party) {
			continue
		}
		if place, ok := m.PairPlace(p.in.Set.World, p.reg); ok && place.Hides != "" && p.dirs[place.Hides] != nil {
			p.keepAnchors(m, place)
		}
	}
}

// consequences says what the plan means besides its changes.
func (p *pairing) consequences() {
	if p.in.Pair.WasEncrypted {
		p.consequence(trust.KeyDecrypted, "")
	}
	if p.in.Set.World.User.UID != 0 && slices.ContainsFunc(p.plan.Changes, func(c trust.Change) bool {
		return c.Secret && c.Privileged && slices.Contains(c.Parties, trust.Docker)
	}) {
		p.consequence(trust.ManifestStops, "")
	}
}

func (p *pairing) consequence(code trust.ConsequenceCode, path string) {
	c := trust.Consequence{Code: code, Path: path}
	if !slices.Contains(p.plan.Consequences, c) {
		p.plan.Consequences = append(p.plan.Consequences, c)
	}
}
