package trust

import "slices"

// SupersededBy finds among all receipts the newest one that stands and was applied
// after r to a file of r's (or to a certificate in a trust store), with the file: r cannot be taken back from under it, even
// if the file has the very bytes that r gave it. Of a file that both edit the same
// values count alone. Receipts that were undone or failed are nobody's ground.
func (r Receipt) SupersededBy(all []Receipt) (later Receipt, path string, ok bool) {
	for _, l := range all {
		if l.ID == r.ID || !l.stands() || !l.At.After(r.At) || ok && !l.At.After(later.At) {
			continue
		}
		if p, touches := l.touches(r); touches {
			later, path, ok = l, p, true
		}
	}
	return later, path, ok
}

func (r Receipt) stands() bool { return r.State == ReceiptApplied || r.State == ReceiptPending }

// touches finds a file of older's that r changed too.
func (r Receipt) touches(older Receipt) (path string, ok bool) {
	for _, o := range older.Changes {
		for _, d := range r.Changes {
			if p, ok := d.touches(o); ok {
				return p, true
			}
		}
	}
	return "", false
}

func (d Done) touches(older Done) (path string, ok bool) {
	if d.Kind == EditFile && older.Kind == EditFile {
		return d.Path, d.Path == older.Path && sameValues(d.Edits, older.Edits)
	}
	if d.Kind == ChangeStore && older.Kind == ChangeStore {
		return string(d.Store), d.Store == older.Store && d.Certificate == older.Certificate
	}
	mine := d.files()
	for _, p := range older.files() {
		if slices.Contains(mine, p) {
			return p, true
		}
	}
	return "", false
}

// files are the names of which a change decides what lies there.
func (d Done) files() []string {
	switch d.Kind {
	case WriteFile, RemoveFile, EditFile, SetMode:
		return []string{d.Path}
	case MoveFile:
		return []string{d.Path, d.To}
	default:
		return nil
	}
}

// sameValues reports whether two lists of edits meet: at one value, or at an object
// and a value in it.
func sameValues(a, b []Edit) bool {
	return slices.ContainsFunc(a, func(x Edit) bool {
		return slices.ContainsFunc(b, func(y Edit) bool {
			n := min(len(x.Key), len(y.Key))
			return slices.Equal(x.Key[:n], y.Key[:n])
		})
	})
}
