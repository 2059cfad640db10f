//go:build linux

// Package probetest is what benchmarks of probing need: many registries in
// another process, whose work does not count, black holes, and the processor
// time and memory of this process. Only tests import it.
package probetest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// serverEnv, set in the environment, makes a test binary the server.
const serverEnv = "MOORING_BENCH_SERVER"

// Serve is to be called first in TestMain. In the process that [Start] starts it
// is the server, and returns true when that is over.
func Serve() bool {
	if os.Getenv(serverEnv) == "" {
		return false
	}
	leaf := trusttest.NewCA(fatal{}, "Bench Root").Intermediate("Bench Issuing").Leaf(trusttest.Names("bench.example"))
	l, err := tls.Listen("tcp4", "0.0.0.0:0", leaf.Config())
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	go accept(l)
	io.Copy(io.Discard, os.Stdin) // until the parent is gone
	return true
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go answer(c)
	}
}

// answer is all that a registry without sign-in says to GET /v2/.
func answer(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	request := make([]byte, 4096)
	if n, err := c.Read(request); err == nil && bytes.HasPrefix(request[:n], []byte("GET /v2/ ")) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\n"+
			"Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
	}
}

// fatal ends the process where a test would fail.
type fatal struct{ testing.TB }

func (fatal) Helper()                           {}
func (fatal) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (fatal) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Start runs the server in a process of its own. It is a registry at every
// address of 127/8, on the port returned.
func Start(tb testing.TB) (port string) {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.Close(); cmd.Wait() })
	if port, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(port)
}

// Registries are n registries on loopback, each with an address of its own.
func Registries(tb testing.TB, n int, port string) []trust.Registry {
	tb.Helper()
	out := make([]trust.Registry, n)
	for i := range out {
		reg, _, err := trust.ParseRegistry(fmt.Sprintf("127.1.%d.%d:%s", i/250, i%250+1, port))
		if err != nil {
			tb.Fatal(err)
		}
		out[i] = reg
	}
	return out
}

// BlackHole listens with a full queue, so that the kernel drops who comes next,
// at every address of 127/8, on the port returned.
func BlackHole(tb testing.TB) (port string) {
	tb.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{}); err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		tb.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		tb.Fatal(err)
	}
	port = strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
	for range 16 {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, 200*time.Millisecond)
		if err != nil {
			return port
		}
		tb.Cleanup(func() { c.Close() })
	}
	tb.Skip("this kernel's queue does not fill")
	return ""
}

// CPU is the time that this process has worked.
func CPU(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Shake is the bare loop that probing is measured by: it dials each registry,
// shakes hands, and looks at nothing.
func Shake(tb testing.TB, regs []trust.Registry) {
	tb.Helper()
	for _, reg := range regs {
		c, err := tls.Dial("tcp", reg.Address(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			tb.Fatal(err)
		}
		c.Close()
	}
}

// Compare runs f, which makes a handshake with each of regs, and the bare loop in
// turns, and reports the processor time of each a handshake, and their ratio.
func Compare(b *testing.B, regs []trust.Registry, f func()) {
	b.Helper()
	f() // what is made only once is no handshake's cost
	Shake(b, regs)
	var own, bare time.Duration
	for b.Loop() {
		start := CPU(b)
		f()
		middle := CPU(b)
		Shake(b, regs)
		own, bare = own+middle-start, bare+CPU(b)-middle
	}
	n := float64(b.N * len(regs))
	b.ReportMetric(float64(own)/n, "cpu-ns/handshake")
	b.ReportMetric(float64(bare)/n, "bare-cpu-ns/handshake")
	b.ReportMetric(float64(own)/float64(bare), "x-of-bare")
}

// ResetPeak makes the kernel forget the peak of this process's memory.
func ResetPeak(tb testing.TB) {
	tb.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		tb.Skip(err)
	}
}

// Peak is the most memory that this process had resident, in MB.
func Peak(tb testing.TB) float64 {
	tb.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if kb, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			n, err := strconv.Atoi(strings.Fields(string(kb))[0])
			if err != nil {
				tb.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	tb.Fatal("no VmHWM")
	return 0
}
