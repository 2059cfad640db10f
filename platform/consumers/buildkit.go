package consumers

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mooring.dev/mooring/trust"
)

// dockerBuildKit fills the policy by BuildKit's own loader, which dockerd before
// 28 uses for builds and for its containerd store: the directory of exactly this
// name and the flat files in it (docker v27 daemon/daemon.go RegistryHosts,
// buildkit util/resolver loadTLSConfig). Tokens are fetched by a default client.
func (r *reading) dockerBuildKit(d daemon, q Query) {
	if q.Role == trust.RoleToken {
		return
	}
	host, ip := dockerName(q.Registry), q.IP
	if q.Role == trust.RoleMirror {
		host = q.Host
	}
	if !r.hostName(host) {
		return
	}
	dir := r.w.Join(d.certs, plainName(r.w, host))
	r.buildkitDir(dir)
	list := r.insecure(d)
	if origin, ok := list.match(host, ip); ok {
		r.skip(origin, host)
		return
	}
	if !ip.IsValid() && q.Role == trust.RoleRegistry {
		r.policy.InsecureNets = list.nets
	}
	r.nearMisses(host, append([]string{d.certs}, d.otherCerts()...), []string{dir}, dir)
}

// buildkitDir reads the CA files of dir, then its pairs. One that may not be
// listed counts as empty, and a key without a certificate does not matter.
func (r *reading) buildkitDir(dir string) {
	entries, err := r.list(dir)
	switch {
	case err == nil:
		r.look(dir, true)
	case errors.Is(err, fs.ErrNotExist):
		r.look(dir, false)
	case errors.Is(err, fs.ErrPermission):
		r.lookOdd(dir, trust.Unreadable)
		r.denied(dir, err)
	default:
		f := faultOf(r.w, dir, err)
		r.oddHalf(f.code, dir, f.text)
		r.fail(f.code, dir, f.text)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".crt") {
			r.buildkitCA(r.w.Join(dir, e.Name()))
		}
	}
	for _, e := range entries {
		r.buildkitOther(dir, e)
	}
}

func (r *reading) buildkitCA(path string) {
	f := readCA(r.w, path)
	if f.fault == nil {
		r.anchors(path, f)
		return
	}
	r.lookOdd(path, f.fault.code)
	if !r.denied(path, f.fault.err) {
		r.note(f.fault.code, path, f.fault.text)
		r.fail(f.fault.code, path, fmt.Sprintf("failed to read %s: %s", path, f.fault.text))
	}
}

// buildkitOther reads a pair, or notes a file that is not read.
func (r *reading) buildkitOther(dir string, e fs.DirEntry) {
	name := e.Name()
	full := r.w.Join(dir, name)
	switch {
	case strings.HasSuffix(name, ".crt"):
	case strings.HasSuffix(name, ".cert"):
		before := r.policy.ConfigError
		r.flatPair(full, strings.TrimSuffix(full, ".cert")+".key")
		if before == "" && r.policy.ConfigError != "" {
			r.policy.ConfigError = fmt.Sprintf("failed to load keypair for %s: %s", full, r.policy.ConfigError)
		}
	case strings.HasSuffix(name, ".key"):
	default:
		r.stray(dir, e)
	}
}
