package trust

import "crypto/x509"

// AnchorSet is a set of anchors that can be asked by subject. One set is read
// once a check and shared by all policies: an OS store holds some 150 roots.
// It is immutable after [NewAnchorSet]; a nil set is empty.
type AnchorSet struct {
	all       []Anchor
	bySubject map[string][]int
}

// NewAnchorSet indexes anchors. Of certificates that occur twice the first keeps
// its provenance, with the earlier Since and the wider limits of both.
func NewAnchorSet(anchors []Anchor) *AnchorSet {
	s := &AnchorSet{bySubject: make(map[string][]int, len(anchors))}
	seen := make(map[Fingerprint]int, len(anchors))
	for _, a := range anchors {
		fp := a.Fingerprint()
		if i, dup := seen[fp]; dup {
			if a.Since.Before(s.all[i].Since) {
				s.all[i].Since = a.Since
			}
			s.all[i].Limits = merged(s.all[i].Limits, a.Limits)
			continue
		}
		seen[fp] = len(s.all)
		key := string(a.Cert.RawSubject)
		s.bySubject[key] = append(s.bySubject[key], len(s.all))
		s.all = append(s.all, a)
	}
	return s
}

// All returns every anchor; the caller must not change the slice.
func (s *AnchorSet) All() []Anchor {
	if s == nil {
		return nil
	}
	return s.all
}

// Len is the number of anchors.
func (s *AnchorSet) Len() int { return len(s.All()) }

// Named returns the anchors with this raw subject.
func (s *AnchorSet) Named(rawSubject []byte) []Anchor {
	if s == nil {
		return nil
	}
	var out []Anchor
	for _, i := range s.bySubject[string(rawSubject)] {
		out = append(out, s.all[i])
	}
	return out
}

// Find returns the anchor that is exactly c.
func (s *AnchorSet) Find(c *x509.Certificate) (Anchor, bool) {
	for _, a := range s.Named(c.RawSubject) {
		if a.Cert.Equal(c) {
			return a, true
		}
	}
	return Anchor{}, false
}

// IssuerOf returns an anchor whose key made c's signature and which has the
// right to, other than c itself.
func (s *AnchorSet) IssuerOf(c *x509.Certificate) (Anchor, bool) {
	for _, a := range s.Named(c.RawIssuer) {
		if !a.Cert.Equal(c) && c.CheckSignatureFrom(a.Cert) == nil {
			return a, true
		}
	}
	return Anchor{}, false
}
