package vm

import (
	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/ui/words"
)

// RequestPage is a new signing request.
type RequestPage struct{ Title, Says, Key, PEM string }

// RequestPage returns what to do with a request.
func (t Teller) RequestPage(r platform.SigningRequest) RequestPage {
	return RequestPage{
		Title: t.say("client.request-title", args{"registry": r.Registry}), Says: t.say("client.request-says", nil),
		Key: t.say("client.request-key", args{"path": r.KeyPath}), PEM: r.PEM,
	}
}

// KeptRequest is a signing request whose key is kept: its answer is awaited, or the
// key is a spare one since the answer was installed.
type KeptRequest struct {
	ID                 string // where the key lies
	Title, Detail, PEM string
	Spare              *SpareView // nil while the answer is awaited
}

// SpareKey is the removal of a spare key, as far as it has come.
type SpareKey struct {
	ID      string // where the key lies
	Working bool
	Gone    bool
	Err     error // why it is still there
}

// SpareView is what a person is asked of a spare key, or told of its removal. Without
// Means and Problem they were not asked yet.
type SpareView struct {
	Working bool
	Means   string         // what removing it means, "" when that is not asked
	Problem *words.Problem // why it is still there
	Insist  bool           // they may remove it although it is not known to be elsewhere
}

// keptRequests are the requests for f's registry.
func (t Teller) keptRequests(f *ClientForm) []KeptRequest {
	var out []KeptRequest
	for _, r := range f.Requests {
		v := KeptRequest{
			ID: r.KeyPath, Title: t.say("client.awaited", args{"name": r.Name}),
			Detail: t.say("client.awaited-since", args{"moment": t.W.Moment(r.At), "path": r.KeyPath}), PEM: r.PEM,
		}
		if r.Answered {
			v.Title = t.say("client.answered", args{"name": r.Name})
			v.Detail, v.Spare = t.say("client.spare", args{"path": r.KeyPath}), t.spare(f.Spare, r)
		}
		out = append(out, v)
	}
	return out
}

func (t Teller) spare(s *SpareKey, r platform.SigningRequest) *SpareView {
	v := &SpareView{}
	if s == nil || s.ID != r.KeyPath {
		return v
	}
	v.Working = s.Working
	if s.Err == nil {
		v.Means = t.say("client.forget-means", nil)
		return v
	}
	problem := t.W.Error(s.Err)
	v.Problem, v.Insist = &problem, r.MustStay(false) != nil && r.MustStay(true) == nil
	return v
}

// SpareKeys are the requests whose key is a spare one now that the registry has
// accepted the certificate, and whether one was removed.
func (t Teller) SpareKeys(f *ClientForm) (spare []KeptRequest, gone Remark) {
	if f.Phase != Done || f.Err != nil || f.Shown == nil || f.Shown.Outcome != clientcert.Accepted {
		return nil, Remark{}
	}
	for _, r := range t.keptRequests(f) {
		if r.Spare != nil {
			spare = append(spare, r)
		}
	}
	return spare, t.SpareGone(f)
}

// SpareGone says that a spare key was removed; nothing when none was.
func (t Teller) SpareGone(f *ClientForm) Remark {
	if f.Spare == nil || !f.Spare.Gone {
		return Remark{}
	}
	return Remark{MarkTrusted, t.say("client.forgotten", nil)}
}
