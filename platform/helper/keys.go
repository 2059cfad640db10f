package helper

import (
	"slices"
	"strings"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// actionProtectKey is the action of plans that take a private key from the sight of
// other users.
const actionProtectKey = "protect-key"

// checkKeys judges such a plan: in the directories of its registries key files lose
// rights, CA files in which a key lies lose them and are moved aside, and the
// certificates of those are written.
func (s scope) checkKeys(p trust.Plan) error {
	switch {
	case s.reach != trust.ReachRegistry:
		return change.Refuse(change.ErrTooBroad, "", "a key is protected for a registry")
	case !s.site.keys:
		return change.Refuse(change.ErrOutsideAllowList, "", "who may read there is not in the mode")
	}
	keys := 0
	for _, c := range p.Pending() {
		check := s.checkWrite
		if c.Kind == trust.SetMode || c.Kind == trust.MoveFile {
			check = s.checkKey
			keys++
		} else if c.Kind != trust.WriteFile {
			return change.Refuse(change.ErrBadPlan, c.Path, "%.40q in a plan for a key", c.Kind)
		}
		if err := check(c); err != nil {
			return err
		}
	}
	if keys == 0 {
		return change.Refuse(change.ErrBadPlan, "", "certificates are written for no key")
	}
	return nil
}

// checkKey judges narrowing one file, or moving it aside as well. That a key lies in it
// is judged when it has been read; that it loses rights and gains none, by the engine.
func (s scope) checkKey(c trust.Change) error {
	dir, name := s.site.split(c.Path)
	named := othersName.MatchString(name) && strings.HasSuffix(name, ".key")
	if c.Kind == trust.MoveFile {
		ending, ok := strings.CutPrefix(c.To, c.Path)
		named = ok && asideName.MatchString(ending) && anchors.Removable(name) && strings.HasSuffix(name, ".crt")
	}
	switch {
	case c.Command != "" || len(c.Content) != 0 || c.Secret || c.Before == nil || c.Kind == trust.SetMode && c.To != "" || !s.site.plain(c.Path):
		return change.Refuse(change.ErrBadPlan, c.Path, "a key that is written")
	case c.Mode != keyMode && c.Mode != keyMode&^0o200:
		return change.Refuse(change.ErrBadPlan, c.Path, "mode %v", c.Mode)
	case !slices.Contains(s.dirs, dir) || !named:
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "")
	}
	return nil
}

// vetKey judges the file of which a key is to be protected by what it holds.
func vetKey(c trust.Change, found []byte) error {
	if c.Kind != trust.WriteFile && certfile.Examine(found).Keys == 0 {
		return change.Refuse(change.ErrOutsideAllowList, c.Path, "no private key lies in it")
	}
	return nil
}
