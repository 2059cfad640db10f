//go:build integration

package privilege

import (
	"os"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// prompt is polkit's agent of a desktop, with a person who closes every prompt;
// it remembers what the last one said.
type prompt struct {
	Action  string `json:"action"`
	Message string `json:"message"`
}

// identity is an administrator whose password would do.
type identity struct {
	Kind    string
	Details map[string]dbus.Variant
}

// BeginAuthentication is org.freedesktop.PolicyKit1.AuthenticationAgent's.
func (p *prompt) BeginAuthentication(action, message, _ string, _ map[string]string, _ string, _ []identity) *dbus.Error {
	p.Action, p.Message = action, message
	return dbus.NewError("org.freedesktop.PolicyKit1.Error.Cancelled", nil)
}

// CancelAuthentication is the interface's other method.
func (p *prompt) CancelAuthentication(string) *dbus.Error { return nil }

// desktop registers an agent for what this process asks.
func desktop(locale string) (*prompt, error) {
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		return nil, err
	}
	const at = "/dev/mooring/lab/agent"
	p := &prompt{}
	if err := bus.Export(p, at, "org.freedesktop.PolicyKit1.AuthenticationAgent"); err != nil {
		return nil, err
	}
	start, err := startTime()
	if err != nil {
		return nil, err
	}
	subject := identity{"unix-process", map[string]dbus.Variant{
		"pid": dbus.MakeVariant(uint32(os.Getpid())), "start-time": dbus.MakeVariant(start),
	}}
	authority := bus.Object("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority")
	return p, authority.Call("org.freedesktop.PolicyKit1.Authority.RegisterAuthenticationAgent", 0, subject, locale, at).Err
}

// startTime is field 22 of proc(5)'s stat, by which polkit tells reused numbers of
// processes apart.
func startTime() (uint64, error) {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	return strconv.ParseUint(fields[19], 10, 64)
}
