// Package consumers knows, for each relying party, where it runs on this machine
// and where it looks before it trusts a registry. It fills policies and decides
// nothing: all judgement is in trust.Judge.
//
// Adding a party is one file here and one line in the table below.
package consumers

import (
	"context"
	"net/netip"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Reader is one relying party.
type Reader interface {
	Party() trust.Party
	// Consumers finds the party's instances on w. It may ask running engines
	// (within ctx) when w is live. A party that is not installed answers with one
	// consumer that has Installed false: a forecast for its current release.
	Consumers(ctx context.Context, w world.World) []trust.Consumer
	// Policy reads what c brings to the endpoint that q describes. Files only.
	Policy(w world.World, c trust.Consumer, q Query) trust.Policy
	// Place returns where an anchor for registry would have to be put for c to
	// read it at each connection, with the least reach. ok is false when c has no
	// such place (it reads the OS store only).
	Place(w world.World, c trust.Consumer, registry trust.Registry) (p Place, ok bool)
}

// Query names the endpoint a policy is wanted for.
type Query struct {
	Registry trust.Registry // as written in the image reference
	Role     trust.Role
	Host     string // the endpoint's own host[:port] as the consumer would write it
	Auth     trust.AuthScheme
	System   *SystemStore // the OS store, read once a check
	Shift    Shift        // what a plan changes in other stores
	// IP is the address at which the registry itself answered, invalid when that is
	// not known: some daemons do not verify whole ranges of addresses, and then
	// neither the token server nor the blob store of a registry in one.
	IP netip.Addr
}

// SystemStore is the OS trust store as it is on disk now.
type SystemStore struct {
	Anchors *trust.AnchorSet // what Go programs read
	OpenSSL *trust.AnchorSet // what OpenSSL finds of it: no stray files
	Looked  []trust.Look
	// Session is the store as programs started in this session see it, through
	// SSL_CERT_FILE and SSL_CERT_DIR, or with what is the person's own; nil if it is
	// the same.
	Session *SystemStore
	layered bool // Session is what everybody sees, and what is the person's own
	// Unknown is why the store cannot be read, "" if it was.
	Unknown string
}

// Place is a directory in which a consumer reads certificate files, and what is
// in it already.
type Place struct {
	Dir string // absolute; may not exist yet
	// Exists: the directory is there and wins already. Otherwise making it could
	// hide other directories; the planner judges that against an overlay.
	Exists bool
	// Files are the names of the certificate files in it that the consumer reads.
	Files []string
	// HostsTOML is the path of a hosts.toml that keeps the consumer from reading
	// the directory's flat files, "" when there is none.
	HostsTOML string
	// Alternative is a directory of the person's own that would serve as well, "" if
	// there is none or it would hide another.
	Alternative string
	// UserWritable: the person may write here without further rights.
	UserWritable bool
	// Hides is the directory that won so far and will not be read any more once Dir
	// exists, "" for none.
	Hides string
	// Restart is what has to be restarted before files here are seen; zero for
	// nothing.
	Restart trust.Restart
}

// Readers is the table of relying parties, in the order in which they are shown.
// The readers remember the engines they found: use one table for one check.
func Readers() []Reader { return readers(&dockers{ask: engine.Dockers}) }

func readers(d *dockers) []Reader {
	return []Reader{docker{d}, dockerBuild{d}, podman{}, &containerd{}, system{}, nss{}, java{}}
}
