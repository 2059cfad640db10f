package words

import "mooring.dev/mooring/trust"

// RightsPrompt is what the system's own prompt for an administrator's rights says, where
// it lets us say anything: how far the change reaches. The preview has said the rest.
func (w *Words) RightsPrompt(r trust.Reach) string {
	if r == trust.ReachComputer {
		return w.T("elevate.prompt.computer", nil)
	}
	return w.T("elevate.prompt.registry", nil)
}
