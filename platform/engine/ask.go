package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mooring.dev/mooring/platform/peer"
	"mooring.dev/mooring/platform/world"
)

const (
	// askTimeout bounds the questions to all daemons together: they answer from
	// memory, in milliseconds.
	askTimeout = 1500 * time.Millisecond
	maxAnswer  = 4 << 20 // of /info and /version, bytes
	maxDaemons = 16
)

// Dockers lists the Docker daemons that this session could use. Those that
// listen on this machine are asked, side by side, what they are (within 1.5 s);
// ssh and other machines are never dialled. Nothing is asked of a tree under
// --root. Podman's compatible socket is not listed: its rules are podman's.
func Dockers(ctx context.Context, w world.World) []Docker {
	found := hosts(w)
	found = found[:min(len(found), maxDaemons)]
	if !w.Live() {
		return found
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	podman := make([]bool, len(found))
	var wg sync.WaitGroup
	for i := range found {
		wg.Go(func() { podman[i] = found[i].ask(ctx, w) })
	}
	wg.Wait()
	var out []Docker
	for i, d := range found {
		if !podman[i] {
			out = append(out, d)
		}
	}
	return out
}

// ask fills d with what the daemon says of itself, or with why it says nothing.
func (d *Docker) ask(ctx context.Context, w world.World) (isPodman bool) {
	if d.Why == "" {
		d.Why = notAsked(*d)
	}
	if d.Why != "" {
		return false
	}
	c := newClient(d.Host)
	defer c.close()
	var v versionAnswer
	var i infoAnswer
	err := c.get(ctx, "/version", &v)
	if err == nil && v.isPodman() {
		return true
	}
	if err == nil {
		err = c.get(ctx, "/info", &i)
	}
	if err != nil {
		d.Why, d.Silent = reason(err), timedOut(err)
		d.lookAround(ctx, w)
		return false
	}
	d.Answered = true
	d.take(v, i)
	d.locate(w, i, int(c.peer.Load()))
	return false
}

// lookAround learns of a silent daemon what its installed program and the
// process table tell.
func (d *Docker) lookAround(ctx context.Context, w world.World) {
	if d.Remote || d.Desktop || w.OS != "linux" || !strings.HasPrefix(d.Host, "unix://") {
		return
	}
	if p := dockerdPath(w); p != "" {
		d.Version = version(ctx, w, p)
	}
	d.PID, d.Started = daemonProcess(w, *d)
}

// notAsked is why a host is not dialled at all, "" when it is.
func notAsked(d Docker) string {
	switch {
	case strings.HasPrefix(d.Host, "ssh://"):
		return "reached over ssh, which is not dialled"
	case d.Remote:
		return "on another machine"
	case strings.HasPrefix(d.Host, "unix://"), strings.HasPrefix(d.Host, "tcp://"):
		return ""
	case strings.HasPrefix(d.Host, "npipe://"):
		return "named pipes are not asked"
	}
	return "an unknown kind of address"
}

// versionAnswer is what is used of GET /version.
type versionAnswer struct {
	Version    string
	APIVersion string `json:"ApiVersion"`
	Platform   struct{ Name string }
	Components []struct{ Name string }
}

func (v versionAnswer) isPodman() bool {
	for _, c := range v.Components {
		if c.Name == "Podman Engine" {
			return true
		}
	}
	return false
}

// infoAnswer is what is used of GET /info.
type infoAnswer struct {
	Name, OperatingSystem, OSType, DockerRootDir string
	DriverStatus                                 [][]string
	SecurityOptions                              []string
	ContainersRunning                            int
	LiveRestoreEnabled                           bool
	Swarm                                        struct{ LocalNodeState string }
	HTTPProxy                                    string `json:"HttpProxy"`
	HTTPSProxy                                   string `json:"HttpsProxy"`
	NoProxy                                      string
	RegistryConfig                               registryConfig
}

type registryConfig struct {
	InsecureRegistryCIDRs []string
	IndexConfigs          map[string]struct{ Secure bool }
	Mirrors               []string
}

func (c registryConfig) insecure() []string {
	out := append([]string{}, c.InsecureRegistryCIDRs...)
	for name, index := range c.IndexConfigs {
		if !index.Secure {
			out = append(out, name)
		}
	}
	return sorted(out)
}

// take copies what the daemon said of itself.
func (d *Docker) take(v versionAnswer, i infoAnswer) {
	d.Version, d.APIVersion = cleanVersion(v.Version), cleanVersion(v.APIVersion)
	d.ContainerdStore = new(bool)
	for _, pair := range i.DriverStatus {
		if len(pair) == 2 && pair[0] == "driver-type" && pair[1] == "io.containerd.snapshotter.v1" {
			*d.ContainerdStore = true
		}
	}
	for _, o := range i.SecurityOptions {
		d.Rootless = d.Rootless || o == "name=rootless" || strings.HasPrefix(o, "name=rootless,")
	}
	d.Desktop = d.Desktop || strings.HasPrefix(i.OperatingSystem, "Docker Desktop") || strings.HasPrefix(v.Platform.Name, "Docker Desktop")
	d.Snap = strings.HasPrefix(i.DockerRootDir, "/var/snap/docker/")
	d.Insecure, d.Mirrors = i.RegistryConfig.insecure(), i.RegistryConfig.Mirrors
	d.HTTPProxy, d.HTTPSProxy, d.NoProxy = redact(i.HTTPProxy), redact(i.HTTPSProxy), i.NoProxy
	d.Containers, d.LiveRestore = i.ContainersRunning, i.LiveRestoreEnabled
	d.Swarm = i.Swarm.LocalNodeState == "active"
}

// versionForm is what counts as a version. "library-import", "dev" and
// "unknown-version" are what builds without one report.
var versionForm = regexp.MustCompile(`^v?[0-9]+\.[0-9]+[0-9A-Za-z.+~_-]*$`)

func cleanVersion(s string) string {
	if len(s) > 64 || !versionForm.MatchString(s) {
		return ""
	}
	return strings.TrimPrefix(s, "v")
}

// redact takes the password out of a proxy's address; engines before 20.10 do
// not do so themselves.
func redact(proxy string) string {
	u, err := url.Parse(proxy)
	if err != nil {
		return ""
	}
	if u.User != nil {
		u.User = url.User("xxxxx")
	}
	return u.String()
}

// client speaks HTTP to one daemon.
type client struct {
	http http.Client
	peer atomic.Int64 // process at the other end of a Unix socket, 0 when unknown
}

// newClient dials a unix:// host, or a tcp:// host without TLS.
func newClient(host string) *client {
	network, addr := "tcp", address(host)
	if path, ok := strings.CutPrefix(host, "unix://"); ok {
		network, addr = "unix", path
	}
	c := &client{}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if uc, ok := conn.(*net.UnixConn); ok {
			p, _ := peer.Of(uc)
			c.peer.Store(int64(p.PID))
		}
		return conn, err
	}
	c.http = http.Client{
		Transport: &http.Transport{DialContext: dial, MaxResponseHeaderBytes: 64 << 10},
		// A daemon has no reason to send us elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

func (c *client) close() { c.http.CloseIdleConnections() }

// do sends a request without a body. The host name is docker's own for sockets.
func (c *client) do(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}

func (c *client) get(ctx context.Context, path string, v any) error {
	return c.getUpTo(ctx, path, maxAnswer, v)
}

func (c *client) getUpTo(ctx context.Context, path string, limit int64, v any) error {
	resp, err := c.do(ctx, http.MethodGet, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s with status %d", path, resp.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, limit)).Decode(v); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("answered %s with something else than JSON", path)
	}
	return nil
}

func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// reason says in a few words why a daemon did not answer.
func reason(err error) string {
	var u *url.Error
	switch {
	case timedOut(err):
		return "no answer in time"
	case errors.Is(err, fs.ErrPermission):
		return WhyDenied
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return WhyNotRunning
	case errors.As(err, &u):
		return clip(u.Err.Error(), 200)
	}
	return clip(err.Error(), 200)
}
