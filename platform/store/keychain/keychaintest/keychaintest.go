// Package keychaintest is a Mac's `security` for tests: as strict about options,
// operands and values as Apple's, with keychains and trust settings behind it, and
// with a person at it who agrees, cancels or is not there. It is written from the
// sources of SecurityTool in Security-61901 and shares nothing with what it tests.
//
//	mac := keychaintest.New("/Users/alice")
//	w := mac.World(t.TempDir())
//
// Only tests import it.
package keychaintest

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mooring.dev/mooring/platform/world"
)

// Person is what whoever sits at the Mac does when it asks.
type Person int

// The persons.
const (
	Agrees   Person = iota
	Cancels         // presses Cancel
	Wrong           // does not know the password
	Headless        // nobody: a session without a screen
)

// Call is one run of `security`.
type Call struct {
	Argv  []string
	Stdin []byte
	Code  int
}

// Mac is the fake. Its fields may be set between calls.
type Mac struct {
	Home   string
	Person Person
	Root   bool // the caller is root
	NoSIP  bool // System Integrity Protection is off, as on hosted runners
	Locked bool // the login keychain is
	// SearchList is the keychains that are searched where none is named.
	SearchList []string
	// Words are what `security` says for an error number instead of the English.
	Words map[int]string
	// Asked counts the panels by domain.
	Asked map[string]int

	mu    sync.Mutex
	state state
	calls []Call
}

// state is what a Mac keeps.
type state struct {
	Keychains map[string][][]byte // DER, by path
	Trust     map[string]trustList
}

// The domains of trust settings.
const (
	UserDomain   = "user"
	AdminDomain  = "admin"
	SystemDomain = "system"
)

// The keychains that every Mac has; the login keychain lies in the home.
const (
	SystemKeychain = "/Library/Keychains/System.keychain"
	RootsKeychain  = "/System/Library/Keychains/SystemRootCertificates.keychain"
)

// New is a Mac with empty keychains.
func New(home string) *Mac {
	m := &Mac{Home: home, Asked: map[string]int{}}
	m.state = state{Keychains: map[string][][]byte{}, Trust: map[string]trustList{}}
	for _, k := range []string{SystemKeychain, RootsKeychain, m.Login()} {
		m.state.Keychains[k] = nil
	}
	m.SearchList = []string{m.Login(), SystemKeychain}
	return m
}

// Login is the path of the login keychain.
func (m *Mac) Login() string { return m.Home + "/Library/Keychains/login.keychain-db" }

// Hold puts certificates into a keychain, as another tool would.
func (m *Mac) Hold(keychain string, certs ...*x509.Certificate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range certs {
		m.state.Keychains[keychain] = append(m.state.Keychains[keychain], c.Raw)
	}
}

// Held lists what a keychain holds.
func (m *Mac) Held(keychain string) [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.state.Keychains[keychain])
}

// Say gives a certificate trust settings, as another tool would: dictionaries as in
// SecTrustSettings.h.
func (m *Mac) Say(domain string, c *x509.Certificate, rules ...map[string]any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.Trust[domain] = m.state.Trust[domain].with(c, rules)
}

// Export is the trust settings of a domain as a file, nil for none.
func (m *Mac) Export(domain string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.Trust[domain].export()
}

// Calls are the runs so far, and forgets them.
func (m *Mac) Calls() []Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.calls
	m.calls = nil
	return out
}

// World is this Mac as a world, with files in dir.
func (m *Mac) World(dir string) world.World {
	for k := range m.state.Keychains {
		p := filepath.Join(dir, k)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			panic(err)
		}
	}
	return world.World{
		OS: "darwin", FS: world.Disk{Root: dir}, Run: m, Now: time.Now,
		User: world.User{UID: 501, GID: 20, Name: "alice", Home: m.Home}, Env: func(string) string { return "" },
	}
}

// Look implements [world.Runner].
func (m *Mac) Look(name string) (string, error) { return "", fmt.Errorf("%s: not on this Mac", name) }

