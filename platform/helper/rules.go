package helper

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// The bounds of a plan: larger than anything a person means, small enough for a
// process that runs as root on an enemy's word.
const (
	MaxPlan        = 4 << 20 // bytes of JSON
	maxRegistries  = 2048
	maxAnchors     = 256
	maxChanges     = 2048
	maxCertificate = 32 << 10 // bytes of PEM; a usual one has 2 KB
	maxSettings    = 4 << 10  // bytes of what a store says of a certificate
)

// certsDirs are the directories of Linux below which root's half puts anchors of a
// registry.
var certsDirs = []string{"/etc/docker/certs.d", "/etc/containers/certs.d", "/etc/containerd/certs.d"}

// fileMode is the only mode root's half gives a file.
const fileMode = 0o644

// rules judge a plan as from an enemy: only certificates, only under the names
// that Mooring gives them, only in the directories of the plan's registries and,
// if it may reach the whole computer, in the OS store. Plans for a client
// certificate have rules of their own (client.go), and so have those that protect a key
// (keys.go).
type rules struct {
	world world.World
	site  site
}

// check judges everything that can be judged without looking at files.
func (r rules) check(p trust.Plan, reach trust.Reach) error {
	switch {
	case p.Schema != trust.PlanSchema:
		return change.Refuse(change.ErrBadPlan, "", "plan schema %d is not known", p.Schema)
	case p.Action != "trust" && p.Action != "untrust" && p.Action != actionClientCert && p.Action != actionProtectKey:
		return change.Refuse(change.ErrBadPlan, "", "%.40q is no action", p.Action)
	case p.Reach != reach:
		return change.Refuse(change.ErrTooBroad, "", "the plan reaches %.40q, asked for was %q", p.Reach, reach)
	case len(p.Registries) > maxRegistries || len(p.Anchors) > maxAnchors || len(p.Changes) > maxChanges:
		return change.Refuse(change.ErrTooLarge, "", "%d registries, %d certificates, %d changes", len(p.Registries), len(p.Anchors), len(p.Changes))
	case len(p.Changes) == 0:
		return change.Refuse(change.ErrNothingToDo, "", "")
	}
	s, err := r.scopeOf(p, reach)
	if err != nil {
		return err
	}
	for _, c := range p.Pending() {
		if len(c.Edits) > 0 || len(c.Key) > 0 || c.Registry != "" || c.Via != "" {
			return change.Refuse(change.ErrBadPlan, c.Path, "root edits no files of persons")
		}
		if c.Kind != trust.ChangeStore && (c.Store != "" || c.Was != nil || c.Want != nil) {
			return change.Refuse(change.ErrBadPlan, c.Path, "a trust store with something else")
		}
	}
	if p.Action == actionClientCert {
		return s.checkClient(p)
	}
	if p.Action == actionProtectKey {
		return s.checkKeys(p)
	}
	for _, c := range p.Pending() {
		if err := s.checkChange(c); err != nil {
			return err
		}
	}
	return nil
}

// vet judges one change with the content found at its path.
func (r rules) vet(p trust.Plan, c trust.Change, found []byte) error {
	_, name := r.site.split(c.Path)
	switch {
	case p.Action == actionClientCert && c.Kind == trust.WriteFile && found != nil:
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "it is there already: files of others are not replaced")
	case p.Action == actionProtectKey && c.Kind != trust.WriteFile:
		return vetKey(c, found)
	case c.Kind == trust.WriteFile && found != nil && name == "ca.crt":
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "it is there already: files of others are not replaced")
	case c.Kind == trust.RemoveFile:
		certs, err := anchorsOf(p)
		if err != nil {
			return err
		}
		if !holdsOnly(found, certs) {
			return change.Refuse(change.ErrOutsideAllowList, c.Path, "it does not hold certificates of the plan and nothing else")
		}
	}
	return nil
}

// scope is what one plan may touch.
type scope struct {
	site    site
	reach   trust.Reach
	dirs    []string // directories in which its files may lie
	family  anchors.Family
	store   bool // family is known
	anchors []anchor
}

// anchor is a certificate of a plan in the one form in which it is written.
type anchor struct {
	fingerprint trust.Fingerprint
	pem         []byte
}

func (a anchor) fileName() string { return "mooring-" + a.fingerprint.Short() + ".crt" }

func (r rules) scopeOf(p trust.Plan, reach trust.Reach) (scope, error) {
	s := scope{site: r.site, reach: reach}
	for _, name := range p.Registries {
		var reg trust.Registry
		if err := reg.UnmarshalText([]byte(name)); err != nil || name == "" {
			return s, change.Refuse(change.ErrBadPlan, "", "%.80q is no registry", name)
		}
		for _, dir := range r.site.certs {
			for _, spelled := range r.site.names(reg) {
				s.dirs = append(s.dirs, dir+r.site.sep+spelled)
			}
		}
	}
	s.family, s.store = anchors.Detect(r.world)
	var err error
	s.anchors, err = anchorsOf(p)
	return s, err
}

// anchorsOf parses the certificates of a plan: what they say of themselves must be
// what the plan says of them.
func anchorsOf(p trust.Plan) ([]anchor, error) {
	var out []anchor
	for _, a := range p.Anchors {
		cert, err := parseAnchor([]byte(a.PEM))
		if err != nil {
			return nil, err
		}
		fp := trust.FingerprintOf(cert)
		if a.SHA256 != fp.String() || a.Subject != cert.Subject.String() || a.Issuer != cert.Issuer.String() || !a.NotAfter.Equal(cert.NotAfter) {
			return nil, change.Refuse(change.ErrBadCertificate, "", "the plan describes certificate %s wrongly", fp)
		}
		if len(a.Origin) > 4096 || !plain(string(a.Origin)) {
			return nil, change.Refuse(change.ErrBadPlan, "", "the origin of %s", fp)
		}
		out = append(out, anchor{fp, []byte(a.PEM)})
	}
	return out, nil
}

