package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Reach is how far a plan extends trust. It decides under which of the two
// elevation actions the plan may run.
type Reach string

// The reaches, narrow first.
const (
	ReachRegistry Reach = "registry" // certs.d of named registries only
	ReachAccount  Reach = "account"  // also trust stores that this person's programs read
	ReachComputer Reach = "computer" // also those that every program reads
)

// reaches in their order.
var reaches = []Reach{ReachRegistry, ReachAccount, ReachComputer}

// Wider returns the wider of two reaches; "" is the narrowest.
func (r Reach) Wider(s Reach) Reach {
	if slices.Index(reaches, s) > slices.Index(reaches, r) {
		return s
	}
	return r
}

// ReachAt is the reach of a plan that changes a store at a location.
func ReachAt(l Location) Reach {
	if l == LocationUser {
		return ReachAccount
	}
	return ReachComputer
}

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

// SetsMode reports whether a file that was there got another mode, and keeps its content.
func (d Done) SetsMode() bool {
	return (d.Kind == SetMode || d.Kind == MoveFile) && d.Before != nil && d.After != nil && d.Before.Mode != d.After.Mode
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

// PlanAnchor is a certificate that a plan installs or removes.
type PlanAnchor struct {
	SHA256   string    `json:"sha256"`
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	NotAfter time.Time `json:"notAfter"`
	Origin   Source    `json:"origin"`
	PEM      string    `json:"pem"`
}

// Forecast is one consumer's verdict now and after the plan, judged by the same
// code against an overlay.
type Forecast struct {
	Registry  string    `json:"registry"`
	Endpoint  string    `json:"endpoint"`
	Party     Party     `json:"party"`
	Instance  string    `json:"instance"`
	Operation Operation `json:"operation"`
	InScope   bool      `json:"inScope"`
	Before    State     `json:"before"`
	After     State     `json:"after"`
	Reason    Code      `json:"reason,omitempty"`
	Effective string    `json:"effective,omitempty"`
}

// Plan is an ordered list of changes, shown before anything happens.
type Plan struct {
	Schema     int          `json:"schema"`
	Action     string       `json:"action"` // "trust", "untrust", "undo", "client-cert", "use", "unuse", "move", "unregister", …
	Reach      Reach        `json:"reach"`
	Registries []string     `json:"registries"`
	Anchors    []PlanAnchor `json:"anchors"`
	Changes    []Change     `json:"changes"`
	Restarts   []Restart    `json:"restarts"`
	Forecast   []Forecast   `json:"forecast"`
	// Consequences are for people, and are said before they agree.
	Consequences []Consequence `json:"consequences,omitempty"`
}

// Consequence is what carrying out a plan means besides its changes.
type Consequence struct {
	Code ConsequenceCode `json:"code"`
	Path string          `json:"path,omitempty"` // the file it is about, if any
	// Registry and Name are what else it is about: the name of a credential helper.
	Registry string `json:"registry,omitempty"`
	Name     string `json:"name,omitempty"`
}

// ConsequenceCode names a consequence; its words are under "consequence.<code>".
type ConsequenceCode string

// The consequences of installing a client certificate.
const (
	KeyDecrypted    ConsequenceCode = "decrypted"     // a key that had a passphrase will lie without
	PairsInTheWay   ConsequenceCode = "shadow"        // other pairs would be shown instead, and are moved aside
	ManifestStops   ConsequenceCode = "manifest"      // docker's command line itself may not read the key
	OwnDirectory    ConsequenceCode = "own-directory" // a directory of the person's own now hides others
	HostsTOMLToEdit ConsequenceCode = "hosts-toml"    // the person has to name the pair in Path
)

// ClientStays is a consequence of ceasing to trust: the client certificate in Path
// is left where it is.
const ClientStays ConsequenceCode = "client-stays"

// The consequences of letting tools use a sign-in.
const (
	// StoreKept: the helper Name is written as the default store. Docker would have
	// picked it itself as long as its file named no helper at all.
	StoreKept      ConsequenceCode = "default-store"
	PlaintextStays ConsequenceCode = "plaintext-stays" // other logins go on lying in plain text in Path
	PasswordStays  ConsequenceCode = "password-stays"  // one for Registry lies in plain text in Path, and stays
	PodmanLogin    ConsequenceCode = "podman-login"    // it writes into Path, which podman reads first
	EarlierFile    ConsequenceCode = "earlier-file"    // podman reads Path first, and what that says wins
	DockerServes   ConsequenceCode = "docker-serves"   // podman reads docker's Path, too
	NothingKept    ConsequenceCode = "nothing-kept"    // no sign-in to Registry is kept yet
	VariableWins   ConsequenceCode = "variable-wins"   // docker reads the variable Path first
	NotMovable     ConsequenceCode = "not-movable"     // a password lies in Path under Name that is not moved: no tool uses it for the whole of Registry
	OtherNames     ConsequenceCode = "other-names"     // Path has more names (hard links), under which the password stays
	TokenStays     ConsequenceCode = "token-stays"     // a token for some of Registry's content stays in Path
)

// What to know of the stores of Windows.
const (
	WindowsAsks     ConsequenceCode = "windows-asks"     // it asks itself, when adding and when removing
	WindowsOwn      ConsequenceCode = "windows-own"      // services do not see the person's store
	WindowsServices ConsequenceCode = "windows-services" // everybody and every service sees the computer's
)

// The consequences of changing the trust settings of macOS: what it asks besides.
const (
	MacAsksPerson ConsequenceCode = "mac-asks-person" // for the person's password or Touch ID
	MacAsksAdmin  ConsequenceCode = "mac-asks-admin"  // for an administrator, even of root
)

// What to know of the stores of browsers and of Java.
const (
	NSSRunning   ConsequenceCode = "nss-running"    // a browser that runs reads its database when it starts
	NSSNeedsTool ConsequenceCode = "nss-needs-tool" // certutil is not installed
	JavaRunning  ConsequenceCode = "java-running"   // a program that runs has read its keystore already
)

// The consequences of changing the stores of machines inside this one, called Name.
const (
	GuestStore   ConsequenceCode = "guest-store"   // a distribution of WSL
	GuestMachine ConsequenceCode = "guest-machine" // a virtual machine of podman's
)

// What the system asks before Mooring gets an administrator's rights, where it says
// no more than the name of what gets them.
const (
	UACAsks       ConsequenceCode = "uac-asks"        // Windows, for the program that it calls Name
	MacAsksHelper ConsequenceCode = "mac-asks-helper" // macOS, for the name and password of an administrator
)

// Consequences lists the codes.
func Consequences() []ConsequenceCode {
	return []ConsequenceCode{
		LeftMixed, LeftKey, LeftOther, LeftLink, LeftNamed, LeftPackaged, LeftPlace, LeftShared, LeftStore,
		StoreLoses, OthersLose, OthersUnasked,
		KeyDecrypted, PairsInTheWay, ManifestStops, OwnDirectory, HostsTOMLToEdit, ClientStays,
		StoreKept, PlaintextStays, PasswordStays, PodmanLogin, EarlierFile, DockerServes, NothingKept, VariableWins,
		NotMovable, OtherNames, TokenStays,
		WindowsAsks, WindowsOwn, WindowsServices, MacAsksPerson, MacAsksAdmin, UACAsks, MacAsksHelper,
		NSSRunning, NSSNeedsTool, JavaRunning,
		GuestStore, GuestMachine,
	}
}

// Shown is the plan as it may be written down or shown: without the bytes of
// private keys. Its hash is not the plan's.
func (p Plan) Shown() Plan {
	changes := slices.Clone(p.Changes)
	for i := range changes {
		if changes[i].Secret {
			changes[i].Content = nil
		}
	}
	p.Changes = changes
	return p
}

// PlanSchema is the version of the plan format.
const PlanSchema = 1

// Hash is the SHA-256 of the plan's JSON form: the one thing about a plan that
// travels in a command line.
func (p Plan) Hash() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // a plan holds nothing that cannot be marshalled
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Pending lists the changes that would alter something.
func (p Plan) Pending() []Change {
	var out []Change
	for _, c := range p.Changes {
		if c.Status != StatusUnchanged {
			out = append(out, c)
		}
	}
	return out
}

// Half returns the part of the plan that needs root's rights, or the part that
// does not: its pending changes alone, without forecast, restarts and
// consequences, which are for people. What travels to the privileged process is the
// former; stores of the person's own are none of its business.
func (p Plan) Half(privileged bool) Plan {
	half := p
	if privileged && half.Reach == ReachAccount {
		half.Reach = ReachRegistry
	}
	half.Changes, half.Restarts, half.Forecast, half.Consequences = nil, nil, nil, nil
	for _, c := range p.Pending() {
		if c.Privileged == privileged {
			half.Changes = append(half.Changes, c)
		}
	}
	return half
}

// Privileged reports whether any pending change needs more than the person's
// own rights.
func (p Plan) Privileged() bool {
	for _, c := range p.Pending() {
		if c.Privileged {
			return true
		}
	}
	return false
}

// Limited reports whether all stores that the plan changes let its certificates count
// for its registries alone.
func (p Plan) Limited() bool {
	stores := 0
	for _, c := range p.Pending() {
		switch {
		case c.Kind == RunCommand, c.Kind == ChangeStore && !c.Limited:
			return false
		case c.Kind == ChangeStore:
			stores++
		}
	}
	return stores > 0
}

// Plaintext reports whether carrying out the plan puts a secret back into a file,
// where every program of the person's can read it.
func (p Plan) Plaintext() bool {
	if p.Action != "undo" {
		return false
	}
	for _, c := range p.Changes {
		for _, e := range c.Edits {
			if c.Kind == EditFile && e.Secret {
				return true
			}
		}
	}
	return false
}

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
