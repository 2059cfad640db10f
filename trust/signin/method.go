package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"mooring.dev/mooring/trust"
)

// Method asks the registry, over a verified connection and without a credential,
// how it wants to be signed in to. A token server that was not accepted is refused
// here already, before anybody is asked for a password.
func (a *Access) Method(ctx context.Context) (Method, error) {
	an, err := a.ask(ctx, http.MethodGet, a.base(), nil)
	if err != nil {
		return Method{}, err
	}
	m, why := methodOf(a.registry, an)
	a.product = m.Product
	if why != "" {
		r := a.refused(an, trust.Credential{})
		r.Why = why
		return m, r
	}
	if m.Scheme != Bearer {
		return m, nil
	}
	realm, err := url.Parse(m.Realm)
	if err != nil {
		return m, &Refusal{Why: BadAnswer, Endpoint: an.server.address, Role: trust.RoleRegistry, Product: m.Product}
	}
	if a.serverAt(addressOf(realm)) == nil {
		return m, elsewhere(realm, trust.RoleToken)
	}
	return m, nil
}

// methodOf reads the answer to GET /v2/; why is not empty where it is none.
func methodOf(r trust.Registry, an *Answer) (m Method, why Why) {
	m = Method{Realm: an.Challenge.Realm, Service: an.Challenge.Service}
	switch {
	case an.Status == http.StatusOK && isRegistry(an):
		m.Scheme = Open
	case an.Status == http.StatusOK:
		return m, NotARegistry
	case an.Status != http.StatusUnauthorized:
		why = byStatus(an, nil)
	case an.Challenge.Scheme == trust.AuthBasic:
		m.Scheme = Basic
	case an.Challenge.Scheme == trust.AuthBearer && isSilly(an.Challenge):
		m.Scheme = Silly
	case an.Challenge.Scheme == trust.AuthBearer:
		m.Scheme = Bearer
	default:
		why = BadAnswer
	}
	m.Product = productOf(r, m, an.Header)
	return m, why
}

// isRegistry tells the {} of a registry from a web page.
func isRegistry(an *Answer) bool {
	return an.Header.Get(apiVersion) != "" || json.Valid(bytes.TrimSpace(an.Body))
}

const apiVersion = "Docker-Distribution-Api-Version"

var (
	ecrHost = regexp.MustCompile(`^\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$`)
	acrHost = regexp.MustCompile(`\.azurecr\.(io|cn|us|de)$`)
)

// productOf tells whose registry it is by what only that one has: its host, or the
// token service that it names. Sources: engines.md 8; Harbor
// src/server/middleware/v2auth/auth.go (tokenSvcURL, getChallenge); GitLab
// docs/user/packages/container_registry/authenticate_with_container_registry; ECR's
// challenge in NVIDIA/enroot issue 59; ACR docs/AAD-OAuth.md.
func productOf(r trust.Registry, m Method, h http.Header) Product {
	host := strings.ToLower(r.Host())
	realm, err := url.Parse(m.Realm)
	if err != nil || m.Scheme != Bearer {
		realm = new(url.URL)
	}
	switch {
	case r.IsHub() || realm.Hostname() == "auth.docker.io":
		return DockerHub
	case ecrHost.MatchString(host) || m.Scheme == Basic && m.Service == "ecr.amazonaws.com":
		return ECR
	case acrHost.MatchString(host) || realm.Path == "/oauth2/token" && acrHost.MatchString(m.Service):
		return ACR
	case host == "ghcr.io":
		return GitHub
	case m.Service == "harbor-registry" || strings.HasSuffix(realm.Path, "/service/token") || m.Scheme == Basic && m.Realm == "harbor":
		return Harbor
	case strings.HasSuffix(realm.Path, "/jwt/auth") || h.Get("Gitlab-Container-Registry-Version") != "":
		return GitLab
	case h.Get(apiVersion) != "":
		return Distribution
	}
	return Unknown
}
