//go:build !windows

package enginectl

import "errors"

func openServices() (services, error) { return nil, errors.ErrUnsupported }
