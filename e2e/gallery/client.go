//go:build e2e

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// wantsClient is the registry of the scene that wants a client certificate.
const wantsClient = "harbor.lab.example"

// client lets the registry want one, and returns what opens the dialog on the
// files of a state; nil for other states.
func client(state string, o *window.Options, s *windowtest.Service) func() {
	files, ok := map[string]func(ca *trusttest.Cert) map[string][]byte{
		"client": nil, "client-request": nil, "client-good": goodPair, "client-problems": everyProblem, "client-locked": lockedPair,
	}[state]
	if !ok {
		return nil
	}
	ca := trusttest.NewCA(helper{}, "Corp Clients CA", trusttest.Organization("Example Corp"))
	second := trusttest.NewCA(helper{}, "Corp Machines CA 2025", trusttest.Organization("Example Corp"))
	s.Demand(wantsClient, ca.Cert.RawSubject, second.Cert.RawSubject)
	var w *window.Window
	o.Select, o.Shown = wantsClient, func(shown *window.Window) { w = shown }
	var paths []string
	if files != nil {
		paths = written(files(ca))
	}
	return func() {
		if state == "client-request" {
			w.OpenSigningRequest("alice")
			return
		}
		w.OpenClientCert(paths)
	}
}

// written puts files into a directory of their own.
func written(files map[string][]byte) []string {
	dir, err := os.MkdirTemp("", "gallery-client-")
	if err != nil {
		panic(err)
	}
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, files[name], 0o600); err != nil {
			panic(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func goodPair(ca *trusttest.Cert) map[string][]byte {
	pair := ca.Client("alice", trusttest.NotBefore(time.Now().AddDate(-1, 0, 0)), trusttest.NotAfter(time.Now().AddDate(0, 0, 12)))
	return map[string][]byte{"alice.crt": pair.PEM(), "alice.key": pair.KeyPEM()}
}

// everyProblem is a certificate with all faults that one can have at once.
func everyProblem(*trusttest.Cert) map[string][]byte {
	other := trusttest.NewCA(helper{}, "Internal Test Authority of a Department with a Long Name")
	pair := other.Leaf(trusttest.CommonName("build-agent-0042.europe-west-4.internal.corp.example"), trusttest.RSA(1024),
		trusttest.NotBefore(time.Now().AddDate(-2, 0, 0)), trusttest.NotAfter(time.Now().AddDate(0, 0, -40)))
	return map[string][]byte{
		"build-agent-0042.europe-west-4.internal.corp.example.pem": append(pair.PEM(), pair.KeyPEM()...),
		"readme.txt": []byte("hello"),
	}
}

// lockedPair is a store with a passphrase.
func lockedPair(ca *trusttest.Cert) map[string][]byte {
	pair := ca.Client("alice")
	store, err := pkcs12.Modern.Encode(pair.Key, pair.Cert, nil, "a passphrase")
	if err != nil {
		panic(err)
	}
	return map[string][]byte{"alice.p12": store}
}
