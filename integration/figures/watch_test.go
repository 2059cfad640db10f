//go:build linux && integration

package figures

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/platform/watch"
)

// What the watcher may cost with so many registries.
const (
	watched      = 50
	atRest       = time.Minute
	maxWork      = atRest / 1000 // a thousandth of one processor
	maxResident  = 30            // MB
	maxRoundTime = time.Second
)

// TestTheWatcherAtRest measures `mooring tray` on a session's bus: a round, and a
// minute without one.
func TestTheWatcherAtRest(t *testing.T) {
	f := start(t)
	home, runtimeDir := t.TempDir(), t.TempDir()
	if err := os.Chmod(runtimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, a := range f.addresses(watched) {
		fmt.Fprintf(&list, "[[registry]]\nname = %q\nadded = true\n", a)
	}
	put(t, filepath.Join(home, ".config/mooring/registries.toml"), []byte(list.String()))
	env := []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + runtimeDir, "PATH=/usr/bin:/bin", "NO_PROXY=*", "LANG=C", "DBUS_SESSION_BUS_ADDRESS=" + sessionBus(t)}
	bin := mooring(t)
	cmd := exec.Command(bin, "tray")
	cmd.Env, cmd.Stderr = env, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	file := filepath.Join(home, ".local/state/mooring/watch-status.json")
	rested := func() (s watch.Status) {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
			if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &s) == nil && !s.At.IsZero() && !s.Checking {
				return s
			}
			if time.Now().After(deadline) {
				t.Fatal("no round ended")
			}
		}
	}
	began := time.Now()
	first := rested()
	t.Logf("from start to the end of the first round: %v", time.Since(began))
	if first.Total != watched || first.Unreached > 0 {
		t.Fatalf("%+v", first)
	}
	best := time.Hour
	for range 5 {
		before := rested()
		began := time.Now()
		ask(t, runtimeDir, "check-now")
		for rested().At.Equal(before.At) {
			time.Sleep(time.Millisecond)
		}
		best = min(best, time.Since(began))
		time.Sleep(4 * time.Second) // rounds keep a distance
	}
	worked := work(t, cmd.Process.Pid)
	time.Sleep(atRest)
	worked = work(t, cmd.Process.Pid) - worked
	resident := memory(t, cmd.Process.Pid)
	t.Logf("a round of %d: %v; in %v at rest: %v of processor time, %.1f MB resident", watched, best, atRest, worked, resident)
	if best > maxRoundTime || worked > maxWork || resident > maxResident {
		t.Errorf("want a round in %v, %v of work, %d MB", maxRoundTime, maxWork, maxResident)
	}
}

// ask says a verb at the watcher's socket, as another start does.
func ask(t *testing.T, runtimeDir, verb string) {
	t.Helper()
	c, err := net.Dial("unix", filepath.Join(runtimeDir, "mooring/watcher.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintln(c, verb)
	if answer, err := bufio.NewReader(c).ReadString('\n'); err != nil || answer != "ok\n" {
		t.Fatalf("%q, %v", answer, err)
	}
}

// sessionBus is the address of a bus of its own.
func sessionBus(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		need.Lacking(t, err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// work is how long a process has worked, to a hundredth of a second (proc(5)).
func work(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memory is what a process has resident, in MB.
func memory(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			if err != nil {
				t.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
