package helper

import "slices"

// descriptor is who may do what with a file of Windows. It is judged apart from the
// calls that read it, so that it can be tested anywhere.
type descriptor struct {
	owner string // a SID
	open  bool   // there is no list: everybody may do everything
	list  []ace
}

// ace is one entry of the list.
type ace struct {
	sid    string
	rights uint32
	kind   byte // 0 allows, 1 denies (winnt.h ACCESS_ALLOWED_ACE_TYPE, ACCESS_DENIED_ACE_TYPE)
	// inherit: it counts for what is made in the directory, not for itself.
	inherit bool
}

// administrators are those against whom nothing protects: the system, the group of
// the administrators, and the installer of Windows, whom its own files belong to.
var administrators = []string{
	"S-1-5-18", "S-1-5-32-544",
	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
}

// The rights by which a file or directory can be changed (winnt.h).
const (
	writeData       = 0x2 // in a directory: make files
	appendData      = 0x4 // in a directory: make directories
	writeExtended   = 0x10
	deleteChild     = 0x40
	writeAttributes = 0x100 // and so make a link of an empty directory
	deleteIt        = 0x10000
	writeDAC        = 0x40000
	writeOwner      = 0x80000
	genericAll      = 0x10000000
	genericWrite    = 0x40000000

	// exchange is what it takes to put another directory in the place of one in it.
	exchange = deleteChild | deleteIt | writeDAC | writeOwner | genericAll
	// anyWrite is what it takes to change anything about it.
	anyWrite = exchange | writeData | appendData | writeExtended | writeAttributes | genericWrite
)

// others returns somebody who is no administrator and has one of the rights; ""
// if there is nobody.
func (d descriptor) others(rights uint32) string {
	if !slices.Contains(administrators, d.owner) {
		return "its owner " + d.owner // who may give themselves every right
	}
	if d.open {
		return "everybody"
	}
	for _, a := range d.list {
		switch {
		case a.inherit || a.kind == 1 || slices.Contains(administrators, a.sid):
		case a.kind != 0:
			return "an entry of a kind that is not known"
		case a.rights&rights != 0:
			return a.sid
		}
	}
	return ""
}
