package elevate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/handover"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
)

// standIn, in the environment, makes this binary a helper which misbehaves as its
// value says; the real one would have to be installed.
const standIn = "MOORING_TEST_HELPER"

func TestMain(m *testing.M) {
	if how := os.Getenv(standIn); how != "" {
		os.Exit(standingIn(how, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// standingIn is a helper that is handed a plan.
func standingIn(how string, args []string) int {
	if how == "absent" || len(args) < 5 || args[0] != helper.HandedOver {
		return 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pid, _ := strconv.Atoi(args[2])
	c, err := handover.Dial(ctx, args[1], pid)
	if err != nil {
		return 3
	}
	defer c.Close()
	b, err := c.Receive(ctx, 1<<20)
	if err != nil || how == "crashing" {
		return 1
	}
	reply := helper.Reply{Schema: helper.ReplySchema, Receipt: &trust.Receipt{ID: args[4], State: trust.ReceiptUndone}}
	if args[3] == "apply" {
		var p trust.Plan
		if hashOf(b) != args[4] || json.Unmarshal(b, &p) != nil {
			reply = helper.Reply{Schema: helper.ReplySchema, Error: &change.Error{Code: change.ErrHash}}
		} else {
			r := receiptFor(args[5], p)
			reply.Receipt = &r
		}
	}
	out, err := json.Marshal(reply)
	if how == "mumbling" {
		out = []byte("{}")
	}
	if err != nil || c.Send(ctx, out) != nil {
		return 1
	}
	return 0
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