// parseAnchor reads exactly one bare PEM certificate: no headers, no second block,
// no key, not a byte around it.
func parseAnchor(b []byte) (*x509.Certificate, error) {
	if len(b) > maxCertificate {
		return nil, change.Refuse(change.ErrBadCertificate, "", "it has %d bytes, more than any real one", len(b))
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, change.Refuse(change.ErrBadCertificate, "", "it is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, change.Refuse(change.ErrBadCertificate, "", "%v", err)
	}
	if !bytes.Equal(b, certfile.Normalize(cert)) {
		return nil, change.Refuse(change.ErrBadCertificate, "", "it is not one bare PEM block")
	}
	if !plain(cert.Subject.String()) || !plain(cert.Issuer.String()) {
		return nil, change.Refuse(change.ErrBadCertificate, "", "its names hold control characters")
	}
	return cert, nil
}

// plain reports whether people can be shown s: no control characters and none
// that turn the direction of writing.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	})
}

func (s scope) checkChange(c trust.Change) error {
	switch c.Kind {
	case trust.RunCommand:
		return s.checkCommand(c)
	case trust.WriteFile:
		return s.checkWrite(c)
	case trust.RemoveFile:
		return s.checkRemove(c)
	case trust.ChangeStore:
		return s.checkStore(c)
	}
	return change.Refuse(change.ErrBadPlan, c.Path, "%.40q is no kind of change", c.Kind)
}

// checkStore judges a change of a store with members: a certificate of the plan, in
// a store of the whole computer, held in one of the few ways that Mooring uses.
func (s scope) checkStore(c trust.Change) error {
	switch {
	case c.Path != "" || c.To != "" || c.Mode != 0 || c.Before != nil || c.Command != "" || c.Secret || c.Was == nil || c.Want == nil:
		return change.Refuse(change.ErrBadPlan, string(c.Store), "a trust store with a file, or without its state")
	case s.reach == trust.ReachRegistry:
		return change.Refuse(change.ErrTooBroad, string(c.Store), "a trust store in a plan for a registry")
	}
	may := s.site.stores[c.Store]
	switch {
	case may == nil:
		return change.Refuse(change.ErrOutsideAllowList, string(c.Store), "")
	case !slices.ContainsFunc(s.anchors, func(a anchor) bool { return bytes.Equal(a.pem, c.Content) }):
		return change.Refuse(change.ErrBadCertificate, string(c.Store), "its content is no certificate of the plan")
	case *c.Was == *c.Want || !c.Want.Held && c.Want.Settings != "" || c.Want.Held && !may(c.Was.Settings, c.Want.Settings):
		return change.Refuse(change.ErrBadPlan, string(c.Store), "no state that Mooring brings about")
	// What is there now somebody else may have made. It is compared with what the
	// store says, and comes into root's journal.
	case !c.Was.Held && c.Was.Settings != "" || len(c.Was.Settings) > maxSettings || !plain(c.Was.Settings):
		return change.Refuse(change.ErrBadPlan, string(c.Store), "no state of a store")
	}
	return nil
}

func (s scope) checkCommand(c trust.Change) error {
	switch {
	case s.reach != trust.ReachComputer:
		return change.Refuse(change.ErrTooBroad, "", "a command in a plan for a registry")
	case c.Path != "" || c.Content != nil || c.Mode != 0 || c.Before != nil || c.To != "" || c.Secret:
		return change.Refuse(change.ErrBadPlan, "", "a command with a file")
	case !s.store || s.family.Command == "" || c.Command != s.family.Command:
		return change.Refuse(change.ErrOutsideAllowList, "", "the command %.80q", c.Command)
	}
	return nil
}

func (s scope) checkWrite(c trust.Change) error {
	if err := s.checkPath(c); err != nil {
		return err
	}
	if c.Mode != fileMode || c.Secret {
		return change.Refuse(change.ErrBadPlan, c.Path, "mode %v", c.Mode)
	}
	i := slices.IndexFunc(s.anchors, func(a anchor) bool { return bytes.Equal(a.pem, c.Content) })
	if i < 0 {
		return change.Refuse(change.ErrBadCertificate, c.Path, "its content is no certificate of the plan")
	}
	if _, name := s.site.split(c.Path); name != "ca.crt" && name != s.anchors[i].fileName() {
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "the name is not that of its certificate")
	}
	return nil
}

func (s scope) checkRemove(c trust.Change) error {
	if len(c.Content) != 0 || c.Mode != 0 || c.Before == nil || c.Secret {
		return change.Refuse(change.ErrBadPlan, c.Path, "a removal that writes")
	}
	return s.checkRemoved(c)
}

var ownName = regexp.MustCompile(`^mooring-[0-9a-f]{16}\.crt$`)

// checkPath: the directory is one of a registry of the plan, or the OS store's,
// and the file has a name that Mooring gives.
func (s scope) checkPath(c trust.Change) error {
	if c.Command != "" || c.To != "" || !s.site.plain(c.Path) {
		return change.Refuse(change.ErrBadPlan, c.Path, "")
	}
	dir, name := s.site.split(c.Path)
	switch own := ownName.MatchString(name); {
	case slices.Contains(s.dirs, dir) && (own || name == "ca.crt"):
		return nil
	case s.store && dir == s.family.Dir && own && s.reach == trust.ReachComputer:
		return nil
	case s.store && dir == s.family.Dir:
		return change.Refuse(change.ErrTooBroad, c.Path, "")
	}
	return change.Refuse(change.ErrOutsideAllowList, c.Path, "")
}
