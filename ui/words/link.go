package words

import (
	"errors"

	"mooring.dev/mooring/trust/link"
)

// link is the problem of a link or project file that was refused: a name that is
// no registry in the words for names, and in a file the line.
func (w *Words) link(err error, p Problem) Problem {
	var refused *link.Error
	if !errors.As(err, &refused) {
		return p
	}
	if refused.Name != nil {
		p.What, p.Hint = sentence(w.T("name."+string(refused.Name.Code), anyMap(refused.Name.Args()))), ""
	}
	if refused.Line > 0 {
		p.Why = w.T("error.link-line", map[string]any{"line": refused.Line})
	}
	p.Details = "" // a stranger's text, of which the sentence repeats enough
	return p
}
