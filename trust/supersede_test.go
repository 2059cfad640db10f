package trust_test

import (
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

func TestSupersededBy(t *testing.T) {
	receipt := func(id string, minute int, changes ...trust.Done) trust.Receipt {
		at := time.Date(2026, 1, 1, 3, minute, 0, 0, time.UTC)
		return trust.Receipt{ID: id, At: at, State: trust.ReceiptApplied, Changes: changes}
	}
	write := trust.Done{Kind: trust.WriteFile, Path: "/ca.crt"}
	edit := func(key ...string) trust.Done {
		return trust.Done{Kind: trust.EditFile, Path: "/config.json", Edits: []trust.Edit{trust.SetValue("mooring", key...)}}
	}
	member := func(id trust.StoreID, certificate string) trust.Done {
		return trust.Done{Kind: trust.ChangeStore, Store: id, Certificate: certificate}
	}
	undone := receipt("2", 20, write)
	undone.State = trust.ReceiptUndone
	failed := receipt("2", 20, write)
	failed.State = trust.ReceiptFailed
	pending := receipt("2", 20, write)
	pending.State = trust.ReceiptPending
	for name, test := range map[string]struct {
		older, later trust.Receipt
		want         bool
	}{
		"removed since":     {receipt("1", 10, write), receipt("2", 20, trust.Done{Kind: trust.RemoveFile, Path: "/ca.crt"}), true},
		"written again":     {receipt("1", 10, write), receipt("2", 20, write), true},
		"being written":     {receipt("1", 10, write), pending, true},
		"undone":            {receipt("1", 10, write), undone, false},
		"failed":            {receipt("1", 10, write), failed, false},
		"another file":      {receipt("1", 10, write), receipt("2", 20, trust.Done{Kind: trust.WriteFile, Path: "/other"}), false},
		"before it":         {receipt("1", 30, write), receipt("2", 20, write), false},
		"itself":            {receipt("1", 10, write), receipt("1", 20, write), false},
		"renamed away":      {receipt("1", 10, write), receipt("2", 20, trust.Done{Kind: trust.MoveFile, Path: "/ca.crt", To: "/aside"}), true},
		"renamed onto":      {receipt("1", 10, write), receipt("2", 20, trust.Done{Kind: trust.MoveFile, Path: "/x", To: "/ca.crt"}), true},
		"the same member":   {receipt("1", 10, member("nss:/db", "a")), receipt("2", 20, member("nss:/db", "a")), true},
		"another member":    {receipt("1", 10, member("nss:/db", "a")), receipt("2", 20, member("nss:/db", "b")), false},
		"another store":     {receipt("1", 10, member("nss:/db", "a")), receipt("2", 20, member("java:/db", "a")), false},
		"commands":          {receipt("1", 10, trust.Done{Kind: trust.RunCommand, Command: "c"}), receipt("2", 20, trust.Done{Kind: trust.RunCommand, Command: "c"}), false},
		"the same value":    {receipt("1", 10, edit("credHelpers", "a")), receipt("2", 20, edit("credHelpers", "a")), true},
		"the object of it":  {receipt("1", 10, edit("auths", "a", "auth")), receipt("2", 20, edit("auths", "a")), true},
		"another value":     {receipt("1", 10, edit("credHelpers", "a")), receipt("2", 20, edit("credHelpers", "b")), false},
		"edited, then gone": {receipt("1", 10, edit("a")), receipt("2", 20, trust.Done{Kind: trust.RemoveFile, Path: "/config.json"}), true},
	} {
		later, path, ok := test.older.SupersededBy([]trust.Receipt{test.older, test.later})
		if ok != test.want || ok && (later.ID != "2" || path == "") {
			t.Errorf("%s: %q by %q, %v", name, path, later.ID, ok)
		}
	}
	first := receipt("1", 10, write)
	if later, _, _ := first.SupersededBy([]trust.Receipt{receipt("2", 20, write), receipt("3", 30, write), first}); later.ID != "3" {
		t.Errorf("the newest is %q", later.ID)
	}
}
