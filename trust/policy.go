package trust

import (
	"bytes"
	"crypto/x509"
	"net/netip"
	"time"
)

// Party is a tool, or family of tools, that decides for itself whom it trusts.
type Party string

// The relying parties known so far, in the order in which they are shown.
const (
	Docker      Party = "docker"
	DockerBuild Party = "docker-build"
	Podman      Party = "podman"
	Containerd  Party = "containerd"
	System      Party = "system"
	NSS         Party = "nss"  // Firefox, Chromium and others with a database of NSS
	Java        Party = "java" // programs on a Java runtime
)

// Parties lists them in that order.
func Parties() []Party {
	return []Party{Docker, DockerBuild, Podman, Containerd, System, NSS, Java}
}

// Engine reports whether a party pulls images. The others are always judged, and
// count only for registries that have them in scope.
func (p Party) Engine() bool { return p != System && p != NSS && p != Java }

// Operation is what a consumer is doing when it decides.
type Operation string

// The operations that can decide differently in the same tool.
const (
	OpPull    Operation = "pull"
	OpLogin   Operation = "login"
	OpBuild   Operation = "build"
	OpConnect Operation = "connect"
)

// Consumer is one relying party as it really acts on this machine.
type Consumer struct {
	Party     Party
	Instance  string // e.g. "unix:///run/docker.sock", "user alice", "nerdctl"
	Operation Operation
	Installed bool   // false: a forecast for the party's current release
	Version   string // "" when it cannot be read
	// Loader names the rules it follows where one party has several:
	// "classic", "containerd" or (before 28) "buildkit" for docker.
	Loader string
	// Remote is set when the consumer runs on another machine (a docker context
	// over ssh or tcp): then nothing here decides its trust.
	Remote bool
}

// Dialect is whose verification rules a consumer's TLS library follows.
type Dialect string

// The dialects that differ in what they accept.
const (
	DialectGo      Dialect = "go"      // crypto/x509
	DialectOpenSSL Dialect = "openssl" // curl with OpenSSL 3, security level 2
	DialectApple   Dialect = "apple"   // SecTrust, which macOS offers to every program
)

// Policy is what one consumer brings to one endpoint. Reading it touched files
// only; it decides nothing.
type Policy struct {
	Consumer Consumer
	Dialect  Dialect

	// Anchors are those the consumer reads at each connection (certs.d, --cafile).
	Anchors []Anchor
	// System are the roots of the OS store as it is on disk now, merged with
	// Anchors if the consumer does so (nil otherwise). Shared, never changed.
	System *AnchorSet
	// Denied are certificates that the consumer takes on no path, wherever the anchor
	// at its end is from.
	Denied []*x509.Certificate
	// SystemLoaded is when the consumer's process read the OS store; zero when it
	// reads it anew each time.
	SystemLoaded time.Time
	// LoadedUnknown is set for a running process of which nobody can see since when
	// it runs: why that is. Then only anchors that were always there are sure to be
	// seen by it.
	LoadedUnknown string
	// Restart is what would have to be restarted to make it read the OS store
	// again, for instance "docker"; used only with SystemLoaded.
	// RestartCommand is how a person would do that, Engine how Mooring does.
	Restart, RestartCommand string
	Engine                  Engine

	// SkipVerify is why the consumer does not verify this host at all ("" when it
	// does): a Look's path or a rule's name. PlainHTTP: it also speaks HTTP to it.
	// PlainOnly: it speaks nothing but HTTP to it.
	SkipVerify           string
	PlainHTTP, PlainOnly bool
	// InsecureNets are address ranges for which the consumer does not verify;
	// they match the address that the name resolves to.
	InsecureNets []InsecureNet

	// ConfigError is a mistake in the consumer's files that makes it refuse every
	// connection to the host, in its own words; ConfigPath is the file.
	ConfigError, ConfigPath string
	ConfigCode              Code

	// Unknown is why nothing can be said of this consumer ("" when it can).
	Unknown string

	ClientPairs []ClientPair // in the order tried
	MinTLS      uint16       // 0: the library's default
	// AEADOnly: only ECDHE suites with AEAD are offered below TLS 1.3.
	AEADOnly bool
	// OldSuites: also suites that Go dropped in 1.22 (RSA key exchange, 3DES).
	OldSuites bool

	// Looked lists the paths that were looked at, hit or miss, in order.
	Looked []Look
	// Notes are facts about this machine's files that reading turned up (a file
	// with the wrong extension, say); they become findings.
	Notes []Note
}

// InsecureNet is an address range that a consumer does not verify.
type InsecureNet struct {
	Prefix    netip.Prefix
	Origin    string // the file or the rule it comes from
	PlainHTTP bool
}

// Holds reports whether an address is in the range, as Go's net.IPNet counts: an
// IPv4 address is the same when it is written as IPv6, and zones do not matter.
func (n InsecureNet) Holds(ip netip.Addr) bool { return n.Prefix.Contains(ip.Unmap().WithZone("")) }

// ClientPair is a client certificate with its key, as found.
type ClientPair struct {
	Cert              *x509.Certificate   // nil when only the consumer may read it
	Chain             []*x509.Certificate // intermediates sent with it
	CertPath, KeyPath string
}

// Offered reports whether a Go program offers the pair to a server that named the
// subjects of these CAs: if it named any, one of them must have issued one of the
// certificates (crypto/tls CertificateRequestInfo.SupportsCertificate).
func (p ClientPair) Offered(named [][]byte) bool {
	if len(named) == 0 {
		return true
	}
	for _, n := range named {
		if bytes.Equal(n, p.Cert.RawIssuer) {
			return true
		}
		for _, c := range p.Chain {
			if bytes.Equal(n, c.RawIssuer) {
				return true
			}
		}
	}
	return false
}

// Look is one path a consumer looks at.
type Look struct {
	Path  string
	Found bool
	Note  string // "" or a finding code that explains what is odd about it
}

// Note is a fact found while reading a consumer's files.
type Note struct {
	Code Code
	Path string
	Cert *x509.Certificate // the certificate concerned, if any
	Text string            // detail in the tool's or library's words, if any
}
