package cli

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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

// answer REQUEST CERT has the registry's CA answer a signing request.
func cmdAnswer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answer REQUEST CERT")
	}
	block := func(file string) []byte {
		b, _ := pem.Decode([]byte(ts.ReadFile(file)))
		return b.Bytes
	}
	request, err := x509.ParseCertificateRequest(block(args[0]))
	ts.Check(err)
	ca, err := x509.ParseCertificate(block("clients-ca.pem"))
	ts.Check(err)
	key, err := x509.ParsePKCS8PrivateKey(block("clients-ca.key"))
	ts.Check(err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: request.Subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca, request.PublicKey, key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
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
