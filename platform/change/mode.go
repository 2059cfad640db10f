package change

import (
	"io/fs"
	"path/filepath"

	"mooring.dev/mooring/trust"
)

// A file that gets another mode keeps its content, of which there is no copy: so a
// private key is taken from the sight of others without a before-image. It is opened,
// compared with what was inspected, and given the mode through what was opened:
// whatever comes to lie under its name meanwhile is not touched.

// narrower refuses a mode by which anybody could do more with a file than now.
func narrower(path string, now *file, mode fs.FileMode) error {
	if !hasModes || mode == 0 || mode&^fs.ModePerm != 0 || now.Mode&^fs.ModePerm != 0 || mode&^now.Mode != 0 {
		return Refuse(ErrBadPlan, path, "mode %v is not narrower than %v", mode, now.Mode)
	}
	return nil
}

// inspectMode says what giving a file another mode will do.
func inspectMode(c trust.Change, found *file) (trust.Done, error) {
	if found == nil {
		return trust.Done{}, Refuse(ErrChangedSince, c.Path, "")
	}
	d := trust.Done{Kind: c.Kind, Path: c.Path, Before: found.state(), After: found.state()}
	d.After.Mode = c.Mode
	return d, narrower(c.Path, found, c.Mode)
}

// setMode gives a file the mode that it shall have, and looks again.
func (t *tx) setMode(d *trust.Done) error {
	parent, missing, err := t.e.tree().open(filepath.Dir(d.Path))
	if err != nil {
		return err
	}
	defer parent.close()
	if missing != nil {
		return Refuse(ErrChangedSince, d.Path, "its directory is gone")
	}
	if err := parent.setMode(filepath.Base(d.Path), d.Before, d.After.Mode); err != nil {
		return err
	}
	found, _, err := t.look(d.Path)
	if err == nil && !found.is(d.After) {
		err = Refuse(ErrIO, d.Path, "its mode is not what it was given")
	}
	return err
}

// setMode gives the file in d, if it is as was, another mode.
func (d *dir) setMode(name string, was *trust.FileState, mode fs.FileMode) error {
	p := filepath.Join(d.path, name)
	f, i, err := d.open(name)
	if err != nil {
		return err
	}
	if f == nil {
		return Refuse(ErrChangedSince, p, "")
	}
	defer f.Close()
	now, err := d.contents(f, i, p)
	if err != nil {
		return err
	}
	if !now.is(was) {
		return Refuse(ErrChangedSince, p, "")
	}
	if err := d.call(faultMode, name, func() error { return f.Chmod(mode) }); err != nil {
		return err
	}
	return d.call(faultSync, name, f.Sync)
}
