package elevate

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/peer"
	"mooring.dev/mooring/trust"
)

// elevated reports whether this process has an administrator's rights already.
func elevated() bool { return windows.GetCurrentProcessToken().IsElevated() }

// programFiles is where Windows installs programs, as Windows says it.
func programFiles() string {
	dir, err := windows.KnownFolderPath(windows.FOLDERID_ProgramFiles, 0)
	if err != nil {
		return `C:\Program Files`
	}
	return dir
}

// shellExecuteInfo is SHELLEXECUTEINFOW (shellapi.h).
type shellExecuteInfo struct {
	size       uint32
	mask       uint32
	window     windows.Handle
	verb       *uint16
	file       *uint16
	parameters *uint16
	directory  *uint16
	show       int32
	instance   windows.Handle
	idList     uintptr
	class      *uint16
	classKey   windows.Handle
	hotKey     uint32
	icon       windows.Handle
	process    windows.Handle
}

const (
	maskNoCloseProcess = 0x40  // SEE_MASK_NOCLOSEPROCESS: the process is wanted
	maskNoAsync        = 0x100 // SEE_MASK_NOASYNC: this thread has no loop of messages
	maskNoUI           = 0x400 // SEE_MASK_FLAG_NO_UI: what fails is said by us
)

var (
	shell32          = windows.NewLazySystemDLL("shell32.dll")
	procShellExecute = shell32.NewProc("ShellExecuteExW")
)

// runAs implements the start of [handing] by UAC: Windows asks the person with the
// name of the file and the description in it, and starts it with an administrator's
// rights. The words of the prompt are Windows' own, so reach has no part in them: it
// is in the file's.
func runAs(_ context.Context, _ trust.Reach, file string, args []string) (*launched, error) {
	process, err := shellExecute("runas", file, args)
	if err != nil {
		return nil, refusedByWindows(file, err)
	}
	pid, err := windows.GetProcessId(process)
	if err != nil {
		_ = windows.CloseHandle(process)
		return nil, change.Refuse(change.ErrPending, "", "%v", err)
	}
	who := func(p peer.Process) bool { return p.PID == int(pid) }
	return launch(who, func() {}, func() error {
		defer windows.CloseHandle(process)
		_, err := windows.WaitForSingleObject(process, windows.INFINITE)
		return err
	}), nil
}

// shellExecute starts a program by a verb of the shell's and returns its process. None
// of the arguments needs quoting: they are hashes, ids, names and numbers of ours.
func shellExecute(verb, file string, args []string) (windows.Handle, error) {
	runtime.LockOSThread() // COM belongs to a thread
	defer runtime.UnlockOSThread()
	if err := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED|windows.COINIT_DISABLE_OLE1DDE); err == nil || errors.Is(err, syscall.Errno(windows.S_FALSE)) {
		defer windows.CoUninitialize()
	}
	var p [3]*uint16
	for i, s := range []string{verb, file, strings.Join(args, " ")} {
		var err error
		if p[i], err = windows.UTF16PtrFromString(s); err != nil {
			return 0, err
		}
	}
	info := shellExecuteInfo{
		mask: maskNoCloseProcess | maskNoAsync | maskNoUI, window: windows.Handle(windows.GetForegroundWindow()),
		verb: p[0], file: p[1], parameters: p[2], show: windows.SW_HIDE,
	}
	info.size = uint32(unsafe.Sizeof(info))
	ok, _, err := procShellExecute.Call(uintptr(unsafe.Pointer(&info)))
	switch {
	case ok == 0:
		return 0, err
	case info.process == 0:
		return 0, errors.New("no process was started")
	}
	return info.process, nil
}
