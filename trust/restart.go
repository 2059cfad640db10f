package trust

import "slices"

// Engine names what can be restarted: the key of an entry in the fixed table of
// platform/enginectl, which alone knows the commands. "" is nothing that Mooring
// restarts; its Command is for a person to run.
type Engine string

// The engines.
const (
	EngineDocker         Engine = "docker"
	EngineDockerRootless Engine = "docker-rootless"
	EngineDockerSnap     Engine = "docker-snap"
	EngineDockerDesktop  Engine = "docker-desktop"
	EngineColima         Engine = "colima"
	EngineContainerd     Engine = "containerd"
	EngineCRIO           Engine = "crio"
	EnginePodman         Engine = "podman"      // the API service of root's
	EnginePodmanUser     Engine = "podman-user" // the API service of the person's own
)

// Restart is something that will not see the change before it is restarted.
// Mooring names it and never does it unasked.
type Restart struct {
	Party   Party  `json:"party"`
	Name    string `json:"name"`    // "docker"
	Command string `json:"command"` // "systemctl restart docker", to be read and never to be run
	// Engine says what is restarted; what is run for it comes from the table.
	Engine Engine `json:"engine,omitempty"`
	// Reload: it need only read its configuration again, which stops nothing.
	Reload bool `json:"reload,omitempty"`
}

// AddRestart appends r unless the list has it. One restart serves every party that
// waits for the engine, and a reload too.
func AddRestart(list []Restart, r Restart) []Restart {
	i := slices.IndexFunc(list, func(known Restart) bool {
		return known == r || r.Engine != "" && known.Engine == r.Engine
	})
	switch {
	case i < 0:
		return append(list, r)
	case list[i].Reload && !r.Reload:
		list[i] = r
	}
	return list
}
