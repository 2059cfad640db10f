package state

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// Request is a signing request whose key this user keeps.
type Request struct {
	Registry trust.Registry `json:"registry"`
	Name     string         `json:"name"`
	At       time.Time      `json:"at"`
	PEM      string         `json:"pem"`

	// KeyPath is where the key lies, as the target OS writes it.
	KeyPath string `json:"-"`

	id string // what its files are called
}

const (
	requestsDir = "requests"
	// maxRequests bounds how many are listed, maxRequest each file, in bytes.
	maxRequests = 1000
	maxRequest  = 64 << 10
)

// AddRequest keeps a request with its key: a file that this user alone may read,
// in a directory that nobody else may enter. The key comes first, so that a
// request that is listed has one.
func (s *Store) AddRequest(r Request, key trust.Secret) (Request, error) {
	sum := sha256.Sum256([]byte(r.PEM))
	name := hex.EncodeToString(sum[:8])
	r.id, r.KeyPath = name, s.requestPath(name+".key")
	meta, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	if err := s.writeRequest(r.KeyPath, []byte(key.Reveal())); err != nil {
		return r, err
	}
	return r, s.writeRequest(s.requestPath(name+".json"), meta)
}

func (s *Store) requestPath(name string) string {
	return s.w.Join(Dirs(s.w).State, requestsDir, name)
}

func (s *Store) writeRequest(path string, data []byte) error {
	f, err := openFile(s.w, path, true)
	if err == nil {
		defer f.close()
		err = f.write(data)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Requests lists the requests that were kept, oldest first. Those that cannot be
// read are in the error and keep none of the others from being listed.
func (s *Store) Requests() ([]Request, error) {
	dir := s.w.Join(Dirs(s.w).State, requestsDir)
	entries, err := s.w.FS.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []Request
	for _, e := range entries[:min(len(entries), maxRequests)] {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		r, rerr := s.readRequest(name)
		if rerr != nil {
			err = errors.Join(err, rerr)
			continue
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Request) int { return a.At.Compare(b.At) })
	return out, err
}

func (s *Store) readRequest(name string) (Request, error) {
	var r Request
	path := s.requestPath(name + ".json")
	data, err := s.readOwn(path)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read %s: %w", path, err)
	}
	r.id, r.KeyPath = name, s.requestPath(name+".key")
	return r, nil
}

// RequestKey reads the key of a request.
func (s *Store) RequestKey(r Request) (trust.Secret, error) {
	data, err := s.readOwn(r.KeyPath)
	if err != nil {
		return trust.Secret{}, fmt.Errorf("read %s: %w", r.KeyPath, err)
	}
	return trust.NewSecret(string(data)), nil
}

// readOwn reads one of this user's files, which must be there.
func (s *Store) readOwn(path string) ([]byte, error) {
	f, err := openFile(s.w, path, false)
	if err != nil {
		return nil, err
	}
	defer f.close()
	data, err := f.read(maxRequest)
	if err == nil && data == nil {
		err = fs.ErrNotExist
	}
	return data, err
}
