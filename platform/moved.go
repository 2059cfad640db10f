package platform

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/credentials"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/planner"
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
	// What lies under one registry's name is never kept for another, nor what no tool
	// would use for it.
	movable := slices.ContainsFunc(credentials.Load(s.m.World).Movable(r), func(p credentials.Place) bool {
		return p.Key == d.Key[1] && s.leadsTo(p.Path, d.Path)
	})
	if !movable {
		return r, trust.Credential{}, bad()
	}
	c, ok, err := s.at(d.Path, d.Key[1])
	if err == nil && !ok {
		err = bad()
	}
	return r, c, err
}

// leadsTo reports whether a file that is known as name is the one at path.
func (s moved) leadsTo(name, path string) bool {
	at, err := planner.Follow(s.m.World, name)
	return err == nil && at == path
}

// at reads the credential in one entry of a file.
func (s moved) at(path, key string) (c trust.Credential, ok bool, err error) {
	data, err := s.m.World.FS.ReadFile(path)
	if err != nil {
		return c, false, err
	}
	defer clear(data)
	all, err := configfile.ReadSecrets(data)
	c, ok = all[key]
	return c, ok, err
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

// Forget implements change.Secrets. The keyring gives up only what the file has
// again: if that holds another one by now, this is the last of its kind, and stays.
func (s moved) Forget(ctx context.Context, d trust.Done) error {
	var r trust.Registry
	if err := r.UnmarshalText([]byte(d.Registry)); err != nil {
		return err
	}
	if own, ok, err := s.m.keeper.Get(ctx, r); err != nil {
		return err
	} else if ok {
		if len(d.Key) != 2 {
			return change.Refuse(change.ErrBadPlan, d.Path, "it names no entry")
		}
		if c, there, err := s.at(d.Path, d.Key[1]); err != nil || !there || c != own {
			return change.Refuse(change.ErrChangedSince, d.Path, "it holds another sign-in than the keyring")
		}
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
	if !ok || !credentials.Names(key[1], r) {
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
