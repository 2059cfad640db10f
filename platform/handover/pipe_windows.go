package handover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"mooring.dev/mooring/platform/peer"
)

// Listener is a named pipe with one instance, for this user, the administrators and
// the system, on this computer only.
type Listener struct {
	name string
	pipe windows.Handle // 0 once it is accepted or closed
}

func place(name string) string { return `\\.\pipe\mooring-` + name }

const bufferSize = 64 << 10

// Listen makes a pipe with a new name. A pipe of that name that somebody else made
// is an error.
func Listen() (*Listener, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	// Nothing is inherited. Who could make a second instance finds that there is one only.
	sd, err := windows.SecurityDescriptorFromString("D:P(A;;GRGW;;;SY)(A;;GRGW;;;BA)(A;;GA;;;" + user.User.Sid.String() + ")")
	if err != nil {
		return nil, err
	}
	name := newName()
	path, err := windows.UTF16PtrFromString(place(name))
	if err != nil {
		return nil, err
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: sd}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	pipe, err := windows.CreateNamedPipe(path,
		windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_FIRST_PIPE_INSTANCE|windows.FILE_FLAG_OVERLAPPED,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		1, bufferSize, bufferSize, 0, &attributes)
	if err != nil {
		return nil, err
	}
	return &Listener{name, pipe}, nil
}

// Name is what the other end finds the pipe by.
func (l *Listener) Name() string { return l.name }

// Close removes the pipe. A connection that was accepted stays.
func (l *Listener) Close() error {
	if l.pipe == 0 {
		return nil
	}
	err := windows.CloseHandle(l.pipe)
	l.pipe = 0
	return err
}

// Accept waits for the process that who knows, and sends others away. There is no
// second instance of the pipe: after that one nobody can connect.
func (l *Listener) Accept(ctx context.Context, who Who) (*Conn, error) {
	for range maxStrangers {
		if err := l.connect(ctx); err != nil && !errors.Is(err, windows.ERROR_NO_DATA) {
			return nil, err
		}
		var pid uint32
		if err := windows.GetNamedPipeClientProcessId(l.pipe, &pid); err == nil && who(peer.Process{UID: -1, PID: int(pid)}) {
			f := os.NewFile(uintptr(l.pipe), place(l.name))
			l.pipe = 0
			return &Conn{f}, nil
		}
		if err := windows.DisconnectNamedPipe(l.pipe); err != nil {
			return nil, err
		}
	}
	return nil, ErrStranger
}

// connect waits for any process.
func (l *Listener) connect(ctx context.Context) error {
	arrived, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(arrived)
	ended, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(ended)
	o := &windows.Overlapped{HEvent: arrived}
	err = windows.ConnectNamedPipe(l.pipe, o)
	switch {
	case errors.Is(err, windows.ERROR_PIPE_CONNECTED):
		return nil
	case !errors.Is(err, windows.ERROR_IO_PENDING):
		return err
	}
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = windows.SetEvent(ended); close(told) })
	_, err = windows.WaitForMultipleObjects([]windows.Handle{arrived, ended}, false, windows.INFINITE)
	if !stop() {
		<-told // the handle must be there until then
		err = ctx.Err()
	}
	if err != nil {
		_ = windows.CancelIoEx(l.pipe, o)
	}
	var n uint32
	return errors.Join(err, windows.GetOverlappedResult(l.pipe, o, &n, true))
}

// Dial connects to the pipe of a name, which the process pid must have made. That
// process learns who connected and can do nothing in their name.
func Dial(ctx context.Context, name string, pid int) (*Conn, error) {
	if !ValidName(name) {
		return nil, fmt.Errorf("%.40q is no name of a place", name)
	}
	path, err := windows.UTF16PtrFromString(place(name))
	if err != nil {
		return nil, err
	}
	pipe, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	var server uint32
	err = windows.GetNamedPipeServerProcessId(pipe, &server)
	if err == nil && int(server) != pid {
		err = fmt.Errorf("%w: %d", ErrStranger, server)
	}
	if err != nil {
		return nil, errors.Join(err, windows.CloseHandle(pipe))
	}
	return &Conn{os.NewFile(uintptr(pipe), place(name))}, nil
}

// open waits while another process is at the pipe, which is then sent away.
func open(ctx context.Context, path *uint16) (windows.Handle, error) {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		pipe, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
			windows.FILE_FLAG_OVERLAPPED|windows.SECURITY_SQOS_PRESENT|windows.SECURITY_IDENTIFICATION, 0)
		if !errors.Is(err, windows.ERROR_PIPE_BUSY) {
			return pipe, err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
