package words

import (
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/ui/safe"
)

// ClientProblem returns the words of a problem with a client certificate: what is
// wrong, with the actual names, and what to do about it. A variant that has no
// words of its own is worded as its code.
func (w *Words) ClientProblem(p clientcert.Problem) (title, detail, fix string) {
	args := make(map[string]any, len(p.Args))
	for k, v := range p.Args {
		args[k] = w.value(k, v)
	}
	key := "clientcert.problem." + string(p.Code)
	if own := key + "." + p.Variant; p.Variant != "" && w.Has(own+".title") {
		key = own
	}
	return w.T(key+".title", args), w.T(key+".detail", args), w.T(key+".fix", args)
}

// FileKind says what a file turned out to be: "private key", "CA certificate".
func (w *Words) FileKind(k clientcert.Kind) string { return w.code("clientcert.file.", string(k)) }

// ClientProof says what a registry made of a client certificate.
func (w *Words) ClientProof(r trust.Registry, subject string, p clientcert.Proof) string {
	return w.T("clientcert.proof."+string(p.Outcome), map[string]any{"registry": r, "subject": subject, "text": p.Text})
}

// AcceptableCAs introduces the names of the CAs whose certificates a server takes.
func (w *Words) AcceptableCAs() string { return w.T("clientcert.server.accepts", nil) }

// Consequence is a sentence on what carrying out a plan means besides its
// changes.
func (w *Words) Consequence(c trust.Consequence) string {
	return w.T("consequence."+string(c.Code), map[string]any{
		"path": safe.Line(c.Path), "registry": safe.Line(c.Registry), "name": safe.Line(c.Name),
	})
}
