package helper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/autostart"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store/all"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// errUsage marks arguments that no caller of ours would give.
var errUsage = change.Refuse(change.ErrBadPlan, "",
	"usage: mooring-helper-registry|mooring-helper-computer apply HASH ID | undo ID | recover ID")

// server serves one request. Its fields are fixed but in tests.
type server struct {
	world world.World
	places
	// guard refuses a directory that others than the administrators can change, where
	// the engine opens directories by their paths; nil where it needs no such help.
	guard func(dir string) error
	fault func(point, path string) error
}

// serve carries out one request: the action, for which the program was started, and
// its arguments.
func (s server) serve(ctx context.Context, args []string, in io.Reader) (trust.Receipt, error) {
	if len(args) < 3 {
		return trust.Receipt{}, errUsage
	}
	action, verb, rest := Action(args[0]), args[1], args[2:]
	switch {
	case action.Reach() == "":
		return trust.Receipt{}, errUsage
	case verb == "apply" && len(rest) == 2:
		return s.apply(ctx, action, rest[0], rest[1], in)
	case verb == "undo" && len(rest) == 1:
		return s.undo(ctx, action, rest[0])
	case verb == "recover" && len(rest) == 1:
		return s.recover(ctx, rest[0])
	}
	return trust.Receipt{}, errUsage
}

func (s server) apply(ctx context.Context, a Action, hash, id string, in io.Reader) (trust.Receipt, error) {
	b, err := receive(ctx, in)
	if err != nil {
		return trust.Receipt{}, err
	}
	p, err := parsePlan(b, hash)
	if err != nil {
		return trust.Receipt{}, err
	}
	return s.engine(a.Reach()).ApplyAs(ctx, id, p, nil)
}

func (s server) undo(ctx context.Context, a Action, id string) (trust.Receipt, error) {
	e := s.engine(a.Reach())
	r, err := e.Receipt(id)
	if err != nil {
		return trust.Receipt{}, err
	}
	if r.Reach != a.Reach() {
		return trust.Receipt{}, change.Refuse(change.ErrTooBroad, id, "the receipt reaches %q", r.Reach)
	}
	return e.Undo(ctx, id, nil)
}

// recover finishes or rolls back everything pending: what was begun had been
// allowed, whichever action asks now.
func (s server) recover(ctx context.Context, id string) (trust.Receipt, error) {
	e := s.engine("")
	_, err := e.Recover(ctx)
	r, rerr := e.Receipt(id)
	if rerr != nil {
		return trust.Receipt{}, rerr
	}
	if r.State == trust.ReceiptPending {
		return r, errors.Join(change.Refuse(change.ErrPending, id, ""), err)
	}
	return r, nil
}

// engine is root's engine for plans of one reach. On macOS /etc itself is a link: there
// the guard looks after those on the way, which must all be root's.
func (s server) engine(reach trust.Reach) *change.Engine {
	r := rules{world: s.world, site: siteOf(s.world.OS, s.programData).withJava(s.world)}
	return &change.Engine{
		Dir: s.journal, Root: s.world.Root, NoLinks: s.world.OS != "darwin", Owner: rootOwner(s.world),
		Guard: s.guard, GuardJournal: s.guard,
		Commands: anchors.Table{World: s.world}, Stores: all.Table(s.world), Now: s.world.Now, Fault: s.fault,
		Check: func(p trust.Plan) error { return r.check(p, reach) },
		Vet:   r.vet,
	}
}

// rootOwner is 0:0, or under a test's root whoever runs the test. Windows gives a file
// to the administrators by itself.
func rootOwner(w world.World) *change.Owner {
	if w.Root != "" || w.OS == "windows" {
		return nil
	}
	return &change.Owner{}
}

// Local is root's engine within this process, for a person who is root already:
// the same rules and the same journal. Besides the helper's directories root's
// own may be written.
func Local(w world.World) *change.Engine {
	e := server{world: w, places: unixPlaces(w.OS)}.engine("")
	r := rules{world: w, site: siteOf(w.OS, "").with(w, ".config/docker/certs.d", ".config/containers/certs.d")}
	entry := autostart.Entry{World: w}.Path()
	e.Check = func(p trust.Plan) error {
		if ownSignIns(p) || onlyFile(p, entry) {
			return nil
		}
		own := r
		if changesStores(p) {
			own.site.stores = storesOf(w)
		}
		return own.check(p, p.Reach)
	}
	e.Vet = func(p trust.Plan, c trust.Change, found []byte) error {
		if onlyFile(p, entry) {
			return nil
		}
		return r.vet(p, c, found)
	}
	return e
}

func changesStores(p trust.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c trust.Change) bool { return c.Kind == trust.ChangeStore })
}

// storesOf are the stores with members that a machine has for root itself: its own,
// and those of the computer.
func storesOf(w world.World) map[trust.StoreID]settings {
	out := map[trust.StoreID]settings{}
	for _, i := range all.Table(w).Find(context.Background()) {
		out[i.ID] = func(string, string) bool { return true }
	}
	return out
}

// onlyFile reports whether a plan is about one file alone, such as what starts
// with root's own session: no plan of the helper's either.
func onlyFile(p trust.Plan, path string) bool {
	return len(p.Changes) > 0 && !slices.ContainsFunc(p.Changes, func(c trust.Change) bool {
		return c.Kind != trust.WriteFile && c.Kind != trust.RemoveFile || c.Path != path
	})
}

// ownSignIns reports whether a plan is about root's own sign-ins alone: those are
// in root's own files, as any person's are, and no plan of the helper's.
func ownSignIns(p trust.Plan) bool {
	return len(p.Changes) > 0 && !slices.ContainsFunc(p.Changes, func(c trust.Change) bool {
		return c.Kind != trust.EditFile && c.Kind != trust.KeepSecret
	})
}

// patience is how long the plan may take to arrive.
const patience = 30 * time.Second

// receive reads the plan, bounded in size and time.
func receive(ctx context.Context, in io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type result struct {
		b   []byte
		err error
	}
	got := make(chan result, 1)
	go func() {
		b, err := io.ReadAll(io.LimitReader(in, MaxPlan+1))
		got <- result{b, err}
	}()
	select {
	case <-ctx.Done():
		return nil, change.Refuse(change.ErrBadPlan, "", "no plan came")
	case r := <-got:
		if len(r.b) > MaxPlan {
			return nil, change.Refuse(change.ErrTooLarge, "", "the plan has more than %d bytes", MaxPlan)
		}
		return r.b, r.err
	}
}

// parsePlan reads a plan whose bytes have the hash that the arguments name, and
// which says nothing that this program does not understand.
func parsePlan(b []byte, hash string) (trust.Plan, error) {
	sum := sha256.Sum256(b)
	if hex.EncodeToString(sum[:]) != hash {
		return trust.Plan{}, change.Refuse(change.ErrHash, "", "")
	}
	var p trust.Plan
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return trust.Plan{}, change.Refuse(change.ErrBadPlan, "", "%v", err)
	}
	// A plan has one form. What another reader might read otherwise (a field given
	// twice, in other letters, or something after the end) is none.
	if p.Hash() != hash {
		return trust.Plan{}, change.Refuse(change.ErrBadPlan, "", "it is not in the one form of a plan")
	}
	if len(p.Forecast) > 0 || len(p.Restarts) > 0 || len(p.Consequences) > 0 {
		return trust.Plan{}, change.Refuse(change.ErrBadPlan, "", "more than root's half")
	}
	return p, nil
}
