//go:build unix

package elevate

import (
	"testing"

	"mooring.dev/mooring/platform/world"
)

// What a journal says is carried out: under sudo, where macOS leaves HOME as it was, not
// by one that every program of the person's can write.
func TestJournalOfAnAdministrator(t *testing.T) {
	const theirs = "/Users/alice/Library/Application Support/Mooring/journal"
	for uid, want := range map[int]string{501: theirs, 0: "/private/var/db/mooring/own"} {
		w := world.World{OS: "darwin", FS: world.Disk{}, User: world.User{UID: uid, Home: "/Users/alice"}}
		own := New(w, theirs, Options{}).Own
		if own.Dir != want || (own.GuardJournal != nil) != (uid == 0) {
			t.Errorf("of user %d: %s, guarded %v", uid, own.Dir, own.GuardJournal != nil)
		}
	}
}
