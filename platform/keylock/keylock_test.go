package keylock

import (
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/platform/world"
)

// lights is a machine whose keyboards have these lights.
func lights(t *testing.T, states map[string]string) world.World {
	t.Helper()
	root := t.TempDir()
	for name, state := range states {
		dir := filepath.Join(root, leds, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "brightness"), []byte(state), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := world.Under(root, "linux")
	here := world.Here()
	w.Root, w.Run, w.Env = "", here.Run, func(string) string { return "" }
	return w
}

func TestCapsLock(t *testing.T) {
	for name, c := range map[string]struct {
		lights    map[string]string
		on, known bool
	}{
		"off":              {map[string]string{"input3::capslock": "0\n", "input3::numlock": "1\n"}, false, true},
		"on":               {map[string]string{"input3::capslock": "1\n"}, true, true},
		"one of two":       {map[string]string{"input3::capslock": "0\n", "input9::capslock": "1\n"}, true, true},
		"no keyboard":      {nil, false, false},
		"without a light":  {map[string]string{"input3::numlock": "1\n"}, false, false},
		"something else's": {map[string]string{"phy0-led": "1\n"}, false, false},
	} {
		if on, known := CapsLock(lights(t, c.lights)); on != c.on || known != c.known {
			t.Errorf("%s: on %v, known %v", name, on, known)
		}
	}
}

// The lights of this machine say nothing of a keyboard elsewhere, and a tree has
// none.
func TestCapsLockOfAnother(t *testing.T) {
	w := lights(t, map[string]string{"input3::capslock": "1\n"})
	ssh := w
	ssh.Env = func(string) string { return "10.0.0.1 5 10.0.0.2 22" }
	tree := w
	tree.Run = nil
	mac := w
	mac.OS = "darwin"
	for name, w := range map[string]world.World{"over ssh": ssh, "a tree": tree, "macOS": mac} {
		if on, known := CapsLock(w); on || known {
			t.Errorf("%s: on %v, known %v", name, on, known)
		}
	}
}
