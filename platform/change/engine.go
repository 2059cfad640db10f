// Package change carries out plans and takes them back. Every change is written
// into a journal before it is made, made atomically, read back and compared; a
// crash at any point leaves each file as it was or as it shall be, and the next
// start finishes or rolls back.
//
// A file that others keep their own things in is edited (EditFile): the plan and
// the journal hold the edits and never the content, which may hold passwords. The
// before-image is the reverse of the edit, with a hole where a secret was; undo
// fills it from the keyring, where a change of kind KeepSecret put it.
//
// Such a file is known by the hash of its mask: of its content without what may be a
// secret, or how long it is. The hash of the content itself would be one with which
// passwords can be tried, fast and by everybody who is shown a plan or a receipt. A
// key for it in the journal would help against those only who see it printed, not
// against who reads the journal, and a slow hash makes a weak password no strong one.
// Nothing is lost by that: an edit touches no secret but its own, so that files with
// the same mask take the same edit and the same reverse, and what another tool
// renewed stays as it is. Within one run every byte counts: the file that is replaced
// must be the one that the edit was made from. For the run after a crash, which may
// find two files, the record has their exact hashes until it ends; the secrets lie
// open in one of the two for as long.
//
// After undo the file is as it was to the byte: its mask is the old one, its secrets
// are those that it had now and the keyring's. When somebody rewrote the
// file meanwhile (every docker login does), undo looks at the values alone: if all
// are as the edit left them, exactly they are put back and the rest stays;
// otherwise it stops with ErrChangedSince. The keyring gives a secret up only once
// the file has it again.
//
// The package decides nothing about trust: it is given a plan and rules. It is
// the same engine for the person's own half of a plan and for root's.
package change

import (
	"context"
	"crypto/x509"
	"os"
	"time"

	"mooring.dev/mooring/trust"
)

// Engine makes changes under one journal. Several engines may share a journal, in
// one process or many: it is locked while one works.
type Engine struct {
	// Dir is the journal's directory, made when missing, 0700. It lies on this
	// machine, or with DirInRoot below Root.
	Dir       string
	DirInRoot bool
	// Root is the directory below which all paths lie, "" for this machine. Links
	// resolve inside it.
	Root string
	// NoLinks refuses every path that leads over a link. Root's engine sets it.
	NoLinks bool
	// Guard judges each directory in which something is looked at or done, once it is
	// open, and GuardJournal those of the journal: where directories are opened by
	// their paths, they refuse one that others could change or lead elsewhere. Nil:
	// none is refused.
	Guard, GuardJournal func(dir string) error
	// Owner of files that are made; nil: this process.
	Owner *Owner
	// Commands runs the fixed command table; nil: no command is run.
	Commands Commands
	// Stores changes what trust stores hold; nil: plans that need it are refused.
	Stores Stores
	// Editor edits files, Secrets keeps what is taken out of them; nil: plans that
	// need one are refused.
	Editor  Editor
	Secrets Secrets
	// Check judges a whole plan before anything is looked at, Vet each change with
	// the content found at its path (nil for none). Both may be nil.
	Check func(trust.Plan) error
	Vet   func(p trust.Plan, c trust.Change, found []byte) error
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Fault is called before each call of the system by its name (see [FaultPoints])
	// with the path, store or command that it is about; an error makes the call fail.
	// Nil but in tests.
	Fault func(point, path string) error
}

// Owner is a user and group.
type Owner struct{ UID, GID int }

// Commands is the fixed command table: what anchors.Table does.
type Commands interface {
	// Run runs an entry after anchors were added, or with undo taken away. ran is
	// false where nothing is executed.
	Run(ctx context.Context, key string, undo bool) (output string, ran bool, err error)
	// Holds reports which of the fingerprints the entry's derived store holds now, Left
	// which of them any store does that is derived with it, one for Java among them.
	Holds(key string, fingerprints []string) ([]string, error)
	Left(key string, fingerprints []string) ([]string, error)
}

// Stores are the trust stores of this machine that have members: what store.Table
// does. Errors are [Error]s.
type Stores interface {
	// Get says how a store holds cert now.
	Get(ctx context.Context, id trust.StoreID, cert *x509.Certificate) (trust.Membership, error)
	// Set makes the store hold cert as want says, and nothing else of it otherwise.
	// To set what is there already changes nothing.
	Set(ctx context.Context, id trust.StoreID, cert *x509.Certificate, want trust.Membership) error
}

// Progress is told before each step.
type Progress func(Step)

