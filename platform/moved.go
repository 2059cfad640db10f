package platform

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

// moved gives the change engine the keyring, for passwords that move there out of
// files. Between the two a password is in memory only.
type moved struct{ m *Machine }

var _ change.Secrets = moved{}

var errNotReadBack = errors.New("the keyring gives back another sign-in than it was given")

// inFile is the credential that lies in a file, and whose it is.
func (s moved) inFile(d trust.Done) (trust.Registry, trust.Credential, error) {
	var r trust.Registry
	bad := func() error {
		return change.Refuse(change.ErrBadPlan, d.Path, "it holds no password for %.80q", d.Registry)
	}
	if err := r.UnmarshalText([]byte(d.Registry)); err != nil || r.IsZero() || len(d.Key) != 2 || d.Key[0] != "auths" {
		return r, trust.Credential{}, bad()
	}
	// What lies under one registry's name is never kept for another.
	if of, ok := discover.RegistryOf(d.Key[1]); !ok || of != r {
		return r, trust.Credential{}, bad()
	}
	data, err := s.m.World.FS.ReadFile(d.Path)
	if err != nil {
		return r, trust.Credential{}, err
	}
	defer clear(data)
	all, err := configfile.ReadSecrets(data)
	c, ok := all[d.Key[1]]
	if err != nil || !ok {
		return r, trust.Credential{}, bad()
	}
	return r, c, nil
}

// Holds implements change.Secrets.
func (s moved) Holds(ctx context.Context, d trust.Done) (bool, error) {
	r, c, err := s.inFile(d)
	if err != nil {
		return false, err
	}
	own, ok, err := s.m.keeper.Get(ctx, r)
	if err != nil || !ok {
		return false, err
	}
	if own != c {
		return false, change.Refuse(change.ErrOtherSecret, d.Path, "")
	}
	return true, nil
}

// Keep implements change.Secrets.
func (s moved) Keep(ctx context.Context, d trust.Done) error {
	r, c, err := s.inFile(d)
	if err != nil {
		return err
	}
	if err := s.m.keep(ctx, r, c, time.Time{}, false); err != nil {
		return err
	}
	own, ok, err := s.m.keeper.Get(ctx, r)
	if err == nil && (!ok || own != c) {
		err = errNotReadBack
	}
	return err
}

// Forget implements change.Secrets.
func (s moved) Forget(ctx context.Context, d trust.Done) error {
	var r trust.Registry
	if err := r.UnmarshalText([]byte(d.Registry)); err != nil {
		return err
	}
	return s.m.forget(ctx, r)
}

// Secret implements change.Secrets: the value as docker and podman write it.
func (s moved) Secret(ctx context.Context, d trust.Done, key []string) (trust.Secret, error) {
	gone := change.Refuse(change.ErrSecret, d.Path, "the keyring has no sign-in for it any more")
	if len(key) != 3 {
		return trust.Secret{}, gone
	}
	r, ok := discover.RegistryOf(key[1])
	if !ok {
		return trust.Secret{}, gone
	}
	c, ok, err := s.m.keeper.Get(ctx, r)
	if err != nil {
		return trust.Secret{}, err
	}
	if !ok {
		return trust.Secret{}, gone
	}
	password := c.Secret
	if c.Token {
		password = trust.NewSecret("")
	}
	switch field := strings.ToLower(key[2]); {
	case field == "auth":
		return trust.NewSecret(base64.StdEncoding.EncodeToString([]byte(c.User + ":" + password.Reveal()))), nil
	case field == "password" && !c.Token, field == "identitytoken" && c.Token:
		return c.Secret, nil
	}
	return trust.Secret{}, gone
}
