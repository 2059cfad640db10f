package platform

import (
	"bytes"
	"context"
	"crypto/x509"
	"slices"
	"time"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/trust"
)

// rollover is how long a CA may lie ready before its registry uses it.
const rollover = 90 * 24 * time.Hour

// witness is what the examinations have that ask the known registries.
type witness struct {
	patient
	set    *consumers.Set
	regs   []trust.Registry               // all that were to be asked
	probes map[trust.Registry]trust.Probe // of those that answered
}

// observations are made in this order.
var observations = []func(witness, context.Context) []Ailment{
	witness.insecure, witness.unused, witness.unusedInStore,
}

// insecure looks for registries that an installed tool does not verify although it
// could, and names the file that says so.
func (p witness) insecure(ctx context.Context) []Ailment {
	own := map[trust.Registry][]trust.Anchor{}
	for _, f := range p.files {
		for _, c := range f.Certs {
			own[f.Registry] = append(own[f.Registry], trust.Anchor{Cert: c, Source: trust.FileSource(f.Path)})
		}
	}
	var out []Ailment
	for _, reg := range p.regs {
		probe, answered := p.probes[reg]
		if !answered {
			continue
		}
		for _, a := range p.unverified(probe) {
			switch {
			case p.verified(probe, own[reg]):
				a.Code = AilInsecure
			case ctx.Err() == nil && p.trustable(ctx, probe):
				a.Code, a.Repair = AilInsecureYet, []string{"trust", reg.String()}
			default:
				continue // nothing could be trusted yet: a check says what is missing
			}
			out = append(out, a)
		}
	}
	return out
}

// unverified are the files and rules by which installed tools do not verify a
// registry that speaks TLS. Rules that are built in are nobody's mistake.
func (p witness) unverified(probe trust.Probe) []Ailment {
	var out []Ailment
	for _, ep := range probe.Endpoints {
		if ep.Role != trust.RoleRegistry || ep.PlainHTTP || len(ep.Sent) == 0 {
			continue
		}
		for _, v := range p.set.Judge(probe, ep, nil, p.m.World.Now()).Verdicts {
			if v.State != trust.Insecure || v.Reason != trust.InsecureRegistry || !v.Consumer.Installed || v.Consumer.Remote {
				continue
			}
			a := Ailment{Path: v.Detail, Registry: probe.Registry, Name: v.Detail}
			if !p.isFile(v.Detail) {
				a.Path, a.Other = "", v.Detail
			}
			same := func(b Ailment) bool { return b.Path == a.Path && b.Other == a.Other }
			if !slices.ContainsFunc(out, same) && (a.Path != "" || a.Other == "--insecure-registry") {
				out = append(out, a)
			}
		}
	}
	return out
}

func (p witness) isFile(name string) bool {
	_, err := p.w.FS.Stat(name)
	return err == nil
}

// verified reports whether a chain would be trusted by what lies here already.
func (p witness) verified(probe trust.Probe, own []trust.Anchor) bool {
	policy := trust.Policy{Dialect: trust.DialectGo, Anchors: own, System: p.set.System.Anchors}
	return len(probe.Endpoints) > 0 && !slices.ContainsFunc(probe.Endpoints, func(ep trust.Endpoint) bool {
		ep.ClientAuth = trust.ClientAuth{} // whom the server takes is another question
		return trust.Judge(ep, policy, p.m.World.Now()).State != trust.Trusted
	})
}

// trustable reports whether a CA could be chosen with which it would be.
func (p witness) trustable(ctx context.Context, probe trust.Probe) bool {
	report := trust.Report{Registry: probe.Registry}
	for _, ep := range probe.Endpoints {
		report.Endpoints = append(report.Endpoints, trust.EndpointReport{Endpoint: ep})
	}
	all, err := p.m.Candidates(ctx, report, nil)
	return err == nil && slices.ContainsFunc(all, func(c Candidate) bool { return c.Completes && c.Kind != CandidateLeaf })
}

// unused looks for CAs in a registry's directory that no server of it uses. One that
// is new may lie ready for a change.
func (p witness) unused(context.Context) []Ailment {
	now := p.m.World.Now()
	var out []Ailment
	for _, f := range p.files {
		probe, answered := p.probes[f.Registry]
		if !answered || !complete(probe) || len(f.Certs) == 0 || now.Sub(f.Info.Changed) < rollover {
			continue
		}
		if !slices.ContainsFunc(f.Certs, func(c *x509.Certificate) bool { return uses(probe, c) }) {
			a := about(AilUnused, f, anyOf)
			a.Plan = whole(f)
			out = append(out, a)
		}
	}
	return out
}

// unusedInStore looks for CAs that an administrator has put into the computer's
// store and that no known registry uses. Of a registry that does not answer nobody
// can say that, so all must.
func (p witness) unusedInStore(context.Context) []Ailment {
	if len(p.regs) == 0 || len(p.probes) < len(p.regs) {
		return nil
	}
	var out []Ailment
	for _, f := range p.anchors {
		used := func(probe trust.Probe) bool {
			return !complete(probe) || slices.ContainsFunc(f.Certs, func(c *x509.Certificate) bool { return uses(probe, c) })
		}
		if len(f.Certs) == 0 || slices.ContainsFunc(p.regs, func(r trust.Registry) bool { return used(p.probes[r]) }) {
			continue
		}
		a := about(AilUnusedInStore, f, anyOf)
		a.Plan = whole(f)
		out = append(out, a)
	}
	return out
}

// complete reports whether every server of a registry was seen.
func complete(probe trust.Probe) bool {
	return len(probe.Endpoints) > 0 && !slices.ContainsFunc(probe.Endpoints, func(ep trust.Endpoint) bool {
		return !ep.Reachable() || len(ep.Sent) == 0 && !ep.PlainHTTP
	})
}

// uses reports whether a server presents a certificate, its key, or what it issued,
// whatever else may be wrong with either.
func uses(probe trust.Probe, ca *x509.Certificate) bool {
	return slices.ContainsFunc(probe.Endpoints, func(ep trust.Endpoint) bool {
		return slices.ContainsFunc(ep.Sent, func(c *x509.Certificate) bool {
			return c.Equal(ca) || bytes.Equal(c.RawSubjectPublicKeyInfo, ca.RawSubjectPublicKeyInfo) ||
				bytes.Equal(c.RawIssuer, ca.RawSubject) && c.CheckSignatureFrom(ca) == nil
		})
	})
}
