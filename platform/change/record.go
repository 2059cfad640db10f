package change

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// before is the file that change n found, given its content.
func (r *record) before(n int, content []byte) *file {
	attrs := r.Attrs[n]
	if attrs == nil {
		attrs = map[string][]byte{}
	}
	was := r.Receipt.Changes[n].Before
	return &file{Content: content, Mode: was.Mode, UID: was.UID, GID: was.GID, Attrs: attrs}
}
