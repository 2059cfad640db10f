//go:build integration

package privilege

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const (
	storeDir = "/usr/local/share/ca-certificates"
	bundle   = "/etc/ssl/certs/ca-certificates.crt"
)

// ask starts the helper installed for an action as root, with a plan on its input.
func ask(t *testing.T, p *trust.Plan, a helper.Action, args ...string) helper.Reply {
	t.Helper()
	cmd := exec.Command(helperFor(a), args...)
	if p != nil {
		b, err := json.Marshal(*p)
		must(t, err)
		cmd.Stdin = bytes.NewReader(b)
	}
	out, _ := cmd.Output()
	var r helper.Reply
	must(t, json.Unmarshal(out, &r))
	return r
}

func helperFor(a helper.Action) string { return filepath.Join(desk.HelperDir, a.File()) }

func inBundle(t *testing.T, ca *trusttest.Cert) bool {
	t.Helper()
	b, err := os.ReadFile(bundle)
	must(t, err)
	return slices.Contains(anchors.Fingerprints(b), trust.FingerprintOf(ca.Cert).String())
}

// opensslTrusts asks a tool that goes by the hash links, not by the bundle.
func opensslTrusts(t *testing.T, leaf *trusttest.Cert) bool {
	t.Helper()
	cmd := exec.Command("openssl", "verify", "-CApath", "/etc/ssl/certs")
	cmd.Stdin = bytes.NewReader(leaf.PEM())
	return cmd.Run() == nil
}

// TestDebianStore: Debian's own script takes the anchor and gives it back, seen in
// the bundle and by OpenSSL's hash links.
func TestDebianStore(t *testing.T) {
	settleStore(t)
	ca := trusttest.NewCA(t, "Lab Root")
	leaf := ca.Leaf()
	before := desk.Snapshot(t, "/etc/ssl", storeDir, "/etc/docker")
	plan := widen(planFor(t, ca, ""), ca)
	id := change.NewID(time.Now())
	r := ask(t, &plan, helper.TrustComputer, "apply", plan.Hash(), id)
	if r.Error != nil || r.Receipt.State != trust.ReceiptApplied {
		t.Fatalf("%v, %+v", r.Error, r.Receipt)
	}
	if !inBundle(t, ca) || !opensslTrusts(t, leaf) {
		t.Error("the store did not take it")
	}
	command := r.Receipt.Changes[2]
	if !slices.Equal(command.Added, []string{plan.Anchors[0].SHA256}) || command.Output == "" {
		t.Errorf("%+v", command)
	}
	if r = ask(t, nil, helper.TrustComputer, "undo", id); r.Error != nil {
		t.Fatal(r.Error)
	}
	if inBundle(t, ca) || opensslTrusts(t, leaf) {
		t.Error("the store still holds it")
	}
	if d := cmp.Diff(lines(before), lines(desk.Snapshot(t, "/etc/ssl", storeDir, "/etc/docker"))); d != "" {
		t.Errorf("undo left something:\n%s", d)
	}
}

// TestAnotherSourceRemains: what the store held before the plan it holds after
// its undo, and the receipt does not claim to have added it.
func TestAnotherSourceRemains(t *testing.T) {
	ca := trusttest.NewCA(t, "Lab Root")
	other := filepath.Join(storeDir, "by-somebody.crt")
	must(t, os.WriteFile(other, ca.PEM(), 0o644))
	defer settleStore(t)
	defer os.Remove(other)
	settleStore(t)
	plan := widen(planFor(t, ca, ""), ca)
	id := change.NewID(time.Now())
	r := ask(t, &plan, helper.TrustComputer, "apply", plan.Hash(), id)
	if r.Error != nil || len(r.Receipt.Changes[2].Added) != 0 {
		t.Fatalf("%v, %+v", r.Error, r.Receipt)
	}
	if r = ask(t, nil, helper.TrustComputer, "undo", id); r.Error != nil || len(r.Receipt.Changes[2].Remains) != 0 {
		t.Fatalf("%v, %+v", r.Error, r.Receipt)
	}
	if !inBundle(t, ca) {
		t.Error("undo took away what somebody else had put there")
	}
}

