//go:build integration

package deb

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"time"

	"mooring.dev/mooring/trust/trusttest"
)

// startRegistry serves the entrance of a registry that nobody trusts, and returns its
// root.
func startRegistry(t *testing.T) *trusttest.Cert {
	t.Helper()
	ca := trusttest.NewCA(t, "Corp Root")
	l, err := net.Listen("tcp", regIP+":5000")
	must(t, err)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
			_, _ = io.WriteString(w, "{}")
		}),
		ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second, // who refuses it says so itself
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(tls.NewListener(l, ca.Leaf(trusttest.Names(regHost)).Config()))
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return ca
}
