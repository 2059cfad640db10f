package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
)

// fakePassword is what the fake's registries accept.
const fakePassword = "correct horse"

// SignInMethod goes by the first label of the host.
func (f *fake) SignInMethod(_ context.Context, r trust.Registry) (signin.Method, error) {
	at := signin.Refusal{Endpoint: r.Address(), Role: trust.RoleRegistry}
	switch kind(r) {
	case "refused":
		at.Why, at.Reason = signin.Unverified, trust.UnknownAuthority
		return signin.Method{}, &at
	case "insecure":
		at.Why, at.Reason, at.Party = signin.Unverified, trust.InsecureRegistry, trust.Docker
		return signin.Method{}, &at
	case "unreachable":
		at.Why, at.Reason, at.Text = signin.NoConnection, trust.ConnectionRefused, "connect: connection refused"
		return signin.Method{}, &at
	case "open":
		return signin.Method{Scheme: signin.Open}, nil
	case "gitlab":
		return signin.Method{Scheme: signin.Bearer, Product: signin.GitLab, Realm: "https://auth.example/jwt/auth", Service: "container_registry"}, nil
	case "ecr":
		return signin.Method{Scheme: signin.Basic, Product: signin.ECR}, nil
	}
	return signin.Method{Scheme: signin.Basic, Product: signin.Distribution, Realm: "lab"}, nil
}

func kind(r trust.Registry) string {
	k, _, _ := strings.Cut(r.Host(), ".")
	return k
}

func (f *fake) SignIn(ctx context.Context, q platform.SignInRequest) (signin.Outcome, error) {
	m, err := f.SignInMethod(ctx, q.Registry)
	out := signin.Outcome{Method: m, Keep: q.Credential}
	refusal := &signin.Refusal{Endpoint: q.Registry.Address(), Role: trust.RoleRegistry, Product: m.Product, Status: 401}
	switch {
	case err != nil:
		return out, err
	case kind(q.Registry) == "slow":
		refusal.Why, refusal.Status, refusal.RetryAfter = signin.RateLimited, 429, 90*time.Second
		return out, refusal
	case q.Credential.Secret.Reveal() != fakePassword:
		refusal.Why, refusal.Text = signin.WrongPassword, "Access denied"
		return signin.Outcome{Method: m}, refusal
	case kind(q.Registry) == "nokeyring":
		return out, &keyring.Error{State: keyring.NoBus, Err: errors.New("no session bus")}
	case m.Scheme == signin.Bearer:
		out.Keep = trust.Credential{User: q.Credential.User, Secret: trust.NewSecret("identity"), Token: true}
		out.Expires = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	return out, nil
}

func (f *fake) SignOut(context.Context, trust.Registry) error { return nil }

// Repositories lists two pages; "harbor" lists nothing, "half" stops in between.
func (f *fake) Repositories(ctx context.Context, r trust.Registry, each func(catalog.Page)) error {
	switch kind(r) {
	case "harbor":
		return &catalog.Refusal{Why: catalog.AdminOnly, Status: 401, Text: "unauthorized to list catalog", Product: signin.Harbor}
	case "anybody":
		return &catalog.Refusal{Why: catalog.NeedsSignIn, Status: 401}
	case "hangs":
		each(catalog.Page{Repositories: []string{"first"}})
		<-ctx.Done()
		return ctx.Err()
	}
	if _, err := f.SignInMethod(ctx, r); err != nil {
		return err
	}
	each(catalog.Page{Repositories: []string{"app", "team/api"}})
	if kind(r) == "half" {
		return &signin.Refusal{Why: signin.Unavailable, Endpoint: r.Address(), Role: trust.RoleRegistry, Status: 502}
	}
	each(catalog.Page{Repositories: []string{"team/web"}, Last: true})
	return nil
}

func (f *fake) Tags(_ context.Context, r trust.Registry, repository string, each func(catalog.Sized)) error {
	names := []catalog.Tag{{Name: "1.0", Size: -1}, {Name: "latest", Size: -1}}
	each(catalog.Sized{Registry: r, Repository: repository, Tags: names})
	digest := "sha256:" + fmt.Sprintf("%064x", 0xabcdef)
	each(catalog.Sized{Registry: r, Repository: repository, Last: true, Tags: []catalog.Tag{
		{Name: "1.0", Digest: digest, Size: 12_345_678, Platforms: []string{"linux/amd64", "linux/arm64"}}, {Name: "latest", Size: -1},
	}})
	return nil
}

func (f *fake) Rights(ctx context.Context, r trust.Registry, repository string) (catalog.Rights, error) {
	_, err := f.SignInMethod(ctx, r)
	return catalog.Rights{
		Repository: repository, Pull: catalog.Yes, Push: catalog.No, PushText: "requested access to the resource is denied",
		Credential: kind(r) != "anybody",
	}, err
}

// nowhere TEXT [FILE…] fails when TEXT stands in an output or in a file of the
// script's directory, apart from the files named: those it came from.
func cmdNowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: nowhere text [file…]")
	}
	for _, name := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(name), args[0]) {
			ts.Fatalf("%s holds %q:\n%s", name, args[0], ts.ReadFile(name))
		}
	}
	ts.Check(filepath.WalkDir(ts.Getenv("WORK"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains(args[1:], d.Name()) {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(args[0])) {
			return fmt.Errorf("%s holds %q", path, args[0])
		}
		return err
	}))
}
