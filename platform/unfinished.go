package platform

import (
	"context"
	"errors"

	"mooring.dev/mooring/trust"
)

var errUnfinished = errors.New("not built yet")

