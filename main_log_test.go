package main

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
)

// locked is a log that several goroutines write to.
type locked struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// echo answers one request and sends its Authorization once more, unasked. hung is
// closed when the client has hung up, which it does after it read that.
func echo(t *testing.T) (address string, hung chan struct{}) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	hung = make(chan struct{})
	go func() {
		defer close(hung)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
		io.WriteString(c, req.Header.Get("Authorization"))
		io.Copy(io.Discard, c)
	}()
	return l.Addr().String(), hung
}

// TestNothingOfAServerIsLogged: net/http quotes what comes unasked.
func TestNothingOfAServerIsLogged(t *testing.T) {
	flags := log.Flags()
	t.Cleanup(func() { log.SetOutput(os.Stderr); log.SetFlags(flags) })
	ask := func() {
		address, hung := echo(t)
		tr := &http.Transport{}
		defer tr.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("alice", "hunter2")
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		<-hung
	}
	var before, after locked
	log.SetOutput(&before)
	ask()
	if !strings.Contains(before.String(), "YWxpY2U6aHVudGVyMg") {
		t.Errorf("this test shows nothing: %q", before.String())
	}
	keepQuiet(&after)
	ask()
	if after.String() != "" {
		t.Errorf("logged: %q", after.String())
	}
	log.Println("Fyne error: ", "no display")
	log.Println("  Cause:", "x")
	if want := "Fyne error:  no display\n  Cause: x\n"; after.String() != want {
		t.Errorf("logged: %q", after.String())
	}
}
