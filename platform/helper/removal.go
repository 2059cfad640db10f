package helper

import (
	"slices"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// checkRemoved: what goes is a CA file by any plain name, whoever put it there, in
// a directory of a registry of the plan, or among an administrator's anchors. What
// it holds is judged when it has been read.
func (s scope) checkRemoved(c trust.Change) error {
	if c.Command != "" || c.To != "" || !s.site.plain(c.Path) {
		return change.Refuse(change.ErrBadPlan, c.Path, "")
	}
	dir, name := s.site.split(c.Path)
	inStore := anchors.InDirs(c.Path)
	switch named := anchors.Removable(name); {
	case slices.Contains(s.dirs, dir) && named:
		return nil
	case inStore && named && s.reach == trust.ReachComputer:
		return nil
	case inStore && named:
		return change.Refuse(change.ErrTooBroad, c.Path, "")
	}
	return change.Refuse(change.ErrOutsideAllowList, c.Path, "")
}

// holdsOnly reports whether a file holds certificates of the plan and nothing else.
func holdsOnly(found []byte, certs []anchor) bool {
	held, ok := certfile.Only(found)
	for _, c := range held {
		fp := trust.FingerprintOf(c)
		ok = ok && slices.ContainsFunc(certs, func(a anchor) bool { return a.fingerprint == fp })
	}
	return ok
}
