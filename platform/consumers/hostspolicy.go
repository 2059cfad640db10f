package consumers

import (
	"cmp"
	"fmt"
	"net"
	"slices"

	"mooring.dev/mooring/trust"
)

// ruleLocalhost names containerd's rule for registries on localhost.
const ruleLocalhost = "localhost"

// hosts fills the policy for the endpoint of q when an image of host is fetched
// by containerd's rules. It returns the entry that was taken; ok is false when
// there is none.
func (r *reading) hosts(l hostsLoader, host string, q Query) (taken hostEntry, alone, ok bool) {
	entries, ok := r.entries(l, host)
	if !ok {
		return hostEntry{}, false, false
	}
	alone = len(entries) == 1
	found := false
	for _, e := range entries {
		// Every entry is loaded: a mistake in one stops containerd before any is used.
		anchors, pairs := r.load(e)
		if !e.pull || !e.serves(q, alone) {
			continue
		}
		plain := e.plain(l)
		if !found {
			taken, found = e, true
			r.policy.PlainOnly = plain
		}
		// A server that fails is followed by the next, so any entry will do.
		r.policy.Anchors = append(r.policy.Anchors, anchors...)
		r.policy.ClientPairs = append(r.policy.ClientPairs, pairs...)
		r.policy.PlainOnly = r.policy.PlainOnly && plain
		r.unsafe(e, plain)
	}
	if !found && r.policy.ConfigError == "" {
		last := entries[len(entries)-1]
		r.unknown(fmt.Sprintf("%s sends requests for %s to %s", last.origin, host, last.host))
	}
	return taken, alone, found
}

// serves reports whether an entry is for the endpoint of q. Tokens and redirected
// blobs are fetched with the client of the registry's own entry; a mirror of
// daemon.json is a copy of the only entry there is.
func (h hostEntry) serves(q Query, alone bool) bool {
	if q.Role == trust.RoleMirror {
		return alone || h.address() == withPort(q.Host, "443")
	}
	return h.own || h.address() == q.Registry.Address()
}

// address is the host:port that an entry stands for.
func (h hostEntry) address() string {
	if h.scheme == "http" {
		return withPort(h.host, "80")
	}
	return withPort(h.host, "443")
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	if len(host) > 2 && host[0] == '[' {
		return host + ":" + port
	}
	return net.JoinHostPort(host, port)
}

// plain reports whether an entry is only spoken HTTP to. With TLS files HTTPS is
// tried first, unless the port is HTTP's own.
func (h hostEntry) plain(l hostsLoader) bool {
	_, port, _ := net.SplitHostPort(h.host)
	return h.scheme == "http" && (!h.tls() || port == "80" || l.plainHTTP)
}

// unsafe takes over how far an entry is not verified.
func (r *reading) unsafe(e hostEntry, plain bool) {
	skip := e.skip != nil && *e.skip
	r.policy.PlainHTTP = r.policy.PlainHTTP || e.scheme == "http" || e.own && e.skipBy != ""
	if !plain && !skip {
		return
	}
	origin := cmp.Or(e.skipBy, e.origin)
	r.policy.SkipVerify = origin
	if origin == ruleLocalhost {
		r.note(trust.LoopbackInsecure, "", e.host)
	} else {
		r.note(trust.InsecureRegistry, origin, e.host)
	}
}

// load reads an entry's TLS files into a fresh list of anchors and pairs; what
// stops containerd goes to the policy.
func (r *reading) load(e hostEntry) (anchors []trust.Anchor, pairs []trust.ClientPair) {
	before, hadPairs := len(r.policy.Anchors), len(r.policy.ClientPairs)
	for _, ca := range e.cas {
		r.strictCA(ca)
	}
	for _, p := range e.pairs {
		r.strictPair(p[0], p[1])
	}
	anchors = slices.Clone(r.policy.Anchors[before:])
	pairs = slices.Clone(r.policy.ClientPairs[hadPairs:])
	r.policy.Anchors, r.policy.ClientPairs = r.policy.Anchors[:before], r.policy.ClientPairs[:hadPairs]
	return anchors, pairs
}

// strictCA reads a CA file as containerd does, which stops at one that holds no
// certificate.
func (r *reading) strictCA(path string) {
	f := readCA(r.w, path)
	if f.fault != nil {
		r.lookOdd(path, f.fault.code)
		if !r.denied(path, f.fault.err) {
			r.note(f.fault.code, path, f.fault.text)
			r.fail(f.fault.code, path, fmt.Sprintf("unable to read CA cert %q: %s", path, f.fault.text))
		}
		return
	}
	r.anchors(path, f)
	if len(f.certs) == 0 {
		r.fail(f.reason(), path, fmt.Sprintf("unable to load CA cert %q", path))
	}
}

func (r *reading) strictPair(certPath, keyPath string) {
	p := readPair(r.w, certPath, keyPath)
	own := cmp.Or(keyPath, certPath)
	if code := r.pairFault(p.certFault, certPath, own); code != "" {
		r.fail(code, certPath, fmt.Sprintf("unable to read CERT file %q: %s", certPath, p.certFault.text))
		return
	}
	if code := r.pairFault(p.keyFault, own, own); code != "" {
		r.fail(code, own, fmt.Sprintf("unable to read CERT file %q: %s", own, p.keyFault.text))
		return
	}
	if p.code == "" {
		r.pair(p, certPath, keyPath)
		return
	}
	code := p.code
	if keyPath == "" && code == trust.NotPEM && p.leaf != nil {
		code = trust.CertWithoutKey
	}
	r.misplaced(code, own, "failed to load X509 key pair: "+p.text)
}
