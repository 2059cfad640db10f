//go:build linux

package helper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func ownerText(i fs.FileInfo) string {
	st := i.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d", st.Uid, st.Gid)
}

func TestApplyAndUndo(t *testing.T) {
	for action, plan := range map[Action]func(*lab) trust.Plan{TrustRegistry: (*lab).plan, TrustComputer: (*lab).computer} {
		t.Run(string(action), func(t *testing.T) {
			l := newLab(t)
			before := l.listing()
			r, err := l.apply(action, plan(l))
			must(t, err)
			if r.ID != testID || r.State != trust.ReceiptApplied {
				t.Fatalf("%+v", r)
			}
			got, err := os.ReadFile(filepath.Join(l.root, "etc/docker/certs.d/reg.example:5000/ca.crt"))
			if err != nil || !bytes.Equal(got, l.ca.PEM()) {
				t.Errorf("%q, %v", got, err)
			}
			r, err = l.s.serve(t.Context(), []string{string(action), "undo", testID}, nil)
			if err != nil || r.State != trust.ReceiptUndone {
				t.Fatalf("%v, %v", r.State, err)
			}
			if d := cmp.Diff(before, l.listing()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRemovalNeedsExactlyAKnownCertificate(t *testing.T) {
	l := newLab(t)
	name := "etc/docker/certs.d/reg.example:5000/ca.crt"
	l.put(name, string(l.ca.PEM()))
	p := l.plan()
	p.Action = "untrust"
	removal := func() trust.Change {
		i, err := l.s.world.FS.Stat("/" + name)
		must(t, err)
		b, err := l.s.world.FS.ReadFile("/" + name)
		must(t, err)
		return trust.Change{
			Kind: trust.RemoveFile, Path: "/" + name, Status: trust.StatusRemoved, Privileged: true,
			Before: &trust.FileState{SHA256: hashOf(b), Mode: i.Mode, UID: i.UID, GID: i.GID},
		}
	}
	p.Changes = []trust.Change{removal()}
	if _, err := l.apply(TrustRegistry, p); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(l.root, name)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it is still there")
	}
	l.put(name, string(l.ca.PEM())+"\nand something of others")
	before := l.listing()
	p.Changes = []trust.Change{removal()}
	b, _ := json.Marshal(p)
	_, err := l.s.serve(t.Context(), []string{"trust-registry", "apply", hashOf(b), "20260101-000000-0000abce"}, bytes.NewReader(b))
	l.refused(before, err, change.ErrOutsideAllowList)
}

func TestUndoKeepsToItsAction(t *testing.T) {
	l := newLab(t)
	_, err := l.apply(TrustComputer, l.computer())
	must(t, err)
	before := l.listing()
	_, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
	l.refused(before, err, change.ErrTooBroad)
}

func TestUsage(t *testing.T) {
	l := newLab(t)
	before := l.listing()
	for _, args := range [][]string{
		nil,
		{"trust-registry"},
		{"apply", "x", "y"},
		{"trust-everything", "undo", testID},
		{"trust-registry", "apply", "hash"},
		{"trust-registry", "undo", testID, "--root=/"},
		{"trust-registry", "exec", "sh"},
		{"--root", "/tmp", "trust-registry"},
	} {
		if _, err := l.s.serve(t.Context(), args, nil); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
	for _, id := range []string{"", ".", "..", "../../etc/shadow", "20260101-000000-0000abcd/../x", testID + "\n", strings.Repeat("a", 1<<16)} {
		for _, verb := range []string{"undo", "recover"} {
			if _, err := l.s.serve(t.Context(), []string{"trust-registry", verb, id}, nil); !errors.Is(err, change.ErrNoReceipt) {
				t.Errorf("%s %q: %v", verb, id, err)
			}
		}
	}
	if d := cmp.Diff(before, l.listing()); d != "" {
		t.Error(d)
	}
}

func TestPlanThatNeverComes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	defer r.Close()
	if _, err := receive(ctx, r); !errors.Is(err, change.ErrBadPlan) {
		t.Error(err)
	}
	if _, err := receive(t.Context(), strings.NewReader(strings.Repeat(" ", MaxPlan+1))); !errors.Is(err, change.ErrTooLarge) {
		t.Error(err)
	}
}

// TestUserWritableCopy: a helper that anybody but root could change is refused.
func TestUserWritableCopy(t *testing.T) {
	root := t.TempDir()
	good := "/usr/libexec/mooring/mooring-helper"
	at := func(p string) string { return filepath.Join(root, p) }
	fresh := func() {
		must(t, os.RemoveAll(at("/usr")))
		must(t, os.RemoveAll(at("/link")))
		must(t, os.MkdirAll(filepath.Dir(at(good)), 0o755))
		must(t, os.WriteFile(at(good), nil, 0o755))
	}
	must(t, os.Chmod(root, 0o755))
	check := func(file string, owner int) error {
		return checkInstalled(world.Disk{Root: root}, file, owner)
	}
	fresh()
	if err := check(good, os.Geteuid()); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for name, spoil := range map[string]func() (string, int){
		"not root's":         func() (string, int) { return good, os.Geteuid() + 1 },
		"writable by group":  func() (string, int) { must(t, os.Chmod(at(good), 0o775)); return good, os.Geteuid() },
		"writable by others": func() (string, int) { must(t, os.Chmod(at(good), 0o757)); return good, os.Geteuid() },
		"in a writable directory": func() (string, int) {
			must(t, os.Chmod(at("/usr/libexec"), 0o777|os.ModeSticky))
			return good, os.Geteuid()
		},
		"a link": func() (string, int) {
			must(t, os.Symlink(at(good), at("/link")))
			return "/link", os.Geteuid()
		},
		"over a link": func() (string, int) {
			must(t, os.Symlink("usr", at("/link")))
			return "/link/libexec/mooring/mooring-helper", os.Geteuid()
		},
		"a directory":  func() (string, int) { return filepath.Dir(good), os.Geteuid() },
		"relative":     func() (string, int) { return "mooring-helper", os.Geteuid() },
		"deleted":      func() (string, int) { return good + " (deleted)", os.Geteuid() },
		"through dots": func() (string, int) { return "/usr/../usr/libexec/mooring/mooring-helper", os.Geteuid() },
	} {
		fresh()
		file, owner := spoil()
		err := check(file, owner)
		if !errors.Is(err, change.ErrHelperUnsafe) && !errors.Is(err, change.ErrHelperMissing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if os.Geteuid() == 0 {
		fresh()
		must(t, os.Chown(at("/usr/libexec"), 1000, 0))
		if err := check(good, 0); !errors.Is(err, change.ErrHelperUnsafe) {
			t.Errorf("a user's directory: %v", err)
		}
	}
}
