//go:build linux

package figures

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// serverEnv, set in the environment, makes the test binary the server of the
// benchmarks, in a process whose work does not count: it names the directory for
// the server's root certificate.
const serverEnv = "MOORING_FIGURES_SERVER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serverEnv); dir != "" {
		serve(dir)
		return
	}
	os.Exit(m.Run())
}

// fleet is many registries, one at each address of 127/8.
type fleet struct {
	port string
	ca   string // file with the root of their certificates
}

// start runs a fleet until the benchmark ends.
func start(b testing.TB) fleet {
	dir := b.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+dir)
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
	return fleet{strings.TrimSpace(port), caFile(dir)}
}

func caFile(dir string) string { return filepath.Join(dir, "ca.crt") }

// addresses are n registries of the fleet.
func (f fleet) addresses(n int) []string { return addresses(n, f.port) }

func addresses(n int, port string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("127.1.%d.%d:%s", i/250, i%250+1, port)
	}
	return out
}

func registries(b *testing.B, addresses []string) []trust.Registry {
	out := make([]trust.Registry, len(addresses))
	for i, a := range addresses {
		reg, _, err := trust.ParseRegistry(a)
		if err != nil {
			b.Fatal(err)
		}
		out[i] = reg
	}
	return out
}

// serve is the fleet. It prints its port, and ends when its stdin does.
func serve(dir string) {
	issuer := newIssuer()
	if err := os.WriteFile(caFile(dir), issuer.root.PEM(), 0o644); err != nil {
		panic(err)
	}
	l, err := tls.Listen("tcp4", "0.0.0.0:0", &tls.Config{GetCertificate: issuer.certificate})
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
			go answer(c)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
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

// issuer makes a certificate for each address, as separate registries have.
type issuer struct {
	root, issuing *trusttest.Cert
	mu            sync.Mutex
	made          map[string]*tls.Certificate
}

func newIssuer() *issuer {
	root := trusttest.NewCA(fatal{}, "Fleet Root CA")
	return &issuer{root: root, issuing: root.Intermediate("Fleet Issuing CA"), made: map[string]*tls.Certificate{}}
}

func (i *issuer) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.made[host] == nil {
		pair := i.issuing.Leaf(trusttest.CommonName(host), trusttest.IP(host)).TLS()
		i.made[host] = &pair
	}
	return i.made[host], nil
}

// fatal ends the process where a test would fail.
type fatal struct{ testing.TB }

func (fatal) Helper()                           {}
func (fatal) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (fatal) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
