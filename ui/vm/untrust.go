package vm

import (
	"slices"

	"mooring.dev/mooring/trust"
)

// StoreChoice is what a person can decide on the trust store of this computer when
// they cease to trust.
type StoreChoice struct {
	Offered     bool // the store has a part in it
	Take        bool // the plan takes the CA out of it
	TakeDetail  string
	LeaveDetail string
}

// StoreChoice is the choice that a plan leaves. Who loses by it is said where the CA
// is taken, and who needs it where it is left.
func (t Teller) StoreChoice(p trust.Plan) StoreChoice {
	c := StoreChoice{TakeDetail: t.say("untrust.take-detail", nil), LeaveDetail: t.say("untrust.leave-detail", nil)}
	for _, k := range p.Consequences {
		switch k.Code {
		case trust.StoreLoses:
			c.Offered, c.Take = true, true
		case trust.LeftStore, trust.LeftShared:
			c.Offered = true
		}
	}
	return c
}

// quiet are consequences that are good to know, and nothing to mind.
var quiet = []trust.ConsequenceCode{trust.DockerServes, trust.ClientStays, trust.LeftPackaged, trust.LeftStore}

// consequenceMark is how a consequence is drawn.
func consequenceMark(c trust.Consequence) Mark {
	if slices.Contains(quiet, c.Code) {
		return MarkUnknown
	}
	return MarkAttention
}
