package platform

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io/fs"
	"slices"

	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
)

// KeyCopy says whether an installed pair has the key of a signing request as well.
type KeyCopy string

const (
	KeyAlone     KeyCopy = "alone"     // the one that is kept is the only one
	KeyUsed      KeyCopy = "used"      // a consumer reads it right where it is kept
	KeyUnseen    KeyCopy = "unseen"    // a pair may have it, but this user may not read all of it
	KeyInstalled KeyCopy = "installed" // a pair that this user can read has it
)

// MustStay says why the key of a request cannot be removed; nil when it can. With
// force the person vouches for a pair that cannot be read. Nothing vouches for the
// only copy, nor for one in use.
func (q SigningRequest) MustStay(force bool) error {
	if q.Copy == KeyInstalled || q.Copy == KeyUnseen && force {
		return nil
	}
	return clientCertError{
		key: "client-cert-key-" + string(cmp.Or(q.Copy, KeyAlone)), text: "no other copy of the request's key is known",
		args: map[string]any{"path": q.KeyPath, "pair": q.CopyPath},
	}
}

// ForgetSigningRequest implements ClientCerts. It does not go through the journal,
// which would keep the key as what was there before.
func (m *Machine) ForgetSigningRequest(ctx context.Context, keyPath string, force bool) error {
	kept, err := m.state.Requests()
	i := slices.IndexFunc(kept, func(r state.Request) bool { return r.KeyPath == keyPath })
	if i < 0 {
		return errors.Join(clientCertError{
			key: "client-cert-no-key", text: "no signing request has its key there", args: map[string]any{"path": keyPath},
		}, err)
	}
	q := m.copied(signingRequest(kept[i]), m.installedPairs(ctx)(kept[i].Registry))
	if err := q.MustStay(force); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // what was looked at may be half of it
	}
	return m.state.ForgetRequest(kept[i])
}

// copied is q with what the pairs installed for its registry say of its key.
func (m *Machine) copied(q SigningRequest, pairs []trust.ClientPair) SigningRequest {
	for _, p := range pairs {
		found, answered := m.copyIn(q, p)
		q.Answered = q.Answered || answered
		switch {
		case found == KeyUsed: // whatever the other pairs have
			q.Copy, q.CopyPath = found, p.CertPath
			return q
		case found == KeyInstalled, found == KeyUnseen && q.Copy == KeyAlone:
			q.Copy, q.CopyPath = found, cmp.Or(p.KeyPath, p.CertPath)
		}
	}
	return q
}

// copyIn is what one pair says of a request's key, and whether its certificate is the
// answer to the request.
func (m *Machine) copyIn(q SigningRequest, p trust.ClientPair) (found KeyCopy, answered bool) {
	path := cmp.Or(p.KeyPath, p.CertPath)
	at, err := planner.Follow(m.World, path)
	own, ownErr := planner.Follow(m.World, q.KeyPath)
	answered = p.Cert != nil && clientcert.Answers([]clientcert.File{{Name: p.CertPath, Data: p.Cert.Raw}}, q.PEM)
	switch {
	case err == nil && ownErr == nil && at == own:
		return KeyUsed, answered
	case p.Cert != nil && !answered:
		return KeyAlone, false
	case p.Cert == nil || err != nil || ownErr != nil:
		return KeyUnseen, answered
	}
	return m.keyAt(path, p), answered
}

// keyAt reads the key of a pair whose certificate is a request's answer.
func (m *Machine) keyAt(path string, p trust.ClientPair) KeyCopy {
	key, err := m.World.FS.ReadFile(path)
	defer clear(key)
	if errors.Is(err, fs.ErrNotExist) {
		return KeyAlone
	}
	if err != nil {
		return KeyUnseen
	}
	if _, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Cert.Raw}), key); err != nil {
		return KeyAlone
	}
	return KeyInstalled
}
