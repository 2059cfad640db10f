package change

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"mooring.dev/mooring/trust"
)

// Editor edits structured files for EditFile: configfile.AuthFile.
type Editor interface {
	// Mask is content without what may be a secret. Contents with the same mask take
	// the same edits, and the same reverse.
	Mask(content []byte) ([]byte, error)
	// Edit makes the edits. done are they with what they replaced; reverse is what
	// Reverse needs to give content again. Neither holds a secret.
	Edit(content []byte, edits []trust.Edit) (edited, reverse []byte, done []trust.Edit, err error)
	Reverse(edited, reverse []byte, secrets func(key []string) (trust.Secret, error)) ([]byte, error)
	// TakeBack puts the values back in a file that was rewritten since. ours is false
	// when one of them is not as the edit left it.
	TakeBack(content []byte, done []trust.Edit, secrets func(key []string) (trust.Secret, error)) (back []byte, ours bool, err error)
}

// Secrets is where KeepSecret puts what lies in a file: the keyring. What it is
// asked for is named by a receipt's change: the file, the registry, the key.
type Secrets interface {
	// Holds reports whether exactly this is kept already. It is an error when
	// something else is: that is not replaced.
	Holds(ctx context.Context, d trust.Done) (bool, error)
	// Keep puts it there and reads it back.
	Keep(ctx context.Context, d trust.Done) error
	// Forget takes it away. Nothing kept is no error.
	Forget(ctx context.Context, d trust.Done) error
	// Secret gives the value that an edit of d took out at key, as the file had it.
	// It may ask the person.
	Secret(ctx context.Context, d trust.Done, key []string) (trust.Secret, error)
}

// taken is a file's way from one state to another.
type taken struct {
	From *trust.FileState `json:"from"`
	To   *trust.FileState `json:"to"`
}

// hasSecrets reports whether the files of such changes may hold any.
func hasSecrets(k trust.ChangeKind) bool { return k == trust.EditFile || k == trust.KeepSecret }

// as is f as a change of that kind sees it: without its secrets, if it may have any.
func (t *tx) as(k trust.ChangeKind, f *file) *file {
	if f != nil && hasSecrets(k) && t.e.Editor != nil {
		f.mask = t.e.Editor.Mask
	}
	return f
}

// inspectEdit makes an edit in memory: what will be written, and the reverse as
// the before-image.
func (t *tx) inspectEdit(c trust.Change, d trust.Done, found *file) (trust.Done, *file, error) {
	var content []byte
	if found != nil {
		content = found.Content
	}
	edited, reverse, done, err := t.e.Editor.Edit(content, c.Edits)
	if err != nil {
		return d, nil, &Error{Code: ErrBadPlan, Path: c.Path, Detail: err.Error(), cause: err}
	}
	if bytes.Equal(edited, content) {
		return d, nil, Refuse(ErrBadPlan, c.Path, "the edits change nothing")
	}
	d.Edits = done
	t.edited[len(t.r.Receipt.Changes)] = edited
	if found == nil {
		return d, nil, nil
	}
	return d, &file{Content: reverse, Attrs: found.Attrs}, nil
}

// noteKept records which secrets are kept already: those are not ours to forget.
func (t *tx) noteKept(ctx context.Context) error {
	for n, d := range t.r.Receipt.Changes {
		if d.Kind != trust.KeepSecret {
			continue
		}
		if t.e.Secrets == nil {
			return Refuse(ErrBadPlan, d.Path, "secrets are not kept here")
		}
		kept := false
		err := fault(t.e.Fault).at(faultKept, d.Path)
		if err == nil {
			kept, err = t.e.Secrets.Holds(ctx, d)
		}
		if err != nil {
			return secretError(d, err)
		}
		t.r.Kept[n] = kept
	}
	return nil
}

func (t *tx) keepSecret(ctx context.Context, n int) error {
	if t.r.Kept[n] {
		return nil
	}
	t.r.Started[n] = true
	if err := t.j.save(t.r); err != nil {
		return err
	}
	d := t.r.Receipt.Changes[n]
	if err := fault(t.e.Fault).at(faultKeep, d.Path); err != nil {
		return failed("", err)
	}
	return secretError(d, t.e.Secrets.Keep(ctx, d))
}

