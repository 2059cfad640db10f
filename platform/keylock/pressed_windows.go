package keylock

import "syscall"

var getKeyState = syscall.NewLazyDLL("user32.dll").NewProc("GetKeyState")

// pressed asks for the state that the thread's last message came with, which is the
// one to be asked of when a key or a click has just been handled. The lowest bit
// tells of a toggle (winuser.h, GetKeyState).
func pressed() (on, known bool) {
	const capital = 0x14 // VK_CAPITAL
	if getKeyState.Find() != nil {
		return false, false
	}
	state, _, _ := getKeyState.Call(capital)
	return state&1 != 0, true
}
