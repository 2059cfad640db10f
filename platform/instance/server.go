package instance

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
)

// ErrRunning says that another process of this user has the endpoint.
var ErrRunning = errors.New("another one is running")

// ErrNoSockets says that this system has no such sockets: Windows before its version
// 1803. Then nobody can be asked anything, but [Hold] still keeps a second one away.
var ErrNoSockets = errors.New("this system has no local sockets")

const (
	exchange = 2 * time.Second // for one request with its answer
	maxPeers = 8               // at once; more are turned away
)

// The answers.
const (
	answerDone    = "ok"
	answerRefused = "refused"
)

// Server listens at an endpoint until it is closed.
type Server struct {
	place    place
	lock     *os.File
	listener *net.UnixListener
	handle   func(Request) error
	peers    chan struct{}
	working  sync.WaitGroup
	socket   fs.FileInfo // what was made, so that nothing else is removed
}

// Listen takes an endpoint; the error is [ErrRunning] when somebody has it. handle
// is called with each request, one at a time or several at once, and must not
// block for long; an error refuses the request.
//
// Who has the lock has the endpoint. A socket that is there all the same is one
// that a crash left.
func Listen(w world.World, e Endpoint, handle func(Request) error) (*Server, error) {
	s, err := Hold(w, e)
	if err != nil {
		return nil, err
	}
	s.handle, s.peers = handle, make(chan struct{}, maxPeers)
	if err := s.listen(); err != nil {
		s.lock.Close()
		return nil, err
	}
	s.working.Go(s.accept)
	return s, nil
}

// Hold takes an endpoint and listens to nobody.
func Hold(w world.World, e Endpoint) (*Server, error) {
	p, err := placeOf(w, e, true)
	if err != nil {
		return nil, err
	}
	lock, err := openLock(p.lock)
	if err != nil {
		return nil, err
	}
	s := &Server{place: p, lock: lock}
	if err := s.take(); err != nil {
		lock.Close()
		return nil, err
	}
	return s, nil
}

// openLock opens the lock's file, which no link leads to.
func openLock(path string) (*os.File, error) {
	if i, err := os.Lstat(path); err == nil && !i.Mode().IsRegular() {
		return nil, &UnsafeError{path, "it is not a file"}
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

func (s *Server) listen() error {
	if err := removeSocket(s.place.socket); err != nil {
		return err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.place.socket, Net: "unix"})
	if errors.Is(err, noSockets) {
		return ErrNoSockets
	}
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false) // by name, whoever's it is by then
	if s.socket, err = os.Lstat(s.place.socket); err == nil && hasModes {
		err = os.Chmod(s.place.socket, 0o600)
	}
	if err != nil {
		l.Close()
		return err
	}
	s.listener = l
	return nil
}

// take takes the lock. Who only looks whether somebody has it ([Running]) has it
// for an instant, so a second try follows.
func (s *Server) take() error {
	for tries := 3; ; tries-- {
		switch got, err := state.TryLock(s.lock); {
		case got || err != nil:
			return err
		case tries == 0:
			return ErrRunning
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// removeSocket removes what a crash left, and nothing but a socket.
func removeSocket(path string) error {
	i, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	// Windows shows a socket as a reparse point, which Go calls irregular.
	case i.Mode()&(fs.ModeSocket|fs.ModeIrregular) == 0:
		return &UnsafeError{path, "it is not a socket"}
	}
	return os.Remove(path)
}

// Close ends the server and waits for those it answers.
func (s *Server) Close() error {
	if s.listener == nil {
		return s.lock.Close()
	}
	err := s.listener.Close()
	s.working.Wait()
	if i, lerr := os.Lstat(s.place.socket); lerr == nil && os.SameFile(i, s.socket) {
		err = errors.Join(err, os.Remove(s.place.socket))
	}
	return errors.Join(err, s.lock.Close())
}

func (s *Server) accept() {
	for {
		c, err := s.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(exchange / 20) // out of descriptors, say
			continue
		}
		select {
		case s.peers <- struct{}{}:
			s.working.Go(func() {
				defer func() { <-s.peers }()
				s.serve(c)
			})
		default:
			c.Close()
		}
	}
}

// serve answers one peer. One that is not this user is not read from.
func (s *Server) serve(c *net.UnixConn) {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(exchange)); err != nil || !samePeer(c) {
		return
	}
	line, err := readLine(c)
	if err != nil {
		return
	}
	answer := answerDone
	q, err := parse(line)
	if err == nil {
		err = s.handle(q)
	}
	if err != nil {
		answer = answerRefused
	}
	_, _ = io.WriteString(c, answer+"\n") // who asked may be gone
}

// readLine reads one line of bounded length, without its end.
func readLine(r io.Reader) (string, error) {
	b := bufio.NewReader(io.LimitReader(r, maxLine+1))
	line, err := b.ReadString('\n')
	if err != nil {
		return "", ErrMalformed
	}
	return line[:len(line)-1], nil
}
