package vm

import (
	"slices"
	"strings"

	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// ImagesPage is the tab of a registry's repositories.
type ImagesPage struct {
	Count string // "120 repositories so far"
	Busy  bool
	Again string // the label for reading anew, "" for none
	None  string // why the list is empty
	Fault *Fault
	Repo  *RepoView // the chosen repository; nil for none
	Hint  string    // in its place
}

// Fault is why something was not told, and what helps.
type Fault struct {
	Problem words.Problem
	Text    string // what more there is to say than what it is
	Mark    Mark
	Do      Action // ActNone, ActSignIn, ActTrust, or ActCheck to ask again
	Label   string
}

// RepoView is one repository.
type RepoView struct {
	Name   string
	Rights []Remark // may I pull, may I push
	Asking string   // said while that is asked
	Anon   string   // said when it was asked as anybody
	SignIn string   // the label of the way to more, "" for none
	Count  string
	Busy   bool
	Again  string
	None   string
	Fault  *Fault
	Tags   []TagView
}

// TagView is a line of the list of tags.
type TagView struct{ ID, Name, Detail, Size string }

// ImagesPage returns the tab for m.
func (t Teller) ImagesPage(m *Images) ImagesPage {
	p := ImagesPage{Busy: m.Stage == BeingRead, Hint: t.say("images.choose", nil)}
	n := len(m.names)
	switch {
	case m.Stage == BeingRead && n == 0:
		p.Count = t.say("images.reading", nil)
	case m.Stage == BeingRead:
		p.Count = t.count("images.so-far", n, nil)
	case m.Stage == Stopped:
		p.Count, p.Again = t.count("images.stopped", n, nil), t.say("act.read-on", nil)
	case m.Stage == ReadFailed && n > 0:
		p.Count = t.count("images.broken-off", n, nil)
	case n > 0:
		p.Count = t.count("images.count", n, nil)
	}
	if m.filter != "" && n > 0 {
		p.Count = t.W.N("window.images.filtered", n, args{"found": len(m.found)})
	}
	if m.Stage == ReadFailed {
		p.Fault = t.fault(m.Err)
	}
	switch {
	case n == 0 && p.Fault != nil && p.Fault.Do == ActTrust:
		p.Hint = "" // nothing at all is asked of it
	case n == 0 && p.Fault != nil:
		p.None = t.say("images.no-list", nil)
	case n == 0 && m.Stage == Read:
		p.None = t.say("images.none", nil)
	case n > 0 && len(m.found) == 0:
		p.None = t.say("images.no-match", nil)
	}
	if m.Chosen != "" {
		p.Repo = t.repo(m)
	}
	return p
}

func (t Teller) fault(err error) *Fault {
	f := &Fault{Problem: t.W.Error(err), Mark: MarkAttention, Do: ActCheck, Label: t.say("act.try-again", nil)}
	f.Text = lines(f.Problem.Why, f.Problem.Hint, f.Problem.More())
	switch {
	case helpedByTrust(err):
		f.Mark, f.Do, f.Label = MarkRefused, ActTrust, t.say("act.trust", nil)
	case helpedBySignIn(err):
		f.Do, f.Label = ActSignIn, t.say("act.sign-in", nil)
	case !retryHelps(err):
		f.Do, f.Label = ActNone, ""
	}
	return f
}

// retryHelps reports whether asking again could be answered otherwise: a registry
// without a catalogue stays one.
func retryHelps(err error) bool {
	why, ok := unlistedWhy(err)
	return !ok || why != catalog.NotOffered
}

func (t Teller) repo(m *Images) *RepoView {
	v := &RepoView{Name: safe.Line(m.Chosen), Busy: m.TagStage == BeingRead}
	n := len(m.tags)
	switch {
	case m.TagStage == BeingRead && n == 0:
		v.Count = t.say("images.reading-tags", nil)
	case m.TagStage == BeingRead:
		v.Count = t.count("images.tags-so-far", n, nil)
	case m.TagStage == Stopped:
		v.Count, v.Again = t.count("images.tags-stopped", n, nil), t.say("act.read-on", nil)
	case m.TagStage == ReadFailed:
		v.Fault = t.fault(m.TagErr)
	case n == 0:
		v.None = t.say("images.no-tags", nil)
	default:
		v.Count = t.count("images.tags", n, nil)
	}
	for _, tag := range m.tags {
		v.Tags = append(v.Tags, t.tag(tag))
	}
	t.tellRights(v, m)
	return v
}

func (t Teller) tag(tag catalog.Tag) TagView {
	v := TagView{ID: tag.Name, Name: safe.Line(tag.Name), Detail: shortDigest(tag.Digest), Size: t.W.Size(tag.Size)}
	if len(tag.Platforms) > 0 {
		v.Detail += " · " + safeList(tag.Platforms, 4)
	}
	if tag.Digest == "" {
		v.Detail = t.say("images.unmeasured", nil)
	}
	return v
}

// shortDigest is enough of a digest to compare two by eye.
func shortDigest(d string) string {
	algorithm, hex, ok := strings.Cut(safe.Line(d), ":")
	if !ok || len(hex) < 16 {
		return safe.Line(d)
	}
	return algorithm + ":" + hex[:12]
}

func (t Teller) tellRights(v *RepoView, m *Images) {
	switch {
	case m.AskingRights:
		v.Asking = t.say("rights.asking", nil)
	case m.RightsErr != nil:
		v.Rights = []Remark{{MarkUnknown, t.say("rights.failed", args{"why": t.W.Error(m.RightsErr).What})}}
	case m.Rights != nil:
		r := m.Rights
		v.Rights = []Remark{t.right("pull", r.Pull, r.PullText), t.right("push", r.Push, r.PushText)}
		if r.UploadLeft {
			v.Rights = append(v.Rights, Remark{MarkAttention, t.say("rights.upload-left", nil)})
		}
		if !r.Credential {
			v.Anon = t.say("rights.anybody", nil)
			if r.Pull != catalog.Yes || r.Push != catalog.Yes {
				v.SignIn = t.say("act.sign-in", nil)
			}
		}
	}
}

var rightMarks = map[catalog.Answer]Mark{catalog.Yes: MarkTrusted, catalog.No: MarkRefused, catalog.NotKnown: MarkUnknown}

// right says whether something may be done, and where not, in whose words.
func (t Teller) right(what string, a catalog.Answer, said string) Remark {
	mark, key := rightMarks[a], "rights."+what+"-"+string(a)
	if mark == "" {
		mark, key = MarkUnknown, "rights."+what+"-"+string(catalog.NotKnown)
	}
	if said = safe.Line(said); said != "" && a != catalog.Yes {
		return Remark{mark, t.say(key+"-said", args{"text": said})}
	}
	return Remark{mark, t.say(key, nil)}
}

// lines sets what there is of texts under one another.
func lines(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n")
}
