package tray

import "mooring.dev/mooring/platform/watch"

// host shows picture and menu in the system's tray. Both are replaced as a whole.
type host interface {
	// run shows them until quit is called. It must be called on the program's main
	// goroutine; ready runs on another once there is something to be shown in.
	run(ready func())
	quit()
	picture(m watch.Mood, g Ground)
	menu(tooltip string, items []Item)
}
