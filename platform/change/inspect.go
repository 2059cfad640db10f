package change

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
)

// checkShape refuses what no engine could carry out.
func checkShape(id string, p trust.Plan, changes []trust.Change) error {
	if !ValidID(id) {
		return Refuse(ErrBadPlan, id, "not a receipt id")
	}
	if p.Schema != trust.PlanSchema {
		return Refuse(ErrBadPlan, "", "plan schema %d is not known", p.Schema)
	}
	if len(p.Pending()) == 0 {
		return Refuse(ErrNothingToDo, "", "")
	}
	seen := map[string]bool{}
	for _, c := range changes {
		if c.Kind == trust.ChangeStore {
			if err := checkStore(p, c); err != nil {
				return err
			}
			name := string(c.Store) + "\x00" + string(c.Content)
			if seen[name] {
				return Refuse(ErrBadPlan, string(c.Store), "named twice")
			}
			seen[name] = true
			continue
		}
		if namesStore(c) {
			return Refuse(ErrBadPlan, c.Path, "a trust store and something else")
		}
		if c.Kind == trust.RunCommand {
			continue
		}
		names := []string{c.Path}
		if c.Kind == trust.MoveFile {
			names = append(names, c.To)
		}
		for _, name := range names {
			// A secret is kept from a file that a later change edits.
			twice := seen[name] && c.Kind != trust.KeepSecret
			seen[name] = seen[name] || c.Kind != trust.KeepSecret
			if !filepath.IsAbs(name) || filepath.Clean(name) != name || strings.ContainsRune(name, 0) || twice {
				return Refuse(ErrBadPlan, name, "not a plain path, or named twice")
			}
		}
		switch {
		case c.Kind == trust.MoveFile && filepath.Dir(c.Path) != filepath.Dir(c.To), c.Kind != trust.MoveFile && c.To != "":
			return Refuse(ErrBadPlan, c.Path, "it would leave its directory")
		case c.Secret && (c.Kind != trust.WriteFile || c.Before != nil):
			return Refuse(ErrBadPlan, c.Path, "a private key is only ever created")
		}
	}
	return nil
}

// inspect says what carrying out c will do, given what is there now.
func (t *tx) inspect(ctx context.Context, p trust.Plan, c trust.Change) (trust.Done, *file, error) {
	if c.Kind == trust.ChangeStore {
		d, err := t.inspectStore(ctx, p, c)
		return d, nil, err
	}
	if c.Kind == trust.RunCommand {
		d := trust.Done{Kind: c.Kind, Command: c.Command}
		return d, nil, t.vet(p, c, nil)
	}
	found, missing, err := t.look(c.Path)
	if err != nil {
		return trust.Done{}, nil, err
	}
	if hasSecrets(c.Kind) && t.e.Editor == nil {
		return trust.Done{}, nil, Refuse(ErrBadPlan, c.Path, "files are not edited here")
	}
	found = t.as(c.Kind, found)
	if !found.is(c.Before) && (c.Kind != trust.MoveFile || c.Before != nil) {
		return trust.Done{}, nil, Refuse(ErrChangedSince, c.Path, "")
	}
	if err := t.vet(p, c, found); err != nil {
		return trust.Done{}, nil, err
	}
	if c.Kind == trust.MoveFile {
		d, err := t.inspectMove(c, found)
		return d, nil, err
	}
	if c.Kind == trust.SetMode {
		d, err := inspectMode(c, found)
		return d, nil, err
	}
	d := trust.Done{Kind: c.Kind, Path: c.Path, Via: c.Via, Before: found.state()}
	switch {
	case c.Kind == trust.WriteFile:
		d.After, d.MadeDir = t.target(c, c.Content, found).state(), t.unplanned(missing)
	case c.Kind == trust.EditFile:
		d, image, err := t.inspectEdit(c, d, found)
		if err != nil {
			return d, nil, err
		}
		n := len(t.r.Receipt.Changes)
		after := t.target(c, t.edited[n], found)
		if d.After, d.MadeDir = after.state(), t.unplanned(missing); found.is(d.After) {
			return d, nil, Refuse(ErrBadPlan, c.Path, "the edits change nothing but secrets")
		}
		t.r.Exact[n] = taken{found.exact(), after.exact()}
		return d, image, nil
	case c.Kind == trust.KeepSecret && found != nil:
		return trust.Done{Kind: c.Kind, Path: c.Path, Registry: c.Registry, Key: c.Key}, nil, nil
	case c.Kind != trust.RemoveFile || found == nil:
		return trust.Done{}, nil, Refuse(ErrBadPlan, c.Path, "nothing to remove")
	}
	return d, found, nil
}

func (t *tx) vet(p trust.Plan, c trust.Change, found *file) error {
	if t.e.Vet == nil {
		return nil
	}
	var content []byte
	if found != nil {
		content = found.Content
	}
	return t.e.Vet(p, c, content)
}

// unplanned are those of dirs that no earlier change of the record will make.
func (t *tx) unplanned(dirs []string) []string {
	return slices.DeleteFunc(dirs, func(d string) bool {
		return slices.ContainsFunc(t.r.Receipt.Changes, func(c trust.Done) bool { return slices.Contains(c.MadeDir, d) })
	})
}

// target is the file that a change writes: a new one belongs to the engine's
// owner, one that replaces another keeps its owner and attributes, and one that is
// edited its mode, too. So does one with an access control list, of which the mode is
// a part.
func (t *tx) target(c trust.Change, content []byte, found *file) *file {
	o := t.e.owner()
	f := t.as(c.Kind, &file{Content: content, Mode: c.Mode & modeBits, UID: o.UID, GID: o.GID})
	if found != nil {
		f.UID, f.GID, f.Attrs = found.UID, found.GID, found.Attrs
		if c.Kind == trust.EditFile || found.hasACL() {
			f.Mode = found.Mode
		}
	}
	return f
}
