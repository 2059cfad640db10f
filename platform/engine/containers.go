package engine

import (
	"context"
	"net/url"
	"strings"
)

// maxNames bounds how many running containers are named.
const maxNames = 20

// Running names the containers that run under a daemon of this machine, the newest
// first and no more than a person reads.
func Running(ctx context.Context, d Docker) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c := newClient(d.Host)
	defer c.close()
	var listed []struct{ Names []string }
	query := url.Values{"filters": {`{"status":["running"]}`}, "limit": {itoa(maxNames)}}
	if err := c.get(ctx, "/containers/json?"+query.Encode(), &listed); err != nil {
		return nil, err
	}
	var names []string
	for _, one := range listed[:min(len(listed), maxNames)] {
		if len(one.Names) > 0 {
			names = append(names, clip(strings.TrimPrefix(one.Names[0], "/"), 100))
		}
	}
	return names, nil
}
