//go:build integration

package accounts

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

func htpasswd(t *testing.T, l *lab.Lab) func(lab.Host) string {
	return func(h lab.Host) string {
		name := filepath.Join(l.Dir, h.Name+".htpasswd")
		l.Write(t, name, []byte(l.Must(t, "htpasswd", "-Bbn", lab.User, lab.Password).Stdout), 0o600)
		return "htpasswd: {realm: lab, path: " + name + "}"
	}
}

// A registry with passwords: nothing before it is trusted; then the right one, the
// wrong one, no keyring, and a real one.
func TestPasswords(t *testing.T) {
	l := lab.Start(t)
	s := newSite(t, htpasswd(t, l))
	args := []string{"login", s.registry, "-u", lab.User, "--password-stdin", "--json"}
	bare := func(password string) lab.Output {
		return l.Feed(nil, password+"\n", append([]string{l.Program()}, args...)...)
	}

	got := answer[login](t, bare(lab.Password), 1)
	if got.SignedIn || got.Refusal == nil || got.Refusal.Why != "unverified" || got.Refusal.Reason != "unknown-authority" {
		t.Errorf("before it is trusted: %+v", got)
	}
	for _, r := range s.front.take() {
		if r.line != "GET /v2/" || r.authorization != "" {
			t.Errorf("sent before it is trusted: %+v", r)
		}
	}

	s.trust(s.root)
	if got := answer[login](t, bare("wrong"), 1); got.SignedIn || got.Refusal == nil || got.Refusal.Why != "wrong-password" || got.Scheme != "basic" {
		t.Errorf("a wrong password: %+v", got)
	}
	if got := answer[login](t, bare(lab.Password), 1); !got.SignedIn || got.Kept || got.Keyring != "no-session-bus" || got.Refusal != nil {
		t.Errorf("without a keyring: %+v", got)
	}

	d := newDesk(t, l)
	if got := answer[login](t, d.mooring(lab.Password, args...), 0); !got.SignedIn || !got.Kept || got.User != lab.User || got.Token {
		t.Errorf("with a keyring: %+v", got)
	}
	if out := d.mooring("", "catalog", s.registry); !out.OK() || !slices.Contains(strings.Fields(out.Stdout), s.repository()) {
		t.Errorf("catalog: %s", out.Text())
	}
	rights := answer[repository](t, d.mooring("", "catalog", s.registry, s.repository(), "--tags", "--json"), 0)
	if rights.Rights != (right{"yes", "yes", true, false}) || len(rights.Tags) != 1 || rights.Tags[0].Size < 100 || rights.Tags[0].Digest == "" {
		t.Errorf("rights: %+v", rights)
	}
	if !slices.ContainsFunc(s.front.take(), func(r seen) bool { return strings.HasPrefix(r.line, "DELETE /v2/"+s.repository()+"/blobs/uploads/") }) {
		t.Error("the upload was not cancelled")
	}
	nowhere(t, l, lab.Password)

	if out := d.mooring("", "logout", s.registry); !out.OK() {
		t.Error(out.Text())
	}
	if out := d.mooring("", "catalog", s.registry); out.Code != 1 || !strings.Contains(out.Stderr, "mooring login "+s.registry) {
		t.Errorf("after logout: exit status %d: %s", out.Code, out.Text())
	}
}

// repository is the JSON answer of mooring catalog for one.
type repository struct {
	Rights right `json:"rights"`
	Tags   []struct {
		Name, Digest string
		Size         int64
	} `json:"tags"`
}

type right struct {
	Pull       string `json:"pull"`
	Push       string `json:"push"`
	Credential bool   `json:"credential"`
	UploadLeft bool   `json:"uploadLeft"`
}

