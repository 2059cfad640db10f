package configfile

// DockerContext is what Mooring needs of a docker context's meta.json.
type DockerContext struct {
	Name string
	Host string // of the "docker" endpoint, e.g. "unix:///run/docker.sock"
}

// ReadDockerContext reads a ~/.docker/contexts/meta/<hash>/meta.json.
func ReadDockerContext(data []byte) (DockerContext, error) {
	var f struct {
		Name      string
		Endpoints map[string]struct{ Host string }
	}
	if err := decodeJSON(data, &f); err != nil {
		return DockerContext{}, err
	}
	return DockerContext{Name: f.Name, Host: f.Endpoints["docker"].Host}, nil
}
