package probe

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/proxy"
)

// proxyError is a failure on the way to or in the proxy, not of the registry.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return "proxy: " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// openVia connects to t through the proxy. Whatever goes wrong on the way is the
// proxy's failure; its password appears in no error.
func (v visitor) openVia(ctx context.Context, via *url.URL, t target) (*meter, error) {
	if err := t.guard.checkProxied(t.name); err != nil {
		return nil, err
	}
	port, known := proxyPorts[via.Scheme]
	if !known {
		return nil, &proxyError{fmt.Errorf("%q proxies are not supported", via.Scheme)}
	}
	if p := via.Port(); p != "" {
		port = p
	}
	raw, err := v.dial(ctx, net.JoinHostPort(via.Hostname(), port), nil)
	if err != nil {
		return nil, &proxyError{err}
	}
	m := &meter{Conn: raw, left: v.most}
	defer m.limit(ctx, *v.until)()
	through, err := tunnel(ctx, m, via, t.address)
	if err != nil {
		raw.Close()
		return nil, &proxyError{err}
	}
	return through, nil
}

// tunnel makes m, a connection to the proxy, one to address.
func tunnel(ctx context.Context, m *meter, via *url.URL, address string) (*meter, error) {
	switch via.Scheme {
	case "socks5", "socks5h":
		return m, socks(ctx, m, via, address)
	case "https":
		// The person chose this server and may have given it a password, so unlike
		// a registry it is verified, with the system's roots.
		secure := tls.Client(m, &tls.Config{ServerName: via.Hostname()})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		m = &meter{Conn: secure, left: m.left}
	}
	return m, connect(m, via.User, address)
}

// connect asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6).
func connect(m *meter, user *url.Userinfo, address string) error {
	req := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: " + userAgent + "\r\n"
	if user != nil {
		password, _ := user.Password()
		secret := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		req += "Proxy-Authorization: Basic " + secret + "\r\n"
	}
	if _, err := io.WriteString(m, req+"\r\n"); err != nil {
		return err
	}
	answers := newAnswers(m)
	resp, err := answers.next(&http.Request{Method: http.MethodConnect})
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", strings.TrimSpace(clean(resp.Status)))
	}
	if n := answers.buffer.Buffered(); n > 0 {
		return fmt.Errorf("sent %d bytes before the registry could", n)
	}
	return nil
}

// socks asks a SOCKS5 proxy, which looks the name up itself.
func socks(ctx context.Context, m *meter, via *url.URL, address string) error {
	var auth *proxy.Auth
	if via.User != nil {
		auth = &proxy.Auth{User: via.User.Username()}
		auth.Password, _ = via.User.Password()
	}
	d, err := proxy.SOCKS5("tcp", via.Host, auth, already{m})
	if err != nil {
		return err
	}
	_, err = d.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
	return err
}

// already is a dialer whose connection stands.
type already struct{ conn net.Conn }

func (a already) Dial(string, string) (net.Conn, error) { return a.conn, nil }

func (a already) DialContext(context.Context, string, string) (net.Conn, error) { return a.conn, nil }
