package signin

import "time"

// SetPatience makes a test wait less for bodies.
func (a *Access) SetPatience(idle, whole time.Duration) {
	a.patience.idle, a.patience.whole = idle, whole
}
