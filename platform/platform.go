// Package platform is this machine: which registries it knows, who on it trusts
// them, and the changes that make them trusted. The faces (window, command line,
// watcher) talk to a [Machine] and to nothing below it.
package platform

import (
	"context"
	"path/filepath"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/elevate"
	"mooring.dev/mooring/platform/kept"
	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/probe"
)

// Machine is one machine with all that Mooring does to it. It is safe for
// concurrent use once made.
type Machine struct {
	World world.World
	// Prober looks at registries; the demo replaces how it dials.
	Prober probe.Prober
	// Terminal: the person is at one, so sudo can ask for rights there. A window
	// never sets it, even when a shell started it.
	Terminal bool
	// Prompt is what the system's own prompt for rights says of a reach, where it lets
	// us; nil: nothing.
	Prompt func(trust.Reach) string
	// Program is the path of Mooring, for what starts it with the session; "": that
	// of this process.
	Program string

	state  *state.Store
	keeper kept.Keeper
	memory *memory // of the sign-ins that are for this session only
}

var _ Service = (*Machine)(nil)

// New returns the machine that w describes.
func New(w world.World) *Machine {
	k := kept.New(w)
	return &Machine{World: w, state: k.State, keeper: k, memory: newMemory()}
}

// applier is what changes this machine, with the person's journal in the state
// directory; below --root that directory too lies in the tree.
func (m *Machine) applier() *change.Applier {
	dir := m.World.Join(state.Dirs(m.World).State, "journal")
	if m.World.Root != "" {
		dir = filepath.Join(m.World.Root, filepath.FromSlash(world.InTree(dir)))
	}
	a := elevate.New(m.World, dir, m.elevation())
	a.Own.Editor, a.Own.Secrets = configfile.AuthFile{}, moved{m}
	return a
}

// elevation is how the person can be asked for rights.
func (m *Machine) elevation() elevate.Options {
	return elevate.Options{Terminal: m.Terminal, Program: m.program(), Prompt: m.Prompt}
}

// announced adds to a plan what the system itself will ask before it is carried out.
func (m *Machine) announced(p trust.Plan, err error) (trust.Plan, error) {
	if err == nil {
		p.Consequences = append(p.Consequences, elevate.Announce(m.World, p, m.elevation())...)
	}
	return p, err
}

// Known is a registry that this machine knows.
type Known struct {
	Registry trust.Registry
	Origins  []Origin      // where it was found, in the order of discovery
	Scope    []trust.Party // the parties it is meant to work with
	Added    bool          // by the person, not (only) found
	Hidden   bool
}

// Origin is one place where a registry was found.
type Origin struct {
	Kind string // "docker-config", "containers-auth", "certs.d", "daemon.json", "registries.conf", "image", "added"
	Path string
	Note string // e.g. "insecure-registries", "mirror of docker.io"
}

// ListOptions says what Registries may do.
type ListOptions struct {
	AskEngines bool // also the images known to a running docker or podman
	Hidden     bool // also the hidden ones
}

// CheckOptions bounds a check.
type CheckOptions struct {
	Timeout time.Duration // for each registry with all its endpoints; 0: 5 s
	Jobs    int           // registries at once; 0: adapts
	Parties []trust.Party // only these are judged and in scope; nil: the registry's own scope
	// Given are anchors to be judged as if installed for each in-scope party
	// (check --ca), nil for none.
	Given []trust.Anchor
	// EngineWord also asks reachable engines by their real pull path.
	EngineWord bool
}

// Candidate is a certificate that could be trusted for a registry.
type Candidate struct {
	Anchor trust.Anchor
	// Kind: "given" (a file or paste), "sent-root", "found" (issuer found on this
	// machine), "harbor" (systeminfo/getcert), "sent-intermediate", "leaf".
	Kind string
	// Completes: with this anchor the chain the server sent verifies.
	Completes bool
	// Consequence is a code whose words say what trusting it means, e.g.
	// "leaf-as-anchor", "intermediate-as-anchor", "expired-anchor"; "" for none.
	Consequence trust.Code
}

// TrustRequest is what a trust plan is made from.
type TrustRequest struct {
	Registries []trust.Registry
	Anchors    []trust.Anchor
	Parties    []trust.Party // nil: each registry's scope
	// Reach beyond trust.ReachRegistry puts the OS store in scope: the person's, or
	// that of all programs. "": no wider than the parties need.
	Reach     trust.Reach
	Timeout   time.Duration
	AllowLeaf bool // the person asked for a leaf with the consequence said
}

// Progress is one step of a job that takes a while.
type Progress struct {
	Done, Total int
	Step        string // a translation key
	Args        map[string]string
}

// Service is what the faces use of a Machine, for fakes in their tests.
type Service interface {
	Registries(ctx context.Context, o ListOptions) ([]Known, error)
	Add(ctx context.Context, r trust.Registry) error
	Remove(ctx context.Context, r trust.Registry) error
	SetScope(ctx context.Context, r trust.Registry, parties []trust.Party) error
	// InstalledParties lists the relying parties found on this machine.
	InstalledParties(ctx context.Context) []trust.Party
	// Reaches lists how far trust can go on this system, narrow first.
	Reaches() []trust.Reach
	// Check calls each with every report as it comes, from one goroutine at a
	// time, and returns when all are in or ctx is done.
	Check(ctx context.Context, regs []trust.Registry, o CheckOptions, each func(trust.Report)) error
	// Candidates lists what could be trusted for a checked registry, best first.
	Candidates(ctx context.Context, r trust.Report, given []trust.Anchor) ([]Candidate, error)
	PlanTrust(ctx context.Context, q TrustRequest) (trust.Plan, error)
	PlanUntrust(ctx context.Context, regs []trust.Registry) (trust.Plan, error)
	// PlanUndo shows what undoing a receipt would change.
	PlanUndo(ctx context.Context, receipt string) (trust.Plan, error)
	Apply(ctx context.Context, p trust.Plan, progress func(Progress)) (trust.Receipt, error)
	Undo(ctx context.Context, receipt string, progress func(Progress)) (trust.Receipt, error)
	History(ctx context.Context) ([]trust.Receipt, error)
	// Recover finishes or rolls back what a crash left half done.
	Recover(ctx context.Context) ([]trust.Receipt, error)

	SignIns
	Catalogs
	ClientCerts
	Watching
	Restarts
	Doctor
}
