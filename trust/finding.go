package trust

// Code is the stable name of a diagnosed fact; other programs rely on it.
type Code string

// Severity is how much a finding matters.
type Severity string

// The severities: an error stops a tool, a warning will or might, info helps.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// The finding codes of the server's side.
const (
	UnknownAuthority          Code = "unknown-authority"
	IncompleteChain           Code = "incomplete-chain"
	SelfSignedLeaf            Code = "self-signed"
	Expired                   Code = "expired"
	NotYetValid               Code = "not-yet-valid"
	ClockSkew                 Code = "clock-skew"
	NameMismatch              Code = "name-mismatch"
	NoSAN                     Code = "no-san"
	IPNotInSAN                Code = "ip-not-in-san"
	WrongUsage                Code = "wrong-usage"
	NameConstraint            Code = "name-constraint"
	PathLength                Code = "path-length"
	IssuerNotCA               Code = "issuer-not-ca"
	WeakSignature             Code = "weak-signature"
	WeakKey                   Code = "weak-key"
	MalformedCertificate      Code = "malformed-certificate"
	UnhandledExtension        Code = "unhandled-critical-extension"
	PlainHTTP                 Code = "plain-http"
	TLSVersion                Code = "tls-version"
	TLSHandshake              Code = "tls-handshake"
	ClientCertificateRequired Code = "client-certificate-required"
	ClientCertificateRejected Code = "client-certificate-rejected"
	NotARegistry              Code = "not-a-registry"
	RedirectUntrusted         Code = "redirect-untrusted"
	TokenUntrusted            Code = "token-untrusted"
	Intercepted               Code = "intercepted"
	DNS                       Code = "dns"
	ConnectionRefused         Code = "connection-refused"
	Timeout                   Code = "timeout"
	ConnectionReset           Code = "connection-reset"
	ProxyFailed               Code = "proxy"

	ExpiresSoon      Code = "expires-soon"
	ExtraCertificate Code = "extra-certificate"
	WrongOrder       Code = "wrong-order"
	LongValidity     Code = "long-validity"
	NoServerUsage    Code = "no-server-usage"
	StrictClient     Code = "strict-client"
	IssuerChanged    Code = "issuer-changed"
	Revoked          Code = "revoked"
)

// The finding codes of this machine's side.
const (
	WrongExtension       Code = "wrong-extension"
	NotPEM               Code = "not-pem"
	ByteOrderMark        Code = "byte-order-mark"
	PEMHeaders           Code = "pem-headers"
	EmptyFile            Code = "empty-file"
	Unreadable           Code = "unreadable"
	DanglingLink         Code = "dangling-link"
	NotAFile             Code = "not-a-file"
	PrivateKeyInCA       Code = "private-key-in-ca"
	WrongDirectory       Code = "wrong-directory"
	ShadowedDirectory    Code = "shadowed-directory"
	HostsTOMLWins        Code = "hosts-toml-wins"
	HostsTOMLInvalid     Code = "hosts-toml-invalid"
	StaleAnchor          Code = "stale-anchor"
	ExpiredAnchor        Code = "expired-anchor"
	LeafAsAnchor         Code = "leaf-as-anchor"
	IntermediateAsAnchor Code = "intermediate-as-anchor"
	KeyWithoutCert       Code = "key-without-cert"
	CertWithoutKey       Code = "cert-without-key"
	KeyMismatch          Code = "key-mismatch"
	KeyEncrypted         Code = "key-encrypted"
	KeyPermissions       Code = "key-permissions"
	InsecureRegistry     Code = "insecure-registry"
	LoopbackInsecure     Code = "loopback-insecure"
	RestartNeeded        Code = "restart-needed"
	PlaintextCredentials Code = "plaintext-credentials"
	PartyUnknown         Code = "party-unknown"
)

// Finding is one diagnosed fact. Its words come from the translation files,
// under its code, filled with Args.
type Finding struct {
	Code        Code
	Severity    Severity
	Endpoint    int   // index into the report's endpoints, or NoIndex
	Certificate int   // index into the endpoint's sent chain, or NoIndex
	Party       Party // "" when it concerns no party
	Path        string
	// Variant picks among several wordings of one code: its words are under
	// "finding.<code>.<variant>.…", with those of the code itself as fallback.
	Variant string
	// Args are values for the placeholders: text as it was found, of bounded length;
	// dates in RFC 3339; "parties" as codes with ", " between them.
	Args map[string]string
}

// NoIndex stands for "concerns no endpoint" or "no certificate".
const NoIndex = -1
