//go:build linux

package figures

import (
	"bytes"
	"crypto/tls"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shake is the least that looking at a server takes: dial, shake hands, and look
// at nothing.
func shake(b *testing.B, addresses []string) {
	for _, a := range addresses {
		c, err := tls.Dial("tcp", a, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// compare runs work, which makes a handshake with each address and returns the
// processor time it took, in turns with the bare loop.
func compare(b *testing.B, addresses []string, work func() time.Duration) {
	work() // what is made only once is no handshake's cost
	shake(b, addresses)
	var own, bare time.Duration
	for b.Loop() {
		own += work()
		before := cpu(b)
		shake(b, addresses)
		bare += cpu(b) - before
	}
	n := float64(b.N * len(addresses))
	b.ReportMetric(float64(own)/n, "cpu-ns/handshake")
	b.ReportMetric(float64(bare)/n, "bare-cpu-ns/handshake")
	b.ReportMetric(float64(own)/float64(bare), "x-of-bare")
}

// cpu is the time that this process has worked.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakOf is the most memory that a finished process had resident, in MB.
func peakOf(p *os.ProcessState) float64 {
	return float64(p.SysUsage().(*syscall.Rusage).Maxrss) / 1024
}

// resetPeak makes the kernel forget the peak of this process's memory.
func resetPeak(b *testing.B) {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skip(err)
	}
}

// peak is the most memory that this process had resident, in MB.
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if kb, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			n, err := strconv.Atoi(strings.Fields(string(kb))[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	b.Fatal("no VmHWM")
	return 0
}

// blackHoles makes every tenth address one that never answers.
func blackHoles(b *testing.B, all []string) (dead int) {
	dark := addresses(len(all), blackHole(b))
	for i := 0; i < len(all); i += 10 {
		all[i] = dark[i]
		dead++
	}
	return dead
}

// blackHole listens with a full queue, so that the kernel drops who comes next,
// at every address of 127/8, on the port returned.
func blackHole(b *testing.B) (port string) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{}); err != nil {
		b.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		b.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		b.Fatal(err)
	}
	port = strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
	for range 16 {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, 200*time.Millisecond)
		if err != nil {
			return port
		}
		b.Cleanup(func() { c.Close() })
	}
	b.Skip("this kernel's queue does not fill")
	return ""
}
