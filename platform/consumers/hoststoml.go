package consumers

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"mooring.dev/mooring/platform/world"
)

// hostsTOML is the name of containerd's file for one registry.
const hostsTOML = "hosts.toml"

// maxHostsTOML bounds what is parsed of a hosts.toml: real ones have some hundred
// bytes, and the parser's time grows faster than the file.
const maxHostsTOML = 256 << 10

// hostEntry is one server that containerd asks for a registry's images, with the
// TLS files for it (containerd core/remotes/docker/config/hosts.go hostConfig).
type hostEntry struct {
	scheme, host string // host "": the registry itself
	// pull: it is asked for images, not only sent them.
	pull  bool
	cas   []string
	pairs [][2]string // certificate and key; key "": in the certificate's file
	skip  *bool
	// origin is the hosts.toml or the rule that made it unsafe, if it is.
	origin string
	// skipBy is the file behind skip where that is not the origin.
	skipBy string
	// own: nothing is configured, so it is the registry itself.
	own bool
}

// tls reports whether anything about TLS is set, which makes containerd try
// HTTPS first where the scheme is http.
func (h hostEntry) tls() bool { return h.cas != nil || h.pairs != nil || h.skip != nil }

// hostTable is a table of hosts.toml; the server's own one is the top level.
type hostTable struct {
	Capabilities []string       `toml:"capabilities"`
	CA           any            `toml:"ca"`     // string or list of strings
	Client       any            `toml:"client"` // string, list of strings, or list of pairs
	SkipVerify   *bool          `toml:"skip_verify"`
	Header       map[string]any `toml:"header"`
	OverridePath bool           `toml:"override_path"`
	DialTimeout  string         `toml:"dial_timeout"`
}

// parseHostsTOML reads a hosts.toml in dir with the tolerance of containerd:
// unknown keys are passed over, a wrong type is an error. The last entry is the
// server's. Before containerd 2 a file without any [host] was refused (needsHost).
func parseHostsTOML(w world.World, dir string, data []byte, needsHost bool) ([]hostEntry, error) {
	if len(data) > maxHostsTOML {
		return nil, world.ErrTooLarge
	}
	var f struct {
		hostTable
		Server string               `toml:"server"`
		Hosts  map[string]hostTable `toml:"host"`
	}
	if err := toml.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if needsHost && f.Hosts == nil {
		return nil, errors.New("it has no [host] table, which containerd before 2.0 demands")
	}
	var out []hostEntry
	for _, name := range hostOrder(data) {
		e, err := f.Hosts[name].entry(w, dir, name)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	e, err := f.entry(w, dir, f.Server)
	if err != nil {
		return nil, err
	}
	return append(out, e), nil
}

// hostOrder lists the [host."…"] tables in the order of the file, in which they
// are tried. Hosts written as inline tables or dotted keys are not found by
// containerd, so neither are they here.
func hostOrder(data []byte) []string {
	var out []string
	var p unstable.Parser
	p.Reset(data)
	last := ""
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.Table {
			continue
		}
		var parts []string
		for it := e.Key(); it.Next(); {
			parts = append(parts, string(it.Node().Data))
		}
		if len(parts) < 2 || parts[0] != "host" || parts[1] == last {
			continue
		}
		last = parts[1]
		out = append(out, last)
	}
	return out
}

// entry checks a table and turns it into an entry for server, a URL or a host.
func (t hostTable) entry(w world.World, dir, server string) (hostEntry, error) {
	e := hostEntry{skip: t.SkipVerify}
	var err error
	if e.scheme, e.host, err = serverURL(server); err != nil {
		return e, err
	}
	if e.pull, err = canPull(t.Capabilities); err != nil {
		return e, err
	}
	abs := func(p string) string { return absIn(w, dir, p) }
	if e.cas, err = stringOrList("ca", t.CA, abs); err != nil {
		return e, err
	}
	if e.pairs, err = clientPairs(t.Client, abs); err != nil {
		return e, err
	}
	return e, checkRest(t)
}

func serverURL(server string) (scheme, host string, err error) {
	if server == "" {
		return "", "", nil
	}
	if !strings.HasPrefix(server, "http") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", "", fmt.Errorf("unable to parse server %v", server)
	}
	return u.Scheme, u.Host, nil
}

// canPull reports whether the capabilities, all by default, include fetching.
func canPull(capabilities []string) (bool, error) {
	pull := len(capabilities) == 0
	for _, c := range capabilities {
		switch strings.ToLower(c) {
		case "pull", "resolve":
			pull = true
		case "push", "referrers":
		default:
			return false, fmt.Errorf("unknown capability %v", c)
		}
	}
	return pull, nil
}

func stringOrList(key string, v any, each func(string) string) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{each(v)}, nil
	case []any:
		out := make([]string, 0, len(v))
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, fmt.Errorf("unable to cast %v to string", x)
			}
			out = append(out, each(s))
		}
		return out, nil
	default:
		return nil, fmt.Errorf("invalid type %v for %q", v, key)
	}
}

// clientPairs reads the three forms of client: a file with both halves, a list
// of such files, a list of [certificate, key].
func clientPairs(v any, abs func(string) string) ([][2]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return [][2]string{{abs(v), ""}}, nil
	case []any:
		var out [][2]string
		for _, x := range v {
			pair, err := clientPair(x, abs)
			if err != nil {
				return nil, err
			}
			out = append(out, pair)
		}
		return out, nil
	default:
		return nil, fmt.Errorf("invalid type %v for %q", v, "client")
	}
}

func clientPair(v any, abs func(string) string) ([2]string, error) {
	switch v := v.(type) {
	case string:
		return [2]string{abs(v), ""}, nil
	case []any:
		files, err := stringOrList("client", v, abs)
		if err != nil {
			return [2]string{}, err
		}
		if len(files) != 2 {
			return [2]string{}, fmt.Errorf("invalid pair %v for %q", v, "client")
		}
		return [2]string(files), nil
	default:
		return [2]string{}, fmt.Errorf("invalid type %T for %q", v, "client")
	}
}

// absIn makes a path of hosts.toml absolute: relative ones start at its directory.
func absIn(w world.World, dir, p string) string {
	switch {
	case w.OS == "windows" && len(p) > 2 && p[1] == ':':
		return p
	case w.OS == "windows":
		return w.Join(dir, p)
	case path.IsAbs(p):
		return p
	default:
		return path.Join(dir, p)
	}
}

// checkRest finds the mistakes in keys that do not concern trust but make
// containerd discard the whole file.
func checkRest(t hostTable) error {
	for key, v := range t.Header {
		switch v := v.(type) {
		case string:
		case []any:
			if _, err := stringOrList(key, v, strings.TrimSpace); err != nil {
				return err
			}
		default:
			return fmt.Errorf("invalid type %v for header %q", v, key)
		}
	}
	if t.DialTimeout != "" {
		_, err := time.ParseDuration(t.DialTimeout)
		return err
	}
	return nil
}