// Run implements [world.Runner].
func (m *Mac) Run(ctx context.Context, c world.Command) (world.Result, error) {
	if err := ctx.Err(); err != nil {
		return world.Result{}, err
	}
	if c.Argv[0] != "/usr/bin/security" {
		return world.Result{}, fmt.Errorf("%s: no such file or directory", c.Argv[0])
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.execute(c.Argv[1:])
	m.calls = append(m.calls, Call{slices.Clone(c.Argv), c.Stdin, r.Code})
	return r, nil
}

// Main is `security` as a program, whose Mac lies in the file of that name: for
// scripts. It returns the exit status.
func Main(file string, args []string) int {
	m := New(os.Getenv("HOME"))
	m.Root = os.Getenv("FAKE_SECURITY_ROOT") != ""
	m.NoSIP = os.Getenv("FAKE_SECURITY_NO_SIP") != ""
	m.Person = map[string]Person{"cancels": Cancels, "wrong": Wrong, "headless": Headless}[os.Getenv("FAKE_SECURITY_PERSON")]
	if data, err := os.ReadFile(file); err == nil {
		m.load(data)
	}
	r := m.execute(args)
	if err := os.WriteFile(file, m.save(), 0o600); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(r.Stdout)
	_, _ = os.Stderr.Write(r.Stderr)
	return r.Code
}

// saved is a state as it lies in a file: trust settings as they are exported.
type saved struct {
	Keychains map[string][][]byte
	Trust     map[string][]byte
}

func (m *Mac) save() []byte {
	s := saved{m.state.Keychains, map[string][]byte{}}
	for domain, list := range m.state.Trust {
		s.Trust[domain] = list.export()
	}
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return data
}

func (m *Mac) load(data []byte) {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		panic(err)
	}
	m.state.Keychains = s.Keychains
	for domain, data := range s.Trust {
		list, err := parseList(data)
		if err != nil {
			panic(err)
		}
		m.state.Trust[domain] = list
	}
}

// run is one execution of a command.
type run struct {
	*Mac
	out, err strings.Builder
}

func (r *run) printf(format string, args ...any)  { fmt.Fprintf(&r.out, format, args...) }
func (r *run) eprintf(format string, args ...any) { fmt.Fprintf(&r.err, format, args...) }

// usage is what a command returns that was called wrongly.
const usage = 2

// execute is main and execute_command of SecurityTool/macOS/security.c.
func (m *Mac) execute(args []string) world.Result {
	r := &run{Mac: m}
	done := func(code int) world.Result {
		return world.Result{Code: code & 0xff, Stdout: []byte(r.out.String()), Stderr: []byte(r.err.String())}
	}
	_, rest, ok := getopt("hilp:qvR", args)
	if !ok || len(rest) == 0 || len(rest) < len(args) {
		r.printf("Usage: security [-h] [-i] [-l] [-p prompt] [-q] [-v] [command] [opt ...]\n")
		return done(usage)
	}
	for _, c := range commands {
		if !strings.HasPrefix(c.name, rest[0]) { // an abbreviation finds the first
			continue
		}
		code := c.do(r, rest[1:])
		if code == usage {
			r.eprintf("Usage: %s %s\n        %s\n", c.name, c.usage, c.help)
		}
		return done(code)
	}
	r.eprintf("security: unknown command %q\n", rest[0])
	return done(1)
}

// words are the English for error numbers (SecBase.h, Authorization.h).
var words = map[int]string{
	-50:    "One or more parameters passed to a function were not valid.",
	-61:    "Write permissions error.",
	-128:   "User canceled the operation.",
	-2070:  "errSecInternalComponent",
	-25263: "No Trust Settings were found.",
	-25292: "This keychain cannot be modified.",
	-25293: "The user name or passphrase you entered is not correct.",
	-25294: "The specified keychain could not be found.",
	-25299: "The specified item already exists in the keychain.",
	-25300: "The specified item could not be found in the keychain.",
	-25308: "User interaction is not allowed.",
	-25315: "User interaction is required, but is currently not allowed.",
	-60005: "The authorization was denied.",
	-60006: "The authorization was canceled by the user.",
	-60007: "The authorization was denied since no user interaction was possible.",
}

func (m *Mac) word(status int) string {
	if w, ok := m.Words[status]; ok {
		return w
	}
	if w, ok := words[status]; ok {
		return w
	}
	return fmt.Sprintf("unknown error %d=%x", status, uint64(int64(status)))
}

// cssmPerror is how most commands say what went wrong, secPerror how the others do.
func (r *run) cssmPerror(how string, status int) { r.eprintf("%s: %s\n", how, r.word(status)) }
func (r *run) secPerror(how string, status int)  { r.eprintf("security: %s: %s\n", how, r.word(status)) }
