package kept

import (
	"testing"
	"time"

	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// TestKeepRestores: a sign-in that cannot be noted leaves the former one as it was,
// in the keyring and in the list.
func TestKeepRestores(t *testing.T) {
	reg, _, err := trust.ParseRegistry("reg.example:5000")
	if err != nil {
		t.Fatal(err)
	}
	beyond := time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such year
	former := trust.Credential{User: "alice", Secret: trust.NewSecret("former")}
	next := trust.Credential{User: "bob", Secret: trust.NewSecret("next"), Token: true}
	w := world.Under(t.TempDir(), "linux")
	k := Keeper{Ring: keyring.Memory(), State: state.Open(w), Now: time.Now}

	if err := k.Keep(t.Context(), reg, next, beyond); err == nil {
		t.Error("the end was noted: this test shows nothing")
	}
	if c, ok, err := k.Get(t.Context(), reg); ok || err != nil {
		t.Errorf("kept without a note: %q, %v", c.User, err)
	}
	if err := k.Keep(t.Context(), reg, former, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := k.Keep(t.Context(), reg, next, beyond); err == nil {
		t.Error("the end was noted")
	}
	if c, ok, err := k.Get(t.Context(), reg); !ok || err != nil || c != former {
		t.Errorf("the former credential is gone: %q, %v, %v", c.User, ok, err)
	}
	if n, ok := k.Noted(reg); !ok || n.User != former.User {
		t.Errorf("noted %q, %v", n.User, ok)
	}
	if err := k.Keep(t.Context(), reg, next, time.Time{}); err != nil {
		t.Error(err)
	}
	if c, _, _ := k.Get(t.Context(), reg); c != next {
		t.Errorf("a good one does not replace it: %q", c.User)
	}
}
