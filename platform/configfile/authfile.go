package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"mooring.dev/mooring/trust"
)

// AuthFile edits the files in which docker and podman keep sign-ins: config.json
// and auth.json. An edit is a cut in the text: every other byte, the order, line
// ends, a byte order mark and what Mooring does not know stay as they are. What it
// adds is written as its siblings are.
//
// It refuses, with an [EditError], what docker itself would not take or would
// understand in two ways.
type AuthFile struct{}

// EditReason is why a file cannot be edited. Its words are under
// "config.<reason>".
type EditReason string

// The reasons.
const (
	BadSyntax    EditReason = "syntax"
	HasComment   EditReason = "comment"
	HasDuplicate EditReason = "duplicate" // Name stands twice in one object
	WrongType    EditReason = "type"      // of what Name names
	HasBOM       EditReason = "bom"       // docker and podman do not read past one
)

// EditError says why a file cannot be edited. It never quotes a value.
type EditError struct {
	Reason EditReason
	Line   int
	Name   string
}

func (e *EditError) Error() string {
	s := fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	if e.Name != "" {
		s += fmt.Sprintf(": %q", e.Name)
	}
	return s
}

// Secrets gives the secret that an edit took out of a file, by the edit's key.
type Secrets = func(key []string) (trust.Secret, error)

// Edit makes the edits, one after the other. done are the edits with what they
// replaced; reverse is what [AuthFile.Reverse] needs to give content again. It holds
// no secret, and its places are those of the mask: it says of no secret how long it
// is, and fits a file in which others have been renewed since.
func (AuthFile) Edit(content []byte, edits []trust.Edit) (edited, reverse []byte, done []trust.Edit, err error) {
	mark, text := cutBOM(content)
	doc, err := parseAuthFile(text)
	if err != nil {
		return nil, nil, nil, err
	}
	var back []splice
	for _, e := range edits {
		s, d, err := doc.edit(e)
		if err != nil {
			return nil, nil, nil, err
		}
		inverse := s.inverse(text)
		text = s.apply(text)
		if doc, err = parseAuthFile(text); err != nil {
			return nil, nil, nil, err
		}
		back = append(back, inverse.inMask(doc.masked()))
		done = append(done, d)
	}
	if reverse, err = json.Marshal(back); err != nil {
		return nil, nil, nil, err
	}
	return append(bytes.Clone(mark), text...), reverse, done, nil
}

// Check says whether docker and podman read content, and Edit could.
func (AuthFile) Check(content []byte) error {
	mark, text := cutBOM(content)
	if len(mark) > 0 {
		return &EditError{Reason: HasBOM, Line: 1}
	}
	_, err := parseAuthFile(text)
	return err
}

// Reverse gives the content from which Edit made edited.
func (AuthFile) Reverse(edited, reverse []byte, secrets Secrets) ([]byte, error) {
	mark, text := cutBOM(edited)
	var back []splice
	if err := json.Unmarshal(reverse, &back); err != nil {
		return nil, err
	}
	for i := len(back) - 1; i >= 0; i-- {
		doc, err := parseAuthFile(text)
		if err != nil {
			return nil, err
		}
		s, ok := back[i].inFile(doc.masked())
		if !ok {
			return nil, errors.New("the reverse of an edit does not fit the file")
		}
		if s.Key != nil {
			secret, err := secrets(s.Key)
			if err != nil {
				return nil, err
			}
			s.Put = bytes.Join([][]byte{s.Put[:s.Hole], hujson.String(secret.Reveal()), s.Put[s.Hole:]}, nil)
		}
		text = s.apply(text)
	}
	return append(bytes.Clone(mark), text...), nil
}

// TakeBack undoes edits, as Edit returned them, in a file that somebody rewrote
// meanwhile: it puts back exactly their values and leaves the rest. ours is false,
// and nothing done, when one of them is not as the edit left it.
//
// A default store that was set where there was none stays while markers show that
// logins lie in it by now: docker would not find them without, and would have
// written the same line itself with the first of them.
func (f AuthFile) TakeBack(content []byte, done []trust.Edit, secrets Secrets) (back []byte, ours bool, err error) {
	_, text := cutBOM(content)
	doc, err := parseAuthFile(text)
	if err != nil {
		return nil, false, err
	}
	var inverse, store []trust.Edit
	for i := len(done) - 1; i >= 0; i-- {
		e := done[i]
		found := doc.find(e.Key)
		as := found == nil && e.Value == nil || found != nil && e.Value != nil && isText(found, *e.Value)
		if !as {
			return nil, false, nil
		}
		undo := trust.Edit{Key: e.Key, Value: e.Was, Prune: e.Prune}
		if e.Secret {
			secret, err := secrets(e.Key)
			if err != nil {
				return nil, false, err
			}
			text := secret.Reveal()
			undo.Value = &text
		}
		if e.Was == nil && len(e.Key) == 1 && harmless(e.Key) {
			store = append(store, undo)
			continue
		}
		inverse = append(inverse, undo)
	}
	if back, _, _, err = f.Edit(content, inverse); err != nil || len(store) == 0 || hasMarkers(back) {
		return back, err == nil, err
	}
	back, _, _, err = f.Edit(back, store)
	return back, err == nil, err
}

