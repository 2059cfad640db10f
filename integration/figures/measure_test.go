//go:build linux

package figures

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bare is the least that looking at a server takes: dial, shake hands, and look
// at nothing.
var bare = &tls.Config{InsecureSkipVerify: true}

// verifying is what a client needs that decides for itself alone.
func verifying(b *testing.B, f fleet) *tls.Config {
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		b.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots}
}

// shake is the loop to compare with.
func shake(b *testing.B, addresses []string, config *tls.Config) {
	for _, a := range addresses {
		c, err := tls.Dial("tcp", a, config)
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// compare runs work, which makes a handshake with each address and returns the
// processor time it took, in turns with the bare loop and with one that verifies.
func compare(b *testing.B, f fleet, addresses []string, work func() time.Duration) {
	loop := func(config *tls.Config) float64 {
		before := cpu(b)
		shake(b, addresses, config)
		return float64(cpu(b) - before)
	}
	verify := verifying(b, f)
	work() // what is made only once is no handshake's cost
	loop(bare)
	loop(verify)
	var own, ofBare, ofVerifying []float64
	for b.Loop() {
		took := float64(work())
		own = append(own, took/float64(len(addresses)))
		ofBare = append(ofBare, took/loop(bare))
		ofVerifying = append(ofVerifying, took/loop(verify))
	}
	slices.Sort(own)
	b.ReportMetric(own[len(own)/2], "cpu-ns/handshake")
	spread(b, ofBare, "x-of-bare")
	spread(b, ofVerifying, "x-of-verifying")
}

// spread reports the least, the median and the most.
func spread(b *testing.B, values []float64, unit string) {
	slices.Sort(values)
	b.ReportMetric(values[0], unit+"-min")
	b.ReportMetric(values[len(values)/2], unit)
	b.ReportMetric(values[len(values)-1], unit+"-max")
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
