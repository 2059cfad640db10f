package trust_test

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestSeenNoticesAnotherIssuer(t *testing.T) {
	ca, other := trusttest.NewCA(t, "Lab CA"), trusttest.NewCA(t, "Lab CA")
	self := trusttest.SelfSigned(t, trusttest.CommonName("reg.lab"))
	for name, c := range map[string]struct {
		before, after *x509.Certificate
		same          bool
	}{
		"renewed by the same CA":             {ca.Leaf().Cert, ca.Leaf().Cert, true},
		"another CA":                         {ca.Leaf().Cert, trusttest.NewCA(t, "Proxy CA").Leaf().Cert, false},
		"a CA of the same name, another key": {ca.Leaf().Cert, other.Leaf().Cert, false},
		"self-signed, the same":              {self.Cert, self.Cert, true},
		"self-signed anew":                   {self.Cert, trusttest.SelfSigned(t, trusttest.CommonName("reg.lab")).Cert, false},
	} {
		if got := trust.SeenOf(c.before, time.Now()).SameIssuer(c.after); got != c.same {
			t.Errorf("%s: same issuer = %v", name, got)
		}
	}
}

func TestSeenSurvivesJSON(t *testing.T) {
	leaf := trusttest.NewCA(t, strings.Repeat("Lab", 1000)).Leaf().Cert
	want := trust.SeenOf(leaf, time.Now())
	b, err := json.Marshal(want)
	if err != nil || len(b) > 1024 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	var got trust.Seen
	if err := json.Unmarshal(b, &got); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if !got.SameIssuer(leaf) || (trust.Seen{}).IsZero() != true {
		t.Error("what was read back differs")
	}
}
