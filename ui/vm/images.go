package vm

import (
	"errors"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
)

// Reading is how far something that comes in pages is.
type Reading int

// The stages of reading.
const (
	NotRead Reading = iota
	BeingRead
	Read
	Stopped    // by the person, or by leaving the page
	ReadFailed // and Err says why
)

// Images is what is known of a registry's content: its repositories as far as they
// were read, and of one of them the tags and what may be done with it. It belongs
// to one goroutine.
type Images struct {
	Registry trust.Registry
	Stage    Reading
	Err      error

	names  []string
	filter string
	found  []string // of names, those that match

	Chosen   string // a repository, "" for none
	TagStage Reading
	TagErr   error
	tags     []catalog.Tag
	index    map[string]int // of tags, by name

	Rights       *catalog.Rights
	RightsErr    error
	AskingRights bool
}

// NewImages returns what is known before anything was asked.
func NewImages(r trust.Registry) *Images { return &Images{Registry: r} }

// Begin says that the repositories are being read, from the first on.
func (m *Images) Begin() {
	m.Stage, m.Err, m.names, m.found = BeingRead, nil, nil, nil
}

// maxNames bounds what is kept of a registry that never ends.
const maxNames = 100_000

// Add takes names of repositories as they come.
func (m *Images) Add(names []string) {
	if room := maxNames - len(m.names); len(names) > room {
		names = names[:room]
	}
	m.names = append(m.names, names...)
	for _, n := range names {
		if m.matches(n) {
			m.found = append(m.found, n)
		}
	}
}

// End says that reading the repositories is over; err is nil when that was all.
func (m *Images) End(err error) { m.Stage, m.Err = ended(err), err }

// Stop says that nobody waits for more.
func (m *Images) Stop() {
	if m.Stage == BeingRead {
		m.Stage = Stopped
	}
	if m.TagStage == BeingRead {
		m.TagStage = Stopped
	}
	m.AskingRights = false
}

func ended(err error) Reading {
	switch {
	case err == nil:
		return Read
	case cancelled(err):
		return Stopped
	default:
		return ReadFailed
	}
}

// SetFilter takes what is searched for among the names.
func (m *Images) SetFilter(s string) {
	m.filter = strings.ToLower(strings.TrimSpace(s))
	m.found = nil
	for _, n := range m.names {
		if m.matches(n) {
			m.found = append(m.found, n)
		}
	}
}

func (m *Images) matches(name string) bool {
	return m.filter == "" || strings.Contains(strings.ToLower(name), m.filter)
}

// Found are the names that match, in the registry's order.
func (m *Images) Found() []string { return m.found }

// Choose takes a repository to look into.
func (m *Images) Choose(name string) {
	m.Chosen, m.TagStage, m.TagErr, m.tags, m.index = name, NotRead, nil, nil, map[string]int{}
	m.Rights, m.RightsErr, m.AskingRights = nil, nil, false
	if name != "" {
		m.TagStage, m.AskingRights = BeingRead, true
	}
}

// PutTags takes tags of the chosen repository: new ones at the end, others in
// their place, with what has become known of them.
func (m *Images) PutTags(tags []catalog.Tag) {
	for _, tag := range tags {
		if i, known := m.index[tag.Name]; known {
			m.tags[i] = tag
		} else if len(m.tags) < maxNames {
			m.index[tag.Name] = len(m.tags)
			m.tags = append(m.tags, tag)
		}
	}
}

// EndTags says that reading the tags is over.
func (m *Images) EndTags(err error) { m.TagStage, m.TagErr = ended(err), err }

// PutRights takes what may be done with the chosen repository.
func (m *Images) PutRights(r catalog.Rights, err error) {
	m.AskingRights, m.Rights, m.RightsErr = false, &r, err
	if err != nil {
		m.Rights = nil
	}
}

// Tag is a tag of the chosen repository.
func (m *Images) Tag(name string) (catalog.Tag, bool) {
	i, ok := m.index[name]
	if !ok {
		return catalog.Tag{}, false
	}
	return m.tags[i], true
}

// Reference is how an image is named in commands, by its tag.
func (m *Images) Reference(tag string) string {
	return m.Registry.String() + "/" + m.Chosen + ":" + tag
}

// ByDigest is how an image is named so that it can never become another one.
func (m *Images) ByDigest(digest string) string {
	return m.Registry.String() + "/" + m.Chosen + "@" + digest
}

// Named is the repository that was typed or pasted, as a name or as a reference to
// an image of this registry; "" for what names none.
func (m *Images) Named(text string) string {
	name := strings.TrimSpace(text)
	if i := strings.LastIndexByte(name, ' '); i >= 0 {
		name = name[i+1:] // a command
	}
	name = strings.TrimPrefix(name, m.Registry.String()+"/")
	name, _, _ = strings.Cut(name, "@")
	name, _, _ = strings.Cut(name, ":")
	if catalog.CheckName(name) != nil {
		return ""
	}
	return name
}

// helpedBySignIn reports whether err would not be there for somebody who is signed in.
func helpedBySignIn(err error) bool {
	var unlisted *catalog.Refusal
	var refused *signin.Refusal
	switch {
	case errors.As(err, &unlisted):
		return slices.Contains([]catalog.Why{catalog.NeedsSignIn, catalog.Denied, catalog.AdminOnly}, unlisted.Why)
	case errors.As(err, &refused):
		return slices.Contains([]signin.Why{signin.NeedsSignIn, signin.WrongPassword, signin.Ended, signin.Forbidden, signin.SecondFactor}, refused.Why)
	default:
		return false
	}
}

// helpedByTrust reports whether err says that nothing was sent to a server that is
// not trusted.
func helpedByTrust(err error) bool {
	var refused *signin.Refusal
	return errors.As(err, &refused) && refused.Why == signin.Unverified
}

func unlistedWhy(err error) (catalog.Why, bool) {
	var unlisted *catalog.Refusal
	if errors.As(err, &unlisted) {
		return unlisted.Why, true
	}
	return "", false
}
