package trust

// Registry is host[:port] as written in image references. The zero value names
// no registry; make one with [ParseRegistry].
type Registry struct {
	host string // without brackets
	port string // "" when none was written
}
