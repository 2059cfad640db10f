//go:build unix

package world

import (
	"os/exec"
	"syscall"
)

// Detach gives a command that is about to start a session of its own: it then
// outlives the terminal from which this process was started.
func Detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
