package cli

import (
	"errors"
	"time"

	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// The JSON answer of login, schema 1. Fields are only ever added.
type (
	jsonLogin struct {
		Schema   int            `json:"schema"`
		Registry string         `json:"registry"`
		Scheme   signin.Scheme  `json:"scheme"` // "" when nothing was verified
		Product  signin.Product `json:"product"`
		Realm    string         `json:"realm"`
		Service  string         `json:"service"`
		SignedIn bool           `json:"signedIn"` // the registry accepted it
		Kept     bool           `json:"kept"`     // in the keyring
		User     string         `json:"user"`
		Token    bool           `json:"token"` // an identity token is kept, not the password
		Expires  *time.Time     `json:"expires"`
		Keyring  *keyring.State `json:"keyring"` // why it was not kept
		Refusal  *jsonRefusal   `json:"refusal"`
		Receipt  *trust.Receipt `json:"receipt,omitempty"` // of --for
	}
	jsonRefusal struct {
		Why        string         `json:"why"`
		Endpoint   string         `json:"endpoint"`
		Role       trust.Role     `json:"role"`
		Product    signin.Product `json:"product"`
		Reason     trust.Code     `json:"reason"`
		Party      trust.Party    `json:"party"`
		Status     int            `json:"status"` // of HTTP, 0 for none
		RetryAfter int            `json:"retryAfter"`
		Text       string         `json:"text"`
	}
)

func loginJSON(l loginAnswer, err error) jsonLogin {
	out := jsonLogin{
		Schema: schema, Registry: l.registry.String(), SignedIn: l.signedIn,
		Scheme: l.outcome.Method.Scheme, Product: l.outcome.Method.Product, Realm: l.outcome.Method.Realm, Service: l.outcome.Method.Service,
		User: l.outcome.Keep.User, Token: l.outcome.Keep.Token, Kept: l.signedIn && err == nil, Refusal: refusalJSON(err),
	}
	if e := l.outcome.Expires; !e.IsZero() {
		e = e.UTC()
		out.Expires = &e
	}
	if l.receipt != nil {
		r := receiptJSON(*l.receipt)
		out.Receipt = &r
	}
	var notKept *keyring.Error
	if errors.As(err, &notKept) {
		out.Keyring = &notKept.State
	}
	return out
}

func refusalJSON(err error) *jsonRefusal {
	var r *signin.Refusal
	if !errors.As(err, &r) {
		return nil
	}
	return &jsonRefusal{
		Why: string(r.Why), Endpoint: r.Endpoint, Role: r.Role, Product: r.Product, Reason: r.Reason, Party: r.Party,
		Status: r.Status, RetryAfter: int(r.RetryAfter.Seconds()), Text: r.Text,
	}
}
