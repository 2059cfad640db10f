package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const (
	signInsName = "signins.json"
	// maxSignIns bounds the file, in bytes: some 5,000 sign-ins.
	maxSignIns    = 1 << 20
	signInsSchema = 1
)

// SignIn says that a credential for a registry lies in the system's keyring. The
// keyring alone holds the credential, and is asked by the registry's name: without
// this file nothing is lost but the list.
type SignIn struct {
	Registry trust.Registry
	User     string
	Token    bool // an identity token instead of a password
	At       time.Time
	Expires  time.Time // zero: it is not known to end
}

// signIn is a SignIn as the file has it.
type signIn struct {
	Registry trust.Registry `json:"registry"`
	User     string         `json:"user"`
	Token    bool           `json:"token,omitempty"`
	At       time.Time      `json:"at"`
	Expires  time.Time      `json:"expires,omitzero"`
}

type signInsFile struct {
	Schema  int      `json:"schema"`
	SignIns []signIn `json:"signIns"`
}

// SignIns lists the sign-ins, sorted by registry. The error is a *[CorruptError]
// when the file cannot be understood.
func (s *Store) SignIns() ([]SignIn, error) {
	f, err := openFile(s.w, s.signIns, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.signIns, err)
	}
	defer f.close()
	return s.readSignIns(f)
}

// NoteSignIn notes a sign-in in the place of an earlier one to the same registry.
func (s *Store) NoteSignIn(in SignIn) error {
	return s.changeSignIns(func(all []SignIn) []SignIn {
		return append(without(all, in.Registry), in)
	})
}

// ForgetSignIn takes a registry's sign-in out of the list.
func (s *Store) ForgetSignIn(r trust.Registry) error {
	return s.changeSignIns(func(all []SignIn) []SignIn { return without(all, r) })
}

func without(all []SignIn, r trust.Registry) []SignIn {
	return slices.DeleteFunc(slices.Clone(all), func(s SignIn) bool { return s.Registry == r })
}

// changeSignIns changes the file as it is at this moment. One that cannot be
// understood is moved aside and begun anew, since it only lists what the keyring
// holds.
func (s *Store) changeSignIns(change func([]SignIn) []SignIn) error {
	f, err := openFile(s.w, s.signIns, true)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.signIns, err)
	}
	defer f.close()
	unlock, err := f.lock()
	if err != nil {
		return fmt.Errorf("write %s: %w", s.signIns, err)
	}
	defer unlock()
	before, err := s.readSignIns(f)
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt):
		if _, err := f.setAside(s.w.Now()); err != nil {
			return fmt.Errorf("keep %s aside: %w", s.signIns, err)
		}
	case err != nil:
		return err
	}
	after := change(before)
	if slices.Equal(before, after) && corrupt == nil {
		return nil
	}
	data, err := renderSignIns(after)
	if err == nil {
		err = f.write(data)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", s.signIns, err)
	}
	return nil
}

func (s *Store) readSignIns(f file) ([]SignIn, error) {
	data, err := f.read(maxSignIns)
	if err != nil && !errors.Is(err, world.ErrTooLarge) {
		return nil, fmt.Errorf("read %s: %w", s.signIns, err)
	}
	var all []SignIn
	if err == nil {
		all, err = parseSignIns(data)
	}
	if err != nil && !errors.Is(err, errNewerSignIns) {
		err = &CorruptError{Path: s.signIns, Err: err}
	}
	return all, err
}

// errNewerSignIns says that a newer Mooring wrote the file: this one neither reads
// nor touches it.
var errNewerSignIns = errors.New(signInsName + " was written by a newer Mooring")

// parseSignIns reads a file; an empty one has no sign-ins. Of several for one
// registry the last counts.
func parseSignIns(data []byte) ([]SignIn, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var f signInsFile
	err := json.Unmarshal(data, &f)
	var other *json.UnmarshalTypeError // the rest was read all the same
	switch {
	case (err == nil || errors.As(err, &other)) && f.Schema > signInsSchema:
		return nil, errNewerSignIns
	case err != nil:
		return nil, errors.New("not a list of sign-ins") // the library's words may quote it
	}
	var out []SignIn
	for _, in := range f.SignIns {
		if in.Registry.IsZero() {
			continue
		}
		out = append(without(out, in.Registry), SignIn(in))
	}
	slices.SortFunc(out, func(a, b SignIn) int { return a.Registry.Compare(b.Registry) })
	return out, nil
}

func renderSignIns(all []SignIn) ([]byte, error) {
	f := signInsFile{Schema: signInsSchema, SignIns: []signIn{}}
	for _, in := range all {
		in.At, in.Expires = in.At.UTC(), in.Expires.UTC()
		f.SignIns = append(f.SignIns, signIn(in))
	}
	slices.SortFunc(f.SignIns, func(a, b signIn) int { return a.Registry.Compare(b.Registry) })
	data, err := json.MarshalIndent(f, "", "  ")
	return append(data, '\n'), err
}
