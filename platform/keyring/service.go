package keyring

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/world"
)

// The Secret Service API (specifications.freedesktop.org/secret-service).
const (
	secretService   = "org.freedesktop.secrets"
	servicePath     = dbus.ObjectPath("/org/freedesktop/secrets")
	loginCollection = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")

	ifaceService    = "org.freedesktop.Secret.Service"
	ifaceCollection = "org.freedesktop.Secret.Collection"
	ifaceItem       = "org.freedesktop.Secret.Item"
	ifacePrompt     = "org.freedesktop.Secret.Prompt"

	nothing = dbus.ObjectPath("/") // no object: no prompt is needed
)

var (
	errNoService    = errors.New("nothing on the session bus provides " + secretService)
	errNoCollection = errors.New("the secret service has no keyring to keep secrets in")
	errLocked       = errors.New("the keyring is locked")
	errNobodyAsked  = errors.New("the keyring is locked, and this session has no display to ask on")
	errDismissed    = errors.New("the prompt was dismissed")
)

// serving makes sure that somebody provides the Secret Service, starting the
// installed one if none does: that asks nobody anything.
func (b bus) serving(ctx context.Context) error {
	var has bool
	if err := b.ask(ctx, b.BusObject(), busName+".NameHasOwner", []any{secretService}, &has); err != nil || has {
		return err
	}
	var names []string
	if err := b.ask(ctx, b.BusObject(), busName+".ListActivatableNames", nil, &names); err != nil {
		return err
	}
	if !slices.Contains(names, secretService) {
		return &Error{NoService, errNoService}
	}
	var started uint32
	err := b.ask(ctx, b.BusObject(), busName+".StartServiceByName", []any{secretService, uint32(0)}, &started)
	var refused dbus.Error
	if errors.As(err, &refused) {
		return &Error{NoService, err} // it is installed and does not start
	}
	return err
}

// collection is the one that the library keeps items in: "login" where there is
// one, else the default (go-keyring secret_service.go GetLoginCollection).
func (b bus) collection(ctx context.Context) (dbus.ObjectPath, error) {
	var all []dbus.ObjectPath
	if err := b.property(ctx, servicePath, ifaceService, "Collections", &all); err != nil {
		return "", err
	}
	if slices.Contains(all, loginCollection) {
		return loginCollection, nil
	}
	var alias dbus.ObjectPath
	if err := b.call(ctx, servicePath, ifaceService+".ReadAlias", []any{"default"}, &alias); err != nil {
		return "", err
	}
	if alias == nothing {
		return "", &Error{NoService, errNoCollection}
	}
	return alias, nil
}

// Check says how the keyring of w's user stands: nil, or an *[Error]. It prompts
// nobody. On macOS and Windows nothing can be told of a keyring without using it,
// but that there is one.
func Check(ctx context.Context, w world.World) error {
	if !w.Live() {
		return &Error{State: Unsupported}
	}
	switch w.OS {
	case "windows":
		return nil
	case "darwin":
		return checkDarwin(ctx, w)
	case "linux":
		ctx, cancel := context.WithTimeout(ctx, 2*answerLimit)
		defer cancel()
		return classify(w.OS, checkLinux(ctx, w))
	}
	return &Error{State: Unsupported}
}

func checkLinux(ctx context.Context, w world.World) error {
	b, err := connect(ctx, w)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.serving(ctx); err != nil {
		return err
	}
	c, err := b.collection(ctx)
	if err != nil {
		return err
	}
	var locked bool
	if err := b.property(ctx, c, ifaceCollection, "Locked", &locked); err != nil {
		return err
	}
	if locked {
		return &Error{Locked, errLocked}
	}
	return nil
}

