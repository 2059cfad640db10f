package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The registry that the labs are about, and answers that registries give.
const (
	labName    = "reg.example"
	labAddress = "reg.example:5000"

	okAnswer = "HTTP/1.1 200 OK\r\nDate: Tue, 03 Mar 2026 10:00:00 GMT\r\nDocker-Distribution-Api-Version: registry/2.0\r\n" +
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	notFound = "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"
)

func registry(t testing.TB, s string) trust.Registry {
	t.Helper()
	reg, _, err := trust.ParseRegistry(s)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// serve runs handle for every connection to a new listener on loopback, which it
// returns the address of. The connection is closed when handle returns.
func serve(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			wg.Go(func() {
				handle(c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// secure is a handler that speaks TLS and then hands on.
func secure(conf *tls.Config, handle func(*tls.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		s := tls.Server(c, conf)
		if s.Handshake() == nil {
			handle(s)
		}
		s.Close()
	}
}

// answer reads one request and replies to it.
func answer(reply string) func(*tls.Conn) {
	return func(c *tls.Conn) {
		if readRequest(c) != "" {
			io.WriteString(c, reply)
		}
	}
}

// readRequest reads to the empty line that ends a request; "" if there was none.
func readRequest(r io.Reader) string {
	var got bytes.Buffer
	one := make([]byte, 1)
	for !bytes.HasSuffix(got.Bytes(), []byte("\r\n\r\n")) {
		if _, err := r.Read(one); err != nil {
			return ""
		}
		got.Write(one)
	}
	return got.String()
}

// hang reads until the other side goes away.
func hang(c net.Conn) { io.Copy(io.Discard, c) }

// reset makes the kernel answer with RST instead of a proper end.
func reset(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

func labLeaf(t testing.TB) *trusttest.Cert {
	return trusttest.NewCA(t, "Lab Root CA").Intermediate("Lab Issuing CA").Leaf(trusttest.Names(labName))
}

// network maps names to local listeners, and lets each look as if it were
// elsewhere.
type network struct {
	mu    sync.Mutex
	at    map[string]string // host:port to a listener's address
	from  map[string]string // host:port to the IP that seems to answer
	dials []string
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, address)
	to, known := n.at[address]
	from := n.from[address]
	n.mu.Unlock()
	if !known {
		return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil || from == "" {
		return c, err
	}
	return elsewhere{c, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 443))}, nil
}

func (n *network) dialled() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.dials...)
}

type elsewhere struct {
	net.Conn
	addr net.Addr
}

func (e elsewhere) RemoteAddr() net.Addr { return e.addr }

// probeAt probes labAddress, which handle serves.
func probeAt(t testing.TB, handle func(net.Conn)) trust.Probe {
	t.Helper()
	n := &network{at: map[string]string{labAddress: serve(t, handle)}}
	p := &Prober{Timeout: 2 * time.Second, Dial: n.dial, Proxy: Direct}
	return p.Probe(t.Context(), registry(t, labAddress))
}
