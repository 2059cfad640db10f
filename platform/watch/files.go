package watch

import (
	"encoding/json"
	"fmt"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
)

// The watcher's files: none holds a secret.
const (
	settingsName = "watch.toml"        // in the configuration, by the person
	statusName   = "watch-status.json" // what was last seen, for the window
	memoryName   = "watch-told.json"   // what the person was told
	maxFile      = 4 << 20
)

// Files are the watcher's files of one user.
type Files struct {
	w                        world.World
	settings, status, memory string
}

// FilesOf returns the files of w's user. Nothing is read or made yet.
func FilesOf(w world.World) Files {
	d := state.Dirs(w)
	return Files{
		w: w, settings: w.Join(d.Config, settingsName),
		status: w.Join(d.State, statusName), memory: w.Join(d.State, memoryName),
	}
}

// SettingsPath is where the person's settings are, as the target OS writes it.
func (f Files) SettingsPath() string { return f.settings }

// Settings reads the person's settings. With an error beside them they are the
// defaults: a mistake in a file must not keep anybody from being told.
func (f Files) Settings() (Settings, error) {
	data, err := state.ReadOwn(f.w, f.settings, maxFile)
	if err != nil {
		return Defaults(), err
	}
	s, err := ParseSettings(data)
	if err != nil {
		return s, &SettingsError{Path: f.settings, Err: err}
	}
	return s, nil
}

// SettingsError says that watch.toml cannot be understood.
type SettingsError struct {
	Path string
	Err  error
}

func (e *SettingsError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

func (e *SettingsError) Unwrap() error { return e.Err }

// Problem names the error's sentences.
func (e *SettingsError) Problem() (key string, args map[string]any) {
	return "watch-settings", map[string]any{"path": e.Path, "detail": e.Err.Error()}
}

// Status reads what a watcher last saw; zero when none ever ran.
func (f Files) Status() (Status, error) {
	var s Status
	err := f.read(f.status, &s)
	return s, err
}

// SaveStatus keeps what was last seen, for the window.
func (f Files) SaveStatus(s Status) error { return f.write(f.status, s) }

// Memory reads what the person was told. What cannot be read is taken for nothing:
// then something may be told twice, and nothing is kept back.
func (f Files) Memory() *Memory {
	m := NewMemory()
	if err := f.read(f.memory, m); err != nil || m.Schema != memorySchema || m.Registries == nil {
		return NewMemory()
	}
	for r, k := range m.Registries {
		if k == nil || r.IsZero() {
			delete(m.Registries, r)
		}
	}
	return m
}

// SaveMemory keeps what the person was told.
func (f Files) SaveMemory(m *Memory) error { return f.write(f.memory, m) }

func (f Files) read(path string, into any) error {
	data, err := state.ReadOwn(f.w, path, maxFile)
	if err != nil || len(data) == 0 {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func (f Files) write(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return state.WriteOwn(f.w, path, append(data, '\n'))
}
