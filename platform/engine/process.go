package engine

import (
	"bytes"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/platform/world"
)

// maxProcesses bounds a walk over the process table.
const maxProcesses = 1 << 15

// locate decides whether the daemon that answered runs on this machine and, if
// so, which process it is. A socket can be forwarded from a virtual machine or
// by ssh; then the process at its other end is not dockerd and the daemon calls
// its machine by another name.
func (d *Docker) locate(w world.World, i infoAnswer, peer int) {
	if i.OSType != "" && i.OSType != w.OS {
		d.Remote = !d.Desktop
		return
	}
	if d.Desktop || w.OS != "linux" {
		return
	}
	// A build may be called dockerd-something.
	if peer > 1 && strings.HasPrefix(processName(w, peer), "dockerd") {
		d.PID, d.Started = peer, processStart(w, peer)
		return
	}
	// A daemon that does not say where it is may be anywhere.
	if i.Name == "" || i.Name != hostName(w) {
		d.Remote = true
		return
	}
	d.PID, d.Started = daemonProcess(w, *d)
}

// daemonProcess finds the process of a daemon in its usual place where the socket
// does not tell: with socket activation the other end is systemd's, and a silent
// socket has none.
func daemonProcess(w world.World, d Docker) (int, time.Time) {
	pidFile, uid := "/run/docker.pid", 0
	switch {
	case d.Host == defaultSocket:
	case d.Rootless && d.Host == "unix://"+w.Join(RuntimeDir(w), "docker.sock"):
		pidFile, uid = w.Join(RuntimeDir(w), "docker.pid"), w.User.UID
	default:
		return 0, time.Time{}
	}
	if pid := readPID(w, pidFile); pid > 1 && processName(w, pid) == "dockerd" {
		return pid, processStart(w, pid)
	}
	return onlyProcess(w, "dockerd", uid)
}

// ContainerdProcess is the machine's containerd: its process and when that was
// started, zero when unknown.
func ContainerdProcess(w world.World) (pid int, started time.Time) {
	if !w.Live() || w.OS != "linux" {
		return 0, time.Time{}
	}
	pid = readPID(w, "/run/containerd/containerd.pid")
	if pid > 1 && processName(w, pid) == "containerd" {
		return pid, processStart(w, pid)
	}
	return onlyProcess(w, "containerd", 0)
}

// onlyProcess finds the one process called name that belongs to uid: zero when
// there is none, or more than one.
func onlyProcess(w world.World, name string, uid int) (int, time.Time) {
	entries, err := w.FS.ReadDir("/proc")
	if err != nil {
		return 0, time.Time{}
	}
	found := 0
	for _, e := range entries[:min(len(entries), maxProcesses)] {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || processName(w, pid) != name || !ownedBy(w, pid, uid) {
			continue
		}
		if found != 0 {
			return 0, time.Time{}
		}
		found = pid
	}
	if found == 0 {
		return 0, time.Time{}
	}
	return found, processStart(w, found)
}

func ownedBy(w world.World, pid, uid int) bool {
	i, err := w.FS.Stat(procPath(pid, ""))
	return err == nil && i.Mode&fs.ModeDir != 0 && i.UID == uid
}

func procPath(pid int, file string) string {
	p := "/proc/" + strconv.Itoa(pid)
	if file != "" {
		p += "/" + file
	}
	return p
}

func readPID(w world.World, path string) int {
	b, err := w.FS.ReadFile(path)
	if err != nil || len(b) > 32 {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// processName is the kernel's name of a process, at most 15 bytes.
func processName(w world.World, pid int) string {
	b, err := w.FS.ReadFile(procPath(pid, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// ticks is the unit of times in /proc/PID/stat, per second: USER_HZ, which is
// 100 on every Linux that engines run on (proc(5)).
const ticks = 100

// processStart is when a process was started, to about 20 ms: the kernel counts
// from boot, and the clock minus the uptime is when that was. (btime in
// /proc/stat says the same, but only to the second.)
func processStart(w world.World, pid int) time.Time {
	stat, err1 := w.FS.ReadFile(procPath(pid, "stat"))
	up, err2 := w.FS.ReadFile("/proc/uptime")
	now := w.Now()
	if err1 != nil || err2 != nil {
		return time.Time{}
	}
	since, ok1 := startTicks(stat)
	uptime, ok2 := parseUptime(up)
	if !ok1 || !ok2 {
		return time.Time{}
	}
	return now.Add(time.Duration(since)*time.Second/ticks - uptime)
}

// startTicks is field 22 of /proc/PID/stat. Field 2, the name, is in brackets
// and may hold anything, spaces and brackets included.
func startTicks(stat []byte) (int64, bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, false
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(fields[19], 10, 64)
	return n, err == nil && n >= 0 && n < 1<<40
}

func parseUptime(b []byte) (time.Duration, bool) {
	first, _, _ := strings.Cut(string(b), " ")
	d, err := time.ParseDuration(first + "s")
	return d, err == nil
}

// hostName is what a daemon on this machine calls it.
func hostName(w world.World) string {
	b, _ := w.FS.ReadFile("/proc/sys/kernel/hostname")
	return strings.TrimSpace(string(b))
}

func itoa(n int) string { return strconv.Itoa(n) }

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
