package trust

import "testing"

// Which changes make the last check out of date, and why.
func TestWhatAReceiptOutdates(t *testing.T) {
	edit := func(secret bool) Done {
		return Done{Kind: EditFile, Edits: []Edit{{Key: []string{"credHelpers"}}, {Key: []string{"auths"}, Secret: secret}}}
	}
	for _, c := range []struct {
		name          string
		changes       []Done
		judged, moved bool
	}{
		{"nothing, as for signing out", nil, true, false},
		{"an anchor", []Done{{Kind: WriteFile}}, true, false},
		{"a helper", []Done{edit(false)}, false, false},
		{"a password out of a file", []Done{edit(true)}, false, true},
		{"into the keyring", []Done{{Kind: KeepSecret}, edit(false)}, false, true},
	} {
		r := Receipt{Changes: c.changes}
		if r.Judged() != c.judged || r.Moved() != c.moved {
			t.Errorf("%s: judged %v, moved %v; want %v, %v", c.name, r.Judged(), r.Moved(), c.judged, c.moved)
		}
	}
}
