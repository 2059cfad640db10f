package clientcert

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"time"
)

// The bounds of what is taken from certificates and servers into sentences.
const (
	maxText  = 256     // bytes of one name
	maxName  = 4 << 10 // of a name in DER: writing out a longer one would cost more than it tells
	maxNamed = 8       // names in a sentence
)

// clip bounds a text that came from a file or server.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// nameOf is how people read a distinguished name in DER.
func nameOf(raw []byte) string {
	var rdns pkix.RDNSequence
	if len(raw) > maxName {
		return "…"
	}
	if rest, err := asn1.Unmarshal(raw, &rdns); err != nil || len(rest) > 0 {
		return "?"
	}
	var n pkix.Name
	n.FillFromRDNSequence(&rdns)
	return clip(n.String())
}

// list puts names into one argument, one a line.
func list(names []string) string {
	if len(names) > maxNamed {
		names = append(append([]string{}, names[:maxNamed]...), "…")
	}
	return strings.Join(names, "; ")
}

// date is the form of dates in arguments.
func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
