package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func rsaLeaf(t testing.TB) *trusttest.Cert {
	return trusttest.NewCA(t, "Lab Root CA").Leaf(trusttest.Names(labName), trusttest.RSA(2048))
}

// alert is a server that answers the hello with a fatal alert.
func alert(number byte) func(net.Conn) {
	return func(c net.Conn) {
		io.ReadFull(c, make([]byte, 5))
		c.Write([]byte{21, 3, 1, 0, 2, 2, number})
		c.(*net.TCPConn).CloseWrite()
		hang(c)
	}
}

// negativeSerial is a server certificate that Go does not parse: the sign bit of
// its serial number is set.
func negativeSerial(t testing.TB) *tls.Config {
	conf := trusttest.SelfSigned(t, trusttest.Names(labName), trusttest.Serial(0x55aa55aa)).Config()
	der := conf.Certificates[0].Certificate[0]
	at := bytes.Index(der, []byte{0x02, 0x04, 0x55, 0xaa, 0x55, 0xaa})
	if at < 0 {
		t.Fatal("no serial number found")
	}
	der = bytes.Clone(der)
	der[at+2] = 0xd5
	conf.Certificates[0].Certificate = [][]byte{der}
	return conf
}

// impostor sends another's chain without having its key.
func impostor(t testing.TB) *tls.Config {
	conf := labLeaf(t).Config()
	conf.Certificates[0].PrivateKey = labLeaf(t).Key
	return conf
}

func longChain(t testing.TB, n int) *tls.Config {
	leaf := labLeaf(t)
	sent := []*trusttest.Cert{leaf}
	for len(sent) < n {
		sent = append(sent, leaf.Issuer)
	}
	return leaf.Config(sent...)
}

func TestFailures(t *testing.T) {
	idle := func(*tls.Conn) {}
	for name, c := range map[string]struct {
		serve func(net.Conn)
		code  trust.Code
		text  string
		sent  int
	}{
		"hangs":             {hang, trust.Timeout, "i/o timeout", 0},
		"closes":            {func(net.Conn) {}, trust.ConnectionReset, "", 0},
		"closes half-way":   {func(c net.Conn) { c.Write([]byte{22, 3}); reset(c) }, trust.ConnectionReset, "", 0},
		"resets":            {func(c net.Conn) { io.ReadFull(c, make([]byte, 5)); reset(c) }, trust.ConnectionReset, "reset", 0},
		"protocol version":  {alert(70), trust.TLSVersion, "remote error: tls: protocol version not supported", 0},
		"handshake failure": {alert(40), trust.TLSHandshake, "remote error: tls: handshake failure", 0},
		"internal error":    {alert(80), trust.TLSHandshake, "remote error: tls: internal error", 0},
		"unrecognized name": {alert(112), trust.TLSHandshake, "remote error: tls: unrecognized name", 0},
		"another protocol":  {func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n"); hang(c) }, trust.TLSHandshake, "first record", 0},
		"huge record":       {func(c net.Conn) { c.Write([]byte{22, 3, 3, 255, 255}); hang(c) }, trust.TLSHandshake, "oversized", 0},
		"huge message":      {func(c net.Conn) { c.Write([]byte{22, 3, 3, 0, 4, 2, 255, 255, 255}); hang(c) }, trust.TLSHandshake, "exceeds", 0},
		"endless handshake": {drip, trust.Timeout, "i/o timeout", 0},
		"endless warnings": {func(c net.Conn) {
			for err := error(nil); err == nil; {
				_, err = c.Write([]byte{21, 3, 3, 0, 2, 1, 90})
			}
		}, trust.TLSHandshake, "too many", 0},
		"negative serial":            {secure(negativeSerial(t), idle), trust.MalformedCertificate, "x509: negative serial number", 0},
		"impostor":                   {secure(impostor(t), idle), trust.TLSHandshake, "invalid signature", 2},
		"a megabyte of certificates": {secure(longChain(t, 3000), idle), trust.TLSHandshake, "exceeds", 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := &network{at: map[string]string{labAddress: serve(t, c.serve)}}
			p := &Prober{Timeout: 300 * time.Millisecond, Dial: n.dial, Proxy: Direct}
			start := time.Now()
			ep := p.Probe(t.Context(), registry(t, labAddress)).Endpoints[0]
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			if ep.Failure == nil || ep.Failure.Code != c.code || !strings.Contains(ep.Failure.Text, c.text) {
				t.Fatalf("failure %+v", ep.Failure)
			}
			if len(ep.Sent) != c.sent || ep.Reachable() || ep.HTTP != nil {
				t.Errorf("%d certificates, reachable %v, answer %v", len(ep.Sent), ep.Reachable(), ep.HTTP)
			}
		})
	}
}

