package platform

import (
	"context"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// installedCerts returns a function that gives the client certificates which some
// consumer shows to a registry now.
func (m *Machine) installedCerts(ctx context.Context) func(trust.Registry) []clientcert.File {
	set := consumers.Gather(ctx, m.World)
	return func(r trust.Registry) []clientcert.File {
		var out []clientcert.File
		for _, p := range set.Policies(r) {
			for _, pair := range p.ClientPairs {
				if pair.Cert != nil {
					out = append(out, clientcert.File{Name: pair.CertPath, Data: pair.Cert.Raw})
				}
			}
		}
		return out
	}
}
