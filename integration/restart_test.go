//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
)

// restarted is the answer of `mooring restart --json`, schema 1.
type restarted struct {
	Schema   int
	Restarts []struct {
		Engine     trust.Engine
		Command    string
		Registries []string
		Since      *time.Time
		Impact     struct {
			Known, LiveRestore bool
			Running, Stops     int
		}
		State string
		Error *string
	}
}

// restart runs the verb on the machine as a user of one daemon has it, and expects an
// exit status.
func restart(t *testing.T, l *lab.Lab, daemon string, do lab.Restarter, status int, args ...string) (restarted, lab.Output) {
	t.Helper()
	out := l.MooringManaged(t, []string{"DOCKER_HOST=" + l.DockerHost(daemon)}, do, append([]string{"restart", "--json"}, args...)...)
	if out.Code != status {
		t.Fatalf("mooring restart %v: exit status %d, not %d\n%s", args, out.Code, status, out.Text())
	}
	var r restarted
	if out.Stdout == "" {
		return r, out
	}
	if err := json.Unmarshal([]byte(out.Stdout), &r); err != nil || r.Schema != 1 {
		t.Fatalf("mooring restart %v: %v\n%s", args, err, out.Text())
	}
	return r, out
}

// TestRestart is engine control from end to end, with daemons of two generations: an
// anchor in the OS store that they have not read, a restart that is refused, one that
// does nothing, one that fails, and one after which the pull works. What stops and
// starts the real daemon is the lab in systemd's place.
func TestRestart(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	for _, daemon := range []string{lab.Docker20, lab.Docker29} {
		t.Run(daemon, func(t *testing.T) { restartsOne(t, l, daemon) })
	}
}

func restartsOne(t *testing.T, l *lab.Lab, daemon string) {
	c := newCorp(t, l)
	ca := c.caFile(t, l)
	l.Must(t, "update-ca-certificates", "--fresh")
	l.Restart(t, daemon)
	c.expect(t, l, "before", false, daemon)

	receipt := must[trust.Receipt](t, l, 0, "trust", c.registry, "--ca", ca, "--for", "system", "--yes", "--json")
	t.Cleanup(func() { must[trust.Receipt](t, l, 0, "undo", receipt.ID, "--yes", "--json") })
	if !slices.ContainsFunc(receipt.Restarts, func(r trust.Restart) bool { return r.Engine == trust.EngineDocker }) {
		t.Fatalf("the receipt has nothing to restart: %+v", receipt.Restarts)
	}
	c.foretells(t, l, "before the restart", trust.Refused, "after restart of docker", daemon)
	c.expect(t, l, "before the restart", false, daemon)
	process := daemonOf(t, l, daemon).PID

	// Looking stops nothing.
	asked := 0
	never := func(line string) (int, string) { asked++; return 1, line }
	waits, _ := restart(t, l, daemon, never, 0, "docker", "--dry-run")
	if len(waits.Restarts) != 1 || waits.Restarts[0].State != "waiting" || !slices.Contains(waits.Restarts[0].Registries, c.registry) {
		t.Errorf("what waits: %+v", waits)
	}
	if i := waits.Restarts[0].Impact; !i.Known || i.LiveRestore || i.Running != 0 || i.Stops != 0 {
		t.Errorf("no container runs here, and the impact is %+v", i)
	}
	restart(t, l, daemon, never, 4, "docker") // nobody agrees
	if asked > 0 {
		t.Error("it was asked to restart without anybody's agreement")
	}

	denied := func(string) (int, string) { return 4, "Failed to restart docker.service: Access denied" }
	if _, out := restart(t, l, daemon, denied, 4, "docker", "--yes"); !strings.Contains(out.Stderr, "Nothing was stopped") {
		t.Errorf("refused: %s", out.Text())
	}
	idle := func(string) (int, string) { return 0, "" }
	if _, out := restart(t, l, daemon, idle, 1, "docker", "--yes"); !strings.Contains(out.Stderr, "the same process still answers") {
		t.Errorf("nothing done: %s", out.Text())
	}
	broken := func(string) (int, string) {
		return 1, "Job for docker.service failed because the control process exited with error code."
	}
	if r, out := restart(t, l, daemon, broken, 1, "docker", "--yes"); !strings.Contains(out.Stderr, "the lab said so") || r.Restarts[0].State != "failed" {
		t.Errorf("failed: %s", out.Text())
	}
	if now := daemonOf(t, l, daemon).PID; now != process {
		t.Fatalf("process %d has become %d", process, now)
	}

	var line string
	really := func(s string) (int, string) {
		line = s
		l.Restart(t, daemon)
		return 0, ""
	}
	done, out := restart(t, l, daemon, really, 0, "docker", "--yes")
	if line != "restart docker" || len(done.Restarts) != 1 || done.Restarts[0].State != "restarted" {
		t.Errorf("asked for %q: %s", line, out.Text())
	}
	if now := daemonOf(t, l, daemon).PID; now == process {
		t.Error("it is the same process")
	}
	c.foretells(t, l, "after the restart", trust.Trusted, "", daemon)
	c.expect(t, l, "after the restart", true, daemon)
	if again, _ := restart(t, l, daemon, never, 0, "docker", "--dry-run"); again.Restarts[0].Since != nil && daemon == lab.Docker20 {
		t.Errorf("it still waits: %+v", again)
	}
}

// TestLiveRestoreIsAsked: a real daemon says whether containers outlive it. It takes the
// setting over when it reads its configuration again.
func TestLiveRestoreIsAsked(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	for _, daemon := range []string{lab.Docker20, lab.Docker29} {
		for _, on := range []bool{true, false} {
			config := `{"insecure-registries": ["` + lab.InsecureHost.Name + `:5000", "10.77.9.0/24"]`
			if on {
				config += `, "live-restore": true`
			} else {
				config += `, "live-restore": false`
			}
			if err := os.WriteFile("/etc/docker/daemon.json", []byte(config+"}"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(daemonOf(t, l, daemon).PID, syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			lab.Eventually(t, 20*time.Second, "the setting is taken over", func() bool { return daemonOf(t, l, daemon).LiveRestore == on })
		}
	}
}
