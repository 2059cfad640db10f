package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// SignIns plans who hands out sign-ins to docker and podman: it edits the files in
// which those name their credential helpers. Only the person's own files are
// touched, and nothing of a plan needs other rights.
type SignIns struct {
	World    world.World
	Writable func(path string) bool
	// Kept reports whether Mooring keeps a sign-in to a registry.
	Kept func(trust.Registry) bool
	// Look reports whether a program is on the person's PATH.
	Look func(name string) bool
}

// HelperMissingError says that docker and podman would not find Mooring's helper.
type HelperMissingError struct{ Name string }

func (e *HelperMissingError) Error() string { return e.Name + " is not on PATH" }

// Problem names the words of the error.
func (e *HelperMissingError) Problem() (key string, args map[string]any) {
	return "signins-helper-missing", map[string]any{"name": e.Name}
}

// FileError says why a file of docker's or podman's cannot be edited.
type FileError struct {
	Path string
	Err  error // a *configfile.EditError, or what the system said
}

func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// Problem names the words of the error.
func (e *FileError) Problem() (key string, args map[string]any) {
	var edit *configfile.EditError
	switch {
	case errors.As(e.Err, &edit):
		return "signins-file-" + string(edit.Reason), map[string]any{"path": e.Path, "line": edit.Line, "name": edit.Name}
	case errors.Is(e.Err, fs.ErrPermission):
		return "signins-file-rights", map[string]any{"path": e.Path}
	}
	return "signins-file-other", map[string]any{"path": e.Path, "detail": e.Err.Error()}
}

// ErrNoPassword says that there is none to move.
var ErrNoPassword = errors.New("no password for the registry lies in a file of docker's or podman's")

// helperProgram is what docker and podman look for on PATH.
const helperProgram = "docker-credential-" + credentials.Own

func (s SignIns) dockerFile() string {
	return s.World.Join(engine.DockerConfigDir(s.World), "config.json")
}

// podmanFile is the one of podman's own files that outlives a restart of the
// computer: the last.
func (s SignIns) podmanFile() string {
	paths := credentials.AuthPaths(s.World)
	return paths[len(paths)-1]
}

// DefaultStore is the helper that docker picks as long as its file names none
// (docker/cli cli/config/credentials DetectDefaultStore); "" for none.
func (s SignIns) DefaultStore() string {
	store := "secretservice"
	switch {
	case s.World.OS == "darwin":
		store = "osxkeychain"
	case s.World.OS == "windows":
		store = "wincred"
	case s.Look("pass"):
		store = "pass"
	}
	if !s.Look("docker-credential-" + store) {
		return ""
	}
	return store
}

// edited is one file of a plan that is being made.
type edited struct {
	name, at      string   // as the person knows it, and where links lead
	also          []string // its other names
	links         int      // names that are no links, if the system tells
	before, after []byte
	state         *trust.FileState
	edits         []trust.Edit
	parties       []trust.Party
}

// signInPlan collects one plan.
type signInPlan struct {
	SignIns
	plan    trust.Plan
	files   []*edited
	overlay *world.Overlay
}

func (s SignIns) begin(action string, regs ...trust.Registry) *signInPlan {
	p := &signInPlan{SignIns: s, overlay: world.NewOverlay(s.World.FS, s.World.Now())}
	p.plan = trust.Plan{Schema: trust.PlanSchema, Action: action, Reach: trust.ReachRegistry}
	for _, r := range regs {
		p.plan.Registries = append(p.plan.Registries, r.String())
	}
	return p
}

// tools is what docker and podman read once the plan is carried out.
func (p *signInPlan) tools() *credentials.Tools { return credentials.Load(p.World.WithFS(p.overlay)) }

func (p *signInPlan) say(c trust.Consequence) {
	if !slices.Contains(p.plan.Consequences, c) {
		p.plan.Consequences = append(p.plan.Consequences, c)
	}
}

// open reads a file that is to be edited, once; it may be missing.
func (p *signInPlan) open(name string) (*edited, error) {
	at, err := Follow(p.World, name)
	if err != nil {
		return nil, &FileError{name, err}
	}
	i := slices.IndexFunc(p.files, func(f *edited) bool { return f.at == at })
	if i >= 0 {
		p.files[i].alias(p.overlay, name)
		return p.files[i], nil
	}
	f := &edited{name: name, at: at}
	info, err := p.World.FS.Lstat(f.at)
	if err == nil {
		f.before, err = p.World.FS.ReadFile(f.at)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, &FileError{name, err}
	default:
		f.state = &trust.FileState{Mode: info.Mode.Perm(), UID: info.UID, GID: info.GID}
		f.links = info.Links
	}
	text, err := configfile.AuthFile{}.Mask(f.before)
	if err == nil {
		err = configfile.AuthFile{}.Check(f.before)
	}
	if err != nil {
		return nil, &FileError{name, err}
	}
	if f.state != nil { // as the change engine knows it again: by what is no secret
		sum := sha256.Sum256(text)
		f.state.SHA256 = hex.EncodeToString(sum[:])
	}
	f.after = f.before
	p.files = append(p.files, f)
	return f, nil
}

// Follow is where the links at name lead. People keep these files elsewhere and
// link to them: what is edited is the file, and the link stays.
func Follow(w world.World, name string) (string, error) {
	if w.OS == "windows" {
		return name, nil
	}
	return world.Resolve(w.FS, name)
}

// edit adds edits to a file for who reads it.
func (p *signInPlan) edit(f *edited, party trust.Party, edits ...trust.Edit) error {
	if len(edits) == 0 {
		return nil
	}
	after, _, done, err := configfile.AuthFile{}.Edit(f.after, edits)
	if err != nil {
		return &FileError{f.name, err}
	}
	f.after, f.edits = after, append(f.edits, done...)
	f.read(party)
	for _, name := range append([]string{f.name, f.at}, f.also...) {
		p.overlay.Put(name, after)
	}
	return nil
}

// alias notes that the file is known under another name as well.
func (f *edited) alias(overlay *world.Overlay, name string) {
	if name == f.name || slices.Contains(f.also, name) {
		return
	}
	f.also = append(f.also, name)
	if len(f.edits) > 0 {
		overlay.Put(name, f.after)
	}
}

func (f *edited) read(party trust.Party) {
	if !slices.Contains(f.parties, party) {
		f.parties = append(f.parties, party)
	}
}

// finish puts the changes of the files behind those that the plan has already.
func (p *signInPlan) finish() (trust.Plan, error) {
	for _, f := range p.files {
		if len(f.parties) == 0 {
			continue
		}
		c := trust.Change{Kind: trust.EditFile, Path: f.at, Before: f.state, Status: f.status(), Edits: f.edits, Parties: f.parties}
		if f.at != f.name {
			c.Via = f.name
		}
		if f.state == nil {
			c.Mode = 0o600
		}
		if c.Status != trust.StatusUnchanged && !p.Writable(f.at) {
			return trust.Plan{}, &FileError{f.name, fs.ErrPermission}
		}
		p.plan.Changes = append(p.plan.Changes, c)
	}
	return p.plan, nil
}

// status: that another's helper is replaced has to be seen.
func (f *edited) status() trust.Status {
	replaces := func(e trust.Edit) bool { return e.Value != nil && e.Was != nil }
	switch {
	case len(f.edits) == 0:
		return trust.StatusUnchanged
	case f.state == nil:
		return trust.StatusNew
	case slices.ContainsFunc(f.edits, replaces):
		return trust.StatusReplaced
	}
	return trust.StatusEdited
}
