package platform

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// maxCAFile bounds what is read of a CA that a registry hands out.
const maxCAFile = 64 << 10

// harbor recognises a Harbor registry by its token service, which it names so in
// every challenge (harbor src/server/middleware/v2auth).
func harbor(r trust.Report) bool {
	return r.Auth.Service == "harbor-registry" || strings.HasSuffix(r.Auth.Realm, "/service/token")
}

// harborCA asks a Harbor for the CA it was set up with. Nothing vouches for the
// answer: it comes over the connection that is not trusted yet, carries no
// credential, and is offered as one more claim of the server itself. It is asked
// for only when a person is about to choose a certificate.
func (m *Machine) harborCA(ctx context.Context, r trust.Registry) []trust.Anchor {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "https://" + r.Address() + "/api/v2.0/systeminfo/getcert"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil
	}
	client := http.Client{
		Transport: &http.Transport{
			DialContext: m.Prober.Dial, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: r.ServerName()}, //nolint:gosec // see above
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxCAFile))
	if err != nil {
		return nil
	}
	var out []trust.Anchor
	for _, c := range certfile.GoAnchors(data) {
		out = append(out, trust.Anchor{Cert: c, Source: trust.Source("url:" + url)})
	}
	return out
}
