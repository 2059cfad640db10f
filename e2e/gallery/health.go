//go:build e2e

package main

import (
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// health returns what opens the page on this computer, or the dialog that ends
// trust, in a state; nil for others.
func health(state string, o *window.Options, s *windowtest.Service, corp windowtest.Corp) func() {
	var w *window.Window
	switch state {
	case "health":
		s.Ill = ailments(corp)
		o.Shown = func(shown *window.Window) { w = shown }
		return func() { w.OpenHealth() }
	case "health-well":
		o.Shown = func(shown *window.Window) { w = shown }
		return func() { w.OpenHealth() }
	case "untrust":
		o.Select = shown["refused"]
		s.ForRemoval(shared)
		o.Shown = func(shown *window.Window) { w = shown }
		return func() { w.OpenUntrust() }
	}
	return nil
}

// ailments are one of most kinds, with names as long as real ones are.
func ailments(corp windowtest.Corp) []platform.Ailment {
	reg, _, _ := trust.ParseRegistry(shown["refused"])
	const dir = "/etc/docker/certs.d/registry.corp.example:5000/"
	ca := trust.FingerprintOf(corp.Root.Cert)
	ended := time.Now().AddDate(0, -2, 0)
	return []platform.Ailment{
		{Code: platform.AilKeyInCA, Path: dir + "ca-and-key.crt", Registry: reg, Name: "Corp Root CA", Certificate: ca},
		{Code: platform.AilOpenKey, Path: dir + "client.key", Registry: reg},
		{Code: platform.AilExpired, Path: dir + "corp-2016.crt", Registry: reg, Name: "Corp Root CA 2016", Until: ended, Certificate: ca, Plan: true},
		{Code: platform.AilDuplicate, Path: dir + "copy-of-ca.crt", Other: dir + "ca.crt", Registry: reg, Certificate: ca, Plan: true},
		{Code: platform.AilInsecureYet, Path: "/etc/docker/daemon.json", Registry: reg, Repair: []string{"trust", reg.String()}},
		{Code: platform.AilPlaintext, Path: "/home/alice/.docker/config.json", Registry: reg, Plan: true},
		{
			Code: platform.AilUnusedInStore, Path: "/usr/local/share/ca-certificates/mkcert_development_CA_311925034421.crt",
			Name: "mkcert alice@workstation", Certificate: ca, Plan: true,
		},
	}
}

// shared is a plan that leaves a CA in the store which another registry needs, or
// takes it on request.
func shared(q platform.UntrustRequest) trust.Plan {
	p := trust.Plan{Schema: trust.PlanSchema, Action: "untrust", Reach: trust.ReachRegistry, Registries: []string{shown["refused"]}}
	p.Changes = []trust.Change{{
		Kind: trust.RemoveFile, Path: "/etc/docker/certs.d/" + shown["refused"] + "/corp-root.crt", Status: trust.StatusRemoved, Privileged: true,
	}}
	p.Consequences = []trust.Consequence{{Code: trust.LeftShared, Name: "Corp Root CA", Registry: "harbor.lab.example, gitlab.example:5050"}}
	if q.Store == planner.StoreTake {
		p.Reach = trust.ReachComputer
		p.Changes = append(p.Changes,
			trust.Change{Kind: trust.RemoveFile, Path: "/usr/local/share/ca-certificates/corp-root.crt", Status: trust.StatusRemoved, Privileged: true},
			trust.Change{Kind: trust.RunCommand, Shown: "update-ca-certificates --fresh", Status: trust.StatusNew, Privileged: true})
		p.Consequences = []trust.Consequence{
			{Code: trust.StoreLoses, Name: "Corp Root CA"},
			{Code: trust.OthersLose, Name: "Corp Root CA", Registry: "harbor.lab.example, gitlab.example:5050"},
		}
	}
	return p
}
