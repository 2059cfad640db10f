// Package keylock asks the system whether Caps Lock is on.
package keylock

import (
	"path"
	"strings"

	"mooring.dev/mooring/platform/world"
)

// leds is where Linux shows the lights of keyboards
// (Documentation/ABI/testing/sysfs-class-led; drivers/input/input-leds.c names them
// "input3::capslock"). The display server keeps them as the lock is, under X11 and
// under Wayland, and everybody may read them.
const leds = "/sys/class/leds"

// CapsLock reports whether Caps Lock is on; known is false where that cannot be
// told: on macOS, over ssh, and where no keyboard has a light for it.
func CapsLock(w world.World) (on, known bool) {
	if !w.Live() {
		return false, false
	}
	switch w.OS {
	case "windows":
		return pressed()
	case "linux":
		if w.Getenv("SSH_CONNECTION") != "" {
			return false, false // the lights are those of a keyboard elsewhere
		}
		return lit(w.FS)
	default:
		return false, false
	}
}

// lit reports whether the light of any keyboard is on.
func lit(f world.FS) (on, known bool) {
	entries, err := f.ReadDir(leds)
	if err != nil {
		return false, false
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "::capslock") {
			continue
		}
		b, err := f.ReadFile(path.Join(leds, e.Name(), "brightness"))
		if err != nil {
			continue
		}
		known = true
		on = on || strings.TrimSpace(string(b)) != "0"
	}
	return on, known
}
