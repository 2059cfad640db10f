//go:build linux

package change

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// The stores that plans change: one is given the anchor, from the other it goes.
const (
	newStore trust.StoreID = "nss:alice"
	oldStore trust.StoreID = "java:17"
)

// faultStoreHalf is the fake's own point: the certificate is in, its settings are not.
const faultStoreHalf = "store-half"

// fakeStores has a file for each store that holds the anchor: "held", and its
// settings. Like macOS it takes two steps to trust a certificate, and to cease to.
type fakeStores struct {
	dir     string
	between func() error
	refuse  int // the change that the person refuses, and all after it: 1 is the next; 0: none
	blind   bool
	sets    int
}

func (s *fakeStores) Get(_ context.Context, id trust.StoreID, cert *x509.Certificate) (trust.Membership, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, string(id)))
	switch {
	case trust.FingerprintOf(cert).String() != testAnchor().SHA256:
		return trust.Membership{}, Refuse(ErrBadCertificate, string(id), "")
	case errors.Is(err, fs.ErrNotExist):
		return trust.Membership{}, nil
	}
	settings, held := strings.CutPrefix(string(b), "held")
	return trust.Membership{Held: held, Settings: settings}, err
}

func (s *fakeStores) Set(_ context.Context, id trust.StoreID, _ *x509.Certificate, want trust.Membership) error {
	if s.refuse == 1 {
		return Refuse(ErrRefusedByPerson, string(id), "")
	}
	s.refuse = max(0, s.refuse-1)
	s.sets++
	if s.blind {
		return nil
	}
	name := filepath.Join(s.dir, string(id))
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if want.Settings != "" || len(b) > len("held") {
		if err := errors.Join(os.WriteFile(name, []byte("held"), 0o644), s.between()); err != nil {
			return err
		}
	}
	if want.Held {
		return os.WriteFile(name, []byte("held"+want.Settings), 0o644)
	}
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// testAnchor is the same certificate in every process.
var testAnchor = sync.OnceValue(func() trust.PlanAnchor {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Lab CA"}, IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return trust.PlanAnchor{SHA256: trust.FingerprintOf(cert).String(), PEM: string(certfile.Normalize(cert))}
})
