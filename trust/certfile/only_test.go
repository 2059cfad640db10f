package certfile_test

import (
	"bytes"
	"strings"
	"testing"

	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
)

func TestOnly(t *testing.T) {
	a, b := trusttest.NewCA(t, "A"), trusttest.NewCA(t, "B")
	pemA := string(a.PEM())
	for name, c := range map[string]struct {
		data string
		want int // certificates; 0: it holds something else
	}{
		"one":                         {pemA, 1},
		"two":                         {pemA + string(b.PEM()), 2},
		"one twice":                   {pemA + pemA, 2},
		"CRLF":                        {strings.ReplaceAll(pemA, "\n", "\r\n"), 1},
		"blank lines around":          {"\n\r\n \t" + pemA + "\n\n", 1},
		"without the last newline":    {strings.TrimSpace(pemA), 1},
		"DER":                         {string(a.Cert.Raw), 1},
		"DER and a byte":              {string(a.Cert.Raw) + "\x00", 0},
		"DER and a newline":           {string(a.Cert.Raw) + "\n", 0},
		"nothing":                     {"", 0},
		"white space":                 {" \n", 0},
		"a comment":                   {"# our CA\n" + pemA, 0},
		"text after it":               {pemA + "x", 0},
		"text between":                {pemA + "subject=B\n" + string(b.PEM()), 0},
		"a key":                       {pemA + string(a.KeyPEM()), 0},
		"a key first":                 {string(a.KeyPEM()) + pemA, 0},
		"a byte order mark":           {"\ufeff" + pemA, 0},
		"headers":                     {strings.Replace(pemA, "-----\n", "-----\nX: y\n\n", 1), 0},
		"a block within the block":    {"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n" + pemA, 0},
		"a key within the block":      {"-----BEGIN CERTIFICATE-----\n" + string(a.KeyPEM()) + pemA, 0},
		"a trusted certificate":       {strings.ReplaceAll(pemA, "CERTIFICATE", "TRUSTED CERTIFICATE"), 0},
		"no end":                      {pemA[:len(pemA)-30], 0},
		"a block that does not parse": {"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n", 0},
		"more than anybody has":       {strings.Repeat(pemA, certfile.MaxCertificates+1), 0},
	} {
		certs, ok := certfile.Only([]byte(c.data))
		if ok != (c.want > 0) || len(certs) != c.want {
			t.Errorf("%s: %d certificates, %v", name, len(certs), ok)
		}
	}
}

// What is called nothing but certificates, written anew, is the same but for white
// space.
func FuzzOnly(f *testing.F) {
	a, b := trusttest.NewCA(f, "A"), trusttest.NewCA(f, "B")
	for _, seed := range [][]byte{a.PEM(), append(a.PEM(), b.PEM()...), a.Cert.Raw, append(a.PEM(), a.KeyPEM()...), []byte("-----BEGIN CERTIFICATE-----")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		certs, ok := certfile.Only(data)
		if !ok {
			return
		}
		var anew []byte
		for _, c := range certs {
			anew = append(anew, certfile.Normalize(c)...)
		}
		same := bytes.Equal(bytes.Join(bytes.Fields(anew), nil), bytes.Join(bytes.Fields(data), nil))
		if !same && (len(certs) != 1 || !bytes.Equal(certs[0].Raw, data)) {
			t.Errorf("%q holds more than %d certificates", data, len(certs))
		}
	})
}
