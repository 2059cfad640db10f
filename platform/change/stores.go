package change

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// Trust stores are changed by membership: the before-image of a store is how it held
// one certificate, and what else it holds is nobody's business.

// storesLast orders changes so that those of trust stores come after all others.
// Some systems let the person answer for a store, at a change and again when it is
// taken back: so it comes when all that could fail without them is done, before
// root's half is asked for, and first of all in an undo, which then can be refused
// with nothing changed.
func storesLast(changes []trust.Change) []trust.Change {
	out := slices.Clone(changes)
	slices.SortStableFunc(out, func(a, b trust.Change) int { return rank(a) - rank(b) })
	return out
}

func rank(c trust.Change) int {
	if c.Kind == trust.ChangeStore {
		return 1
	}
	return 0
}

// checkStore refuses a store's change that is anything else besides, or is about no
// certificate of the plan's.
func checkStore(p trust.Plan, c trust.Change) error {
	id := string(c.Store)
	switch {
	case c.Store.Kind() == "" || c.Store.Name() == "" || c.Was == nil || c.Want == nil || *c.Was == *c.Want:
		return Refuse(ErrBadPlan, id, "it does not say which store is to change, and how")
	case !canonical(*c.Was) || !canonical(*c.Want):
		return Refuse(ErrBadPlan, id, "settings of what is not held")
	case c.Path != "" || c.To != "" || c.Mode != 0 || c.Before != nil || c.Secret || c.Edits != nil || c.Via != "" ||
		c.Registry != "" || c.Key != nil || c.Command != "":
		return Refuse(ErrBadPlan, id, "a trust store and something else")
	}
	for _, a := range p.Anchors {
		if a.PEM != string(c.Content) {
			continue
		}
		_, err := certificateOf(a)
		return err
	}
	return Refuse(ErrBadCertificate, id, "its content is no certificate of the plan")
}

func canonical(m trust.Membership) bool { return m.Held || m.Settings == "" }

// namesStore reports whether a change of another kind names a store all the same.
func namesStore(c trust.Change) bool { return c.Store != "" || c.Was != nil || c.Want != nil }

// certificateOf reads an anchor's PEM, which must be one bare block and the
// certificate that the anchor names.
func certificateOf(a trust.PlanAnchor) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(a.PEM))
	if block == nil {
		return nil, Refuse(ErrBadCertificate, a.SHA256, "it is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, Refuse(ErrBadCertificate, a.SHA256, "%v", err)
	}
	if a.PEM != string(certfile.Normalize(cert)) || a.SHA256 != trust.FingerprintOf(cert).String() {
		return nil, Refuse(ErrBadCertificate, a.SHA256, "it is not that certificate as one bare PEM block")
	}
	return cert, nil
}

// inspectStore says what a store's change will do, if the store is as planned.
func (t *tx) inspectStore(ctx context.Context, p trust.Plan, c trust.Change) (trust.Done, error) {
	i := slices.IndexFunc(p.Anchors, func(a trust.PlanAnchor) bool { return a.PEM == string(c.Content) })
	d := trust.Done{Kind: c.Kind, Store: c.Store, Certificate: p.Anchors[i].SHA256, Was: c.Was, Now: c.Want}
	found, err := t.e.getStore(ctx, p.Anchors, d)
	if err != nil {
		return trust.Done{}, err
	}
	if found != *c.Was {
		return trust.Done{}, Refuse(ErrChangedSince, string(c.Store), "")
	}
	return d, t.vet(p, c, nil)
}

// changeStore makes a store hold a certificate as planned. That it was begun is
// written down before: a store may take several steps, of which only who began them
// may take back the first.
func (t *tx) changeStore(ctx context.Context, n int) error {
	d := t.r.Receipt.Changes[n]
	if err := t.expectStore(ctx, d, *d.Was); err != nil {
		return err
	}
	t.r.Started[n] = true
	if err := t.j.save(t.r); err != nil {
		return err
	}
	return t.setStore(ctx, d, *d.Now)
}

// expectStore refuses if a store does not hold the certificate as want says.
func (t *tx) expectStore(ctx context.Context, d trust.Done, want trust.Membership) error {
	found, err := t.e.getStore(ctx, t.r.Receipt.Anchors, d)
	if err == nil && found != want {
		err = Refuse(ErrChangedSince, string(d.Store), "")
	}
	return err
}

