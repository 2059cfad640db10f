package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
)

func TestTools(t *testing.T) {
	w, _ := machine(t)
	w.Run = programs{
		"/usr/bin/podman --version":        "podman version 4.3.1\n",
		"/usr/bin/containerd --version":    "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1\n",
		"/usr/local/bin/nerdctl --version": "nerdctl version 2.1.3\n",
		"/usr/bin/skopeo --version":        "skopeo version 1.9.3",
		"/usr/bin/buildah --version":       "buildah: no such option\n",
	}
	want := map[string]Tool{
		"podman":     {"/usr/bin/podman", "4.3.1"},
		"containerd": {"/usr/bin/containerd", "1.6.20~ds1"},
		"nerdctl":    {"/usr/local/bin/nerdctl", "2.1.3"},
		"skopeo":     {"/usr/bin/skopeo", "1.9.3"},
		"buildah":    {"/usr/bin/buildah", ""},
	}
	if diff := cmp.Diff(want, Tools(t.Context(), w)); diff != "" {
		t.Error(diff)
	}
}

func TestToolsOfATreeAreNotRun(t *testing.T) {
	w := tree(t, map[string]string{"/usr/bin/podman": "#!/bin/sh\nexit 1\n"})
	want := map[string]Tool{"podman": {Path: "/usr/bin/podman"}}
	if diff := cmp.Diff(want, Tools(t.Context(), w)); diff != "" {
		t.Error(diff)
	}
}

func TestImages(t *testing.T) {
	w, _ := machine(t)
	answer := engine29(hostname(t))
	answer["/images/json"] = []object{
		{"RepoTags": []string{"reg.lab:5000/team/app:1", "mine:latest"}, "RepoDigests": []string{}},
		{"RepoTags": []string{"debian:12"}, "RepoDigests": []string{"debian@sha256:" + zeros}},
		{"RepoTags": nil, "RepoDigests": []string{"reg.lab:5000/team/app@sha256:" + zeros, "<none>@<none>"}},
	}
	host := daemon(t, t.TempDir(), answers(answer))
	w.Env = env(map[string]string{"DOCKER_HOST": host})
	w.Run = programs{
		"/usr/bin/podman images --format {{.Repository}}": "quay.lab/x\nlocalhost/built\n<none>\nquay.lab/y\n",
	}
	want := []ImageSource{
		{"docker.io", "docker", host}, {"reg.lab:5000", "docker", host}, {"quay.lab", "podman", ""},
	}
	if diff := cmp.Diff(want, Images(t.Context(), w)); diff != "" {
		t.Error(diff)
	}
	if got := Images(t.Context(), world.Under(t.TempDir(), "linux")); got != nil {
		t.Errorf("of a tree: %v", got)
	}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
