package cli

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"mooring.dev/mooring/trust/trusttest"
)

// clients is a registry that serves clients of one CA only, and the files that
// people have for it.
type clients struct {
	registry string
	files    map[string][]byte
}

func serveClients(t *testing.T, root *trusttest.Cert) clients {
	t.Helper()
	ca, other := trusttest.NewCA(t, "Client CA"), trusttest.NewCA(t, "Other CA")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
		_, _ = io.WriteString(w, "{}")
	}))
	server.TLS = root.Leaf(trusttest.Names("mtls.test")).Config()
	server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	alice := ca.Client("alice")
	p12, err := pkcs12.Modern.Encode(alice.Key, alice.Cert, nil, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	old := ca.Client("alice", trusttest.NotAfter(time.Now().Add(-time.Hour)))
	foreign := other.Client("alice")
	// A request's answer cannot be made beforehand: the CA's key goes along.
	return clients{strings.Replace(server.URL, "https://127.0.0.1", "mtls.test", 1), map[string][]byte{
		"alice.pem": alice.PEM(), "alice.key": alice.KeyPEM(), "alice.p12": p12, "passphrase": []byte("correct horse\n"), "wrong": []byte("x"),
		"old.pem": append(old.PEM(), old.KeyPEM()...), "foreign.pem": append(foreign.PEM(), foreign.KeyPEM()...),
		"clients-ca.pem": ca.PEM(), "clients-ca.key": ca.KeyPEM(),
	}}
}

// TestClientCertFlagsAreWorded in the help of every language.
func TestClientCertFlagsAreWorded(t *testing.T) {
	for _, lang := range []string{"en", "ko", "ru"} {
		var out strings.Builder
		status := Main(t.Context(), []string{"client-cert", "--help", "--lang=" + lang}, IO{In: os.Stdin, Out: &out, Err: &out}, Wiring{})
		if status != 0 || !strings.Contains(out.String(), "--passphrase-stdin") || strings.Contains(out.String(), "cli.") {
			t.Errorf("%s: %d\n%s", lang, status, &out)
		}
	}
}
