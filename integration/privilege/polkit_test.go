//go:build integration

package privilege

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
)

const certsD = "/etc/docker/certs.d/reg.example:5000"

func planFor(t *testing.T, ca *trusttest.Cert, home string) trust.Plan {
	t.Helper()
	c := ca.Cert
	write := func(path string, privileged bool) trust.Change {
		return trust.Change{
			Kind: trust.WriteFile, Path: path, Content: certfile.Normalize(c), Mode: 0o644,
			Status: trust.StatusNew, Privileged: privileged, Parties: []trust.Party{trust.Docker},
		}
	}
	p := trust.Plan{
		Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachRegistry, Registries: []string{"reg.example:5000"},
		Anchors: []trust.PlanAnchor{{
			SHA256: trust.FingerprintOf(c).String(), Subject: c.Subject.String(), Issuer: c.Issuer.String(),
			NotAfter: c.NotAfter.UTC(), Origin: "given", PEM: string(certfile.Normalize(c)),
		}},
		Changes: []trust.Change{write(certsD+"/ca.crt", true)},
	}
	if home != "" {
		p.Changes = append(p.Changes, write(filepath.Join(home, ".config/containers/certs.d/reg.example:5000/ca.crt"), false))
	}
	return p
}

// widen makes a plan reach the whole computer.
func widen(p trust.Plan, ca *trusttest.Cert) trust.Plan {
	p.Reach = trust.ReachComputer
	p.Changes = append(p.Changes, trust.Change{
		Kind: trust.WriteFile, Path: storeDir + "/mooring-" + trust.FingerprintOf(ca.Cert).Short() + ".crt",
		Content: certfile.Normalize(ca.Cert), Mode: 0o644, Status: trust.StatusNew, Privileged: true,
	}, trust.Change{
		Kind: trust.RunCommand, Command: "update-ca-certificates", Status: trust.StatusNew, Privileged: true,
	})
	return p
}

// watched is what a refusal must not change.
func watched(w who) []string {
	return []string{"/etc", "/usr/local/share/ca-certificates", "/usr/libexec", filepath.Join(w.Home, ".config")}
}

func TestAllowedByRule(t *testing.T) {
	w := login(t, "allowed")
	before := desk.Snapshot(t, watched(w)...)
	plan := planFor(t, trusttest.NewCA(t, "Lab Root"), w.Home)
	s := w.mooring("apply", w.hand(plan))
	s.expect(t, "")
	for path, uid := range map[string]uint32{plan.Changes[0].Path: 0, plan.Changes[1].Path: w.Cred.Uid} {
		i, err := os.Stat(path)
		must(t, err)
		b, err := os.ReadFile(path)
		must(t, err)
		if st := i.Sys().(*syscall.Stat_t); st.Uid != uid || i.Mode() != 0o644 || !bytes.Equal(b, plan.Changes[0].Content) {
			t.Errorf("%s: %v, owner %d", path, i.Mode(), st.Uid)
		}
	}
	if i, err := os.Stat("/var/lib/mooring"); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("root's journal: %v, %v", i, err)
	}
	w.mooring("undo", s.Receipt.ID).expect(t, "")
	// The person's own directories were made by the plan, so they are gone as well.
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}

// TestRuleForOneActionIsNotForTheOther: pkexec goes by the file that it
// starts, so leave for registries is no leave for the computer.
func TestRuleForOneActionIsNotForTheOther(t *testing.T) {
	w, ca := login(t, "allowed"), trusttest.NewCA(t, "Lab Root")
	before := desk.Snapshot(t, watched(w)...)
	plan := widen(planFor(t, ca, w.Home), ca)
	w.mooring("apply", w.hand(plan)).expect(t, change.ErrNoAgent)
	// Nor does it help to announce the wide plan as a narrow one.
	half := plan.Half(true)
	b, err := json.Marshal(half)
	must(t, err)
	sh, err := exec.LookPath("sh")
	must(t, err)
	for path, want := range map[string]change.Code{
		helperFor(helper.TrustRegistry): change.ErrTooBroad, helperFor(helper.TrustComputer): "", sh: "",
	} {
		// Between the two a shell: pkexec serves no child of process 1, which we are.
		cmd := w.command("sh", "-c", `"$@"; exit $?`, "sh",
			"pkexec", "--disable-internal-agent", path, "apply", half.Hash(), change.NewID(ca.Cert.NotBefore))
		cmd.Stdin = bytes.NewReader(b)
		cmd.Env = []string{"PATH=" + desk.SearchPath}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, _ := cmd.Output()
		var r helper.Reply
		_ = json.Unmarshal(out, &r)
		switch {
		case want == "" && !strings.Contains(stderr.String(), "No authentication agent found"):
			t.Errorf("%s: %v: %s%s", path, cmd.ProcessState, out, &stderr)
		case want != "" && (r.Error == nil || r.Error.Code != want):
			t.Errorf("%s: %s%s", path, out, &stderr)
		}
	}
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}

func TestNoAgent(t *testing.T) {
	w := login(t, "admin")
	before := desk.Snapshot(t, watched(w)...)
	s := w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), w.Home)))
	s.expect(t, change.ErrNoAgent)
	if s.Receipt.State != trust.ReceiptFailed {
		t.Errorf("the receipt says %q", s.Receipt.State)
	}
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}

// TestDismissed: a desktop asks in the person's language, and they close the prompt.
func TestDismissed(t *testing.T) {
	w := login(t, "admin")
	before := desk.Snapshot(t, watched(w)...)
	s := w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), w.Home)), "dismiss")
	s.expect(t, change.ErrRefusedByPerson)
	if s.Asked.Action != "dev.mooring.trust-registry" || !strings.Contains(s.Asked.Message, "레지스트리") {
		t.Errorf("asked %+v", s.Asked)
	}
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}