// checkDarwin asks for the name of the default keychain, which unlocks nothing.
func checkDarwin(ctx context.Context, w world.World) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	r, err := w.Run.Run(ctx, world.Command{Argv: []string{"/usr/bin/security", "default-keychain"}})
	switch {
	case ctx.Err() != nil:
		return &Error{TimedOut, ctx.Err()}
	case err != nil:
		return &Error{NoService, err}
	case r.Code != 0:
		return &Error{NoService, errors.New(strings.TrimSpace(string(r.Stderr)))}
	}
	return nil
}

// unlocked makes the keyring ready for the library to use the item under key,
// asking the person if it must. The library would ask too, but waits for an answer
// for ever and takes a refusal for success (go-keyring secret_service.go
// handlePrompt).
func unlocked(ctx context.Context, w world.World, key string) error {
	b, err := connect(ctx, w)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.serving(ctx); err != nil {
		return err
	}
	c, err := b.collection(ctx)
	if err != nil {
		return err
	}
	if err := b.unlock(ctx, w, c, ifaceCollection); err != nil {
		return err
	}
	var items []dbus.ObjectPath
	attributes := map[string]string{"service": Service, "username": key}
	if err := b.call(ctx, c, ifaceCollection+".SearchItems", []any{attributes}, &items); err != nil {
		return err
	}
	if len(items) > 0 { // some services lock each item by itself
		if err := b.unlock(ctx, w, items[0], ifaceItem); err != nil {
			return err
		}
	}
	return b.forLibrary(ctx)
}

// unlock unlocks a collection or an item.
func (b bus) unlock(ctx context.Context, w world.World, path dbus.ObjectPath, iface string) error {
	var locked bool
	if err := b.property(ctx, path, iface, "Locked", &locked); err != nil || !locked {
		return err
	}
	var done []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := b.call(ctx, servicePath, ifaceService+".Unlock", []any{[]dbus.ObjectPath{path}}, &done, &prompt); err != nil {
		return err
	}
	if prompt == nothing {
		if slices.Contains(done, path) {
			return nil
		}
		return &Error{Locked, errLocked}
	}
	return b.prompt(ctx, w, prompt)
}

// prompt has the service ask the person, and waits for the answer. When ctx ends
// before, the question is taken away again.
func (b bus) prompt(ctx context.Context, w world.World, path dbus.ObjectPath) error {
	rule := []dbus.MatchOption{
		dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(ifacePrompt), dbus.WithMatchMember("Completed"),
		dbus.WithMatchSender(secretService),
	}
	if err := b.AddMatchSignalContext(ctx, rule...); err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 8)
	b.Signal(signals)
	if err := b.call(ctx, path, ifacePrompt+".Prompt", []any{""}); err != nil {
		return err
	}
	for {
		select {
		case s, open := <-signals:
			if !open {
				return &Error{NoBus, dbus.ErrClosed}
			}
			if s.Path == path && s.Name == ifacePrompt+".Completed" && len(s.Body) > 0 {
				return answered(w, s.Body[0])
			}
		case <-ctx.Done():
			b.dismiss(path)
			return &Error{TimedOut, context.Cause(ctx)}
		}
	}
}

// answered reads a prompt's first value: whether it was dismissed. A service that
// can show no prompt says so too (gnome-keyring, when its prompter finds no
// display), at once; a session without a display has nobody to dismiss anything.
func answered(w world.World, dismissed any) error {
	switch no, ok := dismissed.(bool); {
	case ok && !no:
		return nil
	case w.Getenv("DISPLAY") == "" && w.Getenv("WAYLAND_DISPLAY") == "":
		return &Error{Locked, errNobodyAsked}
	}
	return &Error{Dismissed, errDismissed}
}

// dismissWait is how long a service may take to put its question away.
const dismissWait = time.Second

func (b bus) dismiss(path dbus.ObjectPath) {
	ctx, cancel := context.WithTimeout(context.Background(), dismissWait)
	defer cancel()
	_ = b.call(ctx, path, ifacePrompt+".Dismiss", nil) // nobody waits for it any more
}
