package platform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// AilmentCode names what is wrong. Its words are under "ailment.<code>".
type AilmentCode string

// The ailments.
const (
	// AilPlaintext: a password for Registry lies in plain text in Path.
	AilPlaintext AilmentCode = "plaintext"
	// AilHelperMissing: Path names Mooring's helper for Registry, and it is not on PATH.
	AilHelperMissing AilmentCode = "helper-missing"
	// AilNothingKept: Path names Mooring's helper for Registry, and no sign-in is kept.
	AilNothingKept AilmentCode = "nothing-kept"
	// AilNoStore: Path names helpers and no default store, so docker writes other
	// logins down in plain text although it could use Name.
	AilNoStore AilmentCode = "no-store"
	// AilUnreadable: Path is there and cannot be used; Name is the reason.
	AilUnreadable AilmentCode = "unreadable"
)

// AilmentCodes lists every code, for those who hold words for each.
func AilmentCodes() []AilmentCode {
	return append([]AilmentCode{AilPlaintext, AilHelperMissing, AilNothingKept, AilNoStore, AilUnreadable}, staleCodes...)
}

// Ailment is something wrong on this machine.
type Ailment struct {
	Code     AilmentCode
	Path     string
	Registry trust.Registry // zero where it is about none
	Name     string
	// Repair are the arguments of the mooring command that mends it, nil for none.
	Repair []string

	// Other is a second path where the code speaks of one, Until when something ended,
	// Certificate which one it is about, and Files all files that it is about where
	// there are several.
	Other       string
	Until       time.Time
	Certificate trust.Fingerprint
	Files       []string
	// Plan: [Doctor.PlanRepair] plans what mends it.
	Plan bool
}

// ID tells an ailment from all others, and is the same at the next examination.
func (a Ailment) ID() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		string(a.Code), a.Path, a.Registry.String(), a.Other, a.Certificate.String(),
	}, "\x00")))
	return hex.EncodeToString(sum[:4])
}

// patient is what the examinations look at, read once.
type patient struct {
	m      *Machine
	w      world.World // a snapshot
	tools  *credentials.Tools
	places []credentials.Place
	// files lie in the directories of registries, anchors where an administrator puts
	// what the whole computer trusts.
	files, anchors []discover.CAFile
}

// examinations are made in this order. To examine something else, add a line.
var examinations = []func(patient) []Ailment{
	(patient).unreadable, (patient).plaintext, (patient).helpers, (patient).store,
	(patient).keysInCAFiles, (patient).openKeys, (patient).expired, (patient).duplicates,
}

// Ailments implements SignIns. It reads files only and asks no keyring.
func (m *Machine) Ailments(ctx context.Context) ([]Ailment, error) {
	return m.patient(consumers.Snapshot(m.World)).ailments(), ctx.Err()
}

func (m *Machine) patient(w world.World) patient {
	p := patient{m: m, w: w, tools: credentials.Load(m.World)}
	p.places = p.tools.Find(func(trust.Registry) bool { return true })
	p.files, p.anchors = discover.CAFiles(w, nil), discover.StoreFiles(w)
	return p
}

func (p patient) ailments() []Ailment {
	var out []Ailment
	for _, examine := range examinations {
		out = append(out, examine(p)...)
	}
	return out
}

func (p patient) unreadable() []Ailment {
	var out []Ailment
	for _, problem := range p.tools.Problems() {
		out = append(out, Ailment{Code: AilUnreadable, Path: problem.Path, Name: problem.Err.Error()})
	}
	return out
}

func (p patient) plaintext() []Ailment {
	var out []Ailment
	for _, place := range p.places {
		if place.Helper == "" && place.Path != credentials.Variable {
			out = append(out, Ailment{
				Code: AilPlaintext, Path: place.Path, Registry: place.Registry,
				Repair: []string{"login", place.Registry.String(), "--move"}, Plan: true,
			})
		}
	}
	return out
}

// helpers looks at the entries that name Mooring.
func (p patient) helpers() []Ailment {
	var out []Ailment
	for _, place := range p.places {
		a := Ailment{Path: place.Path, Registry: place.Registry}
		switch {
		case !credentials.IsOwn(place.Helper):
			continue
		case !p.m.onPath("docker-credential-" + credentials.Own):
			a.Code, a.Repair, a.Plan = AilHelperMissing, []string{"doctor", "--unregister"}, true
		case !p.m.keeps(place.Registry):
			a.Code, a.Repair = AilNothingKept, []string{"login", place.Registry.String()}
		default:
			continue
		}
		out = append(out, a)
	}
	return out
}

// store looks for a file of docker's that names helpers and no default store, where
// docker could have one: it does not pick one by itself then.
func (p patient) store() []Ailment {
	path := p.m.World.Join(engine.DockerConfigDir(p.m.World), "config.json")
	data, err := p.m.World.FS.ReadFile(path)
	if err != nil {
		return nil
	}
	c, err := configfile.ReadDockerConfig(data)
	clear(data)
	name := p.m.signInPlanner().DefaultStore()
	if err != nil || len(c.CredHelpers) == 0 || c.CredsStore != "" || name == "" {
		return nil
	}
	if slices.ContainsFunc(c.Auths, func(a configfile.Auth) bool { return a.Plaintext }) {
		return nil // docker would not find those with a store; they come first
	}
	a := Ailment{Code: AilNoStore, Path: path, Name: name}
	for _, place := range p.places {
		if place.Path == path && credentials.IsOwn(place.Helper) {
			a.Repair, a.Plan = []string{"login", place.Registry.String(), "--for", string(trust.Docker)}, true
			break
		}
	}
	return []Ailment{a}
}
