package winstore

import (
	"bytes"
	"fmt"
	"slices"
	"syscall"
	"testing"
)

// fake is a stand-in for the calls: whoever changes a store while going through
// it, frees twice, forgets to free or to close, or writes to a store that is open for
// reading, fails the test.
type fake struct {
	t       *testing.T
	stores  map[string][]member
	fail    map[string]syscall.Errno // by call, or call and place
	lost    bool                     // what is written is not there afterwards
	admin   bool
	off     bool // the policy
	stands  map[*opened]bool
	held    map[*cert]bool
	commits int
	asked   []string // stores that were opened for writing
}

type opened struct {
	place   place
	write   bool
	walking int // enumerations under way
}

type cert struct {
	of     *opened
	der    []byte
	serves bool
	at     int // position in an enumeration, -1 for a duplicate
}

func newFake(t *testing.T) *fake {
	w := &fake{t: t, stores: map[string][]member{}, fail: map[string]syscall.Errno{}, stands: map[*opened]bool{}, held: map[*cert]bool{}}
	t.Cleanup(func() {
		if len(w.stands) > 0 || len(w.held) > 0 {
			t.Errorf("%d stores are open and %d certificates held", len(w.stands), len(w.held))
		}
	})
	return w
}

func (w *fake) put(name string, ders ...[]byte) {
	for _, der := range ders {
		w.stores[name] = append(w.stores[name], member{der, true})
	}
}

func (w *fake) failure(call string, p place) error {
	for _, key := range []string{call, call + " " + p.String()} {
		if errno, ok := w.fail[key]; ok {
			return errno
		}
	}
	return nil
}

func (w *fake) open(p place, write bool) (handle, error) {
	if err := w.failure("open", p); err != nil {
		return nil, err
	}
	if _, ok := w.stores[p.String()]; !ok && !write {
		return nil, errFileNotFound
	}
	if write {
		w.asked = append(w.asked, p.String())
	}
	o := &opened{place: p, write: write}
	w.stands[o] = true
	return o, nil
}

func (w *fake) use(s handle) *opened {
	w.t.Helper()
	o, ok := s.(*opened)
	if !ok || !w.stands[o] {
		w.t.Fatal("a store that is not open")
	}
	return o
}

func (w *fake) close(s handle) error {
	o := w.use(s)
	delete(w.stands, o)
	return w.failure("close", o.place)
}

func (w *fake) commit(s handle) error {
	o := w.use(s)
	w.commits++
	return w.failure("commit", o.place)
}

func (w *fake) next(s handle, prev certificate) (certificate, error) {
	o := w.use(s)
	at := 0
	if p, ok := prev.(*cert); ok && p != nil {
		at = p.at + 1
		w.free(p)
	} else {
		o.walking++
	}
	if err := w.failure("next", o.place); err != nil {
		o.walking--
		return nil, err
	}
	all := w.stores[o.place.String()]
	if at >= len(all) {
		o.walking--
		return nil, cryptNotFound
	}
	c := &cert{of: o, der: all[at].der, serves: all[at].serves, at: at}
	w.held[c] = true
	return c, nil
}

func (w *fake) changeable(o *opened) {
	w.t.Helper()
	if o.walking > 0 {
		w.t.Fatal("a store is changed while it is gone through: in wine that has no end")
	}
	if !o.write {
		w.t.Fatal("a store is changed that is open for reading")
	}
}

func (w *fake) add(s handle, der []byte) error {
	o := w.use(s)
	w.changeable(o)
	if err := w.failure("add", o.place); err != nil {
		return err
	}
	if !w.lost {
		w.stores[o.place.String()] = append(w.stores[o.place.String()], member{bytes.Clone(der), true})
	}
	return nil
}

func (w *fake) remove(c certificate) error {
	x := w.take(c)
	w.changeable(x.of)
	if err := w.failure("remove", x.of.place); err != nil {
		return err
	}
	if name := x.of.place.String(); !w.lost {
		i := slices.IndexFunc(w.stores[name], func(m member) bool { return bytes.Equal(m.der, x.der) })
		w.stores[name] = slices.Delete(slices.Clone(w.stores[name]), i, i+1)
	}
	return nil
}

func (w *fake) duplicate(c certificate) certificate {
	x := *w.look(c)
	x.at = -1
	w.held[&x] = true
	return &x
}

func (w *fake) look(c certificate) *cert {
	w.t.Helper()
	x, ok := c.(*cert)
	if !ok || !w.held[x] {
		w.t.Fatal("a certificate that was freed")
	}
	return x
}

func (w *fake) take(c certificate) *cert {
	w.t.Helper()
	x := w.look(c)
	delete(w.held, x)
	return x
}

func (w *fake) free(c certificate) {
	if x := w.take(c); x.at >= 0 && x.of.walking == 0 {
		w.t.Fatal("an enumeration frees by itself")
	}
}

func (w *fake) encoded(c certificate) []byte { return w.look(c).der }
func (w *fake) serves(c certificate) bool    { return w.look(c).serves }
func (w *fake) elevated() bool               { return w.admin }
func (w *fake) personOff() bool              { return w.off }

// listing is every store with what it holds, for comparing.
func (w *fake) listing() string {
	var out []string
	for name, all := range w.stores {
		for _, m := range all {
			out = append(out, fmt.Sprintf("%s %x", name, m.der))
		}
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}
