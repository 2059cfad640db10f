//go:build !nogui

package window

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/widgets"
)

// answered makes a request, and brings its answer in.
func (r *rig) answered(ca *trusttest.Cert) {
	r.t.Helper()
	r.press("Make a key and a request…")
	r.find(func(o fyne.CanvasObject) bool { _, ok := o.(*widgets.Entry); return ok }).(*widgets.Entry).SetText("alice")
	r.press("Make them")
	r.until("the request", func() bool { return strings.Contains(r.texts(), "BEGIN CERTIFICATE REQUEST") })
	r.press("Copy the request")
	block, _ := pem.Decode([]byte(r.w.app.Clipboard().Content()))
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		r.t.Fatal(err)
	}
	r.press("Close")
	r.w.showClientCert()
	r.until("the awaited request", func() bool { return strings.Contains(r.texts(), "Request for “alice”") })
	r.button("Bring the answer in…") // and nothing that removes the only key there is
	if strings.Contains(r.texts(), "second copy") {
		r.t.Error("the only key there is passes for a spare one")
	}
	r.drop(map[string][]byte{"answer.pem": ca.Client("alice", trusttest.PublicKey(request.PublicKey)).PEM()})
	r.reviewed()
}

// The key of a request is a spare one once its certificate is accepted, and goes when
// the person has read what that means.
func TestSpareKey(t *testing.T) {
	r, _, ca := clientDesk(t)
	r.answered(ca)
	r.press("Install it")
	r.until("the spare key", func() bool { return strings.Contains(r.texts(), "second copy in the clear") })
	r.has("The key still lies in /home/alice/.local/share/mooring/requests/5f3a910c44d27b19.key as well")
	r.press("Remove the spare key")
	r.has("if you undo the installation later, the key is gone")
	r.press("Keep it")
	if left, err := r.s.SigningRequests(t.Context()); err != nil || len(left) != 1 {
		t.Fatalf("kept, and gone: %v", err)
	}
	r.press("Remove the spare key")
	r.press("Remove it")
	r.until("the removal", func() bool { return strings.Contains(r.texts(), "The spare key was removed.") })
	r.until("the list", func() bool { return !strings.Contains(r.texts(), "second copy in the clear") })
	if left, err := r.s.SigningRequests(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
	r.button("Undo")
}

// Where the installed key cannot be read the person hears so, and may insist, also
// from the list of requests later.
func TestSpareKeyBesideASealedOne(t *testing.T) {
	r, _, ca := clientDesk(t)
	r.s.Sealed = true
	r.answered(ca)
	r.press("Install it")
	r.until("the spare key", func() bool { return strings.Contains(r.texts(), "second copy in the clear") })
	r.press("Close")
	r.w.showClientCert()
	r.until("the answered request", func() bool { return strings.Contains(r.texts(), "Request for “alice”, answered") })
	r.press("Remove the spare key")
	r.press("Remove it")
	r.until("the refusal", func() bool { return strings.Contains(r.texts(), "cannot be seen") })
	r.has("The spare key stays.")
	r.press("Remove it all the same")
	r.until("the removal", func() bool { return strings.Contains(r.texts(), "The spare key was removed.") })
	if left, err := r.s.SigningRequests(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
}
