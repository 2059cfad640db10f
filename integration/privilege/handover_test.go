//go:build integration

package privilege

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/handover"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/trusttest"
)

// asRoot is the command within an AppleScript that wants an administrator's rights.
var asRoot = regexp.MustCompile(`^do shell script "([^"\\]*)" with administrator privileges without altering line endings$`)

// osascript runs that command as root by what this machine has for it, and like the
// real one gives it no input.
func osascript(ctx context.Context, c world.Command) (world.Result, error) {
	m := asRoot.FindStringSubmatch(c.Argv[len(c.Argv)-1])
	if m == nil {
		return world.Result{Code: 1, Stderr: []byte("syntax error")}, nil
	}
	cmd := exec.CommandContext(ctx, "pkexec", append([]string{"--disable-internal-agent"}, strings.Fields(m[1])...)...)
	cmd.Env = []string{"PATH=" + desk.SearchPath}
	return world.RunCmd(cmd, nil)
}

// TestHandedOver: an ordinary user's Mooring and the real helper as root, of which
// neither is the other's child, meet at a socket: a plan and its undo.
func TestHandedOver(t *testing.T) {
	w := login(t, "allowed")
	before := desk.Snapshot(t, watched(w)...)
	plan := planFor(t, trusttest.NewCA(t, "Lab Root"), w.Home)
	s := w.mooring("apply", w.hand(plan), "mac")
	s.expect(t, "")
	for _, c := range plan.Changes {
		if _, err := os.Stat(c.Path); err != nil {
			t.Error(err)
		}
	}
	w.mooring("undo", s.Receipt.ID, "mac").expect(t, "")
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
	places, _ := filepath.Glob("/tmp/mooring-*")
	for _, p := range places {
		if handover.ValidName(strings.TrimPrefix(p, "/tmp/mooring-")) {
			t.Errorf("left %s", p)
		}
	}
	// The wide action is not allowed to this user: the helper is not started.
	ca := trusttest.NewCA(t, "Lab Root")
	w.mooring("apply", w.hand(widen(planFor(t, ca, ""), ca)), "mac").expect(t, change.ErrNoRights)
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}

// TestSocketOfAnotherUser: root's helper hands nothing over to a process that is not
// the one in its arguments, though it listens at the place.
func TestSocketOfAnotherUser(t *testing.T) {
	name := strings.Repeat("0", 32)
	dir := "/tmp/mooring-" + name
	must(t, os.Mkdir(dir, 0o755))
	defer os.RemoveAll(dir)
	out, err := exec.Command(desk.HelperPath, "over", name, "1", "undo", "20260101-000000-0000abcd").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "others can enter") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestNothingToAskWith: neither pkexec nor a terminal, or no helper, is a refusal in
// words of its own, and changes nothing.
func TestNothingToAskWith(t *testing.T) {
	w := login(t, "allowed")
	before := desk.Snapshot(t, watched(w)...)
	for file, want := range map[string]change.Code{"/usr/bin/pkexec": change.ErrNoElevation, desk.HelperPath: change.ErrHelperMissing} {
		must(t, os.Rename(file, file+".away"))
		s := w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), w.Home)))
		must(t, os.Rename(file+".away", file))
		s.expect(t, want)
	}
	if d := cmp.Diff(lines(before), lines(desk.Snapshot(t, watched(w)...))); d != "" {
		t.Error(d)
	}
}

// TestBarred: a rule of the administrator's says no before anybody is asked.
func TestBarred(t *testing.T) {
	w := login(t, "barred")
	before := desk.Snapshot(t, watched(w)...)
	s := w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), w.Home)), "dismiss")
	s.expect(t, change.ErrNoRights)
	if s.Asked.Action != "" {
		t.Errorf("asked %+v", s.Asked)
	}
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}
