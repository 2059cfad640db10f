package change

import (
	"errors"
	"syscall"
)

// Fault points name every call by which the machine is changed or looked at: each
// can be the last one before it stops, and each can be refused. A test makes the
// process die, or the call fail, at each of them. They come before the call; those of
// the journal carry the prefix "journal.".
const (
	faultWalk       = "walk" // a directory on the way is opened
	faultMkdir      = "mkdir"
	faultMkdirMode  = "mkdir-mode"
	faultRead       = "read" // a file is opened to be read
	faultStat       = "stat"
	faultContent    = "content" // its content is read
	faultListAttrs  = "list-attrs"
	faultGetAttr    = "get-attr"
	faultCreate     = "create" // the temporary file
	faultWrite      = "write"
	faultHalf       = "half" // half of its content is written
	faultOwner      = "owner"
	faultMode       = "mode"
	faultSetAttr    = "set-attr"
	faultRemoveAttr = "remove-attr"
	faultSync       = "sync" // its content reaches the disk
	faultClose      = "close"
	faultPlace      = "place"  // it gets its name, where nothing was
	faultLink       = "link"   // the same, where the file system cannot do it at once
	faultUnlink     = "unlink" // and its temporary name goes
	faultSwap       = "swap"   // it changes places with the file that it replaces
	faultOver       = "over"   // the same, where the file system cannot exchange
	faultRename     = "rename"
	faultRemove     = "remove"
	faultRmdir      = "rmdir"
	faultSyncDir    = "sync-dir"
	faultList       = "list"
	faultLockOpen   = "lock-open"
	faultLock       = "lock"

	faultCommand = "command"
	faultHolds   = "holds"  // what a derived store holds is looked at
	faultKept    = "kept"   // the keyring is asked whether it has a secret
	faultKeep    = "keep"   // a secret goes into the keyring
	faultSecret  = "secret" // it is asked for
	faultForget  = "forget" // and goes out of it again

	faultStoreGet  = "store-get"
	faultStoreSet  = "store-set"
	faultStoreDone = "store-done" // the store is changed, and has not said so yet

	journalPrefix = "journal."
)

// The points of files, those that the journal has too, and its own; of file systems
// that lack a call; and of what is no file.
var (
	sharedPoints = []string{
		faultWalk, faultMkdir, faultMkdirMode, faultRead, faultStat, faultContent, faultListAttrs,
		faultCreate, faultWrite, faultHalf, faultMode, faultSync, faultClose, faultRemove, faultSyncDir,
	}
	filePoints    = []string{faultGetAttr, faultSetAttr, faultRemoveAttr, faultPlace, faultSwap, faultRmdir}
	journalPoints = []string{faultRename, faultList, faultLockOpen, faultLock}
	plainPoints   = []string{faultLink, faultUnlink, faultOver}
	otherPoints   = []string{
		faultCommand, faultHolds, faultKept, faultKeep, faultSecret, faultForget, faultStoreGet, faultStoreSet, faultStoreDone,
	}
)

// FaultPoints lists the names that [Engine.Fault] is called with.
func FaultPoints() []string {
	var out []string
	for _, p := range sharedPoints {
		out = append(out, p, journalPrefix+p)
	}
	for _, p := range journalPoints {
		out = append(out, journalPrefix+p)
	}
	out = append(out, filePoints...)
	out = append(out, faultOwner) // only root gives files away
	out = append(out, plainPoints...)
	return append(out, otherPoints...)
}

// fault is called before each call with its point and what it is about; an error
// stands for the call's failure, and errSkipped for an engine that forgot it.
type fault func(point, path string) error

// errSkipped lets a test leave a call out, to show that its absence is noticed.
var errSkipped = errors.New("left out")

func (f fault) at(point, path string) error {
	if f == nil {
		return nil
	}
	return f(point, path)
}

// call makes a call of the system, and makes it again when a signal came between.
func (f fault) call(point, path string, do func() error) error {
	for {
		err := f.at(point, path)
		if err == nil {
			err = do()
		}
		switch {
		case errors.Is(err, errSkipped):
			return nil
		case !errors.Is(err, syscall.EINTR):
			return err
		}
	}
}

// journal is f with the names of the journal's points.
func (f fault) journal() fault {
	if f == nil {
		return nil
	}
	return func(point, path string) error { return f(journalPrefix+point, path) }
}
