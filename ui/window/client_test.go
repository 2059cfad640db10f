//go:build !nogui

package window

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"software.sslmate.com/src/go-pkcs12"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
)

const clientHost = "harbor.lab.example" // trusted, but for its client certificate

// clientDesk is a machine with a registry that wants certificates of a CA, the
// window on it, and the dialog open.
func clientDesk(t *testing.T) (*rig, *clientDialog, *trusttest.Cert) {
	t.Helper()
	s, _ := windowtest.Scene(t)
	ca := trusttest.NewCA(t, "Corp Clients CA", trusttest.Organization("Example Corp"))
	s.Demand(clientHost, ca.Cert.RawSubject)
	r := started(t, s)
	r.w.choose(clientHost)
	r.w.showClientCert()
	r.has("This registry wants a client certificate.")
	r.has("Bring a certificate and its key first.")
	return r, r.w.dialog.(*clientDialog), ca
}

// drop writes files and drops them on the window together.
func (r *rig) drop(files map[string][]byte) {
	r.t.Helper()
	dir := r.t.TempDir()
	var uris []fyne.URI
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			r.t.Fatal(err)
		}
		uris = append(uris, storage.NewFileURI(path))
	}
	r.w.dropped(fyne.NewPos(5, 5), uris)
	r.until("the files to be read", r.idle)
}

func (r *rig) reviewed() {
	r.t.Helper()
	d := r.w.dialog.(*clientDialog)
	r.until("the review", func() bool {
		return d.form.Review != nil && !d.form.Reviewing && !d.form.Planning && !d.job.busy()
	})
}

