package trust

import (
	"slices"
	"time"
)

// ReceiptState is how far an applied plan stands.
type ReceiptState string

// The states of a receipt.
const (
	ReceiptPending ReceiptState = "pending" // interrupted; the next run finishes or rolls back
	ReceiptApplied ReceiptState = "applied"
	ReceiptUndone  ReceiptState = "undone"
	ReceiptFailed  ReceiptState = "rolled-back"
)

// Receipt is what applying a plan leaves, and what undo takes.
type Receipt struct {
	Schema     int          `json:"schema"`
	ID         string       `json:"id"`
	At         time.Time    `json:"at"`
	Action     string       `json:"action"`
	Reach      Reach        `json:"reach"`
	Registries []string     `json:"registries"`
	Anchors    []PlanAnchor `json:"anchors"`
	Plan       string       `json:"plan"` // the plan's hash
	State      ReceiptState `json:"state"`
	UndoneAt   *time.Time   `json:"undoneAt,omitempty"`
	Changes    []Done       `json:"changes"`
	Restarts   []Restart    `json:"restarts"`
	// Privileged is the id of root's half of this receipt, "" when the person's
	// rights sufficed.
	Privileged string `json:"privileged,omitempty"`
}

// Judged reports whether the receipt's changes can have changed a verdict. Who
// hands out passwords has no part in one.
func (r Receipt) Judged() bool {
	for _, d := range r.Changes {
		if d.Kind != EditFile && d.Kind != KeepSecret {
			return true
		}
	}
	return len(r.Changes) == 0
}

// Moved reports whether a password was put elsewhere: into a keyring, or out of a
// file. A check says of files that hold one.
func (r Receipt) Moved() bool {
	for _, d := range r.Changes {
		if d.Kind == KeepSecret || slices.ContainsFunc(d.Edits, func(e Edit) bool { return e.Secret }) {
			return true
		}
	}
	return false
}

// Done is one change as it was carried out.
type Done struct {
	Kind    ChangeKind `json:"kind"`
	Path    string     `json:"path,omitempty"`
	To      string     `json:"to,omitempty"` // of MoveFile: where After is
	Before  *FileState `json:"before,omitempty"`
	After   *FileState `json:"after,omitempty"`
	MadeDir []string   `json:"madeDir,omitempty"` // directories made for it, outermost first
	Command string     `json:"command,omitempty"`
	Output  string     `json:"output,omitempty"`
	// Via, Edits, Registry and Key are those of the change.
	Via      string   `json:"via,omitempty"`
	Edits    []Edit   `json:"edits,omitempty"`
	Registry string   `json:"registry,omitempty"`
	Key      []string `json:"key,omitempty"`
	// Store held Certificate (SHA-256, 64 hex digits: one of the receipt's anchors) as
	// Was says, and now holds it as Now says.
	Store       StoreID     `json:"store,omitempty"`
	Certificate string      `json:"certificate,omitempty"`
	Was         *Membership `json:"was,omitempty"`
	Now         *Membership `json:"now,omitempty"`
	// Skipped: the command was not run, because nothing is executed from a tree
	// under --root.
	Skipped bool `json:"skipped,omitempty"`
	// Added are the fingerprints that a derived store held after Command and not
	// before; Remains are those of them that it still held after undo, because
	// another source gives them too.
	Added   []string `json:"added,omitempty"`
	Remains []string `json:"remains,omitempty"`
	// Privileged: root did it, and root's journal holds the before-image.
	Privileged bool `json:"privileged,omitempty"`
}

// SetsMode reports whether a file that was there got another mode, and keeps its content.
func (d Done) SetsMode() bool {
	return (d.Kind == SetMode || d.Kind == MoveFile) && d.Before != nil && d.After != nil && d.Before.Mode != d.After.Mode
}
