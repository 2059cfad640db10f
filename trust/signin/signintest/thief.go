package signintest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// Thief is a server with a certificate that nobody may accept. It takes TLS and
// plain HTTP alike, answers whatever would keep a client talking, and writes down
// every byte that it gets: those on the wire, before TLS too, and those within TLS.
type Thief struct {
	Address string // of its listener

	mu    sync.Mutex
	seen  bytes.Buffer
	conns int
}

// NewThief starts a thief until the test ends. Its certificate is for names, by a
// CA of its own.
func NewThief(tb testing.TB, names ...string) *Thief {
	tb.Helper()
	leaf := trusttest.NewCA(tb, "Corp Root CA").Leaf(trusttest.Names(names...)) // the name costs nothing
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	t := &Thief{Address: ln.Addr().String()}
	// HTTP/2 would hide what is sent behind its compression of headers.
	config := leaf.Config()
	config.NextProtos = []string{"http/1.1"}
	server := &http.Server{Handler: http.HandlerFunc(t.answer), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(&thiefListener{Listener: ln, thief: t, config: config}) }() // ends with Close
	tb.Cleanup(func() { server.Close() })
	return t
}

// answer asks for a password until it has one, and then is content with it.
func (t *Thief) answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // to see it
	if strings.HasPrefix(r.URL.Path, "/v2/") && r.Header.Get("Authorization") == "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="thief"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, `{"token":"stolen","access_token":"stolen","refresh_token":"stolen"}`)
}

// Bytes is everything that was received.
func (t *Thief) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.seen.Bytes())
}

// Visits is how many connections there were.
func (t *Thief) Visits() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conns
}

// Leaks lists what of a credential the thief received, in whatever form; nil for
// nothing at all.
func (t *Thief) Leaks(c trust.Credential) []string { return Leaks(t.Bytes(), c) }

var escaped = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

var base64Words = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)

// Leaks finds a credential in what was recorded: as it is, in URL or base64
// encoding, by itself or within something. That there is an Authorization header at
// all is a leak too.
func Leaks(seen []byte, c trust.Credential) []string {
	text := string(seen)
	for range 2 { // what is encoded twice is still there
		text += "\n" + escaped.ReplaceAllStringFunc(strings.ReplaceAll(text, "+", " "), func(code string) string {
			plain, _ := url.PathUnescape(code) // two digits always are one byte
			return plain
		})
	}
	for _, word := range base64Words.FindAllString(text, -1) {
		for skip := range 4 { // a word may begin before the text that it encodes
			for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				if plain, err := e.DecodeString(word[skip : len(word)-(len(word)-skip)%4]); err == nil {
					text += "\n" + string(plain)
				}
			}
		}
	}
	var out []string
	for what, part := range map[string]string{"the secret": c.Secret.Reveal(), "the user": c.User, "an Authorization header": "Authorization:"} {
		if part != "" && strings.Contains(text, part) {
			out = append(out, what)
		}
	}
	return out
}

// thiefListener records each connection, and speaks TLS on those that begin with a
// handshake.
type thiefListener struct {
	net.Listener
	thief  *Thief
	config *tls.Config
}

func (l *thiefListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.thief.mu.Lock()
	l.thief.conns++
	l.thief.mu.Unlock()
	return &thiefConn{Conn: &recorded{c, l.thief}, config: l.config, thief: l.thief}, nil
}

// recorded is a connection whose bytes the thief keeps.
type recorded struct {
	net.Conn
	thief *Thief
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.thief.mu.Lock()
	r.thief.seen.Write(p[:n])
	r.thief.mu.Unlock()
	return n, err
}

// thiefConn decides at its first byte whether it is TLS.
type thiefConn struct {
	net.Conn
	thief  *Thief
	config *tls.Config
	once   sync.Once
	inner  net.Conn
}

const handshakeRecord = 22

func (c *thiefConn) begin() {
	peek := bufio.NewReader(c.Conn)
	c.inner = &peeked{c.Conn, peek}
	if first, err := peek.Peek(1); err == nil && first[0] == handshakeRecord {
		c.inner = &recorded{tls.Server(c.inner, c.config), c.thief}
	}
}

func (c *thiefConn) Read(p []byte) (int, error) {
	c.once.Do(c.begin)
	return c.inner.Read(p)
}

func (c *thiefConn) Write(p []byte) (int, error) {
	c.once.Do(c.begin)
	return c.inner.Write(p)
}

// peeked is a connection of which some was read ahead.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.r.Read(b) }
