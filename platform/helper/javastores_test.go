//go:build linux

package helper

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// A runtime of the computer's gets a CA by root's hand, and gives it back to the byte.
func TestJavaOfTheComputer(t *testing.T) {
	const cacerts = "opt/jdk-21/lib/security/cacerts"
	l := newLab(t)
	before := trusttest.Keystore(trusttest.NewCA(t, "Public"))
	l.put(cacerts, string(before))
	p := l.plan()
	p.Reach = trust.ReachComputer
	p.Changes = []trust.Change{l.member("java:/" + cacerts)}
	if _, err := l.apply(TrustRegistry, p); !errors.Is(err, change.ErrTooBroad) {
		t.Errorf("under the narrow action: %v", err)
	}
	if _, err := l.apply(TrustComputer, p); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(filepath.Join(l.root, cacerts)); err != nil || !bytes.Contains(now, l.ca.Cert.Raw) {
		t.Errorf("not added, %v", err)
	}
	if _, err := l.s.serve(t.Context(), []string{string(TrustComputer), "undo", testID}, nil); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(filepath.Join(l.root, cacerts)); err != nil || !bytes.Equal(now, before) {
		t.Errorf("not as it was, %v", err)
	}
}

// A name in root's half that says more than the certificate's own is none of its.
func TestJavaUnderAnotherName(t *testing.T) {
	const cacerts = "opt/jdk-21/lib/security/cacerts"
	l := newLab(t)
	l.put(cacerts, string(trusttest.Keystore()))
	p := l.plan()
	p.Reach = trust.ReachComputer
	c := l.member("java:/" + cacerts)
	c.Want.Settings = "debian:public.pem"
	p.Changes = []trust.Change{c}
	if _, err := l.apply(TrustComputer, p); !errors.Is(err, change.ErrBadPlan) {
		t.Errorf("%v", err)
	}
}
