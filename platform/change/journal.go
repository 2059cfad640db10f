package change

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// phase is how far a record has come. What is on disk is never ahead of it.
type phase string

const (
	phaseApply    phase = "apply"     // changes are being made
	phaseRoot     phase = "root"      // own changes are made; root has been asked for its half
	phaseDone     phase = "done"      // everything is made
	phaseUndoRoot phase = "undo-root" // root has been asked to undo its half
	phaseUndo     phase = "undo"      // own changes are being undone
	phaseUndone   phase = "undone"
	phaseFailed   phase = "failed" // nothing of it is left
)

func (p phase) state() trust.ReceiptState {
	switch p {
	case phaseDone:
		return trust.ReceiptApplied
	case phaseUndone:
		return trust.ReceiptUndone
	case phaseFailed:
		return trust.ReceiptFailed
	}
	return trust.ReceiptPending
}

// record is what the journal keeps of one plan. Its changes that are not marked
// privileged are this engine's; their before-images lie beside it.
type record struct {
	Phase   phase         `json:"phase"`
	Receipt trust.Receipt `json:"receipt"`
	// Attrs are the extended attributes of the before-images, by index of change.
	Attrs map[int]map[string][]byte `json:"attrs,omitempty"`
	// Started are the commands that have been run, the secrets that have been kept and
	// the trust stores that have been changed, or were about to be.
	Started map[int]bool `json:"started,omitempty"`
	// Kept are the secrets that were in the keyring before.
	Kept map[int]bool `json:"kept,omitempty"`
	// Taken are the edits that were taken back in a file that had been rewritten.
	Taken map[int]taken `json:"taken,omitempty"`
	// Exact are the files that are edited with every byte of their content, so that
	// a run that finds two of them knows whose is which. It is there only while the
	// record is under way: see the package's comment.
	Exact map[int]taken `json:"exact,omitempty"`
	// Held are those of the plan's anchors that the store of a command held before.
	Held map[int][]string `json:"held,omitempty"`
}

func newRecord(r trust.Receipt) *record {
	return &record{
		Phase: phaseApply, Receipt: r,
		Attrs: map[int]map[string][]byte{}, Started: map[int]bool{}, Held: map[int][]string{},
		Kept: map[int]bool{}, Taken: map[int]taken{}, Exact: map[int]taken{},
	}
}

// envelope guards a record against damage. It is no protection against the owner
// of the journal: whoever may write it may also do what it could lead to.
type envelope struct {
	Schema int             `json:"schema"`
	SHA256 string          `json:"sha256"`
	Record json.RawMessage `json:"record"`
}

const journalSchema = 1

// maxRecord bounds a record file.
const maxRecord = 4 << 20

var idForm = regexp.MustCompile(`^\d{8}-\d{6}-[0-9a-f]{8}$`)

// NewID makes the id of a receipt: its time, for people, and chance.
func NewID(now time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(b[:])
}

// ValidID reports whether s has the form of a receipt's id.
func ValidID(s string) bool { return idForm.MatchString(s) }

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
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		ok, err := tryLock(f)
		if ok {
			return f, nil
		}
		if err == nil {
			select {
			case <-retry.C:
				continue
			case <-ctx.Done():
				err = Refuse(ErrBusy, "", "")
			}
		}
		_ = f.Close()
		return nil, failed(d.path, err)
	}
}

func (j *journal) close() {
	_ = j.lock.Close() // and with it the lock
	j.d.close()
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
	return j.d.sync()
}

// ownFile is a file of this process's own that nobody else reads.
func ownFile(content []byte) *file {
	return &file{Content: content, Mode: 0o600, UID: os.Geteuid(), GID: os.Getegid()}
}

func encodeRecord(r *record) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	b, err := json.Marshal(envelope{Schema: journalSchema, SHA256: hex.EncodeToString(sum[:]), Record: body})
	if err == nil && len(b) > maxRecord {
		err = Refuse(ErrTooLarge, "", "the journal entry would have %d bytes", len(b))
	}
	return b, err
}

// decodeRecord reads a record that was to be found under id.
func decodeRecord(id string, b []byte) (*record, error) {
	damaged := func(why string) error { return Refuse(ErrJournalDamaged, id, "%s", why) }
	if len(b) > maxRecord {
		return nil, damaged("too long")
	}
	var e envelope
	if err := strictJSON(b, &e); err != nil {
		return nil, damaged(err.Error())
	}
	if e.Schema != journalSchema {
		return nil, damaged(fmt.Sprintf("schema %d is not known", e.Schema))
	}
	if sum := sha256.Sum256(e.Record); hex.EncodeToString(sum[:]) != e.SHA256 {
		return nil, damaged("its checksum is wrong")
	}
	if again, err := json.Marshal(e); err != nil || !bytes.Equal(again, b) {
		return nil, damaged("it is not as it was written")
	}
	var r record
	if err := strictJSON(e.Record, &r); err != nil {
		return nil, damaged(err.Error())
	}
	if r.Started == nil {
		r.Started = map[int]bool{}
	}
	if r.Taken == nil {
		r.Taken = map[int]taken{}
	}
	if r.Exact == nil {
		r.Exact = map[int]taken{}
	}
	if r.Receipt.ID != id || !slices.Contains(phases, r.Phase) || slices.ContainsFunc(r.Receipt.Changes, lacksStates) {
		return nil, damaged("it contradicts itself")
	}
	return &r, nil
}

// lacksStates reports whether a change of our own of a store, or of a file's mode, does
// not say what it did.
func lacksStates(d trust.Done) bool {
	if d.Kind == trust.SetMode && !d.Privileged {
		return d.Before == nil || d.After == nil
	}
	return d.Kind == trust.ChangeStore && !d.Privileged && (d.Was == nil || d.Now == nil)
}

var phases = []phase{phaseApply, phaseRoot, phaseDone, phaseUndoRoot, phaseUndo, phaseUndone, phaseFailed}

// strictJSON reads one JSON value with no field that v does not know.
func strictJSON(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("something follows the end")
	}
	return nil
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

// before is the file that change n found, given its content.
func (r *record) before(n int, content []byte) *file {
	attrs := r.Attrs[n]
	if attrs == nil {
		attrs = map[string][]byte{}
	}
	was := r.Receipt.Changes[n].Before
	return &file{Content: content, Mode: was.Mode, UID: was.UID, GID: was.GID, Attrs: attrs}
}

// dropImages removes the before-images of a record that will not need them again.
func (j *journal) dropImages(r *record) {
	for n := range r.Receipt.Changes {
		_ = j.d.remove(imageName(r.Receipt.ID, n))
	}
}
