package platform

import (
	"context"
	"slices"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/engine"
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
	return []AilmentCode{AilPlaintext, AilHelperMissing, AilNothingKept, AilNoStore, AilUnreadable}
}

// Ailment is something wrong on this machine.
type Ailment struct {
	Code     AilmentCode
	Path     string
	Registry trust.Registry // zero where it is about none
	Name     string
	// Repair are the arguments of the mooring command that mends it, nil for none.
	Repair []string
}

// patient is what the examinations look at, read once.
type patient struct {
	m      *Machine
	tools  *credentials.Tools
	places []credentials.Place
}

// examinations are made in this order. To examine something else, add a line.
var examinations = []func(patient) []Ailment{
	(patient).unreadable, (patient).plaintext, (patient).helpers, (patient).store,
}

// Ailments implements SignIns. It reads files only and asks no keyring.
func (m *Machine) Ailments(context.Context) ([]Ailment, error) {
	p := patient{m: m, tools: credentials.Load(m.World)}
	p.places = p.tools.Find(func(trust.Registry) bool { return true })
	var out []Ailment
	for _, examine := range examinations {
		out = append(out, examine(p)...)
	}
	return out, nil
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
				Repair: []string{"login", place.Registry.String(), "--move"},
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
			a.Code, a.Repair = AilHelperMissing, []string{"doctor", "--unregister"}
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
			a.Repair = []string{"login", place.Registry.String(), "--for", string(trust.Docker)}
			break
		}
	}
	return []Ailment{a}
}
