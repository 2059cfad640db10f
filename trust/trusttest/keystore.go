package trusttest

import (
	"crypto/sha1" //nolint:gosec // the format's digest
	"encoding/binary"
	"fmt"
)

// Keystore is a JKS file under the usual password, as keytool writes it, with certs
// as trusted entries named "entry-0", "entry-1", ….
func Keystore(certs ...*Cert) []byte {
	text := func(b []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	out := []byte{0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2}
	out = binary.BigEndian.AppendUint32(out, uint32(len(certs)))
	for i, c := range certs {
		out = binary.BigEndian.AppendUint32(out, 2)
		out = text(out, fmt.Sprintf("entry-%d", i))
		out = binary.BigEndian.AppendUint64(out, 1700000000000)
		out = text(out, "X.509")
		out = binary.BigEndian.AppendUint32(out, uint32(len(c.Cert.Raw)))
		out = append(out, c.Cert.Raw...)
	}
	h := sha1.New() //nolint:gosec // as above
	for _, c := range "changeit" {
		h.Write([]byte{0, byte(c)})
	}
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(out)
	return h.Sum(out)
}
