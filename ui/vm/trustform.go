package vm

import (
	"crypto/subtle"
	"slices"
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/safe"
)

// Phase is how far the trust dialog is.
type Phase int

// The phases of the trust dialog.
const (
	Deciding Phase = iota
	Applying
	Proving
	Done
	Failed
)

// TrustForm is the state of the trust dialog: what was found, what the person
// chose, and what came of it. It belongs to one goroutine; the window does the
// work and hands the results in.
type TrustForm struct {
	Registry   trust.Registry
	Report     trust.Report
	Candidates []platform.Candidate
	Looking    bool // for candidates
	Others     []trust.Registry
	// Claim is what a link or project file said, nil without one. It narrows what
	// can be done, and never counts as a comparison.
	Claim *link.Claim
	// Reaches are those that the system has, narrow first.
	Reaches []trust.Reach

	chosen   int // index into Candidates, -1 for none
	pasted   string
	reach    trust.Reach
	also     bool
	files    map[trust.Fingerprint]string // where given certificates came from
	Plan     *trust.Plan
	Planning bool
	Err      error // of looking, planning or applying

	Phase    Phase
	Progress platform.Progress
	Receipt  *trust.Receipt
	Proof    *trust.Report
}

// NewTrustForm returns the form for a checked registry, with the least of the
// reaches that the system has.
func NewTrustForm(r trust.Report, reaches []trust.Reach) *TrustForm {
	return &TrustForm{
		Registry: r.Registry, Report: r, Reaches: reaches, chosen: -1, Looking: true,
		reach: trust.ReachRegistry, files: map[trust.Fingerprint]string{},
	}
}

// SetCandidates takes what was found, best first. The best one is preselected
// unless it is a server's own certificate: that must be asked for.
func (f *TrustForm) SetCandidates(cs []platform.Candidate) {
	keep, had := f.Candidate()
	f.Candidates, f.Looking, f.chosen = cs, false, -1
	if had {
		f.chosen = f.indexOf(keep.Anchor.Fingerprint())
	}
	if f.chosen < 0 {
		f.chosen = f.claimed()
	}
	if f.chosen < 0 && len(cs) > 0 && !isLeaf(cs[0]) {
		f.chosen = 0
	}
}

// claimed is the index of the authority that the claim names, or -1.
func (f *TrustForm) claimed() int {
	return slices.IndexFunc(f.Candidates, func(c platform.Candidate) bool {
		return f.Claim != nil && !isLeaf(c) && f.Claim.Compare(c.Anchor.Fingerprint()) == link.Same
	})
}

// Contradicted reports whether the chosen certificate is another than a claim
// names, and the person has brought nothing else that speaks for it: no
// fingerprint that is the same, no file.
func (f *TrustForm) Contradicted() bool {
	c, ok := f.Candidate()
	return ok && f.Claim != nil && f.Claim.Compare(c.Anchor.Fingerprint()) == link.Differs &&
		f.Compare() != Match && c.Kind != platform.CandidateGiven
}

// AddGiven puts certificates that the person brought in front and chooses the
// first; file is where they came from, "" when unknown. The judging of what they
// complete is the machine's: the window asks it again with [TrustForm.GivenAnchors].
func (f *TrustForm) AddGiven(anchors []trust.Anchor, file string) {
	for i, a := range slices.Backward(anchors) {
		fp := a.Fingerprint()
		f.files[fp] = file
		f.Candidates = slices.DeleteFunc(f.Candidates, func(c platform.Candidate) bool { return c.Anchor.Fingerprint() == fp })
		f.Candidates = slices.Insert(f.Candidates, 0, platform.Candidate{Anchor: a, Kind: "given"})
		if i == 0 {
			f.chosen = 0
		}
	}
	f.Plan = nil
}

// GivenAnchors are the certificates that the person brought.
func (f *TrustForm) GivenAnchors() []trust.Anchor {
	var out []trust.Anchor
	for _, c := range f.Candidates {
		if _, given := f.files[c.Anchor.Fingerprint()]; given {
			out = append(out, c.Anchor)
		}
	}
	return out
}

func (f *TrustForm) indexOf(fp trust.Fingerprint) int {
	return slices.IndexFunc(f.Candidates, func(c platform.Candidate) bool { return c.Anchor.Fingerprint() == fp })
}

// Candidate is the chosen certificate.
func (f *TrustForm) Candidate() (platform.Candidate, bool) {
	if f.chosen < 0 || f.chosen >= len(f.Candidates) {
		return platform.Candidate{}, false
	}
	return f.Candidates[f.chosen], true
}

// Choose takes the i-th candidate.
func (f *TrustForm) Choose(i int) {
	if i != f.chosen {
		f.chosen, f.Plan = i, nil
	}
}

