package change

// Fault points name every step at which the machine could stop or the system
// could refuse. A test makes the process die, or the step fail, at each of them.
// They come before the step; the ones of the journal carry the prefix "journal.".
const (
	faultMkdir   = "mkdir"
	faultCreate  = "create" // the temporary file
	faultHalf    = "half"   // half of its content is written
	faultOwner   = "owner"
	faultMode    = "mode"
	faultSync    = "sync"  // its content reaches the disk
	faultPlace   = "place" // it gets its name, where nothing was
	faultSwap    = "swap"  // it changes places with the file that it replaces
	faultRename  = "rename"
	faultRemove  = "remove"
	faultRmdir   = "rmdir"
	faultSyncDir = "sync-dir"
	faultRead    = "read"
	faultCommand = "command"
	faultKeep    = "keep"   // a secret goes into the keyring
	faultForget  = "forget" // and out of it again

	faultStoreGet  = "store-get"
	faultStoreSet  = "store-set"
	faultStoreDone = "store-done" // the store is changed, and has not said so yet

	journalPrefix = "journal."
)

// FaultPoints lists the names that [Engine.Fault] is called with.
func FaultPoints() []string {
	var out []string
	for _, p := range []string{
		faultMkdir, faultCreate, faultHalf, faultOwner, faultSync, faultRemove, faultSyncDir, faultRead,
	} {
		out = append(out, p, journalPrefix+p)
	}
	return append(out, faultMode, faultPlace, faultSwap, faultRmdir, faultCommand, faultKeep, faultForget,
		faultStoreGet, faultStoreSet, faultStoreDone, journalPrefix+faultRename)
}

// fault is called before each step; an error stands for the step's failure.
type fault func(point string) error

func (f fault) at(point string) error {
	if f == nil {
		return nil
	}
	return f(point)
}

// journal is f with the names of the journal's steps.
func (f fault) journal() fault {
	if f == nil {
		return nil
	}
	return func(point string) error { return f(journalPrefix + point) }
}
