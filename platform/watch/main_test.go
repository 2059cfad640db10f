package watch

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is a moment on a working day, in a zone of its own.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func reg(name string) trust.Registry {
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		panic(err)
	}
	return r
}

// issuedBy is what is remembered of a leaf.
func issuedBy(issuer, leaf string) trust.Seen {
	s := trust.Seen{At: noon, Issuer: issuer, IssuerName: issuer}
	copy(s.Leaf[:], leaf)
	return s
}

// good is a trusted registry whose certificate lasts for a year.
func good(name string) Sight {
	return Sight{
		Registry: reg(name), State: trust.Trusted, Issuer: issuedBy("ca", name),
		Ends: []End{{Kind: EndServer, ID: name, At: noon.AddDate(1, 0, 0), Life: 730 * day}},
	}
}

func refused(name string, why trust.Code) Sight {
	s := good(name)
	s.State, s.Reason = trust.Refused, why
	return s
}

func down(name string) Sight {
	return Sight{Registry: reg(name), State: trust.Unreachable, Reason: trust.Timeout}
}