// drip sends a handshake message byte by byte, and would for minutes.
func drip(c net.Conn) {
	c.Write([]byte{22, 3, 3, 64, 0, 2, 0, 255, 255})
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for err := error(nil); err == nil; <-pace.C {
		_, err = c.Write([]byte{0})
	}
}

// Engines get along with as many certificates as fit into a handshake.
func TestLongChains(t *testing.T) {
	for _, n := range []int{200, 300} {
		ep := probeAt(t, secure(longChain(t, n), answer(okAnswer))).Endpoints[0]
		if ep.Failure != nil || len(ep.Sent) != n || ep.HTTP == nil {
			t.Errorf("failure %v, %d certificates of %d", ep.Failure, len(ep.Sent), n)
		}
	}
}

// A server that stops answering after the handshake has shown its chain.
func TestSilenceAfterTheHandshake(t *testing.T) {
	n := &network{at: map[string]string{labAddress: serve(t, secure(labLeaf(t).Config(), func(c *tls.Conn) { hang(c) }))}}
	p := &Prober{Timeout: 300 * time.Millisecond, Dial: n.dial, Proxy: Direct}
	ep := p.Probe(t.Context(), registry(t, labAddress)).Endpoints[0]
	if ep.Failure != nil || len(ep.Sent) != 2 || ep.Unanswered == nil || ep.Unanswered.Code != trust.Timeout {
		t.Errorf("failure %v, %d certificates, unanswered %v", ep.Failure, len(ep.Sent), ep.Unanswered)
	}
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	ep := (&Prober{}).Probe(t.Context(), registry(t, l.Addr().String())).Endpoints[0]
	if ep.Failure == nil || ep.Failure.Code != trust.ConnectionRefused || ep.IP.IsValid() {
		t.Errorf("failure %+v, IP %v", ep.Failure, ep.IP)
	}
}

// nameServer answers every question with rcode; with its resolver no question
// leaves the test.
func nameServer(t testing.TB, rcode dnsmessage.RCode) *net.Resolver {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.RCode, m.Additionals = true, rcode, nil
			if reply, err := m.Pack(); err == nil {
				pc.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

func TestNoSuchHost(t *testing.T) {
	p := &Prober{Resolver: nameServer(t, dnsmessage.RCodeNameError), Proxy: Direct}
	ep := p.Probe(t.Context(), registry(t, "absent.example:5000")).Endpoints[0]
	if ep.Failure == nil || ep.Failure.Code != trust.DNS || !strings.Contains(ep.Failure.Text, "no such host") {
		t.Errorf("failure %+v", ep.Failure)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	at := serve(t, func(c net.Conn) { cancel(); hang(c) })
	ep := (&Prober{Timeout: time.Minute}).Probe(ctx, registry(t, at)).Endpoints[0]
	if ep.Failure == nil || ep.Elapsed > 10*time.Second {
		t.Errorf("failure %+v after %v", ep.Failure, ep.Elapsed)
	}
}

func TestEmptyRegistry(t *testing.T) {
	n := &network{}
	ep := (&Prober{Dial: n.dial}).Probe(t.Context(), trust.Registry{}).Endpoints[0]
	if ep.Failure == nil || len(n.dialled()) > 0 {
		t.Errorf("failure %v, dialled %q", ep.Failure, n.dialled())
	}
}

// The budget ends what no other bound does.
func TestByteBudget(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	go func() {
		defer b.Close()
		for err := error(nil); err == nil; {
			_, err = b.Write(make([]byte, 4096))
		}
	}()
	m := &meter{Conn: a, left: maxBytes}
	n, err := io.Copy(io.Discard, m)
	if n != maxBytes || !errors.Is(err, errTooMuch) {
		t.Errorf("read %d bytes: %v", n, err)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"nginx/1.25":               "nginx/1.25",
		"a\r\nb\x1b[31mred\x00":    "ab[31mred",
		"user\u202egnp.exe":        "usergnp.exe",
		"bad \xff\xfe utf8 \u00e9": "bad  utf8 \u00e9",
		strings.Repeat("x", 1<<16): strings.Repeat("x", maxText),
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%.20q) = %.40q", in, got)
		}
	}
}

// Our own port differs each time; the text should not.
func TestWordsAreStable(t *testing.T) {
	err := &net.OpError{
		Op: "read", Net: "tcp", Err: errors.New("boom"),
		Source: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 43210},
		Addr:   &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 443},
	}
	if got := words(err); got != "read tcp 10.0.0.1:443: boom" {
		t.Errorf("words are %q", got)
	}
}