func TestNoPolkit(t *testing.T) {
	w := login(t, "allowed")
	must(t, os.Rename("/run/dbus/system_bus_socket", "/run/dbus/away"))
	defer func() { must(t, os.Rename("/run/dbus/away", "/run/dbus/system_bus_socket")) }()
	w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), ""))).expect(t, change.ErrNoElevation)
}

// TestPassword: the person is asked in the words of the action, each time anew.
func TestPassword(t *testing.T) {
	w, ca := login(t, "admin"), trusttest.NewCA(t, "Lab Root")
	must(t, os.Rename("/usr/bin/sudo", "/usr/bin/sudo.away")) // else it would be sudo that asks
	defer func() { must(t, os.Rename("/usr/bin/sudo.away", "/usr/bin/sudo")) }()
	before := desk.Snapshot(t, watched(w)...)
	plan := w.hand(planFor(t, ca, w.Home))

	s, text := w.inTerminal("wrong", "apply", plan, "terminal")
	s.expect(t, change.ErrNoRights)
	if !strings.Contains(text, "use for a registry: those they trust, and those they show. No other program is affected.") || !strings.Contains(text, "dev.mooring.trust-registry") {
		t.Errorf("the prompt was %q", text)
	}
	s, _ = w.inTerminal(desk.Password, "apply", plan, "terminal")
	s.expect(t, "")
	// A prompt that was answered is not kept: without an agent the next is refused.
	w.mooring("undo", s.Receipt.ID).expect(t, change.ErrNoAgent)
	s, _ = w.inTerminal(desk.Password, "undo", s.Receipt.ID, "terminal")
	s.expect(t, "")
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}

	s, text = w.inTerminal(desk.Password, "apply", w.hand(widen(planFor(t, ca, ""), ca)), "terminal")
	s.expect(t, "")
	if !strings.Contains(text, "the whole computer trusts: every program") {
		t.Errorf("the prompt was %q", text)
	}
	s, _ = w.inTerminal(desk.Password, "undo", s.Receipt.ID, "terminal")
	s.expect(t, "")
}

func TestSudo(t *testing.T) {
	w, ca := login(t, "admin"), trusttest.NewCA(t, "Lab Root")
	before := desk.Snapshot(t, watched(w)...)
	plan := w.hand(planFor(t, ca, w.Home))
	s, text := w.inTerminal("wrong", "apply", plan, "terminal")
	s.expect(t, change.ErrRefusedByPerson)
	if !strings.Contains(text, "[sudo] password for admin") {
		t.Errorf("the prompt was %q", text)
	}
	s, _ = w.inTerminal(desk.Password, "apply", plan, "terminal")
	s.expect(t, "")
	s, _ = w.inTerminal(desk.Password, "undo", s.Receipt.ID, "terminal")
	s.expect(t, "")
	if d := cmp.Diff(before, desk.Snapshot(t, watched(w)...)); d != "" {
		t.Error(d)
	}
}

// TestRealHelperRefusesItself where anybody else could change it, or without root.
func TestRealHelperRefusesItself(t *testing.T) {
	w := login(t, "allowed")
	own := filepath.Join(w.Home, helper.TrustRegistry.File())
	b, err := os.ReadFile(desk.HelperPath)
	must(t, err)
	must(t, os.WriteFile(own, b, 0o755))
	defer os.Remove(own)
	for path, want := range map[string]change.Code{own: change.ErrHelperUnsafe, desk.HelperPath: change.ErrNoReceipt} {
		out, _ := exec.Command(path, "undo", "20260101-000000-0000abcd").Output()
		var r helper.Reply
		must(t, json.Unmarshal(out, &r))
		if r.Error == nil || r.Error.Code != want {
			t.Errorf("%s as root: %s", path, out)
		}
	}
	out, _ := w.command(desk.HelperPath, "undo", "20260101-000000-0000abcd").Output()
	if !bytes.Contains(out, []byte(change.ErrNoRights)) {
		t.Errorf("as a user: %s", out)
	}
	// The other side refuses to start one that its user could change.
	must(t, os.Chown(desk.HelperPath, int(w.Cred.Uid), 0))
	defer func() { must(t, os.Chown(desk.HelperPath, 0, 0)) }()
	w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), ""))).expect(t, change.ErrHelperUnsafe)
}

// TestHelperGoesByItsFile: what the caller says the helper is called counts nothing.
func TestHelperGoesByItsFile(t *testing.T) {
	ca := trusttest.NewCA(t, "Lab Root")
	half := widen(planFor(t, ca, ""), ca).Half(true)
	b, err := json.Marshal(half)
	must(t, err)
	cmd := exec.Command(helperFor(helper.TrustRegistry), "apply", half.Hash(), change.NewID(ca.Cert.NotBefore))
	cmd.Args[0] = helperFor(helper.TrustComputer)
	cmd.Stdin = bytes.NewReader(b)
	out, _ := cmd.Output()
	var r helper.Reply
	must(t, json.Unmarshal(out, &r))
	if r.Error == nil || r.Error.Code != change.ErrTooBroad {
		t.Errorf("%s", out)
	}
}

func TestHelperMissing(t *testing.T) {
	w := login(t, "allowed")
	must(t, os.Rename(desk.HelperPath, desk.HelperPath+".away"))
	defer func() { must(t, os.Rename(desk.HelperPath+".away", desk.HelperPath)) }()
	s := w.mooring("apply", w.hand(planFor(t, trusttest.NewCA(t, "Lab Root"), "")))
	s.expect(t, change.ErrHelperMissing)
	if !strings.Contains(s.Error.Detail, "make install-helper") {
		t.Errorf("no hint: %+v", s.Error)
	}
}
