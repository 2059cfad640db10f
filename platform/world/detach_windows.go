package world

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// Detach gives a command that is about to start no console: it then outlives the
// one from which this process was started.
func Detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