// Paste takes what was pasted for comparison. If it is the fingerprint of
// another candidate, that one is chosen: it is the one the administrator meant.
func (f *TrustForm) Paste(s string) {
	f.pasted = s
	fp, err := trust.ParseFingerprint(s)
	if err != nil {
		return
	}
	if i := f.indexOf(fp); i >= 0 {
		f.Choose(i)
	}
}

// SetReach takes how far trust is to go; with a claim that is no question.
func (f *TrustForm) SetReach(r trust.Reach) {
	if r != f.reach && f.Claim == nil {
		f.reach, f.Plan = r, nil
	}
}

// Reach is how far trust is to go.
func (f *TrustForm) Reach() trust.Reach { return f.reach }

// SetAlso takes whether the other registries of the same CA are meant too.
func (f *TrustForm) SetAlso(on bool) {
	if on != f.also && f.Claim == nil {
		f.also, f.Plan = on, nil
	}
}

// Comparison is what comparing fingerprints said.
type Comparison int

// The outcomes of a comparison.
const (
	NotCompared Comparison = iota
	Match
	Mismatch
	NotAFingerprint
	SHA1Given
	// NotSent: not the chosen certificate's, and maybe that of the authority that the
	// server did not send. It is no more a comparison than a Mismatch.
	NotSent
)

// Compare compares what was pasted with the chosen certificate, in constant time.
func (f *TrustForm) Compare() Comparison {
	if strings.TrimSpace(f.pasted) == "" {
		return NotCompared
	}
	want, err := trust.ParseFingerprint(f.pasted)
	if err != nil {
		if hexDigits(f.pasted) == 40 {
			return SHA1Given
		}
		return NotAFingerprint
	}
	if c, ok := f.Candidate(); ok {
		got := c.Anchor.Fingerprint()
		if subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
			return Match
		}
	}
	return f.other()
}

func hexDigits(s string) int {
	n := 0
	for _, r := range strings.ToLower(s) {
		if strings.ContainsRune("0123456789abcdef", r) {
			n++
		}
	}
	return n
}

// Request is what to plan; ok is false while nothing is chosen.
func (f *TrustForm) Request() (q platform.TrustRequest, ok bool) {
	c, ok := f.Candidate()
	if !ok {
		return q, false
	}
	q = platform.TrustRequest{
		Registries: []trust.Registry{f.Registry}, Anchors: []trust.Anchor{c.Anchor},
		Reach: f.reach, AllowLeaf: isLeaf(c),
	}
	if f.also {
		q.Registries = append(q.Registries, f.Others...)
	}
	return q, true
}

func isLeaf(c platform.Candidate) bool {
	return c.Kind == "leaf" || c.Consequence == trust.LeafAsAnchor
}

// Blocked says why the plan may not be applied now.
type Blocked int

// The reasons.
const (
	NotBlocked Blocked = iota
	BlockedBusy
	BlockedNothingChosen
	BlockedMismatch
	BlockedNotAFingerprint
	BlockedNoPlan
	BlockedNothingToDo
	BlockedContradicted
	BlockedNotSent
)

// Blocked returns why the plan may not be applied now, NotBlocked if it may.
func (f *TrustForm) Blocked() Blocked {
	_, chosen := f.Candidate()
	switch {
	case f.Looking:
		return BlockedBusy
	case f.Compare() == NotSent:
		return BlockedNotSent
	case !chosen:
		return BlockedNothingChosen
	case f.Compare() == Mismatch:
		return BlockedMismatch
	case f.Compare() == NotAFingerprint || f.Compare() == SHA1Given:
		return BlockedNotAFingerprint
	case f.Contradicted():
		return BlockedContradicted
	case f.Planning:
		return BlockedBusy
	case f.Plan == nil || f.Err != nil:
		return BlockedNoPlan
	case len(f.Plan.Pending()) == 0:
		return BlockedNothingToDo
	default:
		return NotBlocked
	}
}

// Command is the same as a command line; "" with a claim, for --fingerprint there
// says that a person compared.
func (f *TrustForm) Command() string {
	c, ok := f.Candidate()
	if !ok || f.Claim != nil {
		return ""
	}
	q, _ := f.Request()
	words := []string{"mooring", "trust"}
	for _, r := range q.Registries {
		words = append(words, safe.Shell(r.String()))
	}
	fp := c.Anchor.Fingerprint()
	if file := f.files[fp]; file != "" {
		words = append(words, "--ca", safe.Shell(file))
	} else {
		words = append(words, "--fingerprint", fp.String())
	}
	switch f.reach {
	case trust.ReachComputer:
		words = append(words, "--location", string(trust.LocationComputer))
	case trust.ReachAccount:
		words = append(words, "--location", string(trust.LocationUser))
	}
	return strings.Join(words, " ")
}
