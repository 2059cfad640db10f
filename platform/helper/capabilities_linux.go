package helper

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// needed are the capabilities of root's that writing files and restoring them takes
// (capabilities(7)): their owner, mode, ACL and attributes in directories of anybody;
// and those by which a store's own script may run something as a lesser user. None of
// them loads a module, opens a network, traces a process or changes a mount.
const needed uint32 = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FOWNER | 1<<unix.CAP_FSETID |
	1<<unix.CAP_SETGID | 1<<unix.CAP_SETUID | 1<<unix.CAP_SETFCAP

// The arguments of capset, where the calls of all threads find them.
var (
	capHeader = unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	capData   [2]unix.CapUserData
)

// dropCapabilities leaves this process and whatever it starts with the capabilities that
// are needed, and nothing that it starts can gain any by its file. They are each
// thread's own, so every thread is told. A build with cgo has threads that Go cannot
// tell; the helper is installed without.
func dropCapabilities() error {
	if err := unix.Capget(&capHeader, &capData[0]); err != nil {
		return err
	}
	for c := uintptr(0); c < 64; c++ {
		if c < 32 && needed&(1<<c) != 0 {
			continue
		}
		err := everyThread(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0)
		switch {
		case errors.Is(err, syscall.EINVAL): // the kernel knows no more
			c = 64
		case errors.Is(err, syscall.ENOTSUP): // cgo
			return nil
		case err != nil:
			return err
		}
	}
	if err := everyThread(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		return err
	}
	for i := range capData {
		keep := needed
		if i > 0 {
			keep = 0
		}
		capData[i] = unix.CapUserData{Effective: capData[i].Effective & keep, Permitted: capData[i].Permitted & keep}
	}
	err := everyThread(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&capHeader)), uintptr(unsafe.Pointer(&capData[0])), 0)
	runtime.KeepAlive(&capData)
	return err
}

func everyThread(call, a, b, c uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall6(call, a, b, c, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
