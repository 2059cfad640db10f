package words

import (
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Store names a trust store, by its own name where it has one.
func (w *Words) Store(id trust.StoreID) string {
	if key := "store." + string(id); w.Has(key) {
		return w.T(key, nil)
	}
	if key := "store." + id.Kind(); w.Has(key) {
		return w.T(key, map[string]any{"name": safe.Line(id.Name())})
	}
	return safe.Line(string(id))
}
