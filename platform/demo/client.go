package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// SignIn signs in to the registry as Docker in the sandbox would: it trusts the
// *.crt files in the registry's directory of /etc/docker/certs.d and, since this
// CA can be in no system's store, nothing else. The password goes out only over a
// connection that was verified. The error is that of Go's own TLS client, which
// is Docker's too.
func (d *Demo) SignIn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+d.Registry.Address()+"/v2/", nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(d.User, d.Password)
	client := http.Client{Transport: &http.Transport{
		DialContext: d.Dial, TLSClientConfig: &tls.Config{RootCAs: d.certsD(), MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("sign in to %s: %s", d.Registry, resp.Status)
	}
	return nil
}

// certsD reads the CA files of the registry in the sandbox.
func (d *Demo) certsD() *x509.CertPool {
	pool := x509.NewCertPool()
	dir := d.at("/etc/docker/certs.d/" + d.Registry.String())
	if d.World().OS == "windows" {
		dir = d.at(`C:\ProgramData\docker\certs.d\` + strings.ReplaceAll(d.Registry.String(), ":", ""))
	}
	files, _ := os.ReadDir(dir) // no directory, no certificates
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".crt" {
			continue
		}
		if b, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil {
			pool.AppendCertsFromPEM(b)
		}
	}
	return pool
}