// Step is one step of applying or undoing.
type Step struct {
	Done, Total int
	Kind        trust.ChangeKind
	Path        string // or the command
	Undo        bool
}

func (p Progress) tell(s Step) {
	if p != nil {
		p(s)
	}
}

func (e *Engine) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

func (e *Engine) tree() tree {
	return tree{root: e.Root, noLinks: e.NoLinks, guard: e.Guard, fault: e.Fault}
}

func (e *Engine) journalTree() tree {
	t := tree{noLinks: e.NoLinks, guard: e.GuardJournal, fault: fault(e.Fault).journal()}
	if e.DirInRoot {
		t.root = e.Root
	}
	return t
}

func (e *Engine) owner() Owner {
	if e.Owner != nil {
		return *e.Owner
	}
	return Owner{os.Geteuid(), os.Getegid()}
}

// Apply carries out the pending changes of p and returns the receipt. On an error
// nothing of it is left, unless the error is [ErrPending].
func (e *Engine) Apply(ctx context.Context, p trust.Plan, progress Progress) (trust.Receipt, error) {
	return e.ApplyAs(ctx, NewID(e.now()), p, progress)
}

// ApplyAs is Apply under an id that the caller chose with [NewID]; it refuses one
// that the journal has.
func (e *Engine) ApplyAs(ctx context.Context, id string, p trust.Plan, progress Progress) (trust.Receipt, error) {
	t, err := e.begin(ctx, id, p, p.Pending(), "", progress)
	if err != nil {
		return trust.Receipt{}, err
	}
	defer t.close()
	err = t.complete(ctx)
	return t.r.Receipt, err
}

// Undo takes back exactly what the receipt says. It refuses, and changes nothing,
// if any file is no longer as it was left.
func (e *Engine) Undo(ctx context.Context, id string, progress Progress) (trust.Receipt, error) {
	t, err := e.resume(ctx, id, progress)
	if err != nil {
		return trust.Receipt{}, err
	}
	defer t.close()
	if err := t.checkUndo(ctx); err != nil {
		return t.r.Receipt, err
	}
	err = t.undo(ctx)
	return t.r.Receipt, err
}

// Standing refuses what [Engine.Undo] would, as far as that can be told without a
// lock and without rights: a receipt that a later one stands on, or a file that is
// not as it was left. What cannot be read is left to Undo.
func (e *Engine) Standing(ctx context.Context, r trust.Receipt) error {
	all, _ := e.History() // a damaged entry says nothing
	if err := superseded(r, all); err != nil {
		return err
	}
	for _, d := range r.Changes {
		if d.Kind == trust.ChangeStore {
			if found, err := e.getStore(ctx, r.Anchors, d); err == nil && found != *d.Now {
				return Refuse(ErrChangedSince, string(d.Store), "")
			}
		}
		if d.Kind != trust.WriteFile && d.Kind != trust.RemoveFile && d.Kind != trust.SetMode {
			continue
		}
		found, _, err := e.look(d.Path)
		if err == nil && !sameContent(found, d.After) {
			return Refuse(ErrChangedSince, d.Path, "")
		}
	}
	return nil
}

// sameContent leaves owner and mode aside.
func sameContent(found *file, s *trust.FileState) bool {
	if found == nil || s == nil {
		return found == nil && s == nil
	}
	return found.exact().SHA256 == s.SHA256
}

// Receipt returns one receipt.
func (e *Engine) Receipt(id string) (trust.Receipt, error) {
	d, missing, err := e.journalTree().open(e.Dir)
	if err != nil {
		return trust.Receipt{}, err
	}
	defer d.close()
	if missing != nil {
		return trust.Receipt{}, Refuse(ErrNoReceipt, id, "")
	}
	r, err := (&journal{d: d}).load(id)
	if err != nil {
		return trust.Receipt{}, err
	}
	return r.Receipt, nil
}

// History lists the receipts, newest first. Damaged entries are in the error and
// keep none of the others from being listed. It waits for nobody: records are
// replaced as a whole.
func (e *Engine) History() ([]trust.Receipt, error) {
	d, missing, err := e.journalTree().open(e.Dir)
	if err != nil {
		return nil, err
	}
	defer d.close()
	if missing != nil {
		return nil, nil
	}
	records, err := (&journal{d: d}).all()
	var out []trust.Receipt
	for i := len(records) - 1; i >= 0; i-- {
		out = append(out, records[i].Receipt)
	}
	return out, err
}