// forgetSecret takes away what keepSecret put, or may have.
func (t *tx) forgetSecret(ctx context.Context, n int) error {
	if !t.r.Started[n] {
		return nil
	}
	d := t.r.Receipt.Changes[n]
	if err := fault(t.e.Fault).at(faultForget, d.Path); err != nil {
		return failed("", err)
	}
	if t.e.Secrets == nil {
		return Refuse(ErrSecret, d.Path, "secrets are not kept here")
	}
	return secretError(d, t.e.Secrets.Forget(ctx, d))
}

func secretError(d trust.Done, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	return &Error{Code: ErrSecret, Path: d.Path, Detail: err.Error(), cause: err}
}

// beforeEdit is the file as it shall be when the edits of change n are taken back
// from found; nil for none. A file that is as the edit left it gets its exact
// bytes again. In one that somebody rewrote exactly the values are put back, if
// they are ours still.
func (t *tx) beforeEdit(ctx context.Context, n int, found *file) (*file, error) {
	d := t.r.Receipt.Changes[n]
	if found.is(d.After) && d.Before == nil {
		return nil, nil
	}
	if found == nil || t.e.Editor == nil {
		return nil, Refuse(ErrChangedSince, d.Path, "")
	}
	secrets, err := t.secretsOf(ctx, n)
	if err != nil {
		return nil, err
	}
	if found.is(d.After) {
		if f := t.exactly(n, found, secrets); f != nil {
			return f, nil
		}
	}
	content, ours, err := t.e.Editor.TakeBack(found.Content, d.Edits, secrets)
	if err != nil {
		return nil, &Error{Code: ErrChangedSince, Path: d.Path, Detail: err.Error(), cause: err}
	}
	if !ours {
		return nil, Refuse(ErrChangedSince, d.Path, "")
	}
	f := *found
	f.Content = content
	return &f, nil
}

// exactly is the file from which the edit made found, nil when that cannot be
// had to the byte: the state that was noted then decides.
func (t *tx) exactly(n int, found *file, secrets func([]string) (trust.Secret, error)) *file {
	d := t.r.Receipt.Changes[n]
	reverse, err := t.j.d.read(imageName(t.r.Receipt.ID, n))
	if err != nil || reverse == nil {
		return nil
	}
	content, err := t.e.Editor.Reverse(found.Content, reverse.Content, secrets)
	if err != nil {
		return nil
	}
	f := t.as(d.Kind, t.r.before(n, content))
	if !f.is(d.Before) {
		return nil
	}
	return f
}

// secretsOf fetches what the edits of a change took out of its file, before
// anything is changed: only one is asked for at a time, and each once.
func (t *tx) secretsOf(ctx context.Context, n int) (func([]string) (trust.Secret, error), error) {
	d := t.r.Receipt.Changes[n]
	var keys [][]string
	var values []trust.Secret
	for i, e := range d.Edits {
		if !e.Secret {
			continue
		}
		s, err := t.secret(ctx, n, i)
		if err != nil {
			return nil, secretError(d, err)
		}
		keys, values = append(keys, e.Key), append(values, s)
	}
	return func(key []string) (trust.Secret, error) {
		for i, k := range keys {
			if slices.Equal(k, key) {
				return values[i], nil
			}
		}
		return trust.Secret{}, Refuse(ErrSecret, d.Path, "")
	}, nil
}

func (t *tx) secret(ctx context.Context, n, edit int) (trust.Secret, error) {
	at := [2]int{n, edit}
	if s, ok := t.secrets[at]; ok {
		return s, nil
	}
	if t.e.Secrets == nil {
		return trust.Secret{}, Refuse(ErrSecret, t.r.Receipt.Changes[n].Path, "secrets are not kept here")
	}
	d := t.r.Receipt.Changes[n]
	if err := fault(t.e.Fault).at(faultSecret, d.Path); err != nil {
		return trust.Secret{}, failed("", err)
	}
	s, err := t.e.Secrets.Secret(ctx, d, d.Edits[edit].Key)
	if err == nil {
		t.secrets[at] = s
	}
	return s, err
}

// takeBack takes the edits of change n back in its file, which is found.
func (t *tx) takeBack(ctx context.Context, parent *dir, n int, name string, found *file) error {
	d := t.r.Receipt.Changes[n]
	f, err := t.beforeEdit(ctx, n, found)
	if err != nil {
		return err
	}
	if f == nil {
		return parent.remove(name)
	}
	// A later run must know its own work again.
	t.r.Exact[n] = taken{found.exact(), f.exact()}
	if !f.is(d.Before) {
		t.r.Taken[n] = taken{found.state(), f.state()}
	}
	if err := t.j.save(t.r); err != nil {
		return err
	}
	return t.putBack(parent, n, name, f, found)
}