// hasMarkers reports whether an entry says that its secret lies with a helper.
func hasMarkers(content []byte) bool {
	c, err := ReadDockerConfig(content)
	return err == nil && slices.ContainsFunc(c.Auths, func(a Auth) bool { return !a.Plaintext })
}

func isText(v *hujson.Value, text string) bool {
	l, ok := v.Value.(hujson.Literal)
	return ok && l.Kind() == '"' && l.String() == text
}

// splice replaces Cut bytes at At by Put. Where a secret was, Put has a hole: the
// value at Key belongs there.
type splice struct {
	At   int      `json:"at"`
	Cut  int      `json:"cut"`
	Put  []byte   `json:"put"`
	Hole int      `json:"hole,omitempty"`
	Key  []string `json:"key,omitempty"`

	secret span // within what is cut
}

type span struct{ from, to int }

func (s splice) apply(text []byte) []byte {
	return bytes.Join([][]byte{text[:s.At], s.Put, text[s.At+s.Cut:]}, nil)
}

// inMask is s with the place that it has in a file's mask.
func (s splice) inMask(m masked) splice {
	from, to := m.inMask(s.At), m.inMask(s.At+s.Cut)
	s.At, s.Cut = from, to-from
	return s
}

// inFile takes inMask back. ok is false for what cannot be applied: it may come from
// a journal that was meddled with.
func (s splice) inFile(m masked) (out splice, ok bool) {
	if s.Cut < 0 || s.Cut > len(m.text) || s.Hole < 0 || s.Hole > len(s.Put) {
		return s, false
	}
	from, ok := m.inFile(s.At)
	if !ok {
		return s, false
	}
	to, ok := m.inFile(s.At + s.Cut)
	s.At, s.Cut = from, to-from
	return s, ok
}

// inverse is the splice that takes s back.
func (s splice) inverse(text []byte) splice {
	back := splice{At: s.At, Cut: len(s.Put), Key: s.Key}
	if s.Key == nil {
		back.Put = bytes.Clone(text[s.At : s.At+s.Cut])
		return back
	}
	back.Hole = s.secret.from - s.At
	back.Put = bytes.Join([][]byte{text[s.At:s.secret.from], text[s.secret.to : s.At+s.Cut]}, nil)
	return back
}

// edit makes one edit into a splice.
func (d authFile) edit(e trust.Edit) (splice, trust.Edit, error) {
	done := trust.Edit{Key: e.Key, Value: e.Value, Prune: e.Prune}
	if len(e.Key) == 0 || e.Value != nil && !utf8.ValidString(*e.Value) {
		return splice{}, done, &EditError{Reason: WrongType, Line: 1}
	}
	for _, name := range e.Key {
		if !utf8.ValidString(name) {
			return splice{}, done, &EditError{Reason: WrongType, Line: 1}
		}
	}
	found := d.find(e.Key)
	if found != nil {
		done.Secret = !harmless(e.Key)
		if l, ok := found.Value.(hujson.Literal); ok && !done.Secret {
			text := l.String()
			done.Was = &text
		}
	}
	var s splice
	if e.Value != nil {
		var err error
		if s, done.Prune, err = d.set(e.Key, *e.Value); err != nil {
			return splice{}, done, err
		}
	} else {
		s = d.remove(e.Key, e.Prune)
	}
	if done.Secret {
		s.Key, s.secret = e.Key, span{found.StartOffset, found.EndOffset}
	}
	return s, done, nil
}

// secretFields are the fields of an entry that are secrets with which one signs in
// (docker/cli cli/config/types AuthConfig). A registrytoken is none: it is for one
// registry's content, and not kept.
var secretFields = []string{"auth", "password", "identitytoken"}

// RemoveSecrets are the edits that take the password or token out of the entry of
// "auths" with that name. The empty entry stays: docker leaves it as a marker for
// its helpers, and "docker logout" of before 23.0 looks for it.
func (AuthFile) RemoveSecrets(content []byte, name string) ([]trust.Edit, error) {
	_, text := cutBOM(content)
	doc, err := parseAuthFile(text)
	if err != nil {
		return nil, err
	}
	var out []trust.Edit
	for _, field := range secretFields {
		if key := []string{"auths", name, field}; doc.find(key) != nil {
			out = append(out, trust.RemoveValue(key...))
		}
	}
	return out, nil
}

// HasRegistryToken reports whether the entry of "auths" with that name holds one.
func HasRegistryToken(content []byte, name string) bool {
	_, text := cutBOM(content)
	doc, err := parseAuthFile(text)
	if err != nil {
		return false
	}
	v := doc.find([]string{"auths", name, "registrytoken"})
	return v != nil && !isText(v, "")
}
