package probe

import (
	"io"
	"net"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// generous sends more than a probe would read, once it is greeted.
func generous(c net.Conn) {
	c.Read(make([]byte, 1))
	c.Write(make([]byte, 3*maxBytes))
}

// What is connected to is on the same way as a probe takes, without its bounds.
func TestConnect(t *testing.T) {
	server := serve(t, generous)
	seen := make(chan string, 1)
	for name, p := range map[string]*Prober{
		"direct":     {Dial: (&network{at: map[string]string{labAddress: server}}).dial, Proxy: Direct},
		"by a proxy": through("http://" + serve(t, proxyTo(server, seen))),
	} {
		t.Run(name, func(t *testing.T) {
			p.Timeout = 100 * time.Millisecond // bounds the connecting alone
			c, err := p.Connect(t.Context(), labAddress)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.Write([]byte("!"))
			if n, err := io.Copy(io.Discard, c); n != 3*maxBytes || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	if got := <-seen; got[:7] != "CONNECT" {
		t.Errorf("proxy was asked %q", got)
	}
}

func TestConnectFails(t *testing.T) {
	p := &Prober{Dial: (&network{}).dial, Proxy: Direct}
	for _, address := range []string{labAddress, "", "no port", ":443", "a b:443"} {
		if c, err := p.Connect(t.Context(), address); err == nil {
			c.Close()
			t.Errorf("connected to %q", address)
		} else if f := FailureOf(err); f.Code == "" || f.Text == "" {
			t.Errorf("%q: %+v", address, f)
		}
	}
	p = &Prober{Timeout: 50 * time.Millisecond, Proxy: through("http://" + serve(t, hang)).Proxy}
	if _, err := p.Connect(t.Context(), labAddress); FailureOf(err).Code != trust.ProxyFailed {
		t.Error(err)
	}
}
