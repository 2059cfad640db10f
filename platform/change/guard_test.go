package change

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// others refuses directories that somebody else made.
func others(theirs ...string) func(string) error {
	return func(dir string) error {
		if slices.Contains(theirs, dir) {
			return Refuse(ErrOthersWrite, dir, "")
		}
		return nil
	}
}

// A directory that was missing when the plan was looked at, and that somebody else made
// before it was carried out, gets nothing.
func TestDirectoryThatAppears(t *testing.T) {
	v := newEverywhere(t)
	theirs := v.at("certs.d")
	v.e.Guard = others(theirs)
	v.e.Fault = func(point, _ string) error {
		if point != faultMkdir {
			return nil
		}
		return os.MkdirAll(filepath.Join(theirs, "reg.example5000"), 0o777)
	}
	if err := v.run("apply"); !errors.Is(err, ErrOthersWrite) {
		t.Errorf("got %v", err)
	}
	for name, content := range v.listing() {
		if content == "new" {
			t.Errorf("%s was written", name)
		}
	}
}

// What a journal says is carried out: nothing is, and nothing is read, of one that
// somebody else made.
func TestJournalOfOthers(t *testing.T) {
	v := newEverywhere(t)
	v.ok(v.run("apply"))
	v.e.Fault = func(point, _ string) error {
		if point == faultPlace {
			return errStop
		}
		return nil
	}
	if err := v.run("undo"); !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	v.e.Fault = nil
	v.e.GuardJournal = others(v.e.Dir)
	before := v.listing()
	_, recovered := v.e.Recover(t.Context())
	_, listed := v.e.History()
	_, shown := v.e.Receipt(everywhereID)
	for what, err := range map[string]error{
		"recover": recovered, "history": listed, "receipt": shown, "undo": v.run("undo"), "apply": v.run("apply"),
	} {
		if !errors.Is(err, ErrOthersWrite) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if after := v.listing(); !maps.Equal(after, before) {
		t.Errorf("there is %v, was %v", after, before)
	}
}

// One that appears when it is to be made is somebody else's, too.
func TestJournalThatAppears(t *testing.T) {
	v := newEverywhere(t)
	before := v.listing()
	v.e.GuardJournal = others(v.e.Dir)
	v.e.Fault = func(point, _ string) error {
		if point != journalPrefix+faultMkdir {
			return nil
		}
		return os.MkdirAll(v.e.Dir, 0o777)
	}
	if err := v.run("apply"); !errors.Is(err, ErrOthersWrite) {
		t.Errorf("got %v", err)
	}
	if after := v.listing(); !maps.Equal(after, before) {
		t.Errorf("there is %v, was %v", after, before)
	}
}
