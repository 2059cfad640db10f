package keychain

import (
	"errors"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
)

// The change engine carries a plan out on a Mac, and undo brings back what was there:
// trust settings, and a certificate that lay in another keychain.
func TestEngine(t *testing.T) {
	for name, before := range map[string]func(l lab, c *trusttest.Cert){
		"nothing": func(lab, *trusttest.Cert) {},
		"for another host": func(l lab, c *trusttest.Cert) {
			l.Hold(l.Login(), c.Cert)
			l.Say(User, c.Cert, keychaintest.Rule("ssl", "old.example", 0))
		},
		"denied, elsewhere": func(l lab, c *trusttest.Cert) {
			l.Hold(keychaintest.SystemKeychain, c.Cert)
			l.Say(User, c.Cert, keychaintest.Rule("", "", 3))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, User)
			root := trusttest.NewCA(t, "Corp Root CA")
			before(l, root)
			was, id := l.get(t, root), trust.NewStoreID(trust.StoreKeychain, User)
			e := &change.Engine{Dir: filepath.Join(t.TempDir(), "journal"), Stores: store.Table{World: l.w, Kinds: []store.Kind{Kind{}}}}
			want := l.info.Holding(was, root.Cert, registries(t, "reg.example"))
			text := certfile.Normalize(root.Cert)
			plan := trust.Plan{
				Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachAccount, Registries: []string{"reg.example"},
				Anchors: []trust.PlanAnchor{{SHA256: trust.FingerprintOf(root.Cert).String(), PEM: string(text)}},
				Changes: []trust.Change{{Kind: trust.ChangeStore, Store: id, Content: text, Was: &was, Want: &want, Status: trust.StatusNew}},
			}
			held := l.Held(l.Login())
			l.Person = keychaintest.Cancels
			if _, err := e.Apply(t.Context(), plan, nil); !errors.Is(err, change.ErrRefusedByPerson) || l.get(t, root) != was {
				t.Fatalf("cancelled: %v, %+v", err, l.get(t, root))
			}
			l.Person = keychaintest.Agrees
			r, err := e.Apply(t.Context(), plan, nil)
			if err != nil || l.get(t, root) != want {
				t.Fatalf("%v, %+v", err, l.get(t, root))
			}
			l.Person = keychaintest.Cancels
			if _, err := e.Undo(t.Context(), r.ID, nil); !errors.Is(err, change.ErrRefusedByPerson) || l.get(t, root) != want {
				t.Fatalf("undo cancelled: %v, %+v", err, l.get(t, root))
			}
			l.Person = keychaintest.Agrees
			if _, err := e.Undo(t.Context(), r.ID, nil); err != nil || l.get(t, root) != was || len(l.Held(l.Login())) != len(held) {
				t.Fatalf("undone: %v, %+v", err, l.get(t, root))
			}
		})
	}
}
