package state

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const (
	historyName = "seen.jsonl"
	maxHistory  = 64 << 20 // bytes read; a line has about 400
	// compactAt is the size, in bytes, from which a file with many old lines is
	// written anew.
	compactAt = 1 << 20
	// sightingAge is how old a sighting may get before an unchanged one is noted.
	sightingAge = 24 * time.Hour
)

// history is who vouched for each registry when it was last seen: one line of
// JSON per sighting, the last one counting. Lines are only ever added, so that
// a check of 1,000 registries need not write the file 1,000 times; a line that a
// crash cut short is passed over.
type history struct {
	w    world.World
	path string

	mu     sync.Mutex
	loaded bool
	torn   bool // the last line was cut short by a crash
	byName map[trust.Registry]trust.Seen
}

// sighting is one line.
type sighting struct {
	Registry trust.Registry `json:"registry"`
	trust.Seen
}

func newHistory(w world.World, path string) *history { return &history{w: w, path: path} }

// LastSeen is what the last check saw of r, zero if none did.
func (s *Store) LastSeen(r trust.Registry) trust.Seen {
	h := s.seen
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load()
	return h.byName[r]
}

// RecordSeen notes the chain that r presented. Without a chain nothing is noted.
func (s *Store) RecordSeen(r trust.Registry, sent []*x509.Certificate) error {
	if len(sent) == 0 {
		return nil
	}
	h := s.seen
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load()
	now := trust.SeenOf(sent[0], h.w.Now())
	if old := h.byName[r]; old.Leaf == now.Leaf && now.At.Sub(old.At) < sightingAge && !now.At.Before(old.At) {
		return nil
	}
	h.byName[r] = now
	if err := h.add(sighting{r, now}); err != nil {
		return fmt.Errorf("write %s: %w", h.path, err)
	}
	return nil
}

// load reads the file once. What another process adds later it has seen itself.
func (h *history) load() {
	if h.loaded {
		return
	}
	h.loaded, h.byName = true, map[trust.Registry]trust.Seen{}
	f, err := openFile(h.w, h.path, false)
	if err != nil {
		return
	}
	defer f.close()
	// Whatever cannot be read was not seen: history may cost a warning, never a
	// check.
	data, _ := f.read(maxHistory)
	h.byName, h.torn = sightings(data), len(data) > 0 && !bytes.HasSuffix(data, []byte("\n"))
}

func sightings(data []byte) map[trust.Registry]trust.Seen {
	out := map[trust.Registry]trust.Seen{}
	for line := range bytes.Lines(data) {
		var s sighting
		if json.Unmarshal(line, &s) == nil && !s.Registry.IsZero() {
			out[s.Registry] = s.Seen
		}
	}
	return out
}

func (h *history) add(s sighting) error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if h.torn {
		line = append([]byte("\n"), line...)
	}
	f, err := openFile(h.w, h.path, true)
	if err != nil {
		return err
	}
	defer f.close()
	h.torn = false
	size, err := f.append(append(line, '\n'))
	if err == nil && size > compactAt && size > 4*int64(len(h.byName))*int64(len(line)) {
		return h.compact(f)
	}
	return err
}

// compact leaves the last sighting of each registry.
func (h *history) compact(f file) error {
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()
	data, err := f.read(maxHistory)
	if err != nil && !errors.Is(err, world.ErrTooLarge) {
		return err
	}
	all := sightings(data)
	var names []trust.Registry
	for r := range all {
		names = append(names, r)
	}
	slices.SortFunc(names, trust.Registry.Compare)
	var b bytes.Buffer
	for _, r := range names {
		line, err := json.Marshal(sighting{r, all[r]})
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	return f.write(b.Bytes())
}

// append adds a line in one write, which the kernel does not mix with another's,
// and returns the size of the file.
func (f file) append(line []byte) (size int64, err error) {
	w, err := f.root.OpenFile(f.name, os.O_RDWR|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	if _, err := w.Write(line); err != nil {
		return 0, err
	}
	i, err := w.Stat()
	if err != nil || !i.Mode().IsRegular() {
		return 0, errors.Join(err, fs.ErrInvalid)
	}
	return i.Size(), nil
}
