package platform

import (
	"cmp"
	"crypto/x509"
	"path"
	"slices"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

// The ailments of CA files, keys and stores.
const (
	// AilKeyInCA: a private key lies in the CA file Path.
	AilKeyInCA AilmentCode = "key-in-ca"
	// AilOpenKey: everybody on this computer may read the client key Path.
	AilOpenKey AilmentCode = "open-key"
	// AilExpired: the CA Name in Path ended at Until.
	AilExpired AilmentCode = "expired-anchor"
	// AilDuplicate: what Path holds is in Other, too.
	AilDuplicate AilmentCode = "duplicate"
	// AilAlsoInStore: the CA Name lies in Files, and in the computer's store at Other.
	AilAlsoInStore AilmentCode = "also-in-store"
	// AilInsecure: Registry is not verified, as Path (or the rule Other) says, although
	// its certificate would be trusted.
	AilInsecure AilmentCode = "needlessly-insecure"
	// AilInsecureYet: Registry is not verified, as Path (or the rule Other) says; its
	// certificate could be trusted.
	AilInsecureYet AilmentCode = "insecure"
	// AilUnused: Registry does not use the CA Name in its directory's file Path.
	AilUnused AilmentCode = "unused"
	// AilUnusedInStore: no known registry uses the CA Name, which Path brings into the
	// computer's store. Something else may.
	AilUnusedInStore AilmentCode = "unused-in-store"
)

var staleCodes = []AilmentCode{
	AilKeyInCA, AilOpenKey, AilExpired, AilDuplicate, AilAlsoInStore, AilInsecure, AilInsecureYet, AilUnused, AilUnusedInStore,
}

// Severity is how much an ailment matters. What is of severity info may well be
// meant, and is never chosen for the person.
func (c AilmentCode) Severity() trust.Severity {
	switch c {
	case AilKeyInCA, AilOpenKey, AilHelperMissing, AilUnreadable:
		return trust.SeverityError
	case AilAlsoInStore, AilUnused, AilUnusedInStore:
		return trust.SeverityInfo
	}
	return trust.SeverityWarning
}

// about is an ailment of a CA file, with the first of its certificates that which
// takes.
func about(code AilmentCode, f discover.CAFile, which func(*x509.Certificate) bool) Ailment {
	a := Ailment{Code: code, Path: f.Path, Registry: f.Registry}
	if i := slices.IndexFunc(f.Certs, which); i >= 0 {
		c := f.Certs[i]
		a.Name, a.Certificate, a.Until = trust.CommonName(c), trust.FingerprintOf(c), c.NotAfter.UTC()
	}
	return a
}

func anyOf(*x509.Certificate) bool { return true }

// whole reports whether a file can be taken away as it is.
func whole(f discover.CAFile) bool {
	return f.Only && f.Named == "" && !f.Link() && anchors.Removable(f.Name) && (f.Store || !f.Registry.IsZero())
}

// keysInCAFiles looks for keys where everybody reads.
func (p patient) keysInCAFiles() []Ailment {
	var out []Ailment
	for _, f := range slices.Concat(p.files, p.anchors) {
		if f.Keys > 0 && f.Named == "" { // a hosts.toml may name a pair in one file
			a := about(AilKeyInCA, f, anyOf)
			a.Plan = p.protectable(f.Path, f.Registry)
			out = append(out, a)
		}
	}
	return out
}

// openKeys looks for client keys that everybody may read.
func (p patient) openKeys() []Ailment {
	if p.w.OS == "windows" {
		return nil // who may read there is not in the mode
	}
	var out []Ailment
	for _, d := range discover.AllDirs(p.w) {
		entries, _ := p.w.FS.ReadDir(d.Dir)
		for _, e := range entries {
			name := p.w.Join(d.Dir, e.Name())
			if e.IsDir() || path.Ext(e.Name()) != ".key" {
				continue
			}
			if i, err := p.w.FS.Stat(name); err == nil && i.Mode.IsRegular() && i.Mode.Perm()&0o004 != 0 {
				out = append(out, Ailment{Code: AilOpenKey, Path: name, Registry: d.Registry, Plan: p.protectable(name, d.Registry)})
			}
		}
	}
	return out
}

// expired looks for CAs that have ended.
func (p patient) expired() []Ailment {
	now := p.m.World.Now()
	ended := func(c *x509.Certificate) bool { return now.After(c.NotAfter) }
	var out []Ailment
	for _, f := range slices.Concat(p.files, p.anchors) {
		if !slices.ContainsFunc(f.Certs, ended) {
			continue
		}
		a := about(AilExpired, f, ended)
		a.Plan = whole(f) && !slices.ContainsFunc(f.Certs, func(c *x509.Certificate) bool { return !ended(c) })
		out = append(out, a)
	}
	return out
}

// duplicates looks for files of which another of the same directory holds
// everything, and for CAs of registries that the computer's store holds, too. A link
// to a file is none: it would lead nowhere.
func (p patient) duplicates() []Ailment {
	return slices.Concat(doubled(p.files), doubled(p.anchors), p.alsoInStore())
}

// doubled goes by directory. Of two that hold the same the plainer name stays.
func doubled(files []discover.CAFile) []Ailment {
	var out []Ailment
	byDir := map[string][]discover.CAFile{}
	for _, f := range files {
		at := f.Dir
		if f.Store && !slices.Contains(anchors.Dirs(), at) {
			at = path.Dir(at)
		}
		byDir[at] = append(byDir[at], f)
	}
	for _, dir := range sortedKeys(byDir) {
		list := byDir[dir]
		slices.SortStableFunc(list, plainest)
		where := map[trust.Fingerprint]discover.CAFile{}
		for _, f := range list {
			other, all := "", len(f.Certs) > 0
			for _, c := range f.Certs {
				at, known := where[trust.FingerprintOf(c)]
				all, other = all && known && !at.Needs(f), cmp.Or(other, at.Path)
			}
			for _, c := range f.Certs {
				fp := trust.FingerprintOf(c)
				if _, known := where[fp]; !known {
					where[fp] = f
				}
			}
			if all && f.Keys == 0 {
				a := about(AilDuplicate, f, anyOf)
				a.Other, a.Plan = other, whole(f)
				out = append(out, a)
			}
		}
	}
	return out
}

// plainest puts the file that would be kept first: one that cannot go anyway, then
// ca.crt, then the shorter name.
func plainest(a, b discover.CAFile) int {
	rank := func(f discover.CAFile) int {
		switch {
		case !whole(f):
			return 0
		case f.Name == "ca.crt":
			return 1
		}
		return 2
	}
	return cmp.Or(rank(a)-rank(b), len(a.Path)-len(b.Path))
}

// alsoInStore looks for CAs that an administrator has put into the computer's store
// and that lie in directories of registries besides. What Mooring itself put there
// was meant.
func (p patient) alsoInStore() []Ailment {
	inStore := map[trust.Fingerprint][]discover.CAFile{}
	for _, f := range p.anchors {
		for _, c := range f.Certs {
			fp := trust.FingerprintOf(c)
			inStore[fp] = append(inStore[fp], f)
		}
	}
	if len(inStore) == 0 {
		return nil
	}
	own := p.own()
	var out []Ailment
	at := map[trust.Fingerprint]int{}
	for _, f := range p.files {
		if len(f.Certs) != 1 || !whole(f) || own[f.Path] {
			continue
		}
		fp := trust.FingerprintOf(f.Certs[0])
		store := inStore[fp]
		linked := slices.ContainsFunc(store, func(g discover.CAFile) bool { return g.Needs(f) })
		if len(store) == 0 || linked || own[store[0].Path] {
			continue
		}
		i, listed := at[fp]
		if !listed {
			i = len(out)
			at[fp] = i
			a := about(AilAlsoInStore, f, anyOf)
			a.Registry, a.Other, a.Plan = trust.Registry{}, store[0].Path, true
			out = append(out, a)
		}
		out[i].Files = append(out[i].Files, f.Path)
	}
	return out
}

// own are the files that standing receipts say were written by Mooring.
func (p patient) own() map[string]bool {
	out := map[string]bool{}
	all, _ := p.m.applier().Own.History() // a damaged record says nothing here
	for _, r := range all {
		for _, d := range r.Changes {
			if r.State == trust.ReceiptApplied && d.Kind == trust.WriteFile {
				out[d.Path] = true
			}
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
