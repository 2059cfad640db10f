//go:build e2e

package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// signIns prepares the machine for the states of signing in and of a registry's
// content. What is typed then is the person's: see the test.
func signIns(state string, o *window.Options, s *windowtest.Service) {
	kind, _, _ := strings.Cut(state, "-")
	if !slices.Contains([]string{"signin", "account", "images"}, kind) {
		return
	}
	const id = "harbor.lab.example"
	o.Select = id
	s.Methods = map[string]signin.Method{id: {
		Scheme: signin.Bearer, Product: signin.Harbor, Realm: "https://harbor.lab.example/service/token", Service: "harbor-registry",
	}}
	s.Users = map[string]string{id + " alice": "correct horse"}
	s.Fill(id, 10_000)
	since := time.Now().AddDate(0, -1, 0)
	switch state {
	case "signin-untrusted":
		o.Select = shown["refused"]
	case "signin-long-name":
		o.Select = shown["long-name"]
	case "signin-no-keyring":
		s.KeyringError = &keyring.Error{State: keyring.NoService, Err: errors.New("the name is not activatable")}
	case "signin-not-kept":
		s.KeyringError = &keyring.Error{State: keyring.Dismissed, Err: errors.New("prompt dismissed")}
	case "account-keyring":
		s.Account(id, platform.Kept{In: platform.KeptKeyring, User: "alice", At: since, Readers: []trust.Party{trust.Docker}})
	case "account-ended":
		s.Account(id, platform.Kept{In: platform.KeptKeyring, User: "AWS", At: since, Expires: since.Add(12 * time.Hour), Readers: []trust.Party{trust.Docker, trust.Podman}})
	case "account-plain":
		s.Account(id, platform.Kept{In: platform.KeptFile, Path: "/home/alice/.docker/config.json", User: "alice", Readers: []trust.Party{trust.Docker, trust.Podman}},
			platform.Kept{In: platform.KeptHelper, Helper: "secretservice", Path: "/home/alice/.config/containers/auth.json"})
	default:
		contents(state, s)
	}
}

// contents are the states of a registry's repositories.
func contents(state string, s *windowtest.Service) {
	const id = "harbor.lab.example"
	switch state {
	case "images-admin":
		s.Fill(id, 0)
		s.CatalogError = &catalog.Refusal{Why: catalog.AdminOnly, Product: signin.Harbor, Status: 401, Text: "unauthorized to list catalog"}
	case "images-empty":
		s.Fill(id, 0)
	case "images-broken":
		s.Fill(id, 250)
		s.CatalogError = &signin.Refusal{Why: signin.Unavailable, Endpoint: id + ":443", Role: trust.RoleRegistry, Status: 503, Text: "upstream connect error or disconnect/reset before headers"}
	case "images-rights":
		s.Allowed = map[string]catalog.Rights{"search/service-00002": {
			Pull: catalog.Yes, Push: catalog.No, PushText: "denied: requested access to the resource is denied", UploadLeft: true,
		}}
	}
}
