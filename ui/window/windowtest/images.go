package windowtest

import (
	"context"
	"fmt"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
)

// content is what the registries of the machine in memory hold.
type content struct {
	// Repos are the repositories of each registry.
	Repos map[string][]string
	// PageSize is how many of them come at once; 100 if zero.
	PageSize int
	// CatalogError and TagsError, if set, are what reading fails with, after what
	// there is.
	CatalogError, TagsError error
	// Allowed is what may be done with each repository; all of it if not named.
	Allowed map[string]catalog.Rights
}

// Repositories implements platform.Catalogs.
func (s *Service) Repositories(ctx context.Context, r trust.Registry, each func(catalog.Page)) error {
	s.called("repositories %s", r)
	if err := s.verified(r); err != nil {
		return err
	}
	names := s.Repos[r.String()]
	size := s.PageSize
	if size == 0 {
		size = 100
	}
	for len(names) > 0 {
		if err := s.pass(ctx); err != nil {
			return err
		}
		n := min(size, len(names))
		each(catalog.Page{Repositories: names[:n], Last: n == len(names)})
		names = names[n:]
	}
	if s.CatalogError != nil {
		return s.CatalogError
	}
	return ctx.Err()
}

// Tags implements platform.Catalogs: first the names, then the sizes.
func (s *Service) Tags(ctx context.Context, r trust.Registry, repository string, each func(catalog.Sized)) error {
	s.called("tags %s %s", r, repository)
	if s.TagsError != nil {
		return s.TagsError
	}
	tags := []catalog.Tag{
		{Name: "latest", Size: 183_400_000, Platforms: []string{"linux/amd64", "linux/arm64"}},
		{Name: "2.4.1", Size: 91_700_000, Platforms: []string{"linux/amd64"}},
		{Name: "2.4.0", Size: 91_600_000, Platforms: []string{"linux/amd64"}},
		{Name: "2.4.0-rc.1-with-a-long-name-that-a-build-server-made-up-1732593600", Size: 4_200, Platforms: []string{"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x", "windows/amd64"}},
	}
	names := catalog.Sized{Registry: r, Repository: repository}
	for i := range tags {
		names.Tags = append(names.Tags, catalog.Tag{Name: tags[i].Name, Size: -1})
		tags[i].Digest = fmt.Sprintf("sha256:%02x1e8bb9ba5f4c7dd2f2ffa3c6f0c2b6d8d1f3c4a5b6978012345678abcdef0%d", 0xa0+i, i)
	}
	each(names)
	for i := range tags {
		if err := s.pass(ctx); err != nil {
			return err
		}
		each(catalog.Sized{Registry: r, Repository: repository, Tags: tags[i : i+1], Last: i == len(tags)-1})
	}
	return ctx.Err()
}

// Rights implements platform.Catalogs.
func (s *Service) Rights(ctx context.Context, r trust.Registry, repository string) (catalog.Rights, error) {
	s.called("rights %s %s", r, repository)
	if rights, ok := s.Allowed[repository]; ok {
		return rights, ctx.Err()
	}
	return catalog.Rights{Repository: repository, Pull: catalog.Yes, Push: catalog.Yes, Credential: true}, ctx.Err()
}

// Fill gives a registry n repositories.
func (s *Service) Fill(registry string, n int) {
	if s.Repos == nil {
		s.Repos = map[string][]string{}
	}
	teams := []string{"platform", "payments", "search", "mobile", "data-science"}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s/service-%05d", teams[i%len(teams)], i)
	}
	s.Repos[registry] = names
}
