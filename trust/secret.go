package trust

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password, a token or a key's passphrase. It prints as dots wherever
// it is formatted, and cannot be marshalled: [Secret.Reveal] is the only way to
// its text, so that the places where it leaves can be searched for.
type Secret struct{ text string }

// NewSecret wraps a secret as it was typed or read.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text itself. Nothing that it returns may reach a file, an
// argument, a log or an error.
func (s Secret) Reveal() string { return s.text }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == "" }

const dots = "•••"

// String implements fmt.Stringer with dots.
func (s Secret) String() string { return dots }

// GoString implements fmt.GoStringer with dots.
func (s Secret) GoString() string { return dots }

// Format implements fmt.Formatter: no verb prints the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, dots) }

// LogValue implements slog.LogValuer with dots.
func (s Secret) LogValue() slog.Value { return slog.StringValue(dots) }

var errSecret = errors.New("a secret is not written down")

// MarshalText implements encoding.TextMarshaler, and with it JSON, by refusing.
func (s Secret) MarshalText() ([]byte, error) { return nil, errSecret }

// Credential is what a person signs in to a registry with.
type Credential struct {
	User   string
	Secret Secret
	// Token: Secret is an identity token that the registry gave in exchange for a
	// password, of OAuth2's kind refresh_token. Docker's helpers mark it with the
	// user name "<token>".
	Token bool
}
