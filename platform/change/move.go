package change

import (
	"errors"
	"path/filepath"

	"mooring.dev/mooring/trust"
)

// A file that is moved keeps its content where nobody else had it: it is renamed
// within its directory, in one step, and never copied. So a private key can be
// set aside, and brought back, without a before-image. If it is to have another mode
// it has that before it has the other name.

// inspectMove says what moving a file aside will do. Who plans may be unable to
// read the file: then the plan says nothing of how it was, and what is found now
// counts from here on.
func (t *tx) inspectMove(c trust.Change, found *file) (trust.Done, error) {
	there, _, err := t.look(c.To)
	switch {
	case err != nil:
		return trust.Done{}, err
	case found == nil:
		return trust.Done{}, Refuse(ErrChangedSince, c.Path, "")
	case there != nil:
		return trust.Done{}, Refuse(ErrChangedSince, c.To, "something is there already")
	}
	d := trust.Done{Kind: c.Kind, Path: c.Path, To: c.To, Before: found.state(), After: found.state()}
	if c.Mode == 0 {
		return d, nil
	}
	d.After.Mode = c.Mode
	return d, narrower(c.Path, found, c.Mode)
}

// names reads what is under the two names of a move.
func (t *tx) names(d trust.Done) (parent *dir, from, to *file, err error) {
	parent, missing, err := t.e.tree().open(filepath.Dir(d.Path))
	if err != nil {
		return nil, nil, nil, err
	}
	if missing != nil {
		parent.close()
		return nil, nil, nil, Refuse(ErrChangedSince, d.Path, "its directory is gone")
	}
	if from, err = parent.read(filepath.Base(d.Path)); err == nil {
		to, err = parent.read(filepath.Base(d.To))
	}
	if err != nil {
		parent.close()
		return nil, nil, nil, err
	}
	return parent, from, to, nil
}

func (t *tx) moveFile(d *trust.Done) error {
	parent, from, to, err := t.names(*d)
	if err != nil {
		return err
	}
	defer parent.close()
	if to != nil || !from.is(d.Before) {
		return Refuse(ErrChangedSince, d.Path, "")
	}
	if d.SetsMode() {
		if err := parent.setMode(filepath.Base(d.Path), d.Before, d.After.Mode); err != nil {
			return err
		}
	}
	if err := parent.place(filepath.Base(d.Path), filepath.Base(d.To)); err != nil {
		return err
	}
	return parent.sync()
}

// moved reports whether a move stands as it was made.
func (t *tx) moved(d trust.Done) error {
	parent, from, to, err := t.names(d)
	if err != nil {
		return err
	}
	defer parent.close()
	if from != nil {
		return Refuse(ErrChangedSince, d.Path, "")
	}
	if !to.is(d.After) {
		return Refuse(ErrChangedSince, d.To, "")
	}
	return nil
}

// moveBack gives a file its old name and mode, unless it has them still.
func (t *tx) moveBack(d trust.Done) error {
	parent, from, to, err := t.names(d)
	if err != nil {
		return err
	}
	defer parent.close()
	now := d.After
	switch {
	case from.is(d.Before) && to == nil: // perhaps brought back by a run that was killed
		now = d.Before
	case from.is(d.After) && to == nil: // it had got its mode
	case from.is(d.After) && to.is(d.After): // a file system that renames in two steps stopped between them
		err = parent.remove(filepath.Base(d.To))
	case from != nil:
		return Refuse(ErrChangedSince, d.Path, "")
	case !to.is(d.After):
		return Refuse(ErrChangedSince, d.To, "")
	default:
		err = parent.place(filepath.Base(d.To), filepath.Base(d.Path))
	}
	err = errors.Join(err, parent.sync())
	if err == nil && d.SetsMode() { // once it is sure to have that name alone
		err = parent.setMode(filepath.Base(d.Path), now, d.Before.Mode)
	}
	return err
}
