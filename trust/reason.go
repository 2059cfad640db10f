package trust

// ReasonFor is the reason of the first party in scope that is in the given state,
// which is the report's verdict as a rule. What ails another endpoint than the
// registry itself is told as such.
func (r Report) ReasonFor(state State) Code {
	if state == Trusted {
		return ""
	}
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if v.State == state && v.Reason != "" && r.InScope(v.Consumer.Party) {
				return v.ReasonAt(ep.Role)
			}
		}
	}
	return ""
}

// ReasonAt is the verdict's reason as it is called for an endpoint of this role.
func (v Verdict) ReasonAt(role Role) Code {
	switch {
	case v.State != Refused:
		return v.Reason
	case role == RoleToken:
		return TokenUntrusted
	case role == RoleRedirect:
		return RedirectUntrusted
	default:
		return v.Reason
	}
}

// anchorHelps are the reasons that installing an anchor removes.
var anchorHelps = map[Code]bool{
	UnknownAuthority: true, SelfSignedLeaf: true, IncompleteChain: true,
	TokenUntrusted: true, RedirectUntrusted: true, InsecureRegistry: true,
	WrongExtension: true, WrongDirectory: true, NotPEM: true, ByteOrderMark: true,
	StaleAnchor: true, ShadowedDirectory: true, EmptyFile: true, Unreadable: true,
	DanglingLink: true, LeafAsAnchor: true, ExpiredAnchor: true,
}

// AnchorHelps reports whether installing an anchor removes c as a reason for which
// a registry is not trusted.
func (c Code) AnchorHelps() bool { return anchorHelps[c] }
