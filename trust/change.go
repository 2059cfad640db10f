package trust

import (
	"fmt"
	"io/fs"
	"strings"
)

// ChangeKind is what a change does.
type ChangeKind string

// The kinds of change.
const (
	WriteFile  ChangeKind = "write-file"  // create Path, or replace it if Before is set
	RemoveFile ChangeKind = "remove-file" // remove Path, which must still be as Before says
	RunCommand ChangeKind = "run-command" // rebuild a derived store: an entry of the fixed table
	MoveFile   ChangeKind = "move-file"   // rename Path to To in the same directory, where nothing is; its content is kept nowhere else
	EditFile   ChangeKind = "edit-file"   // make Edits in Path, and leave every other byte as it is
	SetMode    ChangeKind = "set-mode"    // give Path, which is as Before says, Mode, and nobody more rights than they have
	KeepSecret ChangeKind = "keep-secret" // put the sign-in that lies in Path at Key into the keyring
	// ChangeStore makes Store hold the certificate in Content as Want says.
	ChangeStore ChangeKind = "change-store"
)

// Status is how a change relates to what is there, for the preview.
type Status string

// The statuses of a change.
const (
	StatusNew       Status = "new"       // nothing is there
	StatusUnchanged Status = "unchanged" // it is there already, byte for byte
	StatusBeside    Status = "beside"    // added beside files of others, which stay
	StatusReplaced  Status = "replaced"
	StatusEdited    Status = "edited" // values of it are set or removed, the rest stays
	StatusRemoved   Status = "removed"
	StatusRenamed   Status = "renamed"
	StatusRights    Status = "rights" // others may do less with it, or as much as before
)

// Change is one step of a plan.
type Change struct {
	Kind    ChangeKind `json:"kind"`
	Path    string     `json:"path,omitempty"`
	Content []byte     `json:"content,omitempty"` // base64 in JSON
	// Secret: Content is a private key. It is shown to nobody and comes into no
	// before-image, which is why such a file is only ever created.
	Secret bool `json:"secret,omitempty"`
	// To is the new name of Path, for MoveFile.
	To string `json:"to,omitempty"`
	// Mode of MoveFile, if there is one, is given to the file before it is moved, as
	// SetMode does.
	Mode fs.FileMode `json:"mode,omitempty"`
	// Before is the file as it was when the plan was made, nil if there was none.
	// Applying stops if it is another by then.
	Before *FileState `json:"before,omitempty"`
	Status Status     `json:"status"`
	// Edits are made by EditFile. The plan carries them and not the content, which
	// may hold the passwords of others.
	Edits []Edit `json:"edits,omitempty"`
	// Via is the link that leads to Path, where a person knows the file by one.
	Via string `json:"via,omitempty"`
	// Registry and Key are of KeepSecret: whose sign-in it is, and which value of
	// the file holds it.
	Registry string   `json:"registry,omitempty"`
	Key      []string `json:"key,omitempty"`
	// Store, Was and Want are of ChangeStore. Applying stops if the store no longer
	// holds the certificate as Was says.
	Store StoreID     `json:"store,omitempty"`
	Was   *Membership `json:"was,omitempty"`
	Want  *Membership `json:"want,omitempty"`
	// Limited: the store lets the certificate count for the plan's registries alone.
	Limited bool `json:"limited,omitempty"`
	// Command names an entry of the fixed command table, for RunCommand; Shown is
	// the command line as a person reads it, also of a ChangeStore that is carried
	// out by commands.
	Command string `json:"command,omitempty"`
	Shown   string `json:"shown,omitempty"`
	// Privileged: the person's own rights do not suffice.
	Privileged bool `json:"privileged"`
	// Parties are those that read the result, for the preview.
	Parties []Party `json:"parties,omitempty"`
}

// Moved is the change's path, of a file that gets another name both names, and of one
// that gets another mode both modes.
func (c Change) Moved() string {
	s := c.Path
	if c.Kind == MoveFile {
		s += " → " + c.To[strings.LastIndexAny(c.To, `/\`)+1:]
	}
	if c.SetsMode() {
		s += fmt.Sprintf(" (%04o → %04o)", c.Before.Mode.Perm(), c.Mode.Perm())
	}
	return s
}

// SetsMode reports whether a file that is there gets another mode.
func (c Change) SetsMode() bool {
	return c.Before != nil && (c.Kind == SetMode || c.Kind == MoveFile && c.Mode != 0)
}

// StoreCommands are the command lines, as a person reads them, by which a store is
// changed; nil where none runs.
func (c Change) StoreCommands() []string {
	if c.Kind != ChangeStore || c.Shown == "" || c.Status == StatusUnchanged {
		return nil
	}
	return strings.Split(c.Shown, "\n")
}

// FileState identifies a file by content, mode and owner. Of a file that is edited
// the content counts without what may be a secret: its hash would be one with which
// passwords can be tried.
type FileState struct {
	SHA256 string      `json:"sha256"`
	Mode   fs.FileMode `json:"mode"`
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
}