// Certificate and key in two files, dropped together, are put together, previewed
// with owner and mode, installed, proved and taken back.
func TestClientCertificate(t *testing.T) {
	r, _, ca := clientDesk(t)
	pair := ca.Client("alice", trusttest.NotBefore(time.Now().AddDate(-1, 0, 0)), trusttest.NotAfter(time.Now().AddDate(0, 0, 12)))
	r.drop(map[string][]byte{"alice.crt": pair.PEM(), "alice.key": pair.KeyPEM()})
	r.reviewed()
	for _, text := range []string{
		"client certificate", "private key", "Certificate from alice.crt, key from alice.key", "11 days left",
		"The certificate expires soon", "The registry takes certificates of:", "Corp Clients CA",
		"private key for Docker · readable by root alone, mode 0600", "for Docker · owner root, mode 0644",
		"private key for Podman · readable by you alone, mode 0600",
	} {
		r.has(text)
	}
	r.press("Install it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.has("The client certificate is in place, and harbor.lab.example is trusted.")
	r.has("harbor.lab.example accepts the certificate of CN=alice.")
	r.press("Undo")
	r.until("the plan to undo", func() bool { return strings.Contains(r.texts(), "This will be taken back") })
	r.key(fyne.KeyEscape)
	r.w.page.tab = tabHistory
	r.w.page.refresh()
	r.has("Installed a client certificate for harbor.lab.example")
}

// What the registry itself says has the last word: a pair that fits and is not
// taken is no success.
func TestClientCertificateThatIsNotTaken(t *testing.T) {
	r, _, ca := clientDesk(t)
	r.s.Unwelcome = true
	pair := ca.Client("alice")
	r.drop(map[string][]byte{"alice.pem": append(pair.PEM(), pair.KeyPEM()...)})
	r.reviewed()
	r.press("Install it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.has("harbor.lab.example does not accept the certificate of CN=alice: remote error: tls: certificate required")
	if strings.Contains(r.texts(), "is in place, and") {
		t.Error("a certificate that is not taken counts as success")
	}
	r.button("Undo")
}

// A registry that never asks for a certificate says nothing about one: no tick.
func TestClientCertificateThatNobodyAskedFor(t *testing.T) {
	r, _, ca := clientDesk(t)
	r.s.Leave("harbor.lab.example")
	pair := ca.Client("alice")
	r.drop(map[string][]byte{"alice.pem": append(pair.PEM(), pair.KeyPEM()...)})
	r.reviewed()
	r.press("Install it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.has("The certificate is installed. harbor.lab.example did not ask for it, so nothing is proved.")
	for _, claim := range []string{"accepts the certificate", "is in place, and"} {
		if strings.Contains(r.texts(), claim) {
			t.Errorf("it says %q", claim)
		}
	}
	o := r.w.t.ClientOutcome(r.w.dialog.(*clientDialog).form)
	if o.Summary.Mark != vm.MarkUnknown || o.Proof[0].Mark != vm.MarkUnknown {
		t.Errorf("marks %+v, %+v", o.Summary, o.Proof[0])
	}
	r.button("Undo")
}

// A passphrase is asked for when it is needed, with what giving it means, and is
// forgotten with the dialog.
func TestClientPassphrase(t *testing.T) {
	r, d, ca := clientDesk(t)
	pair := ca.Client("alice")
	store, err := pkcs12.Modern.Encode(pair.Key, pair.Cert, []*x509.Certificate{ca.Cert}, "tr0ub4dor")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.texts(), "Container engines read no other keys") {
		t.Error("a passphrase is asked for before there is a key")
	}
	r.drop(map[string][]byte{"alice.p12": store})
	r.reviewed()
	r.has("locked with a passphrase")
	r.has("Container engines read no other keys than open ones. Installed, the key will lie unencrypted on this computer")
	r.has("The key is locked: give its passphrase.")
	if !r.button("Install it").Disabled() {
		t.Fatal("a locked key can be installed")
	}
	if r.w.win.Canvas().Focused() != fyne.Focusable(d.passphrase) || !d.passphrase.Password {
		t.Error("the field for the passphrase has no focus, or shows what is typed")
	}
	d.passphrase.SetText("wrong")
	r.press("Open the key")
	r.until("the second review", func() bool { return strings.Contains(r.texts(), "The passphrase is wrong") })
	d.passphrase.SetText("tr0ub4dor")
	d.passphrase.OnSubmitted(d.passphrase.Text)
	r.until("the plan", func() bool { return !r.button("Install it").Disabled() })
	r.has("Certificate and key from alice.p12")
	r.has("The key was locked with a passphrase. Engines cannot ask for one")
	if strings.Contains(r.texts(), "tr0ub4dor") {
		t.Error("the passphrase is shown")
	}
	d.close()
	if d.passphrase.Text != "" || !d.form.Empty() || !d.form.Request().Passphrase.Empty() {
		t.Error("the closed dialog keeps key or passphrase")
	}
}

// Each mistake is named with its remedy, and keeps the button from being pressed.
func TestClientMistakes(t *testing.T) {
	other := trusttest.NewCA(t, "Strangers CA")
	for name, c := range map[string]struct {
		files func(ca *trusttest.Cert) map[string][]byte
		says  []string
	}{
		"no key": {func(ca *trusttest.Cert) map[string][]byte {
			return map[string][]byte{"a.crt": ca.Client("alice").PEM()}
		}, []string{"The key is missing", "Add the file with the private key"}},
		"no certificate": {func(ca *trusttest.Cert) map[string][]byte {
			return map[string][]byte{"a.key": ca.Client("alice").KeyPEM()}
		}, []string{"The certificate is missing"}},
		"another key": {func(ca *trusttest.Cert) map[string][]byte {
			return map[string][]byte{"a.crt": ca.Client("alice").PEM(), "b.key": ca.Client("bob").KeyPEM()}
		}, []string{"Key and certificate do not belong together"}},
		"another CA": {func(*trusttest.Cert) map[string][]byte {
			pair := other.Client("alice")
			return map[string][]byte{"a.pem": append(pair.PEM(), pair.KeyPEM()...)}
		}, []string{"The certificate comes from another CA", "Corp Clients CA", "Strangers CA"}},
		"for servers": {func(ca *trusttest.Cert) map[string][]byte {
			pair := ca.Leaf(trusttest.Names("alice"))
			return map[string][]byte{"a.pem": append(pair.PEM(), pair.KeyPEM()...)}
		}, []string{"The certificate is not meant for clients"}},
		"ended": {func(ca *trusttest.Cert) map[string][]byte {
			pair := ca.Client("alice", trusttest.NotBefore(time.Now().AddDate(-1, 0, 0)), trusttest.NotAfter(time.Now().AddDate(0, 0, -3)))
			return map[string][]byte{"a.pem": append(pair.PEM(), pair.KeyPEM()...)}
		}, []string{"The certificate has expired", "expired 3 days ago"}},
		"rubbish": {func(*trusttest.Cert) map[string][]byte {
			return map[string][]byte{"a.txt": []byte("hello")}
		}, []string{"something else"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, ca := clientDesk(t)
			r.drop(c.files(ca))
			r.reviewed()
			for _, text := range c.says {
				r.has(text)
			}
			r.has("It cannot be installed: ")
			if !r.button("Install it").Disabled() {
				t.Error("it can be installed")
			}
		})
	}
}

// A mistake is mended by bringing more, or by taking away what does not belong.
func TestClientFilesComeAndGo(t *testing.T) {
	r, d, ca := clientDesk(t)
	alice, bob := ca.Client("alice"), ca.Client("bob")
	r.drop(map[string][]byte{"a.crt": alice.PEM(), "b.key": bob.KeyPEM()})
	r.reviewed()
	r.has("Key and certificate do not belong together")
	d.remove("b.key")
	r.reviewed()
	r.has("The key is missing")
	r.drop(map[string][]byte{"a.key": alice.KeyPEM()})
	r.reviewed()
	if r.button("Install it").Disabled() {
		t.Errorf("the pair cannot be installed:\n%s", r.texts())
	}
	d.remove("a.key")
	d.remove("a.crt")
	r.has("Bring a certificate and its key first.")
	for i := range 20 {
		d.dropped(strings.Repeat("x", i+1), "", []byte("x"))
	}
	r.has("That is more files than one certificate can have.")
	r.reviewed()
}

func TestSigningRequest(t *testing.T) {
	r, _, _ := clientDesk(t)
	r.press("Make a key and a request…")
	name := r.find(func(o fyne.CanvasObject) bool { _, ok := o.(*widgets.Entry); return ok }).(*widgets.Entry)
	if !r.button("Make them").Disabled() {
		t.Error("a request without a name can be made")
	}
	name.SetText(strings.Repeat("x", 100))
	r.press("Make them")
	r.until("the refusal", func() bool { return strings.Contains(r.texts(), "unexpected") || strings.Contains(r.texts(), "64") })
	name.SetText("alice")
	r.press("Make them")
	r.until("the request", func() bool { return strings.Contains(r.texts(), "BEGIN CERTIFICATE REQUEST") })
	r.has("readable by you alone")
	r.press("Copy the request")
	if !strings.HasPrefix(r.w.app.Clipboard().Content(), "-----BEGIN CERTIFICATE REQUEST-----\n") {
		t.Errorf("copied %q", r.w.app.Clipboard().Content())
	}
	r.press("Close")
	r.w.showClientCert()
	r.until("the awaited request", func() bool { return strings.Contains(r.texts(), "Request for “alice”") })
	r.button("Bring the answer in…")
}

// The registry's sign-in tab says what it wants, and leads to the dialog.
func TestClientSection(t *testing.T) {
	r, d, _ := clientDesk(t)
	d.close()
	e, _ := r.w.book.Entry(clientHost)
	page := r.w.t.Registry(e)
	if page.Banner.Action != vm.ActClient {
		t.Errorf("the banner offers %q", page.Banner.Action)
	}
	if rows := page.Client; len(rows) != 1 || rows[0].Title != "This registry wants a client certificate." || !strings.Contains(rows[0].Reason, "Corp Clients CA") {
		t.Errorf("%+v", rows)
	}
	r.w.showTab(tabSignIn)
	r.has("CLIENT CERTIFICATE")
	r.press("Client certificate…")
	r.has("Which files?")
	other, _ := r.w.book.Entry("ghcr.io")
	if rows := r.w.t.Registry(other).Client; rows != nil {
		t.Errorf("a registry that wants none: %+v", rows)
	}
	report := *other.Report
	report.Findings = []trust.Finding{{
		Code: trust.Expired, Variant: "client", Severity: trust.SeverityError, Path: "/etc/docker/certs.d/x/client.cert",
		Args: map[string]string{"subject": "CN=alice", "notAfter": "2026-01-02T00:00:00Z", "parties": "docker", "registry": "x"},
	}}
	other.Report = &report
	if rows := r.w.t.Registry(other).Client; len(rows) != 1 || rows[0].Mark != vm.MarkRefused || rows[0].Title != "A client certificate has expired" {
		t.Errorf("%+v", rows)
	}
}
