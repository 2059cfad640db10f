//go:build !nogui

// Package window is Mooring's window. Its pages take a view model of package vm
// and draw it with package widgets; what takes time runs in the background and
// comes back through the dispatcher, the only place that knows fyne.Do.
package window
