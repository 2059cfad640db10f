package consumers

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"mooring.dev/mooring/trust"
)

// flatRules are the ways in which the readers of a flat directory of *.crt,
// *.cert and *.key files differ: dockerd's classic loader (moby
// daemon/pkg/registry/registry.go loadTLSConfig) and containers/image
// (pkg/tlsclientconfig SetupCertificates).
type flatRules struct {
	// missingKey is the text for a *.cert without its *.key: formatted with the
	// key's and the certificate's name.
	missingKey string
	// missingCert is the text for a *.key without its *.cert: formatted with the
	// certificate's and the key's name.
	missingCert string
	// lenient: a directory that may not be listed counts as empty, and a file that
	// is gone between listing and reading (a dangling link, too) is passed over.
	lenient bool
}

var (
	classicRules = flatRules{
		missingKey:  "missing key %s for client certificate %s. CA certificates must use the extension .crt",
		missingCert: "missing client certificate %s for key %s",
	}
	// oldClassicRules are dockerd's before 29.
	oldClassicRules = flatRules{
		missingKey:  "missing key %s for client certificate %s. Note that CA certificates should use the extension .crt",
		missingCert: "Missing client certificate %s for key %s",
	}
	containersRules = flatRules{
		missingKey:  oldClassicRules.missingKey,
		missingCert: classicRules.missingCert,
		lenient:     true,
	}
)

// flatDir reads dir. It reports whether dir exists.
func (r *reading) flatDir(dir string, rules flatRules) bool {
	entries, err := r.list(dir)
	if err != nil {
		return r.flatDirFailed(dir, rules, err)
	}
	r.look(dir, true)
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, e := range entries {
		r.flatFile(dir, e, names, rules)
	}
	return true
}

func (r *reading) flatDirFailed(dir string, rules flatRules, err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		r.look(dir, false)
		return false
	}
	f := faultOf(r.w, dir, err)
	r.lookOdd(dir, f.code)
	switch {
	case r.denied(dir, err):
	case rules.lenient && errors.Is(err, fs.ErrPermission):
		r.note(f.code, dir, f.text)
	default:
		r.note(f.code, dir, f.text)
		r.fail(f.code, dir, f.text)
	}
	return true
}

// flatFile reads one entry of a flat directory, as its extension says.
func (r *reading) flatFile(dir string, e fs.DirEntry, names map[string]bool, rules flatRules) {
	name := e.Name()
	full := r.w.Join(dir, name)
	switch ext := path.Ext(name); ext {
	case ".crt":
		r.flatCA(full, rules)
	case ".cert":
		key := name[:len(name)-len(ext)] + ".key"
		if names[key] {
			r.flatPair(full, r.w.Join(dir, key))
			return
		}
		r.misplaced(trust.CertWithoutKey, full, fmt.Sprintf(rules.missingKey, key, name))
	case ".key":
		cert := name[:len(name)-len(ext)] + ".cert"
		if !names[cert] {
			r.misplaced(trust.KeyWithoutCert, full, fmt.Sprintf(rules.missingCert, cert, name))
		}
	default:
		r.stray(dir, e)
	}
}

// misplaced is a half of a client pair that stops the loader.
func (r *reading) misplaced(code trust.Code, path, text string) {
	r.oddHalf(code, path, text)
	r.fail(code, path, text)
}

// flatCA reads a *.crt; content that is no PEM certificate is silently ignored.
func (r *reading) flatCA(path string, rules flatRules) {
	f := readCA(r.w, path)
	if f.fault == nil {
		r.anchors(path, f)
		return
	}
	r.lookOdd(path, f.fault.code)
	if r.denied(path, f.fault.err) {
		return
	}
	r.note(f.fault.code, path, f.fault.text)
	if !rules.lenient || !errors.Is(f.fault.err, fs.ErrNotExist) {
		r.fail(f.fault.code, path, f.fault.text)
	}
}

// anchors takes over what a CA file holds.
func (r *reading) anchors(path string, f caFile) {
	for _, c := range f.certs {
		r.policy.Anchors = append(r.policy.Anchors, trust.Anchor{Cert: c, Source: trust.FileSource(path)})
	}
	for _, n := range f.odd {
		r.note(n.Code, path, n.Text)
	}
	if len(f.odd) > 0 {
		r.lookOdd(path, f.odd[0].Code)
		return
	}
	r.look(path, true)
}

// flatPair reads a client pair as tls.LoadX509KeyPair does.
func (r *reading) flatPair(certPath, keyPath string) {
	p := readPair(r.w, certPath, keyPath)
	if code := r.pairFault(p.certFault, certPath, keyPath); code != "" {
		r.fail(code, certPath, p.certFault.text)
		return
	}
	if code := r.pairFault(p.keyFault, keyPath, keyPath); code != "" {
		r.fail(code, keyPath, p.keyFault.text)
		return
	}
	if p.code != "" {
		r.misplaced(p.code, keyPath, p.text)
		return
	}
	r.pair(p, certPath, keyPath)
}

// pairFault notes why half of a pair cannot be read; "" means that the consumer
// can read it. A pair that only its own reader may read is as it should be;
// whether its halves match is then not known.
func (r *reading) pairFault(f *fault, path, keyPath string) trust.Code {
	switch {
	case f == nil:
		return ""
	case !errors.Is(f.err, fs.ErrPermission):
	case !r.own:
		return ""
	case path == keyPath:
		r.oddHalf(trust.KeyPermissions, path, f.text)
		return trust.KeyPermissions
	}
	if path == keyPath && f.code == trust.Unreadable && errors.Is(f.err, fs.ErrNotExist) {
		r.oddHalf(trust.CertWithoutKey, path, f.text)
		return trust.CertWithoutKey
	}
	r.oddHalf(f.code, path, f.text)
	return f.code
}

func (r *reading) oddHalf(code trust.Code, path, text string) {
	r.lookOdd(path, code)
	r.note(code, path, text)
}

// pair takes over a client pair.
func (r *reading) pair(p pairFiles, certPath, keyPath string) {
	r.look(certPath, p.certFault == nil)
	if keyPath != "" {
		r.look(keyPath, true)
	}
	if p.loose {
		r.note(trust.KeyPermissions, cmp.Or(keyPath, certPath), "")
	}
	r.policy.ClientPairs = append(r.policy.ClientPairs, trust.ClientPair{
		Cert: p.leaf, Chain: p.chain, CertPath: certPath, KeyPath: keyPath,
	})
}

// stray notes a certificate that the loader passes over for its name.
func (r *reading) stray(dir string, e fs.DirEntry) {
	full := r.w.Join(dir, e.Name())
	if e.Name() != hostsTOML && !setAside.MatchString(e.Name()) && regular(e) && strayCert(r.w, full) && !r.namedByHosts(dir, full) {
		r.note(trust.WrongExtension, full, "")
	}
}
