package configfile

// Daemon is what Mooring needs of a dockerd configuration file (daemon.json).
type Daemon struct {
	// Insecure is insecure-registries: host, host:port or an address range, as
	// written. InsecureSet tells an empty list from none: from 29.10 on any list,
	// even an empty one, replaces the loopback default.
	Insecure    []string
	InsecureSet bool
	Mirrors     []string // registry-mirrors: URLs, of docker.io only
	Hosts       []string // where the daemon listens, e.g. "unix:///run/docker.sock"
	// Features are switches by name, e.g. "containerd-snapshotter".
	Features      map[string]bool
	StorageDriver string
	UsernsRemap   string
	DataRoot      string
	PIDFile       string
	LiveRestore   bool
	HTTPProxy     string
	HTTPSProxy    string
	NoProxy       string
}

// ReadDaemonJSON reads a daemon.json. Keys that Mooring does not use are passed over.
func ReadDaemonJSON(data []byte) (Daemon, error) {
	var f struct {
		Insecure      *[]string       `json:"insecure-registries"`
		Mirrors       []string        `json:"registry-mirrors"`
		Hosts         []string        `json:"hosts"`
		Features      map[string]bool `json:"features"`
		StorageDriver string          `json:"storage-driver"`
		UsernsRemap   string          `json:"userns-remap"`
		DataRoot      string          `json:"data-root"`
		PIDFile       string          `json:"pidfile"`
		LiveRestore   bool            `json:"live-restore"`
		Proxies       struct {
			HTTP  string `json:"http-proxy"`
			HTTPS string `json:"https-proxy"`
			No    string `json:"no-proxy"`
		} `json:"proxies"`
	}
	if err := decodeJSON(data, &f); err != nil {
		return Daemon{}, err
	}
	d := Daemon{
		Mirrors: f.Mirrors, Hosts: f.Hosts, Features: f.Features,
		StorageDriver: f.StorageDriver, UsernsRemap: f.UsernsRemap,
		DataRoot: f.DataRoot, PIDFile: f.PIDFile, LiveRestore: f.LiveRestore,
		HTTPProxy: f.Proxies.HTTP, HTTPSProxy: f.Proxies.HTTPS, NoProxy: f.Proxies.No,
	}
	if f.Insecure != nil {
		d.Insecure, d.InsecureSet = *f.Insecure, true
	}
	return d, nil
}