// A token server on another host, with another CA, in front of distribution's own
// verification of tokens. What Mooring says of each person's rights is what skopeo
// then can do.
func TestTokenServer(t *testing.T) {
	l := lab.Start(t)
	tokenHost, tokenRoot := l.Host(t), trusttest.NewCA(t, "Token Root CA")
	tokens := &tokenServer{service: "lab registry", issuer: "lab issuer", signer: trusttest.NewCA(t, "Token signer")}
	s := newSite(t, func(h lab.Host) string {
		bundle := filepath.Join(l.Dir, h.Name+".signer.pem")
		l.Write(t, bundle, tokens.signer.PEM(), 0o644)
		return fmt.Sprintf("token: {realm: %q, service: %q, issuer: %q, rootcertbundle: %s}",
			"https://"+tokenHost.Name+"/token", tokens.service, tokens.issuer, bundle)
	})
	app := "repository:" + s.repository() + ":"
	tokens.accounts = map[string]string{"owner": "pw-owner-1", "pusher": "pw-pusher-2", "puller": "pw-puller-3", "guest": "pw-guest-4"}
	tokens.rights = map[string][]string{
		"owner": {app + "pull", app + "push", app + "delete", "registry:catalog:*"}, "pusher": {app + "pull", app + "push"},
		"puller": {app + "pull"},
	}
	asked := newCounter(tokens)
	l.Serve(t, net.JoinHostPort(tokenHost.IP, "443"), tokenRoot.Leaf(trusttest.Names(tokenHost.Name)).Config(), asked)

	// The registry's own CA is not enough.
	s.trust(s.root)
	d := newDesk(t, l)
	signIn := func(user, password string) lab.Output {
		return d.mooring(password, "login", s.registry, "-u", user, "--password-stdin", "--json")
	}
	got := answer[login](t, signIn("owner", "pw-owner-1"), 1)
	if got.SignedIn || got.Refusal == nil || got.Refusal.Why != "unverified" || got.Refusal.Role != "token" || got.Refusal.Endpoint != tokenHost.At("443") {
		t.Errorf("before the token server is trusted: %+v", got)
	}
	if n := asked.count(); n > 0 {
		t.Errorf("the token server was asked %d times", n)
	}

	s.trust(s.root, tokenRoot)
	if got := answer[login](t, signIn("owner", "wrong"), 1); got.Refusal == nil || got.Refusal.Why != "wrong-password" || got.Refusal.Role != "token" {
		t.Errorf("a wrong password: %+v", got)
	}
	for _, c := range []struct {
		user, password, pull, push string
		lists, left                bool
	}{
		{"owner", "pw-owner-1", "yes", "yes", true, false},
		{"pusher", "pw-pusher-2", "yes", "yes", false, true}, // distribution wants delete to cancel
		{"puller", "pw-puller-3", "yes", "no", false, false},
		{"guest", "pw-guest-4", "no", "no", false, false},
	} {
		t.Run(c.user, func(t *testing.T) {
			if got := answer[login](t, signIn(c.user, c.password), 0); !got.Kept || !got.Token || got.Scheme != "bearer" {
				t.Errorf("%+v", got)
			}
			r := answer[repository](t, d.mooring("", "catalog", s.registry, s.repository(), "--json"), 0).Rights
			if r != (right{c.pull, c.push, true, c.left}) {
				t.Errorf("rights: %+v", r)
			}
			if out := d.mooring("", "catalog", s.registry); out.OK() != c.lists {
				t.Errorf("catalog: %s", out.Text())
			}
			creds := c.user + ":" + c.password
			ref := "docker://" + s.registry + "/" + s.repository()
			pull := l.Run(nil, "skopeo", "inspect", "--creds", creds, ref+":1")
			push := l.Run(nil, "skopeo", "copy", "--src-tls-verify=false", "--dest-creds", creds,
				"docker://"+l.BackendAddress()+"/"+s.image, ref+":by-"+c.user)
			if pull.OK() != (r.Pull == "yes") || push.OK() != (r.Push == "yes") {
				t.Errorf("said %+v, but skopeo: inspect %d, copy %d\n%s\n%s", r, pull.Code, push.Code, pull.Text(), push.Text())
			}
			nowhere(t, l, c.password)
		})
	}
}

// counter counts the requests to a handler.
type counter struct {
	http.Handler
	n chan struct{}
}

func newCounter(h http.Handler) *counter { return &counter{h, make(chan struct{}, 1000)} }

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.n <- struct{}{}
	c.Handler.ServeHTTP(w, r)
}

func (c *counter) count() int { return len(c.n) }

// The silly scheme gets a header and no password; an open registry gets nothing.
func TestSillyAndOpen(t *testing.T) {
	l := lab.Start(t)
	for name, c := range map[string]struct {
		auth, scheme string
		signedIn     bool
		sent         string
	}{
		"silly": {"silly: {realm: silly-realm, service: silly-service}", "silly", true, "Bearer mooring"},
		"open":  {"", "open", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(lab.Host) string { return c.auth })
			s.trust(s.root)
			s.front.take()
			d := newDesk(t, l)
			got := answer[login](t, d.mooring(lab.Password, "login", s.registry, "-u", lab.User, "--password-stdin", "--json"), 0)
			if got.Scheme != c.scheme || got.SignedIn != c.signedIn || got.Kept != c.signedIn {
				t.Errorf("%+v", got)
			}
			for _, r := range s.front.take() {
				if r.authorization != "" && r.authorization != c.sent {
					t.Errorf("sent %+v", r)
				}
			}
			if out := d.mooring("", "catalog", s.registry); !out.OK() || !slices.Contains(strings.Fields(out.Stdout), s.repository()) {
				t.Errorf("catalog: %s", out.Text())
			}
		})
	}
}
