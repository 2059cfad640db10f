package platform

import "testing"

// TestImageOf: the image that started another program is not taken for Mooring's.
func TestImageOf(t *testing.T) {
	const image, mount = "/home/alice/Mooring.AppImage", "/tmp/.mount_MoorinXy12"
	for _, c := range []struct{ self, image, mount, want string }{
		{mount + "/usr/bin/mooring", image, mount, image},
		{mount + "/usr/bin/mooring", image, mount + "/", image},
		{"/usr/bin/mooring", "", "", ""},
		{"/usr/bin/mooring", "/home/alice/Editor.AppImage", "/tmp/.mount_EditorAb34", ""},
		{"/tmp/.mount_MoorinXy123/usr/bin/mooring", image, mount, ""},
		{"/usr/bin/mooring", image, "", ""},
		{"/usr/bin/mooring", image, "/", ""},
		{"/usr/bin/mooring", image, "usr", ""},
		{mount + "/usr/bin/mooring", "Mooring.AppImage", mount, ""},
	} {
		env := map[string]string{"APPIMAGE": c.image, "APPDIR": c.mount}
		if got := imageOf(c.self, func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
