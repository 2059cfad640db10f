package probe

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode"

	"mooring.dev/mooring/trust"
)

// Windows' own numbers: its syscall.ECONNREFUSED and the like are inventions that
// no socket returns. No other system uses numbers this high.
const (
	wsaAborted = syscall.Errno(10053)
	wsaReset   = syscall.Errno(10054)
	wsaTimeout = syscall.Errno(10060)
)

// maxText bounds a failure's words, which may be the server's.
const maxText = 400

// classify puts err under the code that a person can act on.
func classify(err error) *trust.Failure { return failure(codeOf(err), err) }

func failure(code trust.Code, err error) *trust.Failure {
	return &trust.Failure{Code: code, Text: words(err)}
}

func codeOf(err error) trust.Code {
	var viaProxy *proxyError
	var guarded *guardError
	var noName *net.DNSError
	switch {
	case errors.As(err, &guarded):
		return untrusted(guarded.role)
	case errors.As(err, &viaProxy):
		return trust.ProxyFailed
	case errors.As(err, &noName):
		return trust.DNS
	case isTimeout(err):
		return trust.Timeout
	case isHangUp(err):
		return trust.ConnectionReset
	case isDial(err): // refused, or no way there
		return trust.ConnectionRefused
	default:
		return codeOfTLS(err.Error())
	}
}

// codeOfTLS goes by the text: crypto/tls has no types for these.
func codeOfTLS(text string) trust.Code {
	switch {
	case strings.Contains(text, "failed to parse certificate"):
		return trust.MalformedCertificate
	case strings.Contains(text, "protocol version") && !strings.Contains(text, "record"):
		return trust.TLSVersion
	case strings.Contains(text, "-bit keys are insecure"):
		return trust.WeakKey
	default:
		return trust.TLSHandshake
	}
}

func isTimeout(err error) bool {
	var net net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, wsaTimeout) || errors.Is(err, syscall.EMFILE) || errors.As(err, &net) && net.Timeout()
}

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// words is err's text without the number of our own port, which differs each time
// and tells nobody anything.
func words(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Source != nil {
		short := *op
		short.Source = nil
		return clean(strings.Replace(err.Error(), op.Error(), short.Error(), 1))
	}
	return clean(err.Error())
}

// clean is a foreign text that may be shown.
func clean(s string) string { return printable(s, maxText) }

// printable bounds s to n bytes and takes out what could fool a terminal or a
// reader: control characters, line breaks, and marks that turn the direction of
// the text.
func printable(s string, n int) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), n)], ""))
}
