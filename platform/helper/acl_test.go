package helper

import "testing"

// TestWhoMayChange: what Windows gives to everybody below "Program Files" and at the
// top of a drive is harmless; what lets others put another helper there is not.
func TestWhoMayChange(t *testing.T) {
	const system, admins, users, everybody = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545", "S-1-1-0"
	const readAndExecute, modify, full = 0x1200a9, 0x1301bf, 0x1f01ff
	installer := administrators[2]
	good := func(more ...ace) descriptor {
		return descriptor{owner: installer, list: append([]ace{
			{sid: installer, rights: full},
			{sid: system, rights: full},
			{sid: admins, rights: modify},
			{sid: users, rights: readAndExecute},
			{sid: "S-1-3-0", rights: genericAll, inherit: true}, // the creator, of what is made there
		}, more...)}
	}
	for name, c := range map[string]struct {
		d               descriptor
		whole, exchange bool // whether others may change anything, or put another in its place
	}{
		"as installed":           {good(), false, false},
		"denied to others":       {good(ace{sid: everybody, rights: full, kind: 1}), false, false},
		"for what is made there": {good(ace{sid: everybody, rights: modify, inherit: true}), false, false},
		"the top of a drive":     {good(ace{sid: "S-1-5-11", rights: appendData}), true, false},
		"ProgramData":            {good(ace{sid: users, rights: writeData | appendData | writeExtended | writeAttributes}), true, false},
		"attributes":             {good(ace{sid: users, rights: writeAttributes}), true, false},
		"deleting":               {good(ace{sid: users, rights: deleteIt}), true, true},
		"deleting what is in it": {good(ace{sid: users, rights: deleteChild}), true, true},
		"its list":               {good(ace{sid: users, rights: writeDAC}), true, true},
		"its owner":              {good(ace{sid: users, rights: writeOwner}), true, true},
		"writing, said at large": {good(ace{sid: users, rights: genericWrite}), true, false},
		"everything, at large":   {good(ace{sid: "S-1-5-21-1-2-3-1001", rights: genericAll}), true, true},
		"another owner":          {descriptor{owner: "S-1-5-21-1-2-3-1001"}, true, true},
		"no owner":               {descriptor{}, true, true},
		"no list":                {descriptor{owner: admins, open: true}, true, true},
		"nobody but the owner":   {descriptor{owner: admins}, false, false},
		"an unknown kind":        {good(ace{kind: 9, rights: readAndExecute}), true, true},
	} {
		if got := c.d.others(anyWrite); (got != "") != c.whole {
			t.Errorf("%s: %q may change it", name, got)
		}
		if got := c.d.others(exchange); (got != "") != c.exchange {
			t.Errorf("%s: %q may exchange it", name, got)
		}
	}
}