// revertStore makes a store hold a certificate as it did, if it holds it as we left
// it, or as we were about to.
func (t *tx) revertStore(ctx context.Context, n int) error {
	d := t.r.Receipt.Changes[n]
	if !t.r.Started[n] {
		return nil
	}
	found, err := t.e.getStore(ctx, t.r.Receipt.Anchors, d)
	switch {
	case err != nil:
		return err
	case found == *d.Was:
		return nil
	case found != *d.Now && !halfway(found, d):
		return Refuse(ErrChangedSince, string(d.Store), "")
	}
	return t.setStore(ctx, d, *d.Was)
}

// halfway reports whether a store was left between two states: the certificate is in
// and its settings are not, or not any more. While a change is under way nobody else
// can be told from a run that was killed there.
func halfway(found trust.Membership, d trust.Done) bool {
	return found == trust.Membership{Held: true} && (!d.Was.Held || !d.Now.Held)
}

func (e *Engine) getStore(ctx context.Context, anchors []trust.PlanAnchor, d trust.Done) (trust.Membership, error) {
	cert, err := e.member(anchors, d)
	if err == nil {
		err = fault(e.Fault).at(faultStoreGet, string(d.Store))
	}
	if err != nil {
		return trust.Membership{}, failed(string(d.Store), err)
	}
	m, err := e.Stores.Get(ctx, d.Store, cert)
	return m, failed(string(d.Store), err)
}

// setStore changes a store and reads it back.
func (t *tx) setStore(ctx context.Context, d trust.Done, want trust.Membership) error {
	cert, err := t.e.member(t.r.Receipt.Anchors, d)
	if err == nil {
		err = fault(t.e.Fault).at(faultStoreSet, string(d.Store))
	}
	if err == nil {
		err = t.e.Stores.Set(ctx, d.Store, cert, want)
	}
	if err == nil {
		err = fault(t.e.Fault).at(faultStoreDone, string(d.Store))
	}
	if err != nil {
		return failed(string(d.Store), err)
	}
	found, err := t.e.getStore(ctx, t.r.Receipt.Anchors, d)
	if err == nil && found != want {
		err = Refuse(ErrNotTaken, string(d.Store), "%s", d.Certificate)
	}
	return err
}

// member is the certificate that a store's change is about.
func (e *Engine) member(anchors []trust.PlanAnchor, d trust.Done) (*x509.Certificate, error) {
	if e.Stores == nil {
		return nil, Refuse(ErrBadPlan, string(d.Store), "trust stores are not changed here")
	}
	i := slices.IndexFunc(anchors, func(a trust.PlanAnchor) bool { return a.SHA256 == d.Certificate })
	if i < 0 || d.Was == nil || d.Now == nil {
		return nil, Refuse(ErrJournalDamaged, string(d.Store), "the receipt lacks its certificate")
	}
	return certificateOf(anchors[i])
}

// undoStores takes the stores back before anything else of an undo. What the person
// refuses at the first of them has changed nothing: the receipt then stands as it
// stood, unless root's half is undone already.
func (t *tx) undoStores(ctx context.Context) error {
	undone := t.r.Receipt.Privileged != ""
	for _, n := range slices.Backward(t.own()) {
		d := t.r.Receipt.Changes[n]
		if d.Kind != trust.ChangeStore {
			continue
		}
		t.progress.tell(Step{Kind: d.Kind, Path: string(d.Store), Undo: true, Total: len(t.r.Receipt.Changes)})
		err := t.revertStore(ctx, n)
		switch {
		case err == nil, errors.Is(err, ErrChangedSince): // which the rest of the undo reports
			undone = true
		case undone || t.expectStore(context.WithoutCancel(ctx), d, *d.Now) != nil:
			return pending(err, err)
		default:
			return errors.Join(err, t.advance(phaseDone))
		}
	}
	return nil
}

// pending says that something stays half done because of err, after cause.
func pending(cause, err error) error {
	return &Error{Code: ErrPending, Path: As(err).Path, Detail: err.Error(), cause: errors.Join(cause, err)}
}