// TestHelperKilled kills the real helper while Debian's script runs. The next run,
// asked about the receipt, finishes what it had begun.
func TestHelperKilled(t *testing.T) {
	settleStore(t)
	ca := trusttest.NewCA(t, "Lab Root")
	before := desk.Snapshot(t, "/etc/ssl", storeDir, "/etc/docker")
	const hook, arrived, release = "/etc/ca-certificates/update.d/lab", "/run/lab/arrived", "/run/lab/release"
	must(t, os.WriteFile(hook, []byte("#!/bin/sh\n: >"+arrived+"\nwhile [ ! -e "+release+" ]; do sleep 0.05; done\n"), 0o755))
	defer os.Remove(hook)
	plan := widen(planFor(t, ca, ""), ca)
	id := change.NewID(time.Now())
	cmd := exec.Command(helperFor(helper.TrustComputer), "apply", plan.Hash(), id)
	b, err := json.Marshal(plan)
	must(t, err)
	cmd.Stdin = bytes.NewReader(b)
	must(t, cmd.Start())
	must(t, desk.WaitFor("the script", func() bool { _, err := os.Stat(arrived); return err == nil }))
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	must(t, os.WriteFile(release, nil, 0o644))
	if r := ask(t, nil, helper.TrustComputer, "recover", "20260101-000000-0000abcd"); r.Error == nil || r.Error.Code != change.ErrNoReceipt {
		t.Errorf("%+v", r)
	}
	r := ask(t, nil, helper.TrustRegistry, "recover", id)
	if r.Error != nil || r.Receipt.State != trust.ReceiptApplied || !inBundle(t, ca) {
		t.Fatalf("%v, %+v", r.Error, r.Receipt)
	}
	if r := ask(t, nil, helper.TrustComputer, "undo", id); r.Error != nil || inBundle(t, ca) {
		t.Fatalf("%v", r.Error)
	}
	must(t, os.Remove(hook))
	if d := cmp.Diff(lines(before), lines(desk.Snapshot(t, "/etc/ssl", storeDir, "/etc/docker"))); d != "" {
		t.Errorf("undo left something:\n%s", d)
	}
}

// TestScriptThatFails: a store that cannot be rebuilt leaves nothing behind.
func TestScriptThatFails(t *testing.T) {
	settleStore(t)
	ca := trusttest.NewCA(t, "Lab Root")
	before := desk.Snapshot(t, storeDir, "/etc/docker")
	must(t, os.Mkdir(bundle+".new", 0o755)) // where the script would write
	plan := widen(planFor(t, ca, ""), ca)
	id := change.NewID(time.Now())
	r := ask(t, &plan, helper.TrustComputer, "apply", plan.Hash(), id)
	must(t, os.Remove(bundle+".new"))
	if r.Error == nil || r.Error.Code != change.ErrPending {
		t.Fatalf("%v, %+v", r.Error, r.Receipt)
	}
	if r = ask(t, nil, helper.TrustComputer, "recover", id); r.Error != nil || r.Receipt.State != trust.ReceiptFailed {
		t.Errorf("%v, %+v", r.Error, r.Receipt)
	}
	if inBundle(t, ca) {
		t.Error("the store holds it")
	}
	if d := cmp.Diff(before, desk.Snapshot(t, storeDir, "/etc/docker")); d != "" {
		t.Error(d)
	}
}

// settleStore rebuilds the store, so that what an image was shipped with in
// disorder is not taken for our doing.
func settleStore(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("update-ca-certificates", "--fresh").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// lines splits a snapshot, without Java's keystore: it differs each time that it is
// written.
func lines(s string) []string {
	out := strings.Split(s, "\n")
	slices.Sort(out)
	return slices.DeleteFunc(out, func(l string) bool { return strings.HasPrefix(l, "/etc/ssl/certs/java/cacerts ") })
}
