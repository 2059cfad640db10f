//go:build integration

package accounts

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

const port = "5000"

// site is a real registry behind a front that writes down what it is sent.
type site struct {
	t        *testing.T
	l        *lab.Lab
	host     lab.Host
	registry string
	root     *trusttest.Cert
	image    string // repository:tag
	front    *front
}

// newSite runs docker-registry with a way of signing in, which may name the host.
func newSite(t *testing.T, auth func(lab.Host) string) *site {
	l := lab.Start(t)
	s := &site{t: t, l: l, host: l.Host(t), root: trusttest.NewCA(t, "Registry Root CA")}
	s.registry, s.image = s.host.At(port), l.Seed(t)
	leaf := s.root.Leaf(trusttest.Names(s.host.Name))
	l.RegistryWith(t, s.host, "1"+port, leaf, auth(s.host))
	s.front = newFront(net.JoinHostPort(s.host.IP, "1"+port))
	l.Serve(t, net.JoinHostPort(s.host.IP, port), leaf.Config(), s.front)
	return s
}

func (s *site) repository() string { return strings.TrimSuffix(s.image, ":1") }

// trust lets the person's tools trust certificates, as an administrator's file.
func (s *site) trust(certs ...*trusttest.Cert) {
	s.t.Helper()
	var bundle []byte
	for _, c := range certs {
		bundle = append(bundle, c.PEM()...)
	}
	name := filepath.Join(s.l.Home, s.host.Name+".pem")
	s.l.Write(s.t, name, bundle, 0o644)
	if out := s.l.Mooring("trust", s.registry, "--ca", name, "--yes"); !out.OK() {
		s.t.Logf("mooring trust: exit status %d\n%s", out.Code, out.Text()) // one party may need a restart
	}
	s.t.Cleanup(func() { s.l.Mooring("untrust", s.registry, "--yes") })
}

// front passes requests on to a registry and remembers them.
type front struct {
	proxy *httputil.ReverseProxy
	mu    sync.Mutex
	seen  []seen
}

// seen is what of a request matters here.
type seen struct {
	line, authorization string
}

func newFront(to string) *front {
	return &front{proxy: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "https", Host: to})
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the front's own back
		ErrorLog:  log.New(io.Discard, "", 0),
	}}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen = append(f.seen, seen{r.Method + " " + r.URL.Path, r.Header.Get("Authorization")})
	f.mu.Unlock()
	f.proxy.ServeHTTP(w, r)
}

// take returns what was seen since the last time.
func (f *front) take() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.seen
	f.seen = nil
	return out
}

// desk is a desktop session with a real keyring, which is unlocked.
type desk struct {
	*lab.Session
	program string
}

func newDesk(t *testing.T, l *lab.Lab) desk {
	d := desk{l.Session(t), l.Program()}
	d.Unlock(t)
	return d
}

// mooring runs the command line under test with something to read.
func (d desk) mooring(input string, args ...string) lab.Output {
	return d.Feed(input, append([]string{d.program}, args...)...)
}

// login is the JSON answer of mooring login.
type login struct {
	Scheme   string `json:"scheme"`
	Product  string `json:"product"`
	SignedIn bool   `json:"signedIn"`
	Kept     bool   `json:"kept"`
	User     string `json:"user"`
	Token    bool   `json:"token"`
	Keyring  string `json:"keyring"`
	Refusal  *struct {
		Why      string `json:"why"`
		Endpoint string `json:"endpoint"`
		Role     string `json:"role"`
		Reason   string `json:"reason"`
	} `json:"refusal"`
}

// answer reads JSON and checks the exit status.
func answer[T any](t *testing.T, out lab.Output, status int) T {
	t.Helper()
	var got T
	if out.Code != status {
		t.Fatalf("exit status %d, not %d\n%s", out.Code, status, out.Text())
	}
	if err := json.Unmarshal([]byte(out.Stdout), &got); err != nil {
		t.Fatalf("%v: %s", err, out.Text())
	}
	return got
}

// nowhere fails the test when a secret stands in a file that a run could have
// written.
func nowhere(t *testing.T, l *lab.Lab, secret string) {
	t.Helper()
	files := 0
	for _, root := range []string{l.Dir, "/etc", "/run", "/var/log", "/var/tmp"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // what is gone by now holds nothing
			}
			files++
			if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds the secret", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 20 {
		t.Errorf("only %d files were searched", files)
	}
}
