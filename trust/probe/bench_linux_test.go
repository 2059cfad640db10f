package probe

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

// benchServer, set in the environment, makes the test binary the benchmarks'
// server: its work must not count as the prober's.
const benchServer = "MOORING_BENCH_SERVER"

func init() {
	helper = func() bool {
		if os.Getenv(benchServer) == "" {
			return false
		}
		serveBench()
		return true
	}
}

// serveBench is that server. It answers on all of 127/8, prints its port, and
// ends when its stdin does.
func serveBench() {
	tb := &panicTB{}
	leaf := trusttest.NewCA(tb, "Bench Root").Intermediate("Bench Issuing").Leaf(trusttest.Names("bench.example"))
	l, err := tls.Listen("tcp4", "0.0.0.0:0", leaf.Config())
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				answer(okAnswer)(c.(*tls.Conn))
				c.Close()
			}()
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

type panicTB struct{ testing.TB }

func (*panicTB) Helper()           {}
func (*panicTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// startServer runs the server and returns its port.
func startServer(b *testing.B) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchServer+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(port)
}

// onLoopback is n registries with addresses of their own.
func onLoopback(b *testing.B, n int, port string) []trust.Registry {
	var out []trust.Registry
	for i := range n {
		out = append(out, registry(b, fmt.Sprintf("127.1.%d.%d:%s", i/250, i%250+1, port)))
	}
	return out
}

// cpu is the time that this process has worked.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const benchRegistries = 100

// perHandshake reports what f, which makes so many handshakes, costs.
func perHandshake(b *testing.B, handshakes int, f func()) {
	f() // what is made once is no handshake's cost
	before := cpu()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(cpu()-before)/float64(b.N*handshakes), "cpu-ns/handshake")
}

// BenchmarkBareHandshake is the measure for BenchmarkProbe: a loop that dials and
// shakes hands, and looks at nothing.
func BenchmarkBareHandshake(b *testing.B) {
	regs := onLoopback(b, benchRegistries, startServer(b))
	perHandshake(b, len(regs), func() {
		for _, reg := range regs {
			c, err := tls.Dial("tcp", reg.Address(), &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	})
}

// BenchmarkProbe probes the same servers: a handshake and a GET /v2/ each.
func BenchmarkProbe(b *testing.B) {
	regs := onLoopback(b, benchRegistries, startServer(b))
	p := &Prober{Timeout: time.Minute, Proxy: Direct}
	perHandshake(b, len(regs), func() {
		p.All(b.Context(), regs, func(p trust.Probe) {
			if p.Endpoints[0].HTTP == nil {
				b.Errorf("%+v", p.Endpoints[0].Failure)
			}
		})
	})
}

// BenchmarkBlackHoles probes 1,000 registries of which every tenth never answers,
// and keeps all probes, as a report would.
func BenchmarkBlackHoles(b *testing.B) {
	regs := onLoopback(b, 1000, startServer(b))
	dark := onLoopback(b, 1000, blackHole(b))
	for i := 0; i < len(regs); i += 10 {
		regs[i] = dark[i]
	}
	p := &Prober{Proxy: Direct}
	var longest time.Duration
	resetPeak(b)
	for b.Loop() {
		start, dead := time.Now(), 0
		kept := make([]trust.Probe, 0, len(regs))
		p.All(b.Context(), regs, func(p trust.Probe) {
			kept = append(kept, p)
			if p.Endpoints[0].Failure != nil {
				dead++
			}
		})
		if len(kept) != 1000 || dead != 100 {
			b.Fatalf("%d probes, %d failed", len(kept), dead)
		}
		longest = max(longest, time.Since(start))
	}
	b.ReportMetric((longest - DefaultTimeout).Seconds(), "s-over-timeout")
	b.ReportMetric(peak(b), "peak-MB")
}

// blackHole listens with a full queue, so that the kernel drops who comes next;
// it returns the port.
func blackHole(b *testing.B) string {
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
	port := strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
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
