package certfile_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/smallstep/pkcs7"

	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
)

func seeds(f *testing.F) {
	a := trusttest.NewCA(f, "A")
	p7 := degenerate(f, a.Cert)
	for _, s := range [][]byte{
		nil, a.PEM(), a.Cert.Raw, p7, block("PKCS7", p7), join([]byte("\xef\xbb\xbf"), a.PEM(), a.PEM()),
		block("CERTIFICATE", a.Cert.Raw, "A", "b"), block("TRUSTED CERTIFICATE", a.Cert.Raw), a.KeyPEM(),
		utf16File(a.PEM(), 'L'),
		{0x30, 5, 2, 1, 3, 0x30, 0},
		trusttest.Keystore(a),
		{0x30, 0x80, 0x30, 0x80, 0, 0},
	} {
		f.Add(s)
	}
}

// GoAnchors must agree with the pool of crypto/x509 on every input: it stands in
// for what engines read.
func FuzzGoAnchors(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		want, got := x509.NewCertPool(), x509.NewCertPool()
		ok := want.AppendCertsFromPEM(data)
		anchors, loads := certfile.ContainerdAnchors(data)
		for _, c := range anchors {
			got.AddCert(c)
		}
		if ok != loads || !want.Equal(got) {
			t.Errorf("crypto/x509 takes %v, GoAnchors %d certificates", ok, len(anchors))
		}
	})
}

func FuzzExamine(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file := certfile.Examine(data)
		if len(file.Certs) > certfile.MaxCertificates || len(file.Notes) > 20 {
			t.Fatalf("%d certificates, %d notes", len(file.Certs), len(file.Notes))
		}
		if len(file.Anchors) == 0 && len(file.Notes) == 0 {
			t.Fatal("engines read nothing of it, and nothing is said")
		}
		if len(file.Anchors) > 0 && len(file.Certs) == 0 {
			t.Fatal("engines read more of it than Examine")
		}
		for _, c := range file.Certs {
			if got := certfile.GoAnchors(certfile.Normalize(c)); len(got) != 1 || !bytes.Equal(got[0].Raw, c.Raw) {
				t.Fatal("a certificate does not survive being normalized")
			}
		}
		if _, err := certfile.Read(data); err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
	})
}

// What the library can read of small PKCS#7 files must be read here too, unless it
// had to rewrite the certificate: then it is no longer the one in the file.
func FuzzPKCS7(f *testing.F) {
	f.Add(degenerate(f, trusttest.NewCA(f, "A").Cert))
	f.Add(degenerate(f, trusttest.NewCA(f, "A").Cert, trusttest.NewCA(f, "B").Cert))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := certfile.Examine(data)
		if file.Format != certfile.PKCS7 || len(data) > 1<<14 {
			return
		}
		p7, err := pkcs7.Parse(data)
		if err != nil {
			return
		}
		for _, c := range p7.Certificates {
			found := !bytes.Contains(data, c.Raw)
			for _, mine := range file.Certs {
				found = found || mine.Equal(c)
			}
			if !found {
				t.Fatalf("the library finds %q", c.Subject)
			}
		}
	})
}
