// Package engine talks to running container engines: which Docker daemons there
// are, which of them is this machine's, what they say of themselves, and their
// own word on whether they trust a registry. It changes nothing.
package engine

import (
	"time"
)

// Why a daemon did not answer, where that is told apart.
const (
	WhyDenied     = "permission denied"
	WhyNotRunning = "not running"
)

// Docker is one Docker daemon that this session could use, or a forecast of one.
type Docker struct {
	Host     string // "unix:///run/docker.sock", "tcp://…", "ssh://…"
	Context  string // the docker context it came from, "" for the default
	Current  bool   // the one that the docker command line would talk to now
	Remote   bool   // not this machine
	Rootless bool
	Snap     bool // confined: its own directories
	Desktop  bool // Docker Desktop's VM

	Answered bool   // the daemon was asked and answered; else the rest is guessed
	Why      string // why it did not answer ("permission denied", "not running")
	Silent   bool   // it is there, and did not answer in time
	Version  string // "29.5.1"; "" when unknown, and "library-import" counts as unknown
	// APIVersion ("1.52") is known even of an engine built without a version.
	APIVersion string
	// ContainerdStore is nil when it could not be learned.
	ContainerdStore *bool
	PID             int       // 0 when unknown
	Started         time.Time // zero when unknown
	Insecure        []string  // insecure-registries in force, as the daemon states them (CIDRs and names)
	Mirrors         []string
	HTTPProxy       string
	HTTPSProxy      string
	NoProxy         string
	Containers      int // running now
	LiveRestore     bool
	Swarm           bool // a node of a swarm, where live-restore cannot be on
}
