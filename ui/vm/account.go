package vm

import (
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// What can be done with a sign-in.
const (
	ActSignIn  Action = "sign-in"
	ActSignOut Action = "sign-out"
	ActUse     Action = "use"      // let tools use it
	ActStopUse Action = "stop-use" // and no longer
	ActMove    Action = "move"     // a password in plain text, into the keyring
)

// SignInTab is who the person is at one registry.
type SignInTab struct {
	Banner Banner
	Kept   []Row // one a place where a credential lies
	Tools  []Row // one a tool that could use it
	How    []Row // how the registry wants to be signed in to
}

// SignInTab returns the tab for e. tools are those on this machine that sign in.
func (t Teller) SignInTab(e Entry, a platform.Account, tools []trust.Party) SignInTab {
	tab := SignInTab{Banner: t.accountBanner(e, a, tools), How: t.howRows(e)}
	for i, k := range a.Kept {
		tab.Kept = append(tab.Kept, t.kept(i, k))
	}
	for _, p := range tools {
		tab.Tools = append(tab.Tools, t.tool(a, p))
	}
	return tab
}

// Own is the sign-in that Mooring keeps, in the keyring or in memory.
func Own(a platform.Account) (k platform.Kept, ok bool) {
	for _, k := range a.Kept {
		if k.In == platform.KeptKeyring || k.In == platform.KeptSession {
			return k, true
		}
	}
	return k, false
}

// Users are the tools that use Mooring's sign-in.
func Users(a platform.Account) []trust.Party {
	k, _ := Own(a)
	return k.Readers
}

// NonUsers are those of tools that could use Mooring's sign-in and do not.
func NonUsers(a platform.Account, tools []trust.Party) []trust.Party {
	k, ok := Own(a)
	if !ok || k.In != platform.KeptKeyring {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(tools), func(p trust.Party) bool { return slices.Contains(k.Readers, p) })
}

func plain(a platform.Account) (k platform.Kept, ok bool) {
	i := slices.IndexFunc(a.Kept, func(k platform.Kept) bool { return k.In == platform.KeptFile })
	if i < 0 {
		return k, false
	}
	return a.Kept[i], true
}

// accountBanner is how the person stands, in one sentence, and the one thing to do.
func (t Teller) accountBanner(e Entry, a platform.Account, tools []trust.Party) Banner {
	own, signedIn := Own(a)
	file, inPlain := plain(a)
	switch {
	case inPlain:
		return Banner{
			Mark: MarkAttention, Sentence: t.say("account.plain", nil), Detail: t.say("account.plain-detail", args{"path": file.Path}),
			Action: ActMove, Label: t.say("act.move", nil),
		}
	case signedIn && t.ended(own):
		return Banner{
			Mark: MarkAttention, Sentence: t.say("account.ended", args{"user": t.user(own), "when": t.W.Moment(own.Expires)}),
			Action: ActSignIn, Label: t.say("act.sign-in-again", nil),
		}
	case signedIn:
		return t.ownBanner(a, own, tools)
	case len(a.Kept) > 0:
		k := a.Kept[0]
		return Banner{
			Mark: MarkTrusted, Sentence: t.say("account.helper", args{"helper": k.Helper}),
			Detail: t.usedBy(k), Action: ActSignIn, Label: t.say("act.sign-in", nil), Quiet: true,
		}
	default:
		return t.strangerBanner(e)
	}
}

func (t Teller) ownBanner(a platform.Account, own platform.Kept, tools []trust.Party) Banner {
	b := Banner{Mark: MarkTrusted, Sentence: t.say("account.signed-in", args{"user": t.user(own)}), Detail: t.keptLine(own)}
	if own.In == platform.KeptSession {
		b.Sentence = t.say("account.session", args{"user": t.user(own)})
	}
	if idle := NonUsers(a, tools); len(idle) > 0 {
		b.Action, b.Label = ActUse, t.say("act.let-use", args{"tools": t.W.Parties(idle)})
		return b
	}
	b.Action, b.Label, b.Quiet = ActSignOut, t.say("act.sign-out", nil), true
	return b
}

// strangerBanner is for a registry that nobody signed in to. It does not nag: many
// work without.
func (t Teller) strangerBanner(e Entry) Banner {
	b := Banner{Mark: MarkUnknown, Sentence: t.say("account.none", nil), Action: ActSignIn, Label: t.say("act.sign-in", nil)}
	if e.Report == nil {
		return b
	}
	switch {
	case e.Report.Auth.Scheme == trust.AuthNone:
		b.Sentence, b.Action, b.Label = t.say("account.open", nil), ActNone, ""
	case t.banner(e, *e.Report).Action == ActTrust:
		b.Detail = t.say("account.trust-first", nil)
		b.Action, b.Label = ActTrust, t.say("act.trust", nil)
	}
	return b
}

func (t Teller) ended(k platform.Kept) bool { return !k.Expires.IsZero() && !k.Expires.After(t.Now()) }

func (t Teller) user(k platform.Kept) string {
	if k.User == "" || k.User == tokenUser {
		return t.say("account.somebody", nil)
	}
	return safe.Line(k.User)
}

// keptLine says where, since when and for whom.
func (t Teller) keptLine(k platform.Kept) string {
	line := t.say("kept."+string(k.In), args{"helper": k.Helper})
	if !k.At.IsZero() {
		line = t.say("kept.since", args{"where": line, "date": t.W.Date(k.At.Local())})
	}
	if used := t.usedBy(k); used != "" {
		line = t.say("kept.and", args{"where": line, "used": used})
	}
	return line
}

func (t Teller) usedBy(k platform.Kept) string {
	if len(k.Readers) == 0 {
		return t.say("kept.used-by-none", nil)
	}
	return t.count("kept.used-by", len(k.Readers), args{"tools": t.W.Parties(k.Readers)})
}

var keptMarks = map[platform.KeptIn]Mark{
	platform.KeptKeyring: MarkTrusted, platform.KeptSession: MarkTrusted,
	platform.KeptHelper: MarkTrusted, platform.KeptFile: MarkAttention,
}

func (t Teller) kept(i int, k platform.Kept) Row {
	row := Row{
		ID: "kept:" + string(k.In) + ":" + k.Path + k.Helper, Mark: keptMarks[k.In],
		Title: t.say("kept."+string(k.In), args{"helper": k.Helper}), Reason: t.usedBy(k),
	}
	switch {
	case t.ended(k):
		row.Mark, row.Reason = MarkAttention, t.say("kept.ended", args{"when": t.W.Moment(k.Expires)})
	case row.Mark == "":
		row.Mark = MarkUnknown
	}
	if k.User != "" && k.User != tokenUser {
		row.Word, row.Muted = safe.Line(k.User), true
	}
	row.Fields = t.keptFields(k)
	if k.Path != "" {
		look := Look{Path: safe.Line(k.Path), Found: true, Word: t.say("kept.path-"+string(pathOf(k)), nil)}
		if k.In == platform.KeptFile {
			look.Mark = MarkAttention
		}
		row.Looked = []Look{look}
	}
	switch k.In {
	case platform.KeptKeyring, platform.KeptSession:
		row.Acts = []Act{{ActSignIn, t.say("act.sign-in-again", nil), nil}, {ActSignOut, t.say("act.sign-out", nil), nil}}
	case platform.KeptFile:
		row.Notes = []string{t.say("kept.file-risk", nil)}
		row.Acts = []Act{{ActMove, t.say("act.move", nil), nil}}
	}
	return row
}

// pathOf tells a file that holds a credential from one that names where it is.
func pathOf(k platform.Kept) platform.KeptIn {
	if k.In == platform.KeptFile {
		return k.In
	}
	return platform.KeptHelper
}

func (t Teller) keptFields(k platform.Kept) []Field {
	var out []Field
	add := func(key, value string) {
		if value != "" {
			out = append(out, Field{Name: t.say("kept.field-"+key, nil), Value: value})
		}
	}
	if k.User != tokenUser {
		add("user", safe.Line(k.User))
	}
	if k.Token {
		add("kind", t.say("kept.token", nil))
	}
	if !k.At.IsZero() {
		add("since", t.W.Moment(k.At))
	}
	if !k.Expires.IsZero() {
		add("until", t.W.Moment(k.Expires))
	}
	return out
}

// tool is what a tool signs in with.
func (t Teller) tool(a platform.Account, p trust.Party) Row {
	row := Row{ID: "tool:" + string(p), Party: p, Title: t.W.Party(p), Mark: MarkUnknown, Muted: true, Word: t.say("tool.none", nil)}
	i := slices.IndexFunc(a.Kept, func(k platform.Kept) bool { return slices.Contains(k.Readers, p) })
	if i >= 0 {
		k := a.Kept[i]
		row.Mark, row.Word, row.Muted = keptMarks[k.In], t.say("tool."+string(k.In), nil), false
		row.Reason = t.say("tool."+string(k.In)+"-detail", args{"helper": k.Helper, "path": k.Path})
		if t.ended(k) {
			row.Mark, row.Word = MarkAttention, t.say("tool.ended", nil)
		}
	}
	switch {
	case i >= 0 && a.Kept[i].In == platform.KeptKeyring:
		row.Acts = []Act{{ActStopUse, t.say("act.stop-use", args{"tool": row.Title}), []trust.Party{p}}}
	case slices.Contains(NonUsers(a, []trust.Party{p}), p):
		row.Acts = []Act{{ActUse, t.say("act.let-use", args{"tools": row.Title}), []trust.Party{p}}}
	}
	if row.Reason == "" {
		row.Reason = t.say("tool.none-detail", nil)
	}
	return row
}

// howRows says what the registry's own challenge asks for, as the last check saw it.
func (t Teller) howRows(e Entry) []Row {
	if e.Report == nil || e.Report.Auth.Scheme == "" {
		return nil
	}
	auth := e.Report.Auth
	row := Row{
		ID: "how", Icon: "file", Title: t.say("how."+string(authKey(auth.Scheme)), args{"realm": realmHost(auth.Realm)}),
	}
	add := func(key, value string) {
		if value != "" {
			row.Fields = append(row.Fields, Field{Name: t.say("how.field-"+key, nil), Value: safe.Line(value)})
		}
	}
	add("realm", auth.Realm)
	add("service", auth.Service)
	switch {
	case auth.Realm == "":
	case auth.Scheme == trust.AuthBasic: // a bare name, which says nothing by itself
		row.Reason = t.say("how.realm", args{"realm": auth.Realm})
	default:
		row.Reason = safe.Line(auth.Realm)
	}
	return []Row{row}
}

func authKey(s trust.AuthScheme) trust.AuthScheme {
	switch s {
	case trust.AuthNone:
		return "open"
	case trust.AuthBasic, trust.AuthBearer:
		return s
	default:
		return "unknown"
	}
}
