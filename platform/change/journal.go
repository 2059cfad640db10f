package change

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// journal is an open and locked journal directory.
type journal struct {
	d    *dir
	lock *os.File
}

// openJournal opens and locks the journal, making its directory.
func (e *Engine) openJournal(ctx context.Context) (*journal, error) {
	t := e.journalTree()
	d, missing, err := t.open(e.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range missing {
		next, _, err := t.mkdir(d, name, 0o700)
		d.close()
		if err != nil {
			return nil, err
		}
		d = next
	}
	lock, err := takeLock(ctx, d)
	if err != nil {
		d.close()
		return nil, err
	}
	return &journal{d: d, lock: lock}, nil
}

// private refuses a journal directory that others could read or change.
func private(d *dir) error {
	uid, perm, err := d.access()
	if err != nil {
		return err
	}
	if hasModes && (perm&0o077 != 0 || uid >= 0 && uid != os.Geteuid()) {
		return Refuse(ErrJournalDamaged, d.path, "others may read or change it")
	}
	return nil
}

// lockPatience is how long another engine may keep the journal.
const lockPatience = 10 * time.Second

// takeLock locks a journal's directory for this engine alone.
func takeLock(ctx context.Context, d *dir) (*os.File, error) {
	if err := private(d); err != nil {
		return nil, err
	}
	f, err := d.openLock("lock")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if err := d.call(faultLock, ".", func() error { return waitLock(ctx, f) }); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// waitLock takes the lock as soon as nobody else has it.
func waitLock(ctx context.Context, f *os.File) error {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		if ok, err := tryLock(f); ok || err != nil {
			return err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return Refuse(ErrBusy, "", "")
		}
	}
}

func (j *journal) close() {
	_ = j.lock.Close() // and with it the lock
	j.d.close()
}

// closeUnless closes a journal that nobody was given to work on.
func (j *journal) closeUnless(given *bool) {
	if !*given {
		j.close()
	}
}

// save writes a record so that either the old or the new one is there.
func (j *journal) save(r *record) error {
	r.Receipt.State = r.Phase.state()
	b, err := encodeRecord(r)
	if err != nil {
		return err
	}
	name := r.Receipt.ID + ".json"
	temp := r.Receipt.ID + ".new"
	if err := j.d.remove(temp); err != nil { // of a run that was killed
		return err
	}
	if err := j.d.create(temp, ownFile(b)); err != nil {
		return err
	}
	if err := j.d.rename(temp, name); err != nil {
		return errors.Join(err, j.d.remove(temp))
	}
	if err := j.d.sync(); err != nil {
		return errors.Join(err, errUnsynced)
	}
	return nil
}

// errUnsynced: a record has its name, and whether it has it on the disk is not known.
var errUnsynced = errors.New("not synced")

// ownFile is a file of this process's own that nobody else reads.
func ownFile(content []byte) *file {
	return &file{Content: content, Mode: 0o600, UID: os.Geteuid(), GID: os.Getegid()}
}

// load reads the record of id.
func (j *journal) load(id string) (*record, error) {
	if !ValidID(id) {
		return nil, Refuse(ErrNoReceipt, id, "")
	}
	f, err := j.d.read(id + ".json")
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, Refuse(ErrNoReceipt, id, "")
	}
	return decodeRecord(id, f.Content)
}

// all reads every record, oldest first. Damaged ones are in err; they keep none
// of the others from being read.
func (j *journal) all() (out []*record, err error) {
	names, err := j.d.names()
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		id, ok := strings.CutSuffix(name, ".json")
		if !ok {
			continue
		}
		r, lerr := j.load(id)
		if lerr != nil {
			err = errors.Join(err, lerr)
			continue
		}
		out = append(out, r)
	}
	return out, err
}

func imageName(id string, n int) string { return fmt.Sprintf("%s.%d.before", id, n) }

// saveImage keeps what a change will replace or remove.
func (j *journal) saveImage(id string, n int, f *file) error {
	return j.d.create(imageName(id, n), ownFile(f.Content))
}

// image reads a before-image and checks that it is what the record says.
func (j *journal) image(r *record, n int) (*file, error) {
	want := r.Receipt.Changes[n].Before
	if k := r.Receipt.Changes[n].Kind; want == nil || k == trust.MoveFile || k == trust.SetMode {
		return nil, nil
	}
	name := imageName(r.Receipt.ID, n)
	f, err := j.d.read(name)
	if err != nil {
		return nil, err
	}
	if f == nil || f.state().SHA256 != want.SHA256 {
		return nil, Refuse(ErrJournalDamaged, name, "the file to be restored is not as it was kept")
	}
	return r.before(n, f.Content), nil
}

// dropImages removes the before-images of a record that will not need them again.
func (j *journal) dropImages(r *record) {
	for n := range r.Receipt.Changes {
		_ = j.d.remove(imageName(r.Receipt.ID, n))
	}
}
