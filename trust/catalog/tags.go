package catalog

import (
	"context"
	"net/http"
	"sync"

	"mooring.dev/mooring/trust/signin"
)

// Tags calls each with the tags of a repository, a page at a time: first by name,
// then again, in parts, with digest and size. It calls each from one goroutine at a
// time. What a size could not be learnt of has -1.
//
// Docker Hub is asked for digests alone: there, reading a manifest counts as a pull
// and a person has few of those (docs.docker.com, "Docker Hub usage and limits").
func Tags(ctx context.Context, s *signin.Session, repository string, each func(Sized) error) error {
	if err := CheckName(repository); err != nil {
		return err
	}
	m, err := s.Method(ctx)
	if err != nil {
		return err
	}
	scope := "repository:" + repository + ":pull"
	p := pager{session: s, scope: scope, explain: func(an *signin.Answer) error { return s.Refused(an) }}
	z := sizer{session: s, repository: repository, scope: scope, brief: m.Product == signin.DockerHub, known: map[string]int64{}}
	return p.each(ctx, path(repository, "tags/list"), func(got page, last bool) error {
		tags := bare(valid(got.Tags, checkTag))
		sized := Sized{Registry: s.Registry(), Repository: repository, Tags: tags}
		sized.Last = last && len(tags) == 0
		if err := each(sized); err != nil {
			return err
		}
		for len(tags) > 0 {
			n := min(atOnce, len(tags))
			sized.Tags, tags = z.size(ctx, tags[:n]), tags[n:]
			if ctx.Err() != nil {
				return ctx.Err()
			}
			sized.Last = last && len(tags) == 0
			if err := each(sized); err != nil {
				return err
			}
		}
		return nil
	})
}

func bare(names []string) []Tag {
	out := make([]Tag, len(names))
	for i, n := range names {
		out[i] = Tag{Name: n, Size: -1}
	}
	return out
}

const (
	atOnce     = 16 // tags that are handed on together
	concurrent = 4  // requests
)

// size fills in digests and sizes, several at once.
func (z *sizer) size(ctx context.Context, tags []Tag) []Tag {
	out := make([]Tag, len(tags))
	var wg sync.WaitGroup
	turns := make(chan struct{}, concurrent)
	for i, t := range tags {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			out[i] = z.tag(ctx, t)
		})
	}
	wg.Wait()
	return out
}

// tag asks for one. That a single manifest cannot be had is no reason to show no
// tags: it stays without a size.
func (z *sizer) tag(ctx context.Context, t Tag) Tag {
	method := http.MethodGet
	if z.brief {
		method = http.MethodHead
	}
	m, ok := z.manifest(ctx, method, t.Name)
	if !ok {
		return t
	}
	t.Digest = m.digest
	if !z.brief {
		t.Size, t.Platforms = z.total(ctx, m), m.platforms()
	}
	return t
}
