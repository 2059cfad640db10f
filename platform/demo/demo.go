// Package demo is a sandbox: a registry with a private CA and a password on this
// machine's loopback, and a small machine in a folder that learns to trust it.
// Nothing outside the folder is read or written, nothing but that registry is
// dialled, no network is needed, and the folder is gone afterwards.
//
// # Loopback
//
// The registry must listen on loopback, or everybody on the network could reach
// it. But Docker has a rule of its own there: what resolves to 127.0.0.0/8 is
// taken for insecure and not verified at all, so nothing could turn from red to
// green. Since Engine 29.10 that rule holds only if insecure-registries is not
// configured (release page docker-v29.10.0, moby#53868). The sandbox therefore
// holds a daemon.json with an empty list, and its Docker, not being installed, is
// a forecast for the current release: what is shown is what would happen. Podman
// has no such rule, and containerd's goes by the name, which is not "localhost".
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/probe"
)

// Host is the registry's name: reserved for documentation (RFC 2606), so it can
// be nobody's, and resolved by the demo alone.
const Host = "registry.demo.example"

// Demo is a running sandbox.
type Demo struct {
	Registry trust.Registry
	// Folder holds everything and is removed by Close; Root in it is the machine's
	// file system, and CAFile the CA certificate as an administrator would hand it
	// out, outside of Root.
	Folder, Root, CAFile string
	CA                   trust.Anchor
	User, Password       string

	address string // where the registry listens
	server  *server
	close   func() error
}

// Start makes a folder of its own in dir ("" for the system's temporary
// directory) and starts the registry. The demo ends with Close or with ctx.
func Start(ctx context.Context, dir string) (*Demo, error) {
	folder, err := os.MkdirTemp(dir, "mooring-demo-")
	if err == nil {
		folder, err = filepath.Abs(folder)
	}
	if err != nil {
		return nil, err
	}
	d := &Demo{
		Folder: folder, Root: filepath.Join(folder, "machine"), CAFile: filepath.Join(folder, "demo-ca.crt"),
		User: "demo", Password: rand.Text(),
	}
	if err := d.start(); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	d.close = sync.OnceValue(d.stop)
	context.AfterFunc(ctx, func() { _ = d.close() })
	return d, nil
}

func (d *Demo) start() error {
	ids, err := newIdentities()
	if err != nil {
		return err
	}
	if d.server, err = serve(ids.server, d.User, d.Password); err != nil {
		return err
	}
	d.address = d.server.address()
	_, port, err := net.SplitHostPort(d.address)
	if err != nil {
		return err
	}
	if d.Registry, _, err = trust.ParseRegistry(net.JoinHostPort(Host, port)); err != nil {
		return err
	}
	d.CA = trust.Anchor{Cert: ids.root, Source: trust.FileSource(d.CAFile)}
	return d.furnish()
}

// furnish lays out the machine's few files.
func (d *Demo) furnish() error {
	w := d.World()
	config := d.at("/etc/docker/daemon.json")
	if w.OS == "windows" {
		config = d.at(`C:\ProgramData\docker\config\daemon.json`)
	}
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(d.at(w.User.Home), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(config, []byte("{\n  \"insecure-registries\": []\n}\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(d.CAFile, certfile.Normalize(d.CA.Cert), 0o644)
}

// at is where a path of the sandboxed machine really is.
func (d *Demo) at(path string) string {
	return filepath.Join(d.Root, filepath.FromSlash(world.InTree(path)))
}

// World is the machine in the folder. It is a Linux machine, except on Windows,
// whose disks cannot hold the colon in Linux' directory names.
func (d *Demo) World() world.World {
	target := "linux"
	if runtime.GOOS == "windows" {
		target = "windows"
	}
	return world.Under(d.Root, target)
}

// Machine is the sandbox as the faces use it.
func (d *Demo) Machine() *platform.Machine {
	m := platform.New(d.World())
	m.Prober.Dial, m.Prober.Proxy = d.Dial, probe.Direct
	return m
}

// Dial connects to the demo's registry by its name, and to nothing else.
func (d *Demo) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address != d.Registry.Address() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("the demo knows no %s", address)}
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, d.address)
}

// Close stops the registry and removes the folder. Further calls do nothing.
func (d *Demo) Close() error { return d.close() }

func (d *Demo) stop() error {
	var err error
	if d.server != nil {
		err = d.server.stop()
	}
	return errors.Join(err, os.RemoveAll(d.Folder))
}
