package change

import (
	"bytes"
	"testing"

	"mooring.dev/mooring/trust"
)

// FuzzJournal: whatever lies in the journal, reading it neither panics nor takes
// a record that is not exactly as it was written.
func FuzzJournal(f *testing.F) {
	for _, p := range phases {
		r := newRecord(trust.Receipt{ID: "20260101-000000-0000abcd", Changes: []trust.Done{{Kind: trust.WriteFile, Path: "/x"}}})
		r.Phase = p
		b, err := encodeRecord(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord("20260101-000000-0000abcd", b)
		if err != nil {
			if As(err).Code != ErrJournalDamaged {
				t.Fatal(err)
			}
			return
		}
		again, err := encodeRecord(r)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q reads as %q, %v", b, again, err)
		}
	})
}
