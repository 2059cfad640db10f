package trust

import "slices"

// fact is one row of the table of findings.
type fact struct {
	code     Code
	severity Severity
	mutes    []Code
}

// What cannot be known of a server that was not reached, or did not speak TLS.
var (
	chainCodes = []Code{
		UnknownAuthority, IncompleteChain, SelfSignedLeaf, Expired, NotYetValid, NameMismatch, NoSAN, IPNotInSAN,
		WrongUsage, NameConstraint, PathLength, IssuerNotCA, WeakSignature, WeakKey, UnhandledExtension, Intercepted,
		ExpiresSoon, ExtraCertificate, WrongOrder, LongValidity, NoServerUsage, StrictClient, IssuerChanged, Revoked,
		StaleAnchor, ExpiredAnchor, RestartNeeded,
	}
	trustCodes = slices.Concat(chainCodes, []Code{
		ClockSkew, NotARegistry, ClientCertificateRequired, ClientCertificateRejected, TLSVersion, TLSHandshake,
	})
)

// facts is the table of all findings, in the order in which those of one severity
// are shown: what stops the connection before what the chain lacks, and the
// server's side before this machine's. Severity is the worst that a finding may
// have: one that every engine in scope tolerates is a warning.
var facts = []fact{
	{DNS, SeverityError, trustCodes},
	{ProxyFailed, SeverityError, trustCodes},
	{ConnectionRefused, SeverityError, trustCodes},
	{Timeout, SeverityError, trustCodes},
	{ConnectionReset, SeverityError, trustCodes},
	{PlainHTTP, SeverityError, trustCodes},
	{MalformedCertificate, SeverityError, []Code{TLSHandshake}},
	{TLSVersion, SeverityError, []Code{TLSHandshake}},
	{WeakKey, SeverityError, []Code{TLSHandshake, StrictClient}},
	{TLSHandshake, SeverityError, nil},
	{Intercepted, SeverityError, []Code{IssuerChanged}},
	{ClockSkew, SeverityError, nil},
	{Expired, SeverityError, []Code{ExpiresSoon}},
	{NotYetValid, SeverityError, nil},
	{SelfSignedLeaf, SeverityError, []Code{UnknownAuthority, IncompleteChain}},
	{IncompleteChain, SeverityError, nil},
	{TokenUntrusted, SeverityError, []Code{UnknownAuthority}},
	{RedirectUntrusted, SeverityError, []Code{UnknownAuthority}},
	{UnknownAuthority, SeverityError, nil},
	{NoSAN, SeverityError, []Code{NameMismatch, IPNotInSAN}},
	{NameMismatch, SeverityError, nil},
	{IPNotInSAN, SeverityError, nil},
	{WrongUsage, SeverityError, nil},
	{NameConstraint, SeverityError, nil},
	{PathLength, SeverityError, nil},
	{IssuerNotCA, SeverityError, nil},
	{WeakSignature, SeverityError, nil},
	{UnhandledExtension, SeverityError, nil},
	{ClientCertificateRequired, SeverityError, []Code{NotARegistry, TLSHandshake}},
	{ClientCertificateRejected, SeverityError, []Code{NotARegistry, TLSHandshake}},
	{NotARegistry, SeverityError, nil},
	{ExpiresSoon, SeverityWarning, nil},
	{IssuerChanged, SeverityWarning, nil},
	{Revoked, SeverityWarning, nil},
	{WrongOrder, SeverityWarning, nil},
	{ExtraCertificate, SeverityWarning, nil},
	{StrictClient, SeverityWarning, nil},
	{NoServerUsage, SeverityWarning, nil},
	{LongValidity, SeverityWarning, nil},

	{RestartNeeded, SeverityError, nil},
	{StaleAnchor, SeverityError, nil},
	{ExpiredAnchor, SeverityError, nil},
	{LeafAsAnchor, SeverityError, nil},
	{HostsTOMLInvalid, SeverityError, nil},
	{HostsTOMLWins, SeverityError, nil},
	{ShadowedDirectory, SeverityError, []Code{WrongDirectory}},
	{WrongDirectory, SeverityError, nil},
	{WrongExtension, SeverityError, nil},
	{DanglingLink, SeverityError, []Code{Unreadable, EmptyFile}},
	{NotAFile, SeverityError, []Code{Unreadable, EmptyFile}},
	{Unreadable, SeverityError, nil},
	{EmptyFile, SeverityError, []Code{NotPEM, ByteOrderMark}},
	{ByteOrderMark, SeverityError, []Code{NotPEM}},
	{PEMHeaders, SeverityError, []Code{NotPEM}},
	{NotPEM, SeverityError, nil},
	{CertWithoutKey, SeverityError, nil},
	{KeyWithoutCert, SeverityError, nil},
	{KeyMismatch, SeverityError, nil},
	{KeyEncrypted, SeverityError, []Code{KeyMismatch}},
	{KeyPermissions, SeverityError, nil},
	{InsecureRegistry, SeverityWarning, []Code{LoopbackInsecure}},
	{LoopbackInsecure, SeverityWarning, nil},
	{IntermediateAsAnchor, SeverityWarning, nil},
	{PrivateKeyInCA, SeverityWarning, nil},
	{PlaintextCredentials, SeverityWarning, nil},
	{PartyUnknown, SeverityWarning, nil},
}

var factOf = func() map[Code]fact {
	out := make(map[Code]fact, len(facts))
	for _, f := range facts {
		out[f.code] = f
	}
	return out
}()

// Codes lists all finding codes in the order in which findings are shown.
func Codes() []Code {
	out := make([]Code, len(facts))
	for i, f := range facts {
		out[i] = f.code
	}
	return out
}

// Severity is the worst severity that a finding of this code has; a code that is
// not in the table is an error.
func (c Code) Severity() Severity {
	if f, ok := factOf[c]; ok {
		return f.severity
	}
	return SeverityError
}

// Mutes lists the codes that say nothing more once c is known, of the same
// endpoint or file.
func (c Code) Mutes() []Code { return factOf[c].mutes }
