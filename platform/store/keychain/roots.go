package keychain

import (
	"context"
	"crypto/x509"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Roots reads what this Mac trusts as an anchor for TLS servers, with the hosts to
// which that is limited and with what is denied, and which keychains were looked at.
//
// What the administrator says of a certificate hides what the person says of it
// (trust/trustd/SecCertificateSource.c SecLegacyAnchorSourceCopyUsageConstraints;
// the header says the opposite). The roots of macOS are trusted unless one of the
// two denies it.
func Roots(ctx context.Context, w world.World) ([]trust.Anchor, []trust.Look, error) {
	t := tool{w.Run}
	login, _ := domainOf(w, User)
	r := roots{seen: map[trust.Fingerprint]bool{}}
	var err error
	if r.admin, err = t.export(ctx, "-d"); err != nil {
		return nil, nil, err
	}
	if r.user, err = t.export(ctx, ""); err != nil {
		return nil, nil, err
	}
	for _, k := range []struct {
		path, search, name string
	}{
		{rootsKeychain, rootsKeychain, ""},
		{systemKeychain, systemKeychain, Admin},
		{login.keychain, "", User}, // with other keychains that the person may have
	} {
		there := world.Exists(w.FS, k.path)
		r.looked = append(r.looked, trust.Look{Path: k.path, Found: there})
		if !there && k.search != "" {
			continue
		}
		certs, err := t.find(ctx, k.search)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range certs {
			r.add(c, k.name)
		}
	}
	return r.anchors, r.looked, nil
}

type roots struct {
	admin, user records
	seen        map[trust.Fingerprint]bool
	anchors     []trust.Anchor
	looked      []trust.Look
}

// add takes a certificate over that lies in the keychain of a domain; "" is that
// of the roots of macOS.
func (r *roots) add(c *x509.Certificate, in string) {
	fp := trust.FingerprintOf(c)
	if r.seen[fp] {
		return
	}
	r.seen[fp] = true
	a := trust.Anchor{Cert: c, Source: source(in)}
	sha := sha1Of(c)
	said, by := r.admin[sha], Admin
	_, there := r.admin[sha]
	if !there {
		said, there = r.user[sha]
		by = User
	}
	switch {
	case there:
		a.Limits = said.limits(selfSigned(c))
		if in == "" {
			a.Limits = builtIn(a.Limits)
		} else {
			a.Source = source(by)
		}
	case in != "":
		a.Limits = &trust.Limits{Others: trust.Silent}
	}
	r.anchors = append(r.anchors, a)
}

// builtIn is the limits of a root of macOS: what is not denied is trusted.
func builtIn(l *trust.Limits) *trust.Limits {
	if l == nil {
		return nil
	}
	out := &trust.Limits{Others: trusted(l.Others), Hosts: map[string]trust.Standing{}}
	for host, s := range l.Hosts {
		out.Hosts[host] = trusted(s)
	}
	return out
}

func trusted(s trust.Standing) trust.Standing {
	if s == trust.Silent {
		return trust.Trusts
	}
	return s
}

func source(in string) trust.Source {
	if in == "" {
		return trust.AppleSystemRoots
	}
	return trust.StoreSource(trust.NewStoreID(trust.StoreKeychain, in))
}
