//go:build integration

package privilege

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// TestWhatTheHelperCarries: what a caller leaves open or sets reaches neither the helper
// nor the script that it starts, and both have no more of root's rights than they need.
func TestWhatTheHelperCarries(t *testing.T) {
	settleStore(t)
	ca := trusttest.NewCA(t, "Lab Root")
	const hook, seen = "/etc/ca-certificates/update.d/lab", "/run/lab/seen"
	must(t, os.WriteFile(hook, []byte(`#!/bin/sh
{ cat /proc/self/status; echo; ls /proc/$$/fd; echo; umask; pwd; env; ulimit -c; } >`+seen+"\n"), 0o755))
	defer os.Remove(hook)
	secret, err := os.Open("/etc/shadow")
	must(t, err)
	defer secret.Close()

	plan := widen(planFor(t, ca, ""), ca)
	id := change.NewID(time.Now())
	b, err := json.Marshal(plan)
	must(t, err)
	cmd := exec.Command(helperFor(helper.TrustComputer), "apply", plan.Hash(), id)
	cmd.Stdin, cmd.ExtraFiles, cmd.Dir = bytes.NewReader(b), []*os.File{secret, secret}, "/run/lab"
	cmd.Env = []string{"PATH=/run/lab", "LD_PRELOAD=/run/lab/x.so", "BASH_ENV=/run/lab/x", "ENV=/run/lab/x", "SECRET=x", "IFS=/"}
	was := syscall.Umask(0)
	out, err := cmd.Output()
	syscall.Umask(was)
	var r helper.Reply
	if err != nil || json.Unmarshal(out, &r) != nil || r.Receipt.State != trust.ReceiptApplied {
		t.Fatalf("%v: %s", err, out)
	}
	defer func() {
		if r := ask(t, nil, helper.TrustComputer, "undo", id); r.Error != nil {
			t.Error(r.Error)
		}
	}()
	text, err := os.ReadFile(seen)
	must(t, err)
	parts := strings.SplitN(string(text), "\n\n", 3)
	if len(parts) != 3 {
		t.Fatalf("%s", text)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(Cap\w+|NoNewPrivs):\s+(\w+)$`).FindAllStringSubmatch(parts[0], -1) {
		got[m[1]] = m[2]
	}
	// chown, dac_override, fowner, fsetid, setgid, setuid, setfcap
	const all = "00000000800000db"
	want := map[string]string{"CapInh": strings.Repeat("0", 16), "CapAmb": strings.Repeat("0", 16), "CapPrm": all, "CapEff": all, "CapBnd": all, "NoNewPrivs": "1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if fds := strings.Fields(parts[1]); slices.Contains(fds, "3") || slices.Contains(fds, "4") {
		t.Errorf("descriptors %q came through", fds)
	}
	if said := parts[2]; !strings.HasPrefix(said, "0022\n") || !strings.Contains(said, "\nOLDPWD=/\n") || !strings.HasSuffix(said, "\n0\n") ||
		regexp.MustCompile(`SECRET|LD_PRELOAD|ENV=|/run/lab`).MatchString(said) {
		t.Errorf("%s", said)
	}
}
