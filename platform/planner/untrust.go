package planner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path"
	"regexp"
	"slices"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// ErrNothingHeld says that no party has an anchor of its own for a registry.
var ErrNothingHeld = errors.New("no directory of the registry holds a CA file that could be removed")

// Untrust plans to remove the CA files that the parties read for each registry,
// whoever put them there: files that hold exactly one certificate, under the
// names that Mooring and Docker's documentation use. The OS store is left alone:
// what lies there serves more than one registry. So are client certificates, which
// the plan says. The scope is for the forecast: to make the parties in it worse is
// what this plan is for.
func Untrust(set *consumers.Set, probes []trust.Probe, scope func(trust.Registry) []trust.Party, writable func(string) bool) (trust.Plan, error) {
	b := newBuilder(Input{Set: set, Probes: probes, Writable: writable, Scope: scope})
	b.worsens = true
	for _, p := range probes {
		b.plan.Registries = append(b.plan.Registries, p.Registry.String())
		for _, m := range set.Members {
			if place, ok := m.Reader.Place(set.World, m.Consumer, p.Registry); ok && !m.Consumer.Remote {
				b.removeAnchors(place.Dir, m.Consumer.Party)
			}
		}
	}
	if len(b.plan.Changes) == 0 {
		return trust.Plan{}, ErrNothingHeld
	}
	plan, err := b.finish()
	plan.Action = "untrust"
	return plan, err
}

// removable are the names of CA files that Mooring takes away.
var removable = regexp.MustCompile(`^(ca|mooring-[0-9a-f]{16})\.crt$`)

func (b *builder) removeAnchors(dir string, party trust.Party) {
	files := b.in.Set.World.FS
	entries, err := files.ReadDir(dir)
	if err != nil {
		return
	}
	// containerd stops at a file that hosts.toml names and is gone.
	named, _ := files.ReadFile(b.in.Set.World.Join(dir, "hosts.toml"))
	for _, e := range entries {
		name := b.in.Set.World.Join(dir, e.Name())
		if path.Ext(e.Name()) == ".cert" {
			b.stays(name)
			continue
		}
		if !removable.MatchString(e.Name()) || bytes.Contains(named, []byte(e.Name())) {
			continue
		}
		data, err := files.ReadFile(name)
		if err != nil {
			continue
		}
		certs := certfile.GoAnchors(data)
		if len(certs) != 1 || !bytes.Equal(data, certfile.Normalize(certs[0])) {
			continue
		}
		info, err := files.Lstat(name)
		if err != nil || !info.Mode.IsRegular() {
			continue
		}
		sum := sha256.Sum256(data)
		b.plan.Anchors = appendAnchor(b.plan.Anchors, trust.Anchor{Cert: certs[0], Source: trust.FileSource(name)})
		b.add(trust.Change{
			Kind: trust.RemoveFile, Path: name, Status: trust.StatusRemoved,
			Before: &trust.FileState{SHA256: hex.EncodeToString(sum[:]), Mode: info.Mode.Perm(), UID: info.UID, GID: info.GID},
		}, party)
		b.overlay.Remove(name)
	}
}

// stays notes a client certificate that the plan leaves where it is.
func (b *builder) stays(name string) {
	c := trust.Consequence{Code: trust.ClientStays, Path: name}
	if !slices.Contains(b.plan.Consequences, c) {
		b.plan.Consequences = append(b.plan.Consequences, c)
	}
}

// planAnchor describes an anchor for the plan.
func planAnchor(a trust.Anchor) trust.PlanAnchor {
	return trust.PlanAnchor{
		SHA256: a.Fingerprint().String(), Subject: a.Cert.Subject.String(), Issuer: a.Cert.Issuer.String(),
		NotAfter: a.Cert.NotAfter.UTC(), Origin: a.Source, PEM: string(certfile.Normalize(a.Cert)),
	}
}

// appendAnchor adds an anchor once.
func appendAnchor(list []trust.PlanAnchor, a trust.Anchor) []trust.PlanAnchor {
	fp := a.Fingerprint().String()
	for _, known := range list {
		if known.SHA256 == fp {
			return list
		}
	}
	return append(list, planAnchor(a))
}
