package catalog_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/signin/signintest"
)

// repo answers what rights are asked with.
type repo struct {
	list, upload int // statuses
	location     string
	remove       int
	requests     []string
}

func (g *repo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.requests = append(g.requests, r.Method+" "+r.URL.Path)
	status := http.StatusOK
	switch {
	case r.Method == http.MethodPost:
		status = g.upload
		if status == http.StatusAccepted {
			w.Header().Set("Location", g.location)
		}
	case r.Method == http.MethodDelete:
		status = g.remove
	case strings.HasSuffix(r.URL.Path, "/tags/list"):
		status = g.list
	}
	w.WriteHeader(status)
	if status >= 400 {
		fmt.Fprintf(w, `{"errors":[{"code":"X","message":"said %d"}]}`, status)
	}
}

const uploaded = "/v2/app/blobs/uploads/1234?_state=s"

func TestRightsByAsking(t *testing.T) {
	for name, c := range map[string]struct {
		repo repo
		want catalog.Rights
	}{
		"all":            {repo{200, 202, uploaded, 204, nil}, catalog.Rights{Pull: "yes", Push: "yes"}},
		"absolute":       {repo{200, 202, "https://" + regName + uploaded, 204, nil}, catalog.Rights{Pull: "yes", Push: "yes"}},
		"not cancelled":  {repo{200, 202, uploaded, 401, nil}, catalog.Rights{Pull: "yes", Push: "yes", UploadLeft: true}},
		"no location":    {repo{200, 202, "", 204, nil}, catalog.Rights{Pull: "yes", Push: "yes", UploadLeft: true}},
		"pull alone":     {repo{200, 403, "", 204, nil}, catalog.Rights{Pull: "yes", Push: "no", PushText: "said 403"}},
		"read-only":      {repo{200, 405, "", 204, nil}, catalog.Rights{Pull: "yes", Push: "no", PushText: "said 405"}},
		"nothing":        {repo{403, 403, "", 204, nil}, catalog.Rights{Pull: "no", Push: "no", PullText: "said 403", PushText: "said 403"}},
		"not there":      {repo{404, 404, "", 204, nil}, catalog.Rights{Pull: "unknown", Push: "unknown", PullText: "said 404", PushText: "said 404"}},
		"new repository": {repo{404, 202, uploaded, 204, nil}, catalog.Rights{Pull: "unknown", Push: "yes", PullText: "said 404"}},
		"down":           {repo{503, 503, "", 204, nil}, catalog.Rights{Pull: "unknown", Push: "unknown", PullText: "said 503", PushText: "said 503"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := session(t, basic(&c.repo), alice)
			got, err := catalog.RightsOf(t.Context(), s, "app")
			c.want.Repository, c.want.Credential = "app", true
			if err != nil || got != c.want {
				t.Errorf("%+v, %v\nwant %+v", got, err, c.want)
			}
			last := c.repo.requests[len(c.repo.requests)-1]
			if began := c.repo.upload == 202 && c.repo.location != ""; began != (last == "DELETE /v2/app/blobs/uploads/1234") {
				t.Errorf("requests %q", c.repo.requests)
			}
		})
	}
}

// What a token server does not grant is not tried; what it grants is.
func TestRightsByTokens(t *testing.T) {
	grants := func(actions string) func(string, string) (string, bool) {
		return func(_, scope string) (string, bool) {
			if scope == "" {
				return "{}", true
			}
			return `{"access":[{"type":"repository","name":"app","actions":[` + actions + `]},{"type":"repository","name":"other","actions":["pull","push"]}]}`, true
		}
	}
	opaque := func(string, string) (string, bool) { return "nothing to read", true }
	denied := func(_, scope string) (string, bool) { return "{}", scope == "" }
	for name, c := range map[string]struct {
		grant func(string, string) (string, bool)
		c     trust.Credential
		want  catalog.Rights
		asked int // requests to the repository
	}{
		"both":              {grants(`"pull","push"`), alice, catalog.Rights{Pull: "yes", Push: "yes"}, 3},
		"pull":              {grants(`"pull"`), alice, catalog.Rights{Pull: "yes", Push: "no"}, 1},
		"nothing":           {grants(``), alice, catalog.Rights{Pull: "no", Push: "no"}, 0},
		"unreadable":        {opaque, alice, catalog.Rights{Pull: "yes", Push: "yes"}, 3},
		"no token":          {denied, alice, catalog.Rights{Pull: "no", Push: "no", PullText: deniedText, PushText: deniedText}, 0},
		"no token, anybody": {denied, trust.Credential{}, catalog.Rights{Pull: "no", Push: "no", PullText: deniedText, PushText: deniedText}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := signintest.NewLab(t)
			r := &repo{list: 200, upload: 202, location: uploaded, remove: 204}
			k := tokens{grant: c.grant, serve: r}
			k.start(l)
			got, err := catalog.RightsOf(t.Context(), l.Access(regName).Session(c.c), "app")
			c.want.Repository, c.want.Credential = "app", !c.c.Secret.Empty()
			if err != nil || got != c.want || len(r.requests) != c.asked {
				t.Errorf("%+v, %v after %q\nwant %+v", got, err, r.requests, c.want)
			}
		})
	}
}

const deniedText = "requested access to the resource is denied"

func TestRightsWithWrongPassword(t *testing.T) {
	l := signintest.NewLab(t)
	k := tokens{grant: func(string, string) (string, bool) { return "{}", true }, serve: &repo{}}
	k.start(l)
	_, err := catalog.RightsOf(t.Context(), l.Access(regName).Session(trust.Credential{User: "alice", Secret: trust.NewSecret("no")}), "app")
	var refused *signin.Refusal
	if !errors.As(err, &refused) || refused.Why != signin.WrongPassword {
		t.Error(err)
	}
}

// An upload that lies at the thief's is left alone.
func TestUploadAtTheThief(t *testing.T) {
	for _, location := range []string{
		"https://thief.example/v2/app/blobs/uploads/1", "http://" + regName + uploaded, "//thief.example/x",
		"https://" + regName + "@thief.example/", "https://reg.example/v2/",
		// The same server, but out of the registry's API: others may answer there.
		"/admin/users/1", "/v2", "../../../../../admin", "/v2/%2e%2e/admin", "/v2/..%2fadmin", `/v2/..\admin`, "/v2//admin",
		"https://" + regName + "/api/v2.0/users/1", "/v2/app/blobs/uploads/" + strings.Repeat("a", 5000),
	} {
		l := signintest.NewLab(t)
		thief := signintest.NewThief(t, "thief.example", "reg.example")
		l.Point("thief.example:443", thief.Address)
		l.Point("reg.example:443", thief.Address)
		r := &repo{list: 200, upload: 202, location: location, remove: 204}
		l.Serve(regName, basic(r))
		got, err := catalog.RightsOf(t.Context(), l.Access(regName).Session(alice), "app")
		if err != nil || got.Push != catalog.Yes || !got.UploadLeft {
			t.Errorf("%s: %+v, %v", location, got, err)
		}
		if slices.ContainsFunc(r.requests, func(q string) bool { return strings.HasPrefix(q, "DELETE") }) {
			t.Errorf("%s: requests %q", location, r.requests)
		}
		if leaks := thief.Leaks(alice); leaks != nil || thief.Visits() > 0 {
			t.Errorf("%s: the thief was visited %d times and has %q", location, thief.Visits(), leaks)
		}
	}
}
