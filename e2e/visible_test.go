//go:build e2e

package e2e

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/desk"
)

// BenchmarkVisible measures the time from the start of the program until its
// window is on the display, and compares it with the least that a Fyne program can
// be, with a window of its own size and one of Mooring's. One run of each is an
// operation; the figures are the least, for what else a machine does only adds.
func BenchmarkVisible(b *testing.B) {
	s := login(b, "allowed", "1280x900")
	programs := map[string][]string{"mooring": {"mooring"}, "hello": {"hello"}, "large-hello": {"hello", "large"}}
	took := map[string][]float64{}
	run := func(name string) float64 {
		argv := append([]string{"dbus-run-session", "--", desk.Built(programs[name][0])}, programs[name][1:]...)
		shown := s.windows()
		start := time.Now()
		p := s.start(name, s.command(argv...))
		elapsed := shown().Sub(start)
		p.stop()
		return float64(elapsed.Microseconds()) / 1000
	}
	for name := range programs { // once unmeasured: then files and fonts are in memory
		run(name)
	}
	for b.Loop() {
		for name := range programs {
			took[name] = append(took[name], run(name))
		}
	}
	for name, v := range took {
		b.ReportMetric(slices.Min(v), name+"-ms")
	}
	b.ReportMetric(slices.Min(took["mooring"])/slices.Min(took["hello"]), "ratio")
	b.ReportMetric(slices.Min(took["mooring"])/slices.Min(took["large-hello"]), "ratio-large")
}

// windows listens to the display; the function that it returns waits for the next
// window that is mapped. Asking again and again would cost the programs that are
// measured their time.
func (s *session) windows() (shown func() time.Time) {
	s.t.Helper()
	c, err := net.Dial("unix", "/tmp/.X11-unix/X"+strings.TrimPrefix(s.display, ":"))
	must(s.t, err)
	must(s.t, c.SetDeadline(time.Now().Add(time.Minute)))
	root, err := setUp(c)
	must(s.t, err)
	const (
		changeWindowAttributes = 2
		eventMask              = 1 << 11
		substructureNotify     = 1 << 19
		mapNotify              = 19
	)
	le := binary.LittleEndian
	must(s.t, binary.Write(c, le, struct {
		Opcode, _            uint8
		Length               uint16
		Window, Mask, Values uint32
	}{Opcode: changeWindowAttributes, Length: 4, Window: root, Mask: eventMask, Values: substructureNotify}))
	return func() time.Time {
		defer c.Close()
		for event := make([]byte, 32); event[0]&0x7f != mapNotify; {
			_, err := io.ReadFull(c, event)
			must(s.t, err)
		}
		return time.Now()
	}
}

// setUp begins an X11 connection without authorisation, as the protocol's chapter
// 8 lays it out, and returns the root window.
func setUp(c net.Conn) (root uint32, err error) {
	le := binary.LittleEndian
	if _, err := c.Write([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		return 0, err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(c, head); err != nil {
		return 0, err
	}
	body := make([]byte, 4*int(le.Uint16(head[6:])))
	if _, err := io.ReadFull(c, body); err != nil {
		return 0, err
	}
	if head[0] != 1 {
		return 0, errors.New("the display refuses: " + string(body))
	}
	vendor, formats := int(le.Uint16(body[16:])), int(body[21])
	return le.Uint32(body[32+(vendor+3)/4*4+8*formats:]), nil
}
