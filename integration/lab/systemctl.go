//go:build integration

package lab

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Restarter is what stands in for systemd, which does not run in the lab, as the
// manager of one engine: asked to restart it, it says with which status and words
// systemctl shall end, having done it or not.
type Restarter func(line string) (status int, words string)

// systemctl is the stand-in that Mooring finds in /usr/bin. It knows the command lines
// that the real one would be given, and no others.
const systemctl = `#!/bin/sh
case "$*" in
"restart docker" | "reload docker")
	echo "$*" >%[1]s
	read -r status words <%[2]s
	[ -z "$words" ] || echo "$words" >&2
	exit "$status" ;;
"show --property=RequiredBy --property=BoundBy --property=ConsistsOf containerd")
	printf 'RequiredBy=\nBoundBy=\nConsistsOf=\n' ;;
"show --property=ActiveState --property=Result docker")
	printf 'ActiveState=failed\nResult=exit-code\n' ;;
*)
	echo "Unknown command line: $*" >&2
	exit 1 ;;
esac
`

// journalctl knows one line of each unit's journal.
const journalctl = `#!/bin/sh
[ "$*" = "--unit=docker --lines=1 --output=cat --no-pager --quiet" ] || exit 1
echo "failed to start daemon: the lab said so"
`

// MooringManaged runs the command line under test, with env added, where systemd seems
// to run and restarts by restart. That is called on the test's goroutine.
func (l *Lab) MooringManaged(t *testing.T, env []string, restart Restarter, args ...string) Output {
	t.Helper()
	dir := t.TempDir()
	ask, answer := filepath.Join(dir, "ask"), filepath.Join(dir, "answer")
	upper, work := filepath.Join(l.Dir, "managed-upper"), filepath.Join(l.Dir, "managed-work")
	must(t, os.MkdirAll(upper, 0o755))
	must(t, os.MkdirAll(work, 0o755))
	must(t, syscall.Mkfifo(ask, 0o600))
	must(t, syscall.Mkfifo(answer, 0o600))
	l.Write(t, filepath.Join(upper, "systemctl"), fmt.Appendf(nil, systemctl, ask, answer), 0o755)
	l.Write(t, filepath.Join(upper, "journalctl"), []byte(journalctl), 0o755)
	l.MakeDir(t, "/run/systemd/system")

	asked, answers := openFIFO(t, ask), openFIFO(t, answer)
	lines, done := make(chan string), make(chan Output, 1)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(asked); s.Scan(); {
			lines <- s.Text()
		}
	}()
	go func() {
		done <- l.Run(env, append([]string{
			"unshare", "--mount", "--propagation", "private", "sh", "-c",
			`mount -t overlay bin -o "lowerdir=/usr/bin,upperdir=$1,workdir=$2" /usr/bin && shift 2 && exec "$@"`,
			"sh", upper, work, l.mooring(),
		}, args...)...)
	}()
	for {
		select {
		case line := <-lines:
			status, words := restart(line)
			if _, err := fmt.Fprintln(answers, status, words); err != nil {
				t.Fatal(err)
			}
		case out := <-done:
			asked.Close()
			for range lines { // until it has seen that
			}
			answers.Close()
			return out
		}
	}
}

// openFIFO opens both ends of a pipe, so that neither waits for the other.
func openFIFO(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
