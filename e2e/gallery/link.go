//go:build e2e

package main

import (
	"fmt"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// open lets the window open what a state of links and project files is about.
func open(state string, o *window.Options, corp windowtest.Corp) {
	if corp.Root == nil {
		return
	}
	same, other := trust.FingerprintOf(corp.Root.Cert).String(), strings.Repeat("5f3a910c44d27b19", 4)
	text := ""
	switch state {
	case "link":
		text = "mooring://trust?registry=registry.corp.example:5000&sha256=" + same
	case "link-differs":
		text = "mooring://trust?registry=registry.corp.example:5000&sha256=" + other + "&sha256=" + strings.Repeat("0d", 32)
	case "link-new":
		text = "mooring://trust?registry=new.corp.example&sha256=" + same
	case "link-doubtful":
		text = "mooring://trust?registry=r%D0%B5gistry.corp.ex%D0%B0mple:5000&sha256=" + other
	case "link-long":
		text = "mooring://trust?registry=" + strings.Repeat("registry-of-your-company.", 8) + "evil.example:50000&sha256=" + other
	case "link-refused":
		text = "mooring://trust?registry=real.example%2F%E2%80%AEevil&sha256=" + other
	case "project":
		o.Claims, o.Refused = link.ParseProject(project(same, other), "/home/alice/work/shop/backend/.mooring.yaml")
		return
	default:
		return
	}
	var c link.Claim
	c, o.Refused = link.Parse(text)
	o.Claims = []link.Claim{c}
}

// project is a file with as many registries as a large one has.
func project(same, other string) []byte {
	var b strings.Builder
	b.WriteString("version: 1\nregistries:\n")
	entry := func(registry, sha256, note string) {
		fmt.Fprintf(&b, "  - {registry: %q, sha256: %s, note: %q}\n", registry, sha256, note)
	}
	entry("registry.corp.example:5000", same, "Images of our own. Ask in room 12.")
	entry("harbor.lab.example", same, "")
	entry("ghcr.io", other, "")
	entry("rеgistry.corp.example:5000", other, "")
	for i := range 16 {
		entry(fmt.Sprintf("team-%02d.registry.europe-west-4.internal.corp.example:5000", i), same, "")
	}
	return []byte(b.String())
}
