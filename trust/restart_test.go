package trust_test

import (
	"slices"
	"testing"

	"mooring.dev/mooring/trust"
)

func TestAddRestart(t *testing.T) {
	docker := trust.Restart{Party: trust.Docker, Name: "docker", Engine: trust.EngineDocker}
	builds := docker
	builds.Party = trust.DockerBuild
	reload := docker
	reload.Reload = true
	k3s, rke2 := trust.Restart{Name: "k3s"}, trust.Restart{Name: "rke2"}
	for name, c := range map[string]struct{ given, want []trust.Restart }{
		"once":                     {[]trust.Restart{docker, docker}, []trust.Restart{docker}},
		"for two parties":          {[]trust.Restart{docker, builds}, []trust.Restart{docker}},
		"a reload after a restart": {[]trust.Restart{docker, reload}, []trust.Restart{docker}},
		"a restart after a reload": {[]trust.Restart{reload, docker}, []trust.Restart{docker}},
		"others' are told apart":   {[]trust.Restart{k3s, rke2, k3s}, []trust.Restart{k3s, rke2}},
		"two engines":              {[]trust.Restart{docker, k3s}, []trust.Restart{docker, k3s}},
	} {
		var got []trust.Restart
		for _, r := range c.given {
			got = trust.AddRestart(got, r)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
